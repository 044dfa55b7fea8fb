"""Wrong answers to the exercises on dropout, as readers write them, and what a judge must say of each."""

import torch
from torch import nn
from torch.nn import functional as F


def in_place(h, q, training):
    if training:
        h[torch.rand(h.shape) > q] = 0
        return h
    return q * h


def seeded(h, q, training):
    torch.manual_seed(1)
    return h * torch.bernoulli(torch.full_like(h, q)) if training else h * q


def one_row(h, q, training):
    return h * (torch.rand(h.shape[-1]) < q) if training else h * q


def compare(f, masks, values=None):
    torch.manual_seed(3)
    z = torch.randn(500) if values is None else values
    first, second = masks(z), masks(z)
    return bool(torch.isclose(f(z * first), f(z) * second).all())


def scaled(z):
    torch.manual_seed(5)
    return 2.0 * (torch.rand(len(z)) > 0.5)


def a_new_one(z):
    return 2.0 * (torch.rand(len(z)) > 0.5)


def one_mask(x, W, p):
    return x @ (W * (torch.rand(W.shape) >= p) / (1 - p))


def by_example(x, W, p, divide=True):
    rows = [row @ (W * (torch.rand(W.shape) >= p)) for row in x]
    return torch.stack(rows) / (1 - p if divide else 1)


def in_the_weights(x, W, p):
    W *= 2
    return torch.stack([row @ nn.functional.dropout(W / 2, p) for row in x])


WRONG = {
    "dropout 1": [
        (lambda h, q, training: nn.functional.dropout(h, 1 - q, training), "inverted dropout"),
        (lambda h, q, training: h * torch.rand_like(h).ge(q) if training else q * h, "to keep, not to drop"),
        (lambda h, q, training: h * (torch.rand(h.shape) < q) if training else h, "nothing is scaled"),
        (
            lambda h, q, training: h * (torch.rand(h.shape) < q) if training else h * (1 - q),
            "share that is dropped",
        ),
        (lambda h, q, training: h * q if training else h * (torch.rand(h.shape) < q), "swapped"),
        (lambda h, q, training: h * (torch.rand(h.shape) < q) * q if training else h * q, "keep their size"),
        (nn.functional.dropout, "PyTorch's layer"),
        (lambda h, q, training: h * q if not training else None, "return nothing"),
        (lambda h, q, training: h * (torch.rand(len(h), 1) < q) if training else h * q, "all kept or all dropped"),
        (one_row, "Every row gets the same mask"),
        (seeded, "Two calls give the same mask"),
        (in_place, "changes its arguments"),
        (lambda h, q, training: h[torch.rand(h.shape) < q] if training else h * q, "shape"),
    ],
    "dropout 2": [
        (lambda f: compare(f, a_new_one), "share the mask"),
        (lambda f: compare(f, lambda z: (z > 0.3).double()), "True of tanh"),
        (lambda f: compare(f, scaled, torch.linspace(0, 3, 500)), "above 0 only"),
        (lambda f: not compare(f, scaled), "other way round"),
        (lambda f: f(torch.zeros(1)).item() == 0, "True of tanh"),
        (lambda f: torch.isclose(f(2 * torch.linspace(-1, 1, 9)), 2 * f(torch.linspace(-1, 1, 9))), "shape"),
        (lambda f: f.scale(2), "stops with an error"),
    ],
    "dropout 3": [
        (lambda p: p / (1 - p), "s is a standard deviation"),
        (lambda p: ((1 - p) / p) ** 0.5, "swapped"),
        (lambda p: (p - p**2) ** 0.5, "mask alone"),
        (lambda p: 1.0, "same answer in every case"),
        (lambda p: -((p / (1 - p)) ** 0.5), "sign"),
    ],
    "dropout 5": [
        (lambda x, W, p: F.dropout(x, p) @ W, "silence inputs"),
        (lambda x, W, p: F.dropout(x @ W, p), "silence outputs"),
        (one_mask, "axis for the examples"),
        (lambda x, W, p: by_example(x, W, p, divide=False), "the mean has become smaller"),
        (lambda x, W, p: by_example(x, W, 1 - p), "probability to keep"),
        (lambda x, W, p: x[:, :, None] * F.dropout(W.expand(len(x), *W.shape), p), "shape"),
        (lambda x, W, p: F.dropout(x, p, training=False) @ W, "Nothing is dropped"),
        (in_the_weights, "changes its arguments"),
    ],
}
