"""Wrong answers to the exercises on linear models, as readers write them, and what a judge must say of each."""

import torch


def adds_in_place(switches):
    switches -= 0.5
    return (switches.prod(1) < 0).double()


WRONG = {
    "linear 1": [
        (lambda rate, size: rate * size, "2 is missing"),
        (lambda rate, size: rate / size / 2, "Upside down"),
        (lambda rate, size: 0.08, "same answer in every case"),
        (lambda rate, size: torch.tensor([2 * rate * size]), "shape"),
    ],
    "linear 2": [
        ((torch.tensor([1.0, 1.0, 1.0]), -0.9), "as soon as one switch"),
        (([2.0, 2.0, 2.0], -5.0), "only when all three"),
        ((torch.ones(3), 0.5), "always on"),
        ((torch.ones(2), -1.5), "stops with an error"),
    ],
    "linear 3": [
        (lambda s: (s.sum(1) > 0).double(), "That is OR"),
        (lambda s: s.prod(1), "That is AND"),
        (lambda s: (s.sum(1, keepdim=True) == 1).double(), "shape"),
        (adds_in_place, "changes its arguments"),
    ],
    "linear 4": [
        (lambda X, y, w, b: (X.T @ (X @ w + b - y), (X @ w + b - y).mean()), "for the weights is a sum"),
        (lambda X, y, w, b: (X.T @ (X @ w + b - y), (X @ w + b - y).sum()), "Both are sums"),
        (lambda X, y, w, b: (X.T @ (y - X @ w - b) / len(y), (y - X @ w - b).mean()), "sign"),
        (lambda X, y, w, b: X.T @ (X @ w + b - y) / len(y), "2 things are wanted"),
        (lambda X, y, w, b: (X.mean(0) * (X @ w + b - y).mean(), (X @ w + b - y).mean()), "you give"),
        (lambda X, y, w, b: (X @ (X @ w + b - y), 0.0), "stops with an error"),
    ],
    "linear 5": [
        (lambda x, y: torch.linalg.lstsq(torch.cat([x, torch.ones_like(x)], 1), y)[0], "shape"),
        (lambda x, y: (torch.zeros(1), torch.zeros(1), torch.zeros(1)), "same answer in every case"),
        (lambda x, y: (float("nan"), 0.0, 1.0), "nan"),
    ],
}
