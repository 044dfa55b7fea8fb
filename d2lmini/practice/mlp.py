"""Judges for the exercises of the chapter on multilayer perceptrons."""

import copy
import math
from functools import cache

import torch
from torch import nn
from torch.nn import functional as F

from d2lmini.practice.judge import Exercise, Wrong

CORNERS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
NOT_RETURNED = -torch.ones(1)  # stands for what should have been returned


def parameters(*sizes, bias=lambda d, q: q):
    """Weights and biases of a stack of affine layers."""
    return sum(d * q + bias(d, q) for d, q in zip(sizes, sizes[1:], strict=False))


def widths(chance):
    return tuple(chance.randrange(low, high) for low, high in ((100, 900), (50, 400), (20, 200), (3, 20)))


def lamp(corners):
    total = corners.sum(1)
    return F.relu(total) - 2 * F.relu(total - 1)


def made_of_relus(answer, corners):
    """What an answer gives at the corners, if between two of them it is straight but for two kinks."""
    t = torch.linspace(0, 1, 41, dtype=corners.dtype)
    given, lines = answer(corners), [torch.stack([t, other], 1) for other in (0 * t, t)]
    along = [torch.as_tensor(answer(line)).double() for line in lines] if close_to_lamp(given, corners) else []
    for bends in (values.diff().diff().abs() for values in along if values.shape == t.shape):
        if bends.max() > 0.5:
            raise Wrong("The corners are right, but between them yours jumps. A sum of ReLU units cannot.")
        if (bends > 1e-6).sum() > 4:
            raise Wrong("The corners are right, but yours is curved between them. ReLU units only have kinks.")
    return given


def close_to_lamp(given, corners):
    right = isinstance(given, torch.Tensor) and given.shape == (4,)
    return right and torch.allclose(given.double(), lamp(corners).double())


# ---- silent units ----


@cache
def network(units, number, dtype):
    """A network like the chapter's, 784-64-10, and pictures; the named units are silent, the others are not.

    Of the silent ones every second has negative weights, so that a bias of 0 alone would not wake it. The others
    are positive on any picture with grey values in [0, 1] that is not extreme.
    """
    chance = torch.Generator().manual_seed(number)
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)).to(dtype)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_((2 * torch.rand(p.shape, generator=chance, dtype=dtype) - 1) / p.shape[-1] ** 0.5)
        net[1].bias.fill_(1.0)
        net[1].bias[list(units)] = -10.0
        net[1].weight[list(units[::2])] = -net[1].weight[list(units[::2])].abs()
    pictures = torch.zeros(60, 28, 28, dtype=dtype)  # a bright patch somewhere
    for picture, (row, column) in zip(pictures, torch.randint(24, (60, 2), generator=chance), strict=True):
        picture[row : row + 5, column : column + 5] = 1.0
    return net, pictures


def shapes(net):
    return [p.shape for p in net.parameters()]


def revived(answer, units, number):
    """Five signs of a revived network: is what it says the same, how many units are silent (none, some, all),
    are the living ones as they were, have the others new weights, and is each different."""
    start, pictures = network(units, number, torch.get_default_dtype())
    net, gone = copy.deepcopy(start), list(units)
    living = [k for k in range(64) if k not in units]
    found = answer(net)
    untouched = all(map(torch.equal, net.parameters(), start.parameters()))
    if found is None and untouched:
        return None
    if not isinstance(found, nn.Module) or shapes(found) != shapes(start):
        return NOT_RETURNED
    with torch.no_grad():
        same = torch.allclose(found(pictures), start(pictures), rtol=0, atol=1e-4)
        silent = (found[:2](pictures)[:, gone] <= 0).all(0).sum().item()
        kept = all(
            torch.equal(getattr(found[k], name)[at], getattr(start[k], name)[at])
            for k, name, at in ((1, "weight", living), (1, "bias", living), (3, "weight", (..., living)))
        )
        rows, old = found[1].weight[gone], start[1].weight[gone]
        new = not torch.equal(rows, old)
        apart = len(rows.round(decimals=6).unique(dim=0)) == len(gone)
    some = 0.0 if silent <= 2 else 1.0 if silent == len(gone) else 0.5
    return torch.tensor([same, some, kept, new, apart], dtype=torch.float64)


def silent_units(chance):
    return tuple(sorted(chance.sample(range(64), 12))), chance.randrange(1000)


def revive(net, which=None, weight=lambda row: torch.empty_like(row).uniform_(-0.04, 0.04), bias=0.0, out=0.0):
    """Give the silent units fresh weights, a bias and outgoing weights; what is None stays."""
    gone = net[1].bias < -5 if which is None else which
    with torch.no_grad():
        if weight is not None:
            net[1].weight[gone] = weight(net[1].weight[gone])
        if bias is not None:
            net[1].bias[gone] = bias
        if out is not None:
            net[3].weight[:, gone] = out
    return net


