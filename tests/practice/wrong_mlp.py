"""Wrong answers to the exercises on multilayer perceptrons, as readers write them, and what a judge must say."""

import torch
from torch import nn

PICTURES = torch.rand(300, 784, generator=torch.Generator().manual_seed(0))


def silent(net):
    """As the chapter counts, on pictures of its own."""
    return (net[1](PICTURES.to(net[1].weight.dtype)) <= 0).all(0)


def in_a_corner(corners):
    corners[corners == 0] = -1
    return (1 - corners.prod(1)) / 2


def forgets_what_leads_out(net):
    gone, fresh = silent(net), nn.Linear(784, 64)
    with torch.no_grad():
        net[1].weight[gone], net[1].bias[gone] = fresh.weight[gone], fresh.bias[gone]
    return net


def forgets_the_bias(net):
    gone = silent(net)
    with torch.no_grad():
        net[1].weight[gone] = torch.randn(gone.sum().item(), 784) / 28
        net[3].weight[:, gone] = 0
    return net


def lifts_the_bias(net):
    gone = silent(net)
    with torch.no_grad():
        net[1].bias[gone] = 0
        net[3].weight[:, gone] = 0
    return net


def begins_again(net):
    net[1] = nn.Linear(784, 64)
    return net


def first_half(net):
    fresh = nn.Linear(784, 64)
    with torch.no_grad():
        net[1].weight[:32], net[1].bias[:32] = fresh.weight[:32], fresh.bias[:32]
        net[3].weight[:, :32] = 0
    return net


def one_row_for_all(net):
    gone = silent(net)
    with torch.no_grad():
        net[1].weight[gone], net[1].bias[gone] = torch.rand(784) / 28, 0.0
        net[3].weight[:, gone] = 0
    return net


def returns_nothing(net):
    lifts_the_bias(net)


def without_no_grad(net):
    net[3].weight[:, silent(net)] = 0.0
    return net


def leads_out_by_rows(net):
    with torch.no_grad():
        net[3].weight[silent(net)] = 0.0
    return net


def from_slopes(f, n):
    points = torch.arange(n + 1) / n
    slopes = (f(points[1:]) - f(points[:-1])) * n
    return lambda x: f(points[0]) + torch.relu(x.unsqueeze(1) - points[:-1]) @ slopes


def without_a_constant(f, n):
    points = torch.arange(n + 1) / n
    slopes = (f(points[1:]) - f(points[:-1])) * n
    changes = slopes.clone()
    changes[1:] -= slopes[:-1]
    return lambda x: sum(c * torch.relu(x - p) for c, p in zip(changes, points, strict=False))


def without_the_width(f, n):
    points = torch.linspace(0, 1, n + 1)
    rises = f(points)[1:] - f(points)[:-1]
    changes = torch.cat((rises[:1], rises[1:] - rises[:-1]))
    return lambda x: f(points[:1]) + torch.relu(x[:, None] - points[:n]) @ changes


def shifted(f, n):
    points = torch.linspace(0, 1, n + 1)
    slopes = (f(points[1:]) - f(points[:-1])) / (points[1:] - points[:-1])
    changes = [slopes[0], *(b - a for a, b in zip(slopes, slopes[1:], strict=False))]
    return lambda x: f(points[0]) + sum(c * torch.relu(x - p) for c, p in zip(changes, points[1:], strict=True))


def bumps(f, n):
    middles = (torch.arange(n) + 0.5) / n
    return lambda x: f(middles)[(x * n).long().clamp(max=n - 1)]


def as_a_column(f, n):
    points = torch.linspace(0, 1, n + 1)

    def network(x):
        k = (x * n).long().clamp(max=n - 1)
        share = x * n - k
        return (f(points[k]) * (1 - share) + f(points[k + 1]) * share)[:, None]

    return network


WRONG = {
    "mlp 1": [
        (784 * 300 + 300 * 100 + 100 * 10, "biases are missing"),
        (784 * 300 + 784 + 300 * 100 + 300 + 100 * 10 + 100, "one for each output"),
        (785 * 300 + 301 * 100 + 100 * 10, "last layer"),
        (785 * 300 + 301 * 100, "layer to the outputs is missing"),
        (784 * 300 * 100 * 10, "multiply all four"),
        (266_000, "too small"),
        ([235_500, 30_100, 1010], "shape"),
        (lambda a, b, c, d: a * b * c * d, "multiply all four"),
    ],
    "mlp 2": [
        (lambda c: torch.relu(c[:, 0] + c[:, 1]) - torch.relu(c[:, 0] + c[:, 1] - 1), "That is OR"),
        (lambda c: torch.relu(c @ torch.ones(2, 1) - 1), "shape"),
        (lambda c: (c[:, 0] - c[:, 1]).clamp(min=0), "misses one of the two corners"),
        (lambda c: c[:, 0] - c[:, 1], "comes out negative"),
        (lambda c: (c[:, 0] == c[:, 1]).double(), "where the switches are equal"),
        (lambda c: torch.tensor([0.0, 1.0, 1.0, 0.0]), "same answer in every case"),
        (in_a_corner, "changes its arguments"),
        (lambda c: (c[:, 0] != c[:, 1]).double(), "jumps"),
        (lambda c: c[:, 0] + c[:, 1] - 2 * c[:, 0] * c[:, 1], "curved"),
    ],
    "mlp 4": [
        (forgets_what_leads_out, "change what the network says"),
        (forgets_the_bias, "bias of -10 outweighs"),
        (lifts_the_bias, "only negative weights"),
        (begins_again, "living units"),
        (first_half, "first 32 units"),
        (one_row_for_all, "the same for ever"),
        (returns_nothing, "must return the network"),
        (silent, "must return the network"),
        (without_no_grad, "stops with an error(.|\n)*in-place"),
        (leads_out_by_rows, "stops with an error"),
        (lambda net: net[:2], "must return the network"),
        (lambda net: net.requires_grad_(True), "as silent as before"),
    ],
    "mlp 5": [
        (shifted, "one point too late"),
        (from_slopes, "adds only the change of slope"),
        (without_a_constant, "constant is missing"),
        (without_the_width, "divided by the width"),
        (bumps, "staircase"),
        (as_a_column, "shape"),
        (lambda f, n: f(torch.linspace(0, 1, n + 1)), "A function of x is wanted"),
        (lambda f, n: lambda x: f(x), "target itself"),
        (
            lambda f, n: lambda x: f(x.round(decimals=1)),
            r"For target = wave, n = 4 your network at x = 0.0, .* \[0.0, ",
        ),
        (lambda f, n: lambda x: x / 0.0, "nan or inf"),
    ],
}
