"""Wrong answers to the exercises on weight decay, as readers write them, and what a judge must say of each."""

import math

import torch


def shrink(a, lam):
    return torch.sign(a) * torch.relu(a.abs() - lam)


def no_negatives(a, lam1, lam2):
    w = (a - lam1) / (1 + lam2)
    return w if w > 0 else torch.tensor(0.0)


def past_zero(a, lam1, lam2):
    if a > 0:
        return (a - lam1) / (1 + lam2)
    return (a + lam1) / (1 + lam2)


def scaled_in_place(targets, lam):
    targets /= 1 + lam
    return targets.mean()


def below(X, y, row):
    d = X.shape[1]
    return torch.vstack([X, row * torch.eye(d)]), torch.vstack([y, torch.zeros(d, 1)])


WRONG = {
    "weight-decay 1": [
        (0.005, "multiply"),
        (1 - 0.5**0.001, "λ itself is wanted"),
        (math.exp(math.log(0.5) / 1000), "factor of one step"),
        (torch.tensor(0.0693), "too large"),
        (0.0035, "too small"),
        (float("nan"), "nan"),
        ([0.0069, 0.0069], "shape"),
    ],
    "weight-decay 2": [
        (lambda strength, n: strength / n / 2, "Half of the right one"),
        (lambda strength, n: strength, "sum and ours is a mean"),
        (lambda strength, n: 2 * strength / n, "Twice the right one"),
        (lambda strength, n: n * strength, "Upside down"),
        (lambda strength, n: 0.08, "same answer in every case"),
        (lambda strength, n: n / strength, "stops with an error"),
    ],
    "weight-decay 3": [
        (lambda targets, lam: targets.mean(), "without decay"),
        (lambda targets, lam: sum(targets) / (len(targets) + lam), "against a sum"),
        (lambda targets, lam: 2 * targets.mean() / (2 + lam), "half as much"),
        (lambda targets, lam: targets.mean() / (1 + 2 * lam), "twice as much"),
        (lambda targets, lam: targets / (1 + lam), "shape"),
        (scaled_in_place, "changes its arguments"),
    ],
    "weight-decay 6": [
        (lambda a, lam1, lam2: shrink(a, lam1), "That is the lasso"),
        (lambda a, lam1, lam2: a / (lam2 + 1), "ridge regression"),
        (lambda a, lam1, lam2: shrink(a / (1 + lam2), lam1), "before you subtract"),
        (no_negatives, "mirror image"),
        (lambda a, lam1, lam2: a / (1 + lam2) if a.abs() > lam1 else 0.0, "it subtracts"),
        (past_zero, "other side of zero"),
        (lambda a, lam1, lam2: (a.abs() - lam1).clamp(min=0) / (1 + lam2), "sign of a is lost"),
        (lambda a, lam1, lam2: shrink(a, lam1 + lam2), "you give"),
        (lambda a, lam1, lam2: (shrink(a, lam1) / (1 + lam2)).repeat(2), "shape"),
    ],
    "weight-decay 7": [
        (lambda X, y, lam: below(X, y, lam**0.5), "too weak"),
        (lambda X, y, lam: below(X, y, len(X) * lam), "root"),
        (lambda X, y, lam: below(X, y, (X.shape[1] * lam) ** 0.5), "not of the inputs"),
        (lambda X, y, lam: (below(X, y, (len(X) * lam) ** 0.5)[0], y), "one target"),
        (lambda X, y, lam: below(X, y, (len(X) * lam) ** 0.5)[0], "Two things"),
        (lambda X, y, lam: (X, y), "none is invented"),
        (lambda X, y, lam: below(X, y, (len(X) * lam / 2) ** 0.5), "factor of 2"),
        (lambda X, y, lam: below(X, y, float("nan")), "nan"),
    ],
}