def with_a_leak(net):
    net[2] = nn.LeakyReLU(0.1)
    return net


# ---- lines through points ----


def wave(x):
    """The chapter's target."""
    x = torch.as_tensor(x)
    return torch.sin(2 * math.pi * x) + x / 2


def hill(x):
    return 1 + 3 * torch.as_tensor(x) * (1 - torch.as_tensor(x))


def decay(x):
    return torch.exp(-2 * torch.as_tensor(x))


def through_points(target, n, start=1.0, first=0, scale=lambda n: n, turns=lambda s: torch.cat([s[:1], s.diff()])):
    """Lines through n + 1 points of a target on [0, 1], as ReLU units."""
    knots = torch.linspace(0, 1, n + 1)
    weights = turns(target(knots).diff() * scale(n))
    return lambda x: start * target(knots[:1]) + F.relu(x[:, None] - knots[first : first + n]) @ weights


def through(knots, target):
    """Lines through any points, without ReLU units."""

    def between(x):
        k = torch.searchsorted(knots, x).clamp(1, len(knots) - 1)
        share = (x - knots[k - 1]) / (knots[k] - knots[k - 1])
        return target(knots[k - 1]) * (1 - share) + target(knots[k]) * share

    return between


def stairs(target, n, place):
    """One height for each of the n parts."""
    return lambda x: target(((x * n).floor().clamp(max=n - 1) + place) / n)


PLACES = (0.0, 0.08, 0.17, 0.34, 0.47, 0.61, 0.83, 1.0)


def at_places(answer, target, n):
    """The values of the function that an answer returns, at places that are mostly between the points."""
    found = answer(target, n)
    if found is None:
        return None
    return found(torch.tensor(PLACES)) if callable(found) else NOT_RETURNED


def target_and_points(chance):
    return chance.choice((wave, hill, decay)), chance.randrange(2, 20)


