"""Judges for the exercises of the chapter on model selection."""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch

from d2lmini.practice.judge import Exercise, Wrong

STUDIES = 12  # data sets of pure noise, of which the mean accuracy is judged


@dataclass(frozen=True)
class Measured:
    """Data sets of 50 patients with 2,000 measurements, some of which tell the class."""

    telling: int
    seed: int

    def __str__(self):
        return f"patients of whom {self.telling} of 2,000 measurements tell the class"


@lru_cache(4)
def data_of(measured, dtype):
    """Inputs and classes: many sets of noise, since luck must not decide, and one where there is much to find."""
    generator, sets = torch.Generator().manual_seed(measured.seed), []
    for _ in range(1 if measured.telling else STUDIES):
        classes = torch.randint(0, 2, (50,), generator=generator)
        X = torch.randn(50, 2000, generator=generator, dtype=dtype)
        X[:, : measured.telling] += 2 * (2.0 * classes[:, None] - 1)
        sets.append((X, classes))
    return sets


def mean_accuracy(answer, measured):
    """What a study reports, on average over data sets."""
    sets = data_of(measured, torch.get_default_dtype())
    reports = [answer(X.clone(), classes.clone()) for X, classes in sets]
    if any(one is None for one in reports):
        return None
    if any(isinstance(one, str) for one in reports):
        return reports[0]
    reports = [torch.as_tensor(one, dtype=torch.float64) for one in reports]
    if len({one.shape for one in reports}) > 1 or reports[0].numel() != 1:
        raise Wrong(f"One number is wanted, the accuracy over all folds, and you return {reports[0].numel()}.")
    return torch.stack(reports).mean()


def study(X, classes, choose_inside=True, coded=True):
    """The accuracy by 5-fold cross-validation, with the choice of measurements in each fold or before."""
    y = 2.0 * classes.to(X.dtype) - 1
    right = 0.0
    for fold in torch.arange(len(X)).tensor_split(5):
        rest = torch.ones(len(X), dtype=torch.bool)
        rest[fold] = False
        seen = rest if choose_inside else torch.ones_like(rest)
        top = (((y - y[seen].mean()) * seen) @ X).abs().topk(10).indices
        ten = X[:, top]
        w = torch.linalg.lstsq(ten[rest], y[rest][:, None]).solution
        says = (ten[fold] @ w)[:, 0].sign()
        right += (says == (y[fold] if coded else classes[fold])).sum().item()
    return right / len(X)


def bar(accuracy, n):
    return math.sqrt(accuracy * (1 - accuracy) / n)


def cut(order, K):
    return list(order.tensor_split(K))


def told_of_folds(answer, order, K):
    """What matters about folds: how many, how large, and how often each row is in one."""
    folds = answer(order, K)
    if folds is None:
        return None
    try:
        folds = list(folds)
        if any(getattr(fold, "dtype", None) in (torch.bool, bool) for fold in folds):
            raise Wrong("Your folds say True or False of each row: they should hold row numbers.")
        folds = [[int(row) for row in fold] for fold in folds]
    except (TypeError, ValueError):
        raise Wrong("A list of K folds is wanted, each with the numbers of its rows.") from None
    sizes, rows = [len(fold) for fold in folds] or [0], [row for fold in folds for row in fold]
    return {
        "folds": len(folds),
        "smallest": min(sizes),
        "largest": max(sizes),
        "rows in a fold": len(set(rows) & set(order.tolist())),
        "rows in two": len(rows) - len(set(rows)),
    }


def even(order, K, more=0):
    """Folds of the size n // K, and so many rows beyond each end."""
    size = len(order) // K
    return [order[k * size : (k + 1) * size + more] for k in range(K)]


def rows_to_cut(chance):
    K = chance.randrange(3, 9)
    n = K * chance.randrange(2, 6) + chance.randrange(2, K)
    return 20 + torch.randperm(n, generator=torch.Generator().manual_seed(chance.randrange(2**31))), K


def columns(x, degree):
    """x^i / i!, as in the chapter."""
    factorials = torch.tensor([float(math.factorial(i)) for i in range(degree + 1)], dtype=x.dtype)
    return x[..., None] ** torch.arange(degree + 1) / factorials


