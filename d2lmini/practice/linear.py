"""Judges for the exercises of the chapter on linear models."""

import itertools

import torch

from d2lmini.practice.judge import Exercise

CUBE = torch.tensor(list(itertools.product((0.0, 1.0), repeat=3)), dtype=torch.float64)
SQUARE = CUBE[:4, 1:]


def neuron(switches, weights, bias):
    """1 where the weighted sum is above 0, as in the chapter."""
    return (switches.double() @ torch.as_tensor(weights).double() + float(bias) > 0).double()


def said_of_three(answer):
    """What a neuron with these weights and this bias says of three switches; what it said, as it is."""
    if isinstance(answer, torch.Tensor) and answer.shape == (8,):
        return answer
    weights, bias = answer
    return neuron(CUBE, weights, bias)


def xor(switches):
    both, some = neuron(switches, [1.0, 1.0], -1.5), neuron(switches, [1.0, 1.0], -0.5)
    return neuron(torch.stack([some, both], 1), [1.0, -1.0], -0.5)


def gradient(X, y, w, b):
    """Of half the mean squared error, for weights and bias."""
    missed = X @ w + b - y
    return X.T @ missed / len(X), missed.mean()


def examples(chance):
    """A few examples, weights and a bias."""
    generator, n = torch.Generator().manual_seed(chance.randrange(2**31)), chance.randrange(5, 9)
    X, y, w = (torch.randn(*shape, generator=generator) for shape in ((n, 3), (n,), (3,)))
    return X, y, w, chance.choice((-1.0, 0.5, 2.0))


def curve(chance):
    """Points of a parabola with noise, as the chapter's."""
    generator = torch.Generator().manual_seed(chance.randrange(2**31))
    x = 3 * torch.rand(1000, 1, generator=generator) - 1
    w1, w2, b = map(chance.choice, ((-2.0, -1.5, 1.5, 2.0), (-0.5, 0.5, 1.0), (-1.0, 1.0, 2.0)))
    return x, b + w1 * x + w2 * x**2 + 0.1 * torch.randn(1000, 1, generator=generator)


def least_squares(x, y, inputs=lambda x: (x, x**2, torch.ones_like(x))):
    return torch.linalg.lstsq(torch.cat(inputs(x), 1), y).solution[:, 0]


def three_numbers(answer, x, y):
    """What was found, in any form; the tolerance is wide, since a loop need not have come to its very end."""
    found = answer(x, y)
    return None if found is None else torch.stack([torch.as_tensor(one).detach().reshape(()) for one in found])


EXERCISES = {
    "1": Exercise(
        solve=lambda their_rate, batch_size: 2 * batch_size * their_rate,
        fixed=((0.001, 40), (0.5, 1), (0.01, 10)),
        draw=lambda chance: (chance.choice((0.001, 0.002, 0.005)), chance.randrange(2, 200)),
        ask="A book trains with the sum of squares, a rate of {0} and minibatches of {1}. Which rate is ours?",
        mistakes=(
            (
                lambda their_rate, batch_size: batch_size * their_rate,
                "The 2 is missing: theirs has no half before the square, so its gradient is twice ours.",
            ),
            (
                lambda their_rate, batch_size: 2 * their_rate,
                "The 2 is there, the batch size is not: a sum over a minibatch is B times a mean.",
            ),
            (
                lambda their_rate, batch_size: their_rate / (2 * batch_size),
                "Upside down: their gradient is larger, so our rate must be larger too, not smaller.",
            ),
            (
                lambda their_rate, batch_size: batch_size * their_rate / 2,
                "Half where it should be twice: our loss has the half, so our gradient is the smaller one.",
            ),
        ),
    ),
    "2": Exercise(
        solve=lambda: (torch.ones(3), -1.5),
        fixed=((),),
        draw=lambda chance: (),
        value=True,
        probe=said_of_three,
        mistakes=(
            (
                lambda: (torch.ones(3), -0.5),
                "Your neuron is on as soon as one switch is: the bias is too close to 0.",
            ),
            (
                lambda: (torch.ones(3), -2.5),
                "Your neuron is on only when all three switches are: the bias is too far below 0.",
            ),
            (lambda: (torch.ones(3), 1.5), "Your neuron is always on: the bias must be negative."),
            (
                lambda: (torch.zeros(3), -1.5),
                "Your neuron is never on: the weights must be positive and outweigh the bias.",
            ),
        ),
    ),
    "3": Exercise(
        solve=xor,
        fixed=((SQUARE,), (SQUARE.flip(0),)),
        draw=lambda chance: (SQUARE[chance.sample(range(4), 4)],),
        mistakes=(
            (
                lambda switches: neuron(switches, [1.0, 1.0], -0.5),
                "That is OR: what takes the case of both switches away again?",
            ),
            (
                lambda switches: neuron(switches, [1.0, 1.0], -1.5),
                "That is AND: it is one of the two neurons that the third one looks at.",
            ),
            (
                lambda switches: 1 - xor(switches),
                "Yours is on when the switches are equal: XOR is the opposite.",
            ),
        ),
    ),
    "4": Exercise(
        solve=gradient,
        fixed=(),
        draw=examples,
        mistakes=(
            (
                lambda X, y, w, b: (len(X) * gradient(X, y, w, b)[0], gradient(X, y, w, b)[1]),
                "The gradient for the weights is a sum over the examples, that for the bias a mean: divide by n.",
            ),
            (
                lambda X, y, w, b: [len(X) * one for one in gradient(X, y, w, b)],
                "Both are sums over the examples, not means: divide by n.",
            ),
            (
                lambda X, y, w, b: (gradient(X, y, w, b)[0], len(X) * gradient(X, y, w, b)[1]),
                "The weights are right; the gradient for the bias must be a mean too, not a sum.",
            ),
            (
                lambda X, y, w, b: [2 * one for one in gradient(X, y, w, b)],
                "Twice too large: the loss has a half before the square.",
            ),
            (
                lambda X, y, w, b: (len(X) / len(w) * gradient(X, y, w, b)[0], gradient(X, y, w, b)[1]),
                "You divide by the number of inputs, and the mean is over the examples.",
            ),
            (
                lambda X, y, w, b: [-one for one in gradient(X, y, w, b)],
                "The sign is wrong: the prediction minus the target, not the other way round.",
            ),
        ),
    ),
    "5": Exercise(
        solve=least_squares,
        fixed=(),
        draw=curve,
        probe=three_numbers,
        tolerance=0.1,
        mistakes=(
            (
                lambda x, y: [*least_squares(x, y, lambda x: (x, torch.ones_like(x))), 0.0],
                "That is the best straight line: the input x² is missing.",
            ),
            (
                lambda x, y: least_squares(x, y)[[2, 0, 1]],
                "Your numbers are right and in another order: w1, w2, b is wanted.",
            ),
            (lambda x, y: [*least_squares(x, y, lambda x: (x, x**2)), 0.0], "Your model has no bias."),
        ),
    ),
}
