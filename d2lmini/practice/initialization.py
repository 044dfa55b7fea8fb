"""Judges for the exercises of the chapter on initialisation."""

import math

import torch
from torch.nn import functional as F

from d2lmini.practice.judge import Exercise


def deviations(n_in, n_out):
    return math.sqrt(2 / (n_in + n_out)), math.sqrt(2 / n_in), math.sqrt(1 / (3 * n_in))


def power_of_ten(gain, depth):
    """Of the root mean square of z, from layer 1 to the last of `depth` layers of ReLU."""
    return (depth - 1) * math.log10(gain**2 / 2) / 2


def leaky_gain(a):
    return math.sqrt(2 / (1 + a**2))


def normal(Z):
    return F.batch_norm(Z, None, None, training=True)


def units(chance):
    """Pre-activations (n, units) whose columns have means and sizes of their own."""
    generator = torch.Generator().manual_seed(chance.randrange(2**31))
    Z = torch.randn(chance.randrange(6, 12), 4, generator=generator)
    return (Z * torch.tensor([1.0, 2.0, 3.0, 4.0]) + torch.tensor([3.0, -1.0, 2.0, 5.0]),)


def norm_of(gradients):
    return math.sqrt(sum(g.pow(2).sum().item() for g in gradients))


def clipped(gradients, c):
    return [g * min(1.0, c / norm_of(gradients)) for g in gradients]


def some_gradients(chance):
    """Tensors of three shapes, and a limit below or above their norm."""
    generator = torch.Generator().manual_seed(chance.randrange(2**31))
    return [torch.randn(k, generator=generator) for k in ((2, 3), (4,), (1, 1, 2))], chance.choice((0.5, 1.0, 1.5))


def scaled(factor):
    return lambda gradients, c: [g * factor(g, gradients, c) for g in gradients]