def noisy_cubics(chance):
    """Several data sets, with more noise than in the chapter, so that rounding is far from it."""
    generator = torch.Generator().manual_seed(chance.randrange(2**31))
    sets, n = chance.randrange(2, 7), chance.randrange(12, 17)
    x = 4 * torch.rand(sets, n, generator=generator) - 2
    truth = columns(x, 3) @ torch.tensor([5.0, 1.2, -3.4, 5.6])
    return x, truth + 2 * torch.randn(sets, n, generator=generator), chance.randrange(2, 5)


def fit_once(x, y, degree):
    """Residuals of one fit, and the diagonal of P."""
    X = columns(x, degree)
    P = X @ torch.linalg.pinv(X)
    return y - (P @ y[..., None])[..., 0], P.diagonal(dim1=-2, dim2=-1)


def score(x, y, degree, of=lambda r, p: (r / (1 - p)).square().mean(-1) / 2):
    return of(*fit_once(x, y, degree))


EXERCISES = {
    "1": Exercise(
        solve=bar,
        fixed=((0.88, 10_000), (0.88, 100), (0.5, 25), (1.0, 50)),
        draw=lambda chance: (chance.choice((0.6, 0.7, 0.75, 0.9, 0.95)), chance.randrange(30, 900)),
        ask="A classifier gets a share of {0} of {1} test pictures right. What is the error bar of this share?",
        mistakes=(
            (
                lambda accuracy, n: accuracy * (1 - accuracy) / n,
                "That is the variance of the mean: an error bar is its root.",
            ),
            (
                lambda accuracy, n: math.sqrt(accuracy * (1 - accuracy)) / n,
                "The spread of one example is right. A mean over n examples varies less, but by the root of n.",
            ),
            (
                lambda accuracy, n: math.sqrt(accuracy * (1 - accuracy)),
                "That is the spread of one example: where does n come in?",
            ),
            (
                lambda accuracy, n: accuracy * (1 - accuracy) / math.sqrt(n),
                "n stands under a root, and a(1 - a) does not: it is a variance, so it belongs there, too.",
            ),
            (
                lambda accuracy, n: math.sqrt(accuracy / n),
                "The variance of a 0 or 1 is not its mean: where nearly all answers are right, hardly any vary.",
            ),
            (
                lambda accuracy, n: 100 * bar(accuracy, n),
                "Your numbers are in percentage points, and the accuracy is a share: leave out the 100.",
            ),
            (
                lambda accuracy, n: 2 * bar(accuracy, n),
                "Those are two standard deviations: one is asked for.",
            ),
            (
                lambda accuracy, n: math.sqrt(accuracy * (1 - accuracy) / (n - 1)),
                "Nearly: n - 1 belongs to a variance estimated from a sample. Here it is a(1 - a), so n is right.",
            ),
        ),
    ),
    "3": Exercise(
        solve=cut,
        fixed=((torch.arange(139, 99, -1), 5), (torch.arange(139, 99, -1), 15), (torch.arange(5, 20), 15)),
        draw=rows_to_cut,
        probe=told_of_folds,
        mistakes=(
            (even, "Some rows are in no fold: n is no multiple of K, and the rows that remain are lost."),
            (
                lambda order, K: [*even(order, K)[:-1], order[(K - 1) * (len(order) // K) :]],
                "Every row is in a fold now. But the last fold takes all that remains: spread these rows.",
            ),
            (
                lambda order, K: list(order.split(len(order) // K)),
                "You return more than K folds: the rows that remain have become folds of their own.",
            ),
            (
                lambda order, K: list(order.split(-(-len(order) // K))),
                "The size is rounded up, so the last folds are too small or missing.",
            ),
            (
                lambda order, K: [order[k * -(-len(order) // K) :][: -(-len(order) // K)] for k in range(K)],
                "The size is rounded up, so the last folds are too small or missing.",
            ),
            (
                lambda order, K: list(torch.arange(len(order)).tensor_split(K)),
                "Yours are positions: take the row numbers that stand there in the order.",
            ),
            (
                lambda order, K: even(order, K, more=1),
                "Some rows are in two folds: where one fold ends, the next begins.",
            ),
            (
                lambda order, K: [torch.cat([*cut(order, K)[:k], *cut(order, K)[k + 1 :]]) for k in range(K)],
                "Those are the rows on which to fit: a fold holds the rows that validate.",
            ),
        ),
    ),
    "6": Exercise(
        solve=study,
        fixed=((Measured(0, 1),), (Measured(20, 2),)),
        draw=lambda chance: (Measured(chance.randrange(12, 60), chance.randrange(2**31)),),
        probe=mean_accuracy,
        tolerance=0.07,
        mistakes=(
            (
                lambda X, classes: study(X, classes, choose_inside=False),
                "On pure noise that is too good: rows that test the classifier have been seen before, by the "
                "choice of the measurements or by the fit. Both belong inside the fold.",
            ),
            (
                lambda X, classes: 1 - study(X, classes),
                "Where the measurements do tell the class, yours is near 0: is that the share of mistakes, or are "
                "the two classes swapped?",
            ),
            (lambda X, classes: 100 * study(X, classes), "That is in percent: a share from 0 to 1 is wanted."),
            (
                lambda X, classes: 50 * study(X, classes),
                "That is the number of patients who are classified right: divide by all 50.",
            ),
            (
                lambda X, classes: 10 * study(X, classes),
                "That is the number of right answers in one fold: divide by its size.",
            ),
            (
                lambda X, classes: 5 * study(X, classes),
                "That is the sum of the accuracies of five folds: the mean is wanted.",
            ),
            (
                lambda X, classes: study(X, classes, coded=False),
                "Half of the right answers are lost: the classes are 0 and 1, and a sign is -1 or 1.",
            ),
        ),
    ),
    "7": Exercise(
        solve=score,
        fixed=(),
        draw=noisy_cubics,
        tolerance=1e-3,
        mistakes=(
            (
                lambda x, y, degree: score(x, y, degree, lambda r, p: r.square().mean(-1) / 2),
                "That is the training loss: each residual must be divided by how far its point was from deciding "
                "its own prediction.",
            ),
            (
                lambda x, y, degree: score(x, y, degree, lambda r, p: (r / (1 - p)).square().mean(-1)),
                "Twice too large: the book's loss has a half before the square.",
            ),
            (
                lambda x, y, degree: score(x, y, degree, lambda r, p: (r.square() / (1 - p)).mean(-1) / 2),
                "The residual is squared and its divisor is not: divide first, then square.",
            ),
            (
                lambda x, y, degree: score(x, y, degree, lambda r, p: (r * (1 - p)).square().mean(-1) / 2),
                "Upside down: a point that was left out is missed by more than its residual, not by less.",
            ),
            (
                lambda x, y, degree: score(x, y, degree, lambda r, p: (r / (1 + p)).square().mean(-1) / 2),
                "A plus where a minus belongs: a point that was left out is missed by more than its residual.",
            ),
            (
                lambda x, y, degree: score(x, y, degree, lambda r, p: (r / p).square().mean(-1) / 2),
                "You divide by how much a point decides its own prediction: what is left for the other points?",
            ),
            (
                lambda x, y, degree: score(x, y, degree, lambda r, p: (r / (1 - p)).mean(-1) / 2),
                "The square is missing, and errors of both signs cancel.",
            ),
            (
                lambda x, y, degree: score(x, y, degree, lambda r, p: (r / (1 - p)).square().sum(-1) / 2),
                "That is a sum over the points: the score is a mean.",
            ),
            (
                lambda x, y, degree: score(
                    x, y, degree, lambda r, p: (r / (1 - p.mean(-1, keepdim=True))).square().mean(-1) / 2
                ),
                "All points share one divisor in yours: each has its own.",
            ),
            (
                lambda x, y, degree: score(x, y, degree - 1),
                "That is the score of the degree below: a polynomial has one coefficient more than its degree.",
            ),
        ),
    ),
}
