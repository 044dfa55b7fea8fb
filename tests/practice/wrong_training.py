"""Wrong answers to the exercises on training, as readers write them, and what a judge must say of each."""

import math

import torch

RIGHT = {"SGD": (0.01, 0.01), "momentum": (0.01, 0.1), "RMSProp": (0.1, 0.01), "Adam": (0.01, 0.01)}


class Heavy:
    """Momentum as a reader may write it; the exercise's class inherits its memory."""

    def __init__(self, parameters, lr, momentum=0.0):
        self.parameters, self.lr, self.mu = list(parameters), lr, momentum
        self.v = [torch.zeros_like(p) for p in self.parameters]

    @torch.no_grad()
    def step(self):
        for k, p in enumerate(self.parameters):
            self.v[k] = self.mu * self.v[k] + p.grad
            p.sub_(self.lr * self.v[k])


class Old(Heavy):
    @torch.no_grad()
    def step(self):
        for k, p in enumerate(self.parameters):
            p -= self.lr * (p.grad + self.mu * self.v[k])
            self.v[k] = self.mu * self.v[k] + p.grad


class Lost(Heavy):
    @torch.no_grad()
    def step(self):
        for p, v in zip(self.parameters, self.v, strict=True):
            v = self.mu * v + p.grad
            p -= self.lr * (p.grad + self.mu * v)


class Still(Heavy):
    @torch.no_grad()
    def step(self):
        for k, p in enumerate(self.parameters):
            self.v[k] = self.mu * self.v[k] + p.grad
            p = p - self.lr * (p.grad + self.mu * self.v[k])


class Swapped(Heavy):
    @torch.no_grad()
    def step(self):
        for k, p in enumerate(self.parameters):
            self.v[k] = self.mu * self.v[k] + p.grad
            p -= self.lr * (self.mu * p.grad + self.v[k])


class Recorded(Heavy):
    def step(self):
        for k, p in enumerate(self.parameters):
            self.v[k] = self.mu * self.v[k] + p.grad
            p -= self.lr * (p.grad + self.mu * self.v[k])


WRONG = {
    "training 1": [
        (RIGHT | {"momentum": (0.01, 0.01)}, "a sum of gradients"),
        (RIGHT | {"RMSProp": (0.01, 0.01)}, "nothing corrects"),
        (RIGHT | {"Adam": (0.0316, 0.01)}, "without bias correction"),
        (RIGHT | {"SGD": (0.01, 0.1), "Adam": (0.1, 0.01)}, r"Wrong: SGD, Adam\. Right: momentum, RMSProp"),
        (RIGHT | {"Adam": None}, "Still missing: Adam"),
        (RIGHT | {"Adam": 0.01}, r"shape of Adam should be \(2,\)"),
        ({name: (-a, -b) for name, (a, b) in RIGHT.items()}, "sign"),
    ],
    "training 3": [
        (Heavy, "plain momentum"),
        (Old, "plain momentum"),
        (Lost, "forgotten after each step"),
        (Still, "do not move"),
        (Swapped, "exchanged"),
        (Recorded, "stops with an error"),
        (
            lambda parameters, lr, momentum: torch.optim.SGD(parameters, lr, 0.9 * momentum, nesterov=True),
            "Wrong: step 1",
        ),
        (lambda parameters, lr, momentum: torch.optim.SGD(parameters, lr, momentum), "plain momentum"),
    ],
    "training 4": [
        (lambda s, w: s / w if s < w else 1.0, "held"),
        (lambda s, w: s / w if s <= w else 1 - s, "jumps down"),
        (lambda s, w: min(s / w, 1 - s), "never comes up to 1"),
        (lambda s, w: s / w if s < w else (s - w) / (1 - w), "rises again"),
        (lambda s, w: s / w if s < w else None, "every way through"),
        (lambda s, w: torch.tensor([min(s / w, (1 - s) / (1 - w))]), "shape"),
        (lambda s, w: math.log(s / w), "stops with an error"),
        (lambda s, w: s, "as it came"),
    ],
    "training 5": [
        (58, "Just too few"),
        (20, "on average"),
        (19, "do not add up"),
        (58.4, "whole"),
        (100, "100 is too large"),
        (30, "30 is too small"),
        (float("nan"), "nan"),
        ([59], "shape"),
    ],
}