EXERCISES = {
    "1": Exercise(
        solve=deviations,
        fixed=((784, 256), (784, 1024), (100, 100)),
        draw=lambda chance: (chance.randrange(10, 1000), chance.randrange(10, 1000)),
        ask="What are the standard deviations of the weights under Xavier, He and the default of nn.Linear "
        "for {0} inputs and {1} outputs?",
        mistakes=(
            (
                lambda n_in, n_out: [one**2 for one in deviations(n_in, n_out)],
                "Those are the variances. The standard deviation is wanted.",
            ),
            (
                lambda n_in, n_out: (*deviations(n_in, n_out)[:2], math.sqrt(1 / n_in)),
                "The third is the bound of the uniform numbers, not their deviation: the table has the variance.",
            ),
            (
                lambda n_in, n_out: (*deviations(n_in, n_out)[:2], math.sqrt(1 / 3) / n_in),
                "In the third the root is taken of a part only.",
            ),
            (
                lambda n_in, n_out: deviations(n_out, n_in),
                "Inputs and outputs are exchanged: He and the default look at the inputs.",
            ),
            (
                lambda n_in, n_out: (math.sqrt(1 / (n_in + n_out)), *deviations(n_in, n_out)[1:]),
                "The first is too small: Xavier divides by the mean of inputs and outputs, not by their sum.",
            ),
            (
                lambda n_in, n_out: (math.sqrt(6 / (n_in + n_out)), *deviations(n_in, n_out)[1:]),
                "The first is the bound of a uniform Xavier, not the deviation of the weights.",
            ),
            (
                lambda n_in, n_out: [deviations(n_in, n_out)[k] for k in (1, 0, 2)],
                "The first two are exchanged: Xavier looks at inputs and outputs, He at the inputs alone.",
            ),
        ),
    ),
    "2": Exercise(
        solve=power_of_ten,
        fixed=((2.0, 20), (2**0.5, 50), (1.0, 20), (3.0, 2)),
        draw=lambda chance: (chance.choice((0.5, 1.0, 1.2, 1.5, 1.6, 2.0, 2.5)), chance.randrange(3, 60)),
        ask="ReLU, gain {0}, {1} hidden layers of one width. By which power of ten does the root mean square of z "
        "grow from the first of them to the last?",
        mistakes=(
            (
                lambda gain, depth: depth * math.log10(gain**2 / 2) / 2,
                "One step too many: from the first layer to the last there is a step less than there are layers.",
            ),
            (
                lambda gain, depth: 2 * power_of_ten(gain, depth),
                "That is the power of ten of the mean square. Its root is asked for.",
            ),
            (
                lambda gain, depth: depth * math.log10(gain**2 / 2),
                "That is the mean square, and one step too many.",
            ),
            (
                lambda gain, depth: (depth - 1) * math.log10(gain),
                "You follow the sum, and forget what ReLU takes away at each layer.",
            ),
            (
                lambda gain, depth: (depth - 1) * math.log10(gain / 2),
                "The gain is not a variance: it must be squared before it meets the half of ReLU.",
            ),
            (
                lambda gain, depth: (depth - 1) * math.log(gain**2 / 2) / 2,
                "That is the power of e: the natural logarithm.",
            ),
            (
                lambda gain, depth: (gain**2 / 2) ** ((depth - 1) / 2),
                "That is the factor itself. Which power of ten is it?",
            ),
            (
                lambda gain, depth: math.log10(gain**2 / 2) / 2,
                "That is one layer. Factors multiply from layer to layer, so their logarithms add.",
            ),
        ),
    ),
    "3": Exercise(
        solve=leaky_gain,
        fixed=((0.0,), (1.0,), (0.5,), (0.01,)),
        draw=lambda chance: (chance.choice((0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8)),),
        ask="Which gain keeps the mean square with a leaky ReLU of leak {0}?",
        mistakes=(
            (
                lambda a: math.sqrt(2 / (1 + a)),
                "Both ends are right, the middle is not: what happens to the square of a times z?",
            ),
            (
                lambda a: math.sqrt(2) + (1 - math.sqrt(2)) * a,
                "Both ends are right, the middle is not: it is no straight line. Add up mean squares.",
            ),
            (lambda a: 2 / (1 + a**2), "That is the square of the gain."),
            (
                lambda a: math.sqrt((1 + a**2) / 2),
                "That is what the unit does to a size. The gain must undo it.",
            ),
            (
                lambda a: (1 + a**2) / 2,
                "That is the factor of the mean square. The gain must undo it, and the gain is not a square.",
            ),
            (
                lambda a: math.sqrt(2) / (1 + a),
                "At a = 1 nothing happens to z, so the gain must be 1: add the mean squares, not the sizes.",
            ),
        ),
    ),
    "4": Exercise(
        solve=normal,
        fixed=(),
        draw=units,
        tolerance=1e-3,
        mistakes=(
            (
                lambda Z: normal(Z.T).T,
                "Each row, a picture, now has mean 0. The minibatch is the other direction.",
            ),
            (
                lambda Z: (Z - Z.mean(1, keepdim=True)) / Z.std(1, keepdim=True),
                "Each row, a picture, now has mean 0. The minibatch is the other direction.",
            ),
            (
                lambda Z: Z,
                "The output is the input. (In `eval` mode stored averages are used, not those of the minibatch.)",
            ),
            (
                lambda Z: (Z - Z.mean()) / Z.std(correction=0),
                "One mean and one variance for the whole matrix. Each unit needs its own.",
            ),
            (
                lambda Z: (Z - Z.mean(0)) / Z.std(0),
                "Nearly: your variance divides by n - 1, and here it is a mean over the minibatch.",
            ),
            (
                lambda Z: (Z - Z.mean(0)) / (Z.var(0, correction=0) + 1e-5),
                "You divide by the variance, and the units of a variance are squares.",
            ),
            (lambda Z: Z - Z.mean(0), "The means are 0. The variances are not 1 yet."),
            (
                lambda Z: Z / (Z.var(0, correction=0) + 1e-5).sqrt(),
                "The variances are 1. The means are not 0 yet.",
            ),
            (
                lambda Z: (Z - Z.mean(0)) / (Z.var(1, keepdim=True, correction=0) + 1e-5).sqrt(),
                "The means are those of the units, but the variances are still those of the pictures.",
            ),
            (
                lambda Z: (Z - Z.mean(1, keepdim=True)) / (Z.var(0, correction=0) + 1e-5).sqrt(),
                "The variances are those of the units, but the means are still those of the pictures.",
            ),
        ),
    ),
    "5": Exercise(
        solve=clipped,
        fixed=(
            ([torch.tensor([3.0]), torch.tensor([4.0])], 1.0),
            ([torch.tensor([0.3])], 1.0),
            ([torch.tensor([[0.3, -0.1], [0.2, 0.1]])], 0.2),
            ([torch.tensor([-3.0, 4.0]), torch.tensor([[12.0]])], 13.0),
        ),
        draw=some_gradients,
        mistakes=(
            (
                scaled(lambda g, all_of, c: min(1.0, c / norm_of([g]))),
                "Each tensor is clipped by its own norm. The norm is that of all numbers together.",
            ),
            (
                scaled(lambda g, all_of, c: c / norm_of(all_of)),
                "Gradients below the limit are scaled up. They should stay as they are.",
            ),
            (
                lambda gradients, c: [g.clamp(-c, c) for g in gradients],
                "You cut off every number at the limit. That turns the gradient; only its length should change.",
            ),
            (
                scaled(lambda g, all_of, c: min(1.0, c / norm_of(all_of) ** 2)),
                "That is the square of the norm: the root is missing.",
            ),
            (
                scaled(lambda g, all_of, c: min(1.0, c / sum(norm_of([one]) for one in all_of))),
                "Norms do not add: squares do.",
            ),
            (
                scaled(lambda g, all_of, c: min(1.0, c / sum(one.abs().sum().item() for one in all_of))),
                "That is the sum of absolute values. The norm is the root of the sum of squares.",
            ),
            (
                scaled(lambda g, all_of, c: min(1.0, c / max(one.abs().max().item() for one in all_of))),
                "You measure the gradient by its largest number. Its norm is longer.",
            ),
            (
                scaled(lambda g, all_of, c: 1 / norm_of(all_of) if norm_of(all_of) > c else 1.0),
                "Where you clip, the new norm is 1, whatever the limit is.",
            ),
            (
                scaled(lambda g, all_of, c: max(1.0, c / norm_of(all_of))),
                "Small gradients grow and large ones stay: it should be the other way round.",
            ),
            (lambda gradients, c: gradients, "You return the gradients as they came."),
        ),
    ),
}
