"""Judges for the exercises of the chapter on training in practice."""

import math

import torch

from d2lmini.practice.judge import Exercise

OPTIMISERS = ("SGD", "momentum", "RMSProp", "Adam")


def steps(eta, mu, **slips):
    """First and late step of each optimiser where every gradient is 1; RMSProp has a beta2 of 0.99."""
    right = {"SGD": (eta, eta), "momentum": (eta, eta / (1 - mu)), "RMSProp": (10 * eta, eta), "Adam": (eta, eta)}
    return right | slips


def in_rates(answer, eta, mu):
    """Steps in units of the rate, so that a small rate makes no mistake look small."""
    if isinstance(answer, (list, tuple)) and len(answer) == len(OPTIMISERS):
        answer = dict(zip(OPTIMISERS, answer, strict=True))
    if not isinstance(answer, dict):
        return answer
    pairs = {name: answer.get(name) for name in OPTIMISERS}
    lacking = [pair is None or (isinstance(pair, (list, tuple)) and None in pair) for pair in pairs.values()]
    return {
        name: None if lacks else torch.as_tensor(pair) / eta
        for (name, pair), lacks in zip(pairs.items(), lacking, strict=True)
    }


def slip(**wrong):
    """Steps of which one optimiser's are wrong: its first and late step, as multiples of the rate."""
    return lambda eta, mu: steps(
        eta, mu, **{name: [eta * one for one in pair(mu)] for name, pair in wrong.items()}
    )


class Nesterov:
    """Momentum whose step looks one velocity ahead; `velocity` and `along` can be replaced by slips."""

    def __init__(self, parameters, lr, momentum=0.0):
        self.parameters, self.lr, self.momentum = list(parameters), lr, momentum
        self.v = [torch.zeros_like(p) for p in self.parameters]

    def velocity(self, v, g):
        return self.momentum * v + g

    def along(self, v, g):
        return g + self.momentum * v

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.parameters, self.v, strict=True):
            v.copy_(self.velocity(v, p.grad))
            p -= self.lr * self.along(v, p.grad)


class OnlyFirst(Nesterov):
    def __init__(self, parameters, lr, momentum=0.0):
        super().__init__(list(parameters)[:1], lr, momentum)


def nesterov(**methods):
    return type("Nesterov", (Nesterov,), methods)


def untouched(kind):
    """Tell whether a class has the step of the stub, which names nothing and does nothing."""
    step = getattr(kind, "step", None)
    code = getattr(getattr(step, "__wrapped__", step), "__code__", None)
    return code is not None and not code.co_names


def path(kind, lr, momentum, start, gradients):
    """Where two parameters are after each step; every gradient is given, whatever the place."""
    if untouched(kind):
        return None
    parameters = [start.clone().requires_grad_(), start[:2].clone().reshape(1, 2).requires_grad_()]
    optimizer, places = kind(parameters, lr, momentum), {}
    if not hasattr(optimizer, "step"):
        return optimizer
    for number, g in enumerate(gradients, 1):
        for p in parameters:
            p.grad = g[: p.numel()].clone().reshape(p.shape)
        optimizer.step()
        places[f"step {number}"] = torch.cat([p.detach().flatten() for p in parameters])
    return places


def few_steps(chance):
    """A rate, a momentum, a start and five gradients."""
    generator = torch.Generator().manual_seed(chance.randrange(2**31))
    start, gradients = torch.randn(3, generator=generator), torch.randn(5, 3, generator=generator)
    return chance.choice((0.1, 0.2, 0.5)), chance.choice((0.5, 0.8, 0.9)), start, gradients


def warm_up(share, w):
    return min(share / w, (1 - share) / (1 - w))


def needed(share, sure):
    """The smallest number of random settings of which the best is in the best share with this probability."""
    return float(math.ceil(math.log(1 - sure) / math.log(1 - share)))


