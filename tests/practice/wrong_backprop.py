"""Wrong answers to the exercises on backpropagation, as readers write them, and what a judge must say of each."""

from types import SimpleNamespace

import torch


def node(value, *edges):
    return SimpleNamespace(value=value, edges=edges)


def forgot_the_mean(X, Y, W1, W2, value, lam=0.1):
    g = {"O": value["O"] - Y}
    g["W2"] = value["H"].T @ g["O"] + lam * W2
    g["H"] = g["O"] @ W2.T
    g["Z"] = g["H"] * (1 - value["H"] ** 2)
    g["W1"] = X.T @ g["Z"] + lam * W1
    return g


def turned_the_inputs(X, Y, W1, W2, value, lam=0.1):
    g = forgot_the_mean(X, Y / len(X), W1, W2, value | {"O": value["O"] / len(X)}, lam)
    g["W1"] = (g["Z"].T @ X) + lam * W1
    return g


def as_given(X, Y, W1, W2, value, lam=0.1):
    g = {"O": (value["O"] - Y) / len(X)}
    g["W2"] = value["H"].T @ g["O"] + lam * W2
    g["H"] = torch.einsum("ik,kj->ij", g["O"], W2)
    g["Z"] = g["H"] - g["H"] * value["H"].pow(2)
    g["W1"] = X.T @ g["Z"] + lam * W1
    return g


def overwrites(X, Y, W1, W2, value, lam=0.1):
    O = value["O"].sub_(Y).div_(len(X))  # noqa: E741
    H = O @ W2.T
    Z = H * (1 - value["H"] ** 2)
    return {"O": O, "W2": value["H"].T @ O + lam * W2, "H": H, "Z": Z, "W1": X.T @ Z + lam * W1}


def only_weights(X, Y, W1, W2, value, lam=0.1):
    H = (value["O"] - Y) / len(X) @ W2.T
    return {"H": H}


WRONG = {
    "backprop 1": [
        ({"x": -10, "w1": 30, "w2": 50, "v1": 10, "v2": 0}, "negative, nothing gets through"),
        ({"x": 15, "w1": 30, "w2": 0, "v1": 10, "v2": -10}, "what was multiplied by it is h"),
        ({"x": 3.0, "w1": 6.0, "w2": 0.0, "v1": 2.0, "v2": 0.0}, "gradient of o is not 1"),
        ({"x": 30, "w1": 60, "w2": 0, "v1": 20, "v2": 0}, "twice too large"),
        ({"x": 15, "w1": 15, "w2": 0, "v1": 10, "v2": 0}, r"Wrong: w1\. Right: x, w2, v1, v2"),
        ({"x": 15, "w1": 30, "w2": None, "v1": 10, "v2": 0}, "Still missing: w2"),
        ([15, 30, 0], "5 things are wanted"),
        ({"x": -15, "w1": -30, "w2": 0, "v1": -10, "v2": 0}, "sign"),
    ],
    "backprop 3": [
        (as_given, "O and W2 are right"),
        (forgot_the_mean, "mean over the examples"),
        (turned_the_inputs, r"Wrong: W1\. Right: O, W2, H, Z"),
        (overwrites, "changes its arguments"),
        (only_weights, "Still missing: O, W2, Z, W1"),
        (lambda X, Y, W1, W2, value, lam=0.1: value["H"].T @ W2.sum(), "5 things are wanted"),
        (lambda X, Y, W1, W2: {}, "stops with an error"),
    ],
    "backprop 4": [
        (lambda p, q: p.value / q.value, "must be a `Var`"),
        (lambda p, q: node(p.value / q.value), "no edges"),
        (
            lambda p, q: node(
                p.value / q.value, (p, lambda g: g / q.value), (q, lambda g: g * p.value / q.value**2)
            ),
            "wrong sign",
        ),
        (
            lambda p, q: node(
                p.value / q.value, (p, lambda g: q.value**-1), (q, lambda g: -p.value * q.value**-2)
            ),
            "gradient that arrives",
        ),
        (
            lambda p, q: node(p.value / q.value, (p, lambda g: g / q.value), (q, lambda g: -g * q.value**-2)),
            "lacks a factor",
        ),
        (lambda p, q: node(p.value / q.value, (p, lambda g: g / q.value)), "Nothing reaches q"),
        (lambda p, q: p * q, "Wrong: value 12 where 3 is right"),
        (lambda p, q: node(p / q), "stops with an error"),
    ],
    "backprop 5": [
        ((2**20, 20), "both ends count"),
        ((2**20, 2**20), "waits for all"),
        ((40, 21), "doubles them"),
        ((2**19, 21), r"Wrong: number 1 of 2"),
        (2**20, "shape"),
    ],
}
