"""Wrong answers to the exercises on initialisation, as readers write them, and what a judge must say of each."""

import math

import torch
from torch import nn


def in_place(gradients, c):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    for g in gradients:
        g.mul_((c / norm).clamp(max=1.0))
    return gradients


def as_one(gradients, c):
    flat = torch.cat([g.flatten() for g in gradients])
    return flat * min(1.0, c / flat.norm().item())


def one_by_one(gradients, c):
    return [g if g.norm() <= c else g / g.norm() * c for g in gradients]


def cut(gradients, c):
    return [torch.minimum(torch.maximum(g, torch.tensor(-c)), torch.tensor(c)) for g in gradients]


WRONG = {
    "initialization 1": [
        (lambda a, b: (2 / (a + b), 2 / a, 1 / (3 * a)), "variances"),
        (lambda a, b: ((2 / (a + b)) ** 0.5, (2 / a) ** 0.5, a**-0.5), "bound of the uniform"),
        (lambda a, b: ((2 / (a + b)) ** 0.5, (2 / b) ** 0.5, (1 / 3 / b) ** 0.5), "exchanged"),
        (lambda a, b: ((2 / (a + b)) ** 0.5, (2 / a) ** 0.5), r"shape should be \(3,\)"),
        (lambda a, b: (0.0439, 0.0505, 0.0206), "same answer in every case"),
        (lambda a, b: (2 / (a - b)) ** 0.5, "stops with an error"),
    ],
    "initialization 2": [
        (lambda g, n: n * math.log10(g / 2**0.5), "One step too many"),
        (lambda g, n: math.log10((g * g / 2) ** (n - 1)), "power of ten of the mean square"),
        (lambda g, n: math.log10(g) * (n - 1), "what ReLU takes away"),
        (lambda g, n: (g / 2**0.5) ** (n - 1), "factor itself"),
        (lambda g, n: (n - 1) / 2 * math.log10(2 / g**2), "sign"),
        (lambda g, n: 2.86, "same answer in every case"),
        (lambda g, n: math.sqrt((n - 1) * math.log10(g**2 / 2)), "stops with an error"),
    ],
    "initialization 3": [
        (lambda a: 2**0.5 * (1 - a) + a, "no straight line"),
        (lambda a: (2 / (a + 1)) ** 0.5, "what happens to the square"),
        (lambda a: (0.5 + a * a / 2) ** 0.5, "undo it"),
        (lambda a: 2**0.5, "same answer in every case"),
        (lambda a: 1 / a, "stops with an error"),
        (lambda a: torch.tensor([2 / (1 + a * a)]).sqrt(), "shape"),
        (lambda a: nn.init.calculate_gain("leaky_relu", 0.01), "same answer in every case"),
    ],
    "initialization 4": [
        (lambda Z: nn.functional.layer_norm(Z, Z.shape[1:]), "a picture"),
        (lambda Z: (Z - Z.mean(0, keepdim=True)) / Z.std(0, keepdim=True), "n - 1"),
        (lambda Z: (Z - Z.mean(0)) / ((Z - Z.mean(0)) ** 2).mean(0), "divide by the variance"),
        (lambda Z: (Z - Z.mean()) / (Z - Z.mean()).pow(2).mean().sqrt(), "whole matrix"),
        (lambda Z: (Z - Z.mean(1)) / Z.std(1), "stops with an error"),
        (lambda Z: Z.mean(0), "shape"),
        (lambda Z: Z, "output is the input"),
    ],
    "initialization 5": [
        (one_by_one, "by its own norm"),
        (cut, "turns the gradient"),
        (lambda gs, c: [g * c / sum((g**2).sum() for g in gs) ** 0.5 for g in gs], "scaled up"),
        (lambda gs, c: [g * min(1, c / sum(g.norm() for g in gs)) for g in gs], "Norms do not add"),
        (in_place, "changes its arguments"),
        (as_one, "things are wanted|thing is wanted|shape"),
        (lambda gs, c: [g * float("nan") for g in gs], "nan"),
        (lambda gs, c: gs * min(1, c), "stops with an error"),
    ],
}