EXERCISES = {
    "1": Exercise(
        solve=steps,
        fixed=((0.01, 0.9),),
        draw=lambda chance: (chance.choice((0.001, 0.002, 0.003, 0.1)), chance.choice((0.5, 0.75, 0.8, 0.95))),
        value=True,
        probe=in_rates,
        tolerance=1e-2,
        ask="The gradient of a weight is 1 at every step, the rate {0}. How long are the first and a late step of "
        "SGD, momentum {1}, RMSProp and Adam? Answer with a dictionary of pairs, as in exercise 1.",
        mistakes=(
            (
                slip(momentum=lambda mu: (1, 1)),
                "Momentum's late step is wrong: its velocity is a sum of gradients, and here all of them agree.",
            ),
            (
                slip(momentum=lambda mu: (1 - mu, 1)),
                "Your momentum keeps a running mean. In (9.2) it is a running sum.",
            ),
            (
                slip(momentum=lambda mu: (1, 1 + mu)),
                "Momentum: that is the second step. The velocity goes on growing.",
            ),
            (
                slip(RMSProp=lambda mu: (1, 1)),
                "RMSProp's first step is wrong: its mean of squares starts at 0, and nothing corrects for that.",
            ),
            (
                slip(RMSProp=lambda mu: (100, 1)),
                "RMSProp's first step is wrong: it divides by the root of the mean of squares.",
            ),
            (
                slip(Adam=lambda mu: (0.1 / 0.001**0.5, 1)),
                "Adam's first step is wrong: that is the one without bias correction.",
            ),
            (
                slip(Adam=lambda mu: (1, 1 / (1 - mu))),
                "Adam's late step is wrong: it keeps a mean of the gradients, not a sum.",
            ),
            (
                slip(RMSProp=lambda mu: (1, 1), momentum=lambda mu: (1, 1)),
                "Momentum and RMSProp are wrong: one keeps a sum, the other starts from 0 without correction.",
            ),
        ),
    ),
    "3": Exercise(
        solve=Nesterov,
        fixed=(),
        draw=few_steps,
        probe=path,
        mistakes=(
            (
                nesterov(along=lambda self, v, g: v),
                "That is plain momentum: a step along the new velocity. Nesterov's looks one velocity further.",
            ),
            (
                nesterov(along=lambda self, v, g: v + self.momentum * g),
                "Gradient and velocity are exchanged: which of the two is multiplied by the momentum?",
            ),
            (
                nesterov(along=lambda self, v, g: g + v),
                "In the step the velocity is not multiplied by the momentum.",
            ),
            (
                nesterov(along=lambda self, v, g: self.momentum * v),
                "The gradient itself is missing in the step.",
            ),
            (
                nesterov(along=lambda self, v, g: v + self.momentum * v),
                "You add the momentum times the velocity to the velocity. What should it be added to?",
            ),
            (
                nesterov(velocity=lambda self, v, g: self.momentum * v + (1 - self.momentum) * g),
                "Your velocity is a running mean of the gradients. In (9.2) it is a running sum.",
            ),
            (OnlyFirst, "Only the first parameter moves: does your loop end after it?"),
            (
                nesterov(velocity=lambda self, v, g: v, along=lambda self, v, g: (1 + self.momentum) * g),
                "Your velocity is forgotten after each step: a new tensor under the name v is not the stored one.",
            ),
            (
                nesterov(velocity=lambda self, v, g: v, along=lambda self, v, g: g),
                "Your velocity stays 0: it is read, and never changed.",
            ),
            (
                nesterov(along=lambda self, v, g: torch.zeros_like(g)),
                "The parameters do not move: a new tensor under the name p is not the parameter.",
            ),
            (
                nesterov(along=lambda self, v, g: (g + self.momentum * v) / self.lr),
                "The learning rate is missing.",
            ),
            (
                nesterov(along=lambda self, v, g: -g - self.momentum * v),
                "Your steps go uphill: the sign is wrong.",
            ),
        ),
    ),
    "4": Exercise(
        solve=warm_up,
        fixed=((0.0, 0.2), (0.1, 0.2), (0.19, 0.2), (0.2, 0.2), (0.6, 0.2), (1.0, 0.2), (0.5, 0.5)),
        draw=lambda chance: (chance.choice((0.05, 0.35, 0.7, 0.9)), chance.choice((0.1, 0.25, 0.4, 0.5))),
        ask="What is the warm-up of exercise 4 at the share {0}, with w = {1}?",
        mistakes=(
            (
                lambda share, w: min(share / w, 1 - share),
                "It never comes up to 1: the falling line must be 1 at w, and yours is 1 at the start.",
            ),
            (
                lambda share, w: share / w if share <= w else 1 - share,
                "It jumps down after w: the falling line must be 1 at w, and yours is 1 at the start.",
            ),
            (
                lambda share, w: share / w if share < w else 1 - share,
                "It jumps down at w: the falling line must be 1 at w, and yours is 1 at the start.",
            ),
            (
                lambda share, w: min(share / w, 1.0),
                "The rise is right. After it the rate is held: it should fall to 0.",
            ),
            (lambda share, w: share / w, "The rise is right, but it goes on for ever."),
            (
                lambda share, w: (1 - share) / (1 - w),
                "The fall is right. Before w the rate should rise.",
            ),
            (
                lambda share, w: max(share / w, (1 - share) / (1 - w)),
                "Both lines are right, and you take the upper one.",
            ),
            (
                lambda share, w: min(0.1 + 0.9 * share / w, (1 - share) / (1 - w)),
                "That is the chapter's, which starts at a tenth. Here it starts at 0.",
            ),
            (
                lambda share, w: share / w if share <= w else (share - w) / (1 - w),
                "After w yours starts at 0 and rises again: that is what is to be taken away from 1.",
            ),
            (
                lambda share, w: share / w if share < w else (share - w) / (1 - w),
                "From w on yours starts at 0 and rises again: that is what is to be taken away from 1.",
            ),
            (
                lambda share, w: share / w if share <= w else 1 - (share - w),
                "The fall begins at 1, and does not reach 0 at the end: it has only the share 1 - w for it.",
            ),
        ),
    ),
    "5": Exercise(
        solve=needed,
        fixed=((0.05, 0.95),),
        draw=lambda chance: (
            chance.choice((0.01, 0.02, 0.04, 0.1)),
            chance.choice((0.8, 0.9, 0.98, 0.99)),
        ),
        value=True,
        tolerance=1e-3,
        ask="How many random settings do you need, so that the best of them is with probability {1} among the "
        "best share {0} of all settings?",
        mistakes=(
            (
                lambda share, sure: needed(share, sure) - 1,
                "Just too few: the probability is still a little below what is asked.",
            ),
            (
                lambda share, sure: math.log(1 - sure) / math.log(1 - share),
                "That is where the two are equal. The number of settings is whole.",
            ),
            (
                lambda share, sure: 1 / share,
                "With so many, one of them is among the best on average. How probable is it that none is?",
            ),
            (
                lambda share, sure: sure / share,
                "Probabilities of several tries do not add up: two of them may both be among the best.",
            ),
            (
                lambda share, sure: needed(share, sure) + 1,
                "Enough, and one too many: with one less the probability is already as asked.",
            ),
            (
                lambda share, sure: float(math.ceil(math.log(0.5) / math.log(1 - share))),
                "That is for one half: the probability that is asked for is larger.",
            ),
        ),
    ),
}