EXERCISES = {
    "1": Exercise(
        solve=parameters,
        fixed=((784, 300, 100, 10),),
        draw=widths,
        value=True,
        tolerance=1e-9,
        ask="How many parameters has the network {0}-{1}-{2}-{3}?",
        mistakes=(
            (
                lambda *sizes: parameters(*sizes, bias=lambda d, q: 0),
                "The biases are missing: an affine layer has one for each output.",
            ),
            (
                lambda *sizes: parameters(*sizes, bias=lambda d, q: d),
                "A layer from d to q has q biases, one for each output. You count one for each input.",
            ),
            (
                lambda *sizes: parameters(*sizes, bias=lambda d, q: 1),
                "Each unit has a bias of its own. You count one for a whole layer.",
            ),
            (
                lambda *sizes: parameters(*sizes) + sizes[0],
                "The inputs have no biases: they are given, not computed.",
            ),
            (
                lambda *sizes: parameters(*sizes) - sizes[-1],
                "The biases of the last layer are missing. It has no activation, but it has biases.",
            ),
            (
                lambda *sizes: parameters(*sizes[:-1]),
                "The layer to the outputs is missing: four numbers in the name are three layers.",
            ),
            (
                lambda *sizes: parameters(*sizes[1:]),
                "The layer from the inputs is missing: four numbers in the name are three layers.",
            ),
            (
                lambda *sizes: math.prod(sizes),
                "You multiply all four. Each layer joins two neighbours only; add up the layers.",
            ),
            (lambda *sizes: sum(sizes[1:]), "These are the units, or their biases. The weights are missing."),
        ),
    ),
    "2": Exercise(
        solve=lamp,
        fixed=((CORNERS,), (CORNERS[[1, 0, 3, 2]],)),
        draw=lambda chance: (CORNERS[chance.sample(range(4), 4)],),
        probe=made_of_relus,
        mistakes=(
            (
                lambda corners: F.relu(corners.sum(1)),
                "Yours is right up to the last corner: what takes the 2 of both switches back to 0?",
            ),
            (
                lambda corners: F.relu(corners.sum(1)) - F.relu(corners.sum(1) - 1),
                "That is OR. The second unit must outweigh the first once both switches are on.",
            ),
            (
                lambda corners: F.relu(corners.sum(1) - 1),
                "That is AND, a good second unit. A first one is missing.",
            ),
            (
                lambda corners: 1 - lamp(corners),
                "Yours is on where the switches are equal. The lamp is on where they differ.",
            ),
            (
                lambda corners: F.relu(corners[:, 0] - corners[:, 1]),
                "Yours misses one of the two corners where the lamp is on: what sees the other difference?",
            ),
            (
                lambda corners: F.relu(corners[:, 1] - corners[:, 0]),
                "Yours misses one of the two corners where the lamp is on: which unit sees the other difference?",
            ),
            (
                lambda corners: corners[:, 0] - corners[:, 1],
                "One corner comes out negative. Both differences must count the same way, each after a ReLU.",
            ),
        ),
    ),
    "4": Exercise(
        solve=lambda silent: revive(silent),
        fixed=(),
        draw=silent_units,
        probe=revived,
        gives="the marks for the same answers, silence, living units kept, fresh weights, no two alike are",
        mistakes=(
            (
                lambda net: 0,
                "Your function must return the network, as its call in the stub needs it.",
            ),
            (
                lambda net: revive(net, out=None),
                "The units speak again, and at once they change what the network says. "
                "Which outgoing weights would let nothing through?",
            ),
            (
                lambda net: revive(net, weight=None, out=None),
                "A new bias wakes some units, and these change what the network says; others stay silent. "
                "Weights on both sides have to be new.",
            ),
            (
                lambda net: net,
                "The silent units are as silent as before: "
                "they need incoming weights and a bias with which they are positive somewhere.",
            ),
            (
                lambda net: revive(net, bias=None),
                "The units have new weights and are silent still: a bias of -10 outweighs them.",
            ),
            (
                lambda net: revive(net, weight=None),
                "A new bias is not enough: some units have only negative weights.",
            ),
            (
                lambda net: revive(net, weight=torch.ones_like, bias=0.0),
                "All your fresh units have the same weights, so they will compute the same for ever.",
            ),
            (
                lambda net: revive(net, which=torch.arange(64) < 32),
                "You take the first 32 units, whichever are silent. Ask `silent(net)` which they are.",
            ),
            (
                lambda net: revive(net, weight=torch.zeros_like),
                "Your fresh weights are all the same, and the units stay silent: begin with random ones.",
            ),
            (
                lambda net: revive(net, which=torch.arange(64) >= 0),
                "You change living units, too, and the network forgets what it has learned.",
            ),
            (
                lambda net: revive(net, which=torch.arange(64) >= 0, weight=None, bias=None),
                "You change living units, and the silent ones stay silent. Only the silent ones may change.",
            ),
            (
                lambda net: revive(net, weight=None, bias=100.0),
                "A large bias wakes the units, and their old weights stay: give them fresh ones.",
            ),
            (
                lambda net: revive(net, weight=None, bias=100.0, out=None),
                "A large bias wakes the units. Their old weights stay, and those change what the network says.",
            ),
            (
                with_a_leak,
                "The network says something else than before, and its silent units are as they were.",
            ),
            (
                lambda net: revive(net, weight=torch.ones_like, out=None),
                "All your fresh units have the same weights, and they change what the network says.",
            ),
            (
                lambda net: revive(net, which=(net[1].bias < -5) & (torch.arange(64) < 32)),
                "Some of the silent units are silent still: each needs fresh weights and a fresh bias.",
            ),
            (
                lambda net: revive(net, which=(net[1].bias < -5) & (torch.arange(64) < 32), out=None),
                "Some units are silent still, and those that speak change what the network says.",
            ),
        ),
    ),
    "5": Exercise(
        solve=through_points,
        fixed=((wave, 4), (hill, 1), (decay, 3)),
        draw=target_and_points,
        probe=at_places,
        gives=f"your network at x = {', '.join(map(str, PLACES))} gives",
        tolerance=1e-4,
        mistakes=(
            (
                lambda target, n: 0,
                "A function of x is wanted, as `bump_network` returns one.",
            ),
            (
                lambda target, n: through_points(target, n, start=0.0),
                "The constant is missing: at x = 0 no unit is on yet, and the target need not be 0 there.",
            ),
            (
                lambda target, n: through_points(target, n, turns=lambda slopes: slopes),
                "Your output weights are the slopes. A unit stays on, so the next adds only the change of slope.",
            ),
            (
                lambda target, n: through_points(target, n, scale=lambda n: 1),
                "Your slopes are differences of heights: a slope is divided by the width, 1/N.",
            ),
            (
                lambda target, n: through_points(target, n, turns=lambda s: torch.cat([torch.zeros(1), s.diff()])),
                "The first slope is missing: at 0 the slope changes too, from 0 to that of the first piece.",
            ),
            (
                lambda target, n: through(torch.linspace(0, 1, max(n, 2)), target),
                "Your points are those of N - 1 pieces: from 0 to 1 there are N + 1 points.",
            ),
            (
                lambda target, n: through(torch.linspace(0, 1, n + 2), target),
                "Your points are those of N + 1 pieces: from 0 to 1 there are N + 1 points.",
            ),
            (
                lambda target, n: through_points(target, n, first=1),
                "Your units begin to count one point too late: the first piece starts at 0.",
            ),
            (
                lambda target, n: stairs(target, n, 0.5),
                "That is a staircase, as with the bumps. Your pieces must slope.",
            ),
            (
                lambda target, n: stairs(target, n, 0.0),
                "That is a staircase: between two points a straight line is wanted.",
            ),
            (lambda target, n: target, "That is the target itself, and no piecewise linear function."),
        ),
    ),
}
