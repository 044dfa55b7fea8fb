"""Wrong answers to the exercises on model selection, as readers write them, and what a judge must say of each."""

import torch
from torch.nn import functional as F


def chosen_before(X, classes):
    """Cross-validation of a classifier whose inputs were picked on all patients."""
    z = (X - X.mean(0)) / X.std(0)
    label = classes * 2.0 - 1
    best = (z * label[:, None]).mean(0).abs().argsort(descending=True)[:10]
    hits = []
    for k in range(5):
        held = torch.arange(50) % 5 == k
        w = torch.linalg.lstsq(X[~held][:, best], label[~held].to(X.dtype)[:, None]).solution
        hits.append(((X[held][:, best] @ w)[:, 0] * label[held] > 0).double().mean())
    return sum(hits) / 5


def by_fold(X, classes):
    """The repaired study, which gives back each fold's accuracy."""
    label, hits = classes * 2.0 - 1, []
    for k in range(5):
        held = torch.arange(50) % 5 == k
        best = (label[~held] @ X[~held].double().to(label.dtype)).abs().topk(10).indices
        w = torch.linalg.lstsq(X[~held][:, best], label[~held].to(X.dtype)[:, None]).solution
        hits.append(((X[held][:, best] @ w)[:, 0] * label[held] > 0).double().mean())
    return torch.stack(hits)


def fitted_on_everybody(X, classes):
    """No folds at all: the classifier is tried on the patients that it was fitted to."""
    label = classes * 2.0 - 1
    best = (label @ X.to(label.dtype)).abs().topk(10).indices
    w = torch.linalg.lstsq(X[:, best], label.to(X.dtype)[:, None]).solution
    return float(((X[:, best] @ w)[:, 0].sign() == label).double().mean())


def zeros_and_ones(X, classes):
    """Targets are 0 and 1, predictions are signs."""
    right = 0
    for fold in torch.randperm(50).tensor_split(5):
        rest = [i for i in range(50) if i not in fold.tolist()]
        y = classes[rest].to(X.dtype) * 2 - 1
        best = (y @ X[rest]).abs().topk(10).indices
        w = torch.linalg.lstsq(X[rest][:, best], y[:, None]).solution[:, 0]
        right += int((torch.sign(X[fold][:, best] @ w) == classes[fold]).sum())
    return right / 50


def with_refits(x, y, degree, keep_half=True, squared=True):
    """Leave-one-out by n fits."""
    n = x.shape[1]
    missed = torch.zeros_like(y)
    for i in range(n):
        rest = [j for j in range(n) if j != i]
        powers = torch.stack([x**k for k in range(degree + 1)], -1)
        w = torch.linalg.lstsq(powers[:, rest], y[:, rest, None]).solution
        missed[:, i] = (powers[:, i] * w[..., 0]).sum(-1) - y[:, i]
    loss = missed**2 if squared else missed.abs()
    return loss.mean(1) / (2 if keep_half else 1)


def hat(x, degree):
    X = torch.stack([x**k for k in range(degree + 1)], -1)
    return X @ torch.linalg.pinv(X)


def residuals(x, y, degree):
    return y - (hat(x, degree) @ y[..., None]).squeeze(-1)


def own_influence(x, degree):
    return torch.diagonal(hat(x, degree), dim1=1, dim2=2)


def centred_in_place(x, y, degree):
    y -= y.mean(1, keepdim=True)
    return (residuals(x, y, degree) / (1 - own_influence(x, degree))).pow(2).mean(1) / 2


def by_size(order, K):
    size, folds = len(order) // K, []
    for start in range(0, K * size, size):
        folds.append(order[start : start + size].tolist())
    return folds


def rest_at_the_end(order, K):
    folds = by_size(order, K)
    folds[-1] += order[K * (len(order) // K) :].tolist()
    return folds


def with_the_neighbour(order, K):
    size = len(order) // K
    return [order[k * size : k * size + size + 1] for k in range(K)]


WRONG = {
    "model-selection 1": [
        (lambda a, n: (a - a**2) / n, "variance of the mean"),
        (lambda a, n: (a * (1 - a)) ** 0.5 / n, "by the root of n"),
        (lambda a, n: (a / n) ** 0.5, "not its mean"),
        (lambda a, n: round(100 * (a * (1 - a) / n) ** 0.5, 6), "percentage points"),
        (lambda a, n: torch.full((1,), a * (1 - a) / n).sqrt(), "shape"),
        (lambda a, n: 0.003, "same answer in every case"),
        (lambda a, n: (a * (1 - a) / n).sqrt(), "stops with an error"),
    ],
    "model-selection 3": [
        (by_size, "in no fold"),
        (rest_at_the_end, "takes all that remains"),
        (lambda order, K: order.split(len(order) // K), "more than K folds"),
        (lambda order, K: order.chunk(K), "rounded up"),
        (with_the_neighbour, "in two folds"),
        (lambda order, K: len(order) // K, "list of K folds"),
        (lambda order, K: [order for _ in range(K)], "rows in two 160"),
        (lambda order, K: order.reshape(K, -1), "stops with an error"),
    ],
    "model-selection 6": [
        (chosen_before, "seen before"),
        (fitted_on_everybody, "seen before"),
        (by_fold, "you return 5"),
        (lambda X, classes: by_fold(X, classes).sum(), "sum of the accuracies of five"),
        (zeros_and_ones, "0 and 1"),
        (lambda X, classes: 1 - by_fold(X, classes).mean(), "near 0"),
        (lambda X, classes: 100 * by_fold(X, classes).mean(), "percent"),
        (lambda X, classes: 0.5, "same answer in every case"),
        (lambda X, classes: classes.sum() / 0 * 0, "nan"),
    ],
    "model-selection 7": [
        (lambda x, y, degree: with_refits(x, y, degree, keep_half=False), "half before the square"),
        (lambda x, y, degree: with_refits(x, y, degree, squared=False), "you give"),
        (lambda x, y, degree: (residuals(x, y, degree) ** 2).mean(1) / 2, "training loss"),
        (lambda x, y, d: (residuals(x, y, d) ** 2 / (1 - own_influence(x, d))).mean(1) / 2, "divisor is not"),
        (lambda x, y, d: (residuals(x, y, d) / (1 - own_influence(x, d))).pow(2).mean() / 2, "too much"),
        (lambda x, y, degree: with_refits(x, y, degree - 1), "degree below"),
        (centred_in_place, "changes its arguments"),
        (lambda x, y, degree: F.mse_loss(x @ y, y), "stops with an error"),
    ],
}
