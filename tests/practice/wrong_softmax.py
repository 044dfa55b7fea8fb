"""Wrong answers to the exercises on softmax regression, as readers write them, and what a judge says of each."""

import torch
from torch.nn import functional as F


def softmax_by_hand(o):
    return o.exp() / o.exp().sum()


def divides_in_place(logits, temperature):
    logits /= temperature
    return torch.softmax(logits, -1)


def mean_of_means(logits, labels, batch_size):
    parts = zip(logits.split(batch_size), labels.split(batch_size), strict=True)
    means = [F.cross_entropy(o, y).item() for o, y in parts]
    return sum(means) / len(means)


def full_minibatches_only(logits, labels, batch_size):
    total, seen = 0.0, 0
    for start in range(0, len(labels) - batch_size + 1, batch_size):
        o, y = logits[start : start + batch_size], labels[start : start + batch_size]
        total, seen = total + F.cross_entropy(o, y, reduction="sum").item(), seen + len(y)
    return total / seen


def added_up(logits, labels, batch_size):
    return sum(
        F.cross_entropy(logits[k : k + batch_size], labels[k : k + batch_size], reduction="sum")
        for k in range(0, len(labels), batch_size)
    )


def counts_full(logits, labels, batch_size):
    total = 0
    for o, y in zip(logits.split(batch_size), labels.split(batch_size), strict=True):
        total += batch_size * F.cross_entropy(o, y)
    return total / len(logits)


def last_minibatch(logits, labels, batch_size):
    return [F.cross_entropy(o, y) for o, y in zip(logits.split(batch_size), labels.split(batch_size), strict=True)]


def loop(gradient, returns=lambda w, b: (w, b), start=0.0):
    """A reader's loop with a gradient of their own."""

    def fitted(inputs, targets, steps=200, lr=1.0):
        w, b = torch.full((inputs.shape[1],), start), 0.0
        for _ in range(steps):
            gw, gb = gradient(inputs, targets, w, b)
            w, b = w - lr * gw, b - lr * gb
        return returns(w, b)

    return fitted


def added(X, y, w, b):
    a = torch.sigmoid(X @ w + b)
    return ((a - y)[:, None] * X).sum(0), (a - y).sum()


def turned_round(X, y, w, b):
    missed = y - 1 / (1 + torch.exp(-(X @ w + b)))
    return missed @ X / len(y), missed.mean()


def squared(X, y, w, b):
    a = torch.sigmoid(X @ w + b)
    delta = (a - y) * a * (1 - a)
    return (X * delta[:, None]).mean(0), delta.mean()


def weights_only(X, y, w, b):
    return (X * (torch.sigmoid(X @ w) - y)[:, None]).mean(0), 0.0


def bias_by_sum(X, y, w, b):
    missed = torch.sigmoid(X @ w + b) - y
    return X.T @ missed / len(y), missed.sum()


def right(X, y, w, b):
    missed = torch.sigmoid(X @ w + b) - y
    return X.T @ missed / len(y), missed.mean()


WRONG = {
    "softmax 1": [
        ((7840, 196, 80), "^Not yet. The biases are missing: each class has one.$"),
        (lambda: (7850, 195, 80), "a minibatch and a step, too"),
        ([7850, 50_000 / 256, 80], "Steps are whole"),
        (torch.tensor([7840, 195, 256]), "biases are missing.*step, too.*not a full one"),
        ((7850, 196, 176), "lacks"),
        ((196, 80, 7850), "another order"),
        ((7850, 196), "shape"),
        ((7850, 200, 80), "Wrong: number 2 of 3"),
    ],
    "softmax 2": [
        (lambda p: p, "as far apart as the probabilities"),
        (lambda p: softmax_by_hand(p), "softmax once more"),
        (lambda p: [-torch.log(one) for one in p], "sign is wrong"),
        (lambda p: p / p.min(), "the softmax of your logits is"),
        (lambda p: torch.log10(p), "base 10"),
        (lambda p: torch.log(p / (1 - p)), "inverse of the sigmoid"),
        (lambda p: (p - p).log() - p, "nan or inf"),
        (lambda p: p.log()[1:] - p.log()[0], "shape"),
        (lambda p: torch.tensor([1.9459, 0.6931, 0.0]), "shape"),
    ],
    "softmax 3": [
        (lambda logits, temperature: torch.softmax(temperature * logits, -1), "You multiply by T"),
        (lambda logits, temperature: torch.softmax(logits, -1) / temperature, "no longer add up to 1"),
        (lambda logits, temperature: F.softmax(logits, -1).pow(1 / temperature), "powers are right"),
        (lambda logits, temperature: F.softmax(logits / temperature, 0), "in each column"),
        (lambda logits, temperature: softmax_by_hand(logits / temperature), "nan or inf"),
        (lambda logits, temperature: F.softmax(logits, -1), "changes nothing"),
        (divides_in_place, "changes its arguments"),
        (lambda logits, temperature: F.softmax(logits / temperature, -1).max(-1).values, "shape"),
        (lambda logits, temperature: (F.softmax(logits, -1), temperature), "One thing is wanted"),
    ],
    "softmax 4": [
        (mean_of_means, "counts the same, whatever its size"),
        (full_minibatches_only, "leave out the last|nan"),
        (added_up, "sum over all rows"),
        (counts_full, "every minibatch as a full one"),
        (last_minibatch, "shape"),
        (lambda logits, labels, batch_size: 8.51, "same answer in every case"),
        (lambda logits, labels, batch_size: logits[labels].mean(), "you give"),
    ],
    "softmax 5": [
        (loop(added), "weights come to no rest.*a mean"),
        (loop(turned_round), "You climb"),
        (loop(squared), "gradient of the squared error"),
        (loop(weights_only), "bias stays where it began"),
        (loop(bias_by_sum), "Your bias comes to no rest"),
        (loop(lambda X, y, w, b: (X.T @ (X @ w + b - y) / len(y), 0.0)), "nan or inf|sigmoid there"),
        (loop(right, returns=lambda w, b: (b, w)), "other order"),
        (loop(right, returns=lambda w, b: w), "2 things are wanted"),
        (loop(right, returns=lambda w, b: (w[:, None], b)), "shape"),
        (lambda inputs, targets: (torch.zeros(2), 0.0), "hardly move"),
        (lambda inputs, targets: (inputs @ targets, 0.0), "stops with an error"),
    ],
}
