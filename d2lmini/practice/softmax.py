"""Judges for the exercises of the chapter on softmax regression."""

import itertools
import math

import torch
from torch.nn import functional as F

from d2lmini.practice.judge import Exercise


def epoch(inputs, classes, pictures, batch_size):
    """Parameters, steps, and pictures in the last minibatch."""
    steps = math.ceil(pictures / batch_size)
    return inputs * classes + classes, steps, pictures - (steps - 1) * batch_size


SLIPS = (  # in the parameters, in the steps, in the last minibatch
    (
        (lambda d, q, n, size: d * q, "The biases are missing: each class has one."),
        (lambda d, q, n, size: d * q + d, "A bias belongs to a class, not to a pixel."),
        (lambda d, q, n, size: d * q + 1, "Each class has a bias of its own, so there is more than one."),
    ),
    (
        (lambda d, q, n, size: n // size, "What is left over at the end is a minibatch and a step, too."),
        (lambda d, q, n, size: n / size, "Steps are whole: what is left over takes one of its own."),
    ),
    (
        (lambda d, q, n, size: size, "The last minibatch is not a full one: it holds what is left over."),
        (
            lambda d, q, n, size: -n % size,
            "You give how many pictures the last minibatch lacks, not how many it holds.",
        ),
    ),
)


def slips():
    """Each choice of one slip or none for each of the three numbers, as a mistake."""
    for chosen in itertools.product(*((None, *those) for those in SLIPS)):
        if any(chosen):
            yield (
                lambda *case, chosen=chosen: [
                    slip[0](*case) if slip else right for slip, right in zip(chosen, epoch(*case), strict=True)
                ],
                " ".join(slip[1] for slip in chosen if slip),
            )


def pictures(chance):
    """Numbers that leave a remainder."""
    size, steps = chance.choice((32, 64, 100, 128, 512)), chance.randrange(20, 200)
    last = chance.randrange(1, size // 2)
    return chance.randrange(100, 1000), chance.randrange(3, 20), size * steps + last, size


def told(answer, *case):
    """What an answer says that has the numbers of the question in it; our own is a value already."""
    return answer() if callable(answer) else answer


def tensor(value):
    """A tensor of real numbers, or the value as it is where there is none in it."""
    try:
        return torch.as_tensor(value).to(torch.get_default_dtype())
    except (TypeError, ValueError, RuntimeError):
        return value


def back_again(answer, probabilities):
    """The softmax of the logits: they themselves may differ by any constant."""
    found = answer(probabilities) if callable(answer) else answer
    found = found if found is None else tensor(found)
    return found.softmax(-1) if isinstance(found, torch.Tensor) else found


def shares(chance):
    """Probabilities of three to five classes, in whole percents."""
    parts = [chance.randrange(1, 25) for _ in range(chance.randrange(2, 5))]
    return (torch.tensor([*parts, 100 - sum(parts)]) / 100,)


def rows_and_temperature(chance):
    logits = torch.tensor([chance.randrange(-30, 31) / 10 for _ in range(4)])
    return logits, chance.choice((0.25, 0.4, 2.0, 3.0, 5.0))


def losses(logits, labels, batch_size):
    """The mean loss of each minibatch, and its size."""
    parts = torch.arange(len(labels)).split(batch_size)
    means = torch.stack([F.cross_entropy(logits[rows], labels[rows]) for rows in parts])
    return means, torch.tensor([len(rows) for rows in parts])


def minibatches(chance):
    """Rows of logits that are no multiple of the batch size."""
    generator, size = torch.Generator().manual_seed(chance.randrange(2**31)), chance.randrange(3, 9)
    n = size * chance.randrange(1, 4) + chance.randrange(1, size)
    logits = 3 * torch.randn(n, 4, generator=generator)
    return logits, torch.randint(4, (n,), generator=generator), size


def descent(inputs, targets, steps=200, lr=1.0, output=torch.sigmoid, slope=torch.ones_like, bias=1.0, sign=1.0):
    """Gradient descent of one neuron, and what changes in it when something is forgotten."""
    w, b, targets = torch.zeros(inputs.shape[1], dtype=inputs.dtype), 0.0, targets.to(inputs.dtype)
    for _ in range(steps):
        said = output(inputs @ w + b)
        missed = sign * (said - targets) * slope(said)
        w, b = w - lr * inputs.T @ missed / len(inputs), b - bias * lr * missed.mean()
    return w, torch.as_tensor(b)


def two_clouds(chance):
    """Points around two centres that are not opposite each other, so that the bias counts; they overlap."""
    generator, n = torch.Generator().manual_seed(chance.randrange(2**31)), 20 * chance.randrange(6, 12)
    labels = torch.arange(n) % 2
    a, b = chance.choice((1.5, 1.8)), chance.choice((-1.2, 1.2))
    centres = torch.stack([labels * a + 0.7, labels * b], 1)
    return centres + torch.randn(n, 2, generator=generator), labels


def lowest(inputs, targets):
    """Weights and bias with the smallest loss, by Newton's method."""
    X, y = torch.cat([inputs, torch.ones(len(inputs), 1)], 1).double(), targets.double()
    found = torch.zeros(3, dtype=X.dtype)
    for _ in range(10):
        a = torch.sigmoid(X @ found)
        found = found - torch.linalg.solve((X * (a * (1 - a))[:, None]).T @ X, X.T @ (a - y))
    return found[:2], found[2]


def excess(w, b, inputs, targets):
    """How far the loss of a neuron is above the smallest."""
    losses = [
        F.binary_cross_entropy_with_logits(inputs.double() @ w.double() + b, targets.double())
        for w, b in ((w, b), lowest(inputs, targets))
    ]
    return losses[0] - losses[1]


def squared(inputs, targets):
    """What the gradient of the squared error leads to in as many steps."""
    return descent(inputs, targets, slope=lambda a: a * (1 - a))


def line(answer, inputs, targets):
    """Weights and bias, the bias in any form.

    A loop may begin elsewhere and take minibatches, so any are as good as the best if their loss is close to it,
    unless they are where the gradient of the squared error leads.
    Numbers that grow without end hang on the last bit: only the way that they go is kept, as signs of infinity.
    """
    found = answer(inputs, targets)
    if not isinstance(found, (list, tuple)) or len(found) != 2:
        return found
    w, b = map(tensor, found)
    if not isinstance(b, torch.Tensor) or b.numel() != 1 or not isinstance(w, torch.Tensor) or w.shape != (2,):
        return w, b
    b = b.detach().reshape(())
    size, far = w.detach().abs().max(), torch.inf * torch.ones(2)
    ahead = (inputs[targets == 1].mean(0) - inputs[targets == 0].mean(0)) @ w.detach().to(inputs.dtype) > 0
    if size > 1e6:
        return far, -far[0]
    if size > 15:
        return (far, far[0]) if ahead else (-far, -far[0])
    if b.abs() > 30:
        return -far, far[0]
    if excess(w, b, inputs, targets) < 0.08:
        slow = squared(inputs, targets)
        near = {"rtol": 0.1, "atol": 0.1}
        if not (torch.allclose(w.to(slow[0].dtype), slow[0], **near) and abs(b - slow[1]) < 0.2):
            return lowest(inputs, targets)
    return w, b


EXERCISES = {
    "1": Exercise(
        solve=epoch,
        fixed=((784, 10, 50_000, 256),),
        draw=pictures,
        value=True,
        probe=told,
        ask=(
            "Softmax regression has {0} inputs, {1} classes, {2} pictures to learn from, minibatches of {3}. "
            "How many parameters has it, how many steps has an epoch, how many pictures are in the last minibatch?"
        ),
        mistakes=(
            *slips(),
            (
                lambda *case: [epoch(*case)[k] for k in (1, 2, 0)],
                "Your numbers are right and in another order: parameters, steps, last minibatch.",
            ),
        ),
    ),
    "2": Exercise(
        solve=lambda probabilities: probabilities.log(),
        fixed=(
            (torch.tensor([0.7, 0.2, 0.1]),),
            (torch.tensor([0.5, 0.5]),),
            (torch.tensor([0.97, 0.01, 0.01, 0.01]),),
        ),
        draw=shares,
        probe=back_again,
        gives="the softmax of your logits is",
        tolerance=1e-3,
        ask="Which logits give the probabilities {0}?",
        mistakes=(
            (
                lambda p: p,
                "Your logits are as far apart as the probabilities. That is too close: only differences count.",
            ),
            (
                lambda p: p.softmax(-1),
                "You apply softmax once more, and what is wanted is the way back.",
            ),
            (torch.exp, "exp leads from logits to probabilities. You need its inverse."),
            (
                lambda p: -p.log(),
                "The sign is wrong: the largest probability must get the largest logit.",
            ),
            (
                lambda p: p / p[0],
                "These are ratios of probabilities. Differences of logits are their logarithms.",
            ),
            (torch.log2, "Softmax has the base e, your logarithm has the base 2."),
            (torch.log10, "Softmax has the base e, your logarithm has the base 10."),
            (
                lambda p: (p / (1 - p)).log(),
                "That is the inverse of the sigmoid, for yes or no. Softmax compares each class with each.",
            ),
        ),
    ),
    "3": Exercise(
        solve=lambda logits, temperature: (logits / temperature).softmax(-1),
        fixed=(
            (torch.tensor([2.0, 1.0, 0.0]), 0.5),
            (torch.tensor([2.0, 1.0, 0.0]), 100.0),
            (torch.tensor([20.0, 10.0, 0.0]), 0.01),
            (torch.tensor([[2.0, 1.0, 0.0], [-1.0, 0.0, 3.0]]), 2.0),
        ),
        draw=rows_and_temperature,
        tolerance=1e-3,
        ask="Which probabilities do the logits {0} have at the temperature {1}?",
        mistakes=(
            (
                lambda logits, temperature: (logits * temperature).softmax(-1),
                "You multiply by T. Cold is to make the differences larger, so T divides.",
            ),
            (
                lambda logits, temperature: logits.softmax(-1) / temperature,
                "You divide the probabilities, and they no longer add up to 1. T belongs to the logits.",
            ),
            (
                lambda logits, temperature: (logits.softmax(-1) / temperature).softmax(-1),
                "You apply softmax twice: T divides the logits, before the only softmax.",
            ),
            (
                lambda logits, temperature: logits.softmax(-1) ** (1 / temperature),
                "The powers are right, and they do not add up to 1 yet.",
            ),
            (
                lambda logits, temperature: logits.softmax(-1),
                "The temperature changes nothing in yours: a factor that all exponentials have cancels.",
            ),
            (lambda logits, temperature: logits / temperature, "These are logits still: the softmax is missing."),
            (
                lambda logits, temperature: (logits / temperature).log_softmax(-1),
                "You return logarithms of the probabilities.",
            ),
            (
                lambda logits, temperature: (logits / temperature).softmax(0),
                "One row is right. In a minibatch each row must add up to 1, and yours does so in each column.",
            ),
            (
                lambda logits, temperature: (logits / temperature).flatten().softmax(0).reshape(logits.shape),
                "One row is right. In a minibatch each row must add up to 1, and yours does so over all rows.",
            ),
        ),
    ),
    "4": Exercise(
        solve=lambda logits, labels, batch_size: F.cross_entropy(logits, labels),
        fixed=(
            (torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 4.0, 1.0]]), torch.tensor([1, 0, 1]), 2),
            (torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]]), torch.tensor([1, 1]), 2),
        ),
        draw=minibatches,
        mistakes=(
            (
                lambda *case: losses(*case)[0].mean(),
                "Each minibatch counts the same, whatever its size: the rows of a small last one count too much.",
            ),
            (
                lambda *case: (losses(*case)[0] * losses(*case)[1]).sum(),
                "That is the sum over all rows. The mean is wanted.",
            ),
            (
                lambda *case: losses(*case)[0].sum(),
                "You add the means of the minibatches: turn each into a sum over its rows, then divide by n.",
            ),
            (
                lambda *case: losses(*case)[0].sum() * case[2] / len(case[1]),
                "You count every minibatch as a full one. Weight each by the rows that it has.",
            ),
            (
                lambda *case: losses(*case)[0].sum() / len(case[1]),
                "You divide a sum of means by n: before you divide, each mean must become a sum over its rows.",
            ),
            (
                lambda *case: (losses(*case)[0] * losses(*case)[1]).sum() / case[2] / len(losses(*case)[0]),
                "The sum is right. You divide as if each minibatch were full: divide by the number of rows.",
            ),
            (
                lambda *case: (losses(*case)[0] * losses(*case)[1]).sum() / len(losses(*case)[0]),
                "The sum is right. You divide it by the number of minibatches, not of rows.",
            ),
            (
                lambda logits, labels, size: F.cross_entropy(
                    logits[: len(labels) // size * size], labels[: len(labels) // size * size]
                ),
                "You leave out the last minibatch where it is not full: its rows count, too.",
            ),
        ),
    ),
    "5": Exercise(
        solve=descent,
        fixed=(),
        draw=two_clouds,
        probe=line,
        tolerance=0.15,
        mistakes=(
            (
                lambda inputs, targets: descent(inputs, targets, output=lambda z: z, lr=0.1),
                "Is the sigmoid missing? Without it a neuron fits the labels as if they were numbers.",
            ),
            (
                lambda inputs, targets: descent(inputs, targets, bias=0.0),
                "Your bias stays where it began: it needs a step of its own, down the mean of a - y.",
            ),
            (
                squared,
                "That is the gradient of the squared error, with the slope of the sigmoid as an extra factor.",
            ),
            (
                lambda inputs, targets: descent(inputs, targets, sign=-1.0),
                "You climb: the loss rises with each step. Check the sign of the step, or of a - y.",
            ),
            (
                lambda inputs, targets: descent(inputs, targets, lr=float(len(targets))),
                "Your weights come to no rest. Is each gradient a mean? Is a - y near 0 where an answer is right?",
            ),
            (
                lambda inputs, targets: descent(inputs, targets, bias=float(len(targets))),
                "Your bias comes to no rest. Is its gradient a mean over the points, too, or a sum?",
            ),
            (
                lambda inputs, targets: descent(inputs, targets, output=lambda z: z, steps=40),
                "Your weights grow without end: is the sigmoid there, before the label is subtracted?",
            ),
            (
                lambda inputs, targets: descent(inputs, targets)[::-1],
                "Your two are in the other order: first the weights, then the bias.",
            ),
            (
                lambda inputs, targets: descent(inputs, targets, steps=1),
                "You make one step and stop: does `return` stand inside the loop?",
            ),
            (
                lambda inputs, targets: descent(inputs, targets, steps=0),
                "Your weights hardly move. Is their gradient subtracted? Does each a - y multiply its own inputs?",
            ),
        ),
    ),
}
