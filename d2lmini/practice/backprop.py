"""Judges for the exercises of the chapter on backpropagation."""

import itertools

import numpy as np
import torch

from d2lmini.practice.judge import Exercise

PICTURE = ("x", "w1", "w2", "v1", "v2")
PASS = ("O", "W2", "H", "Z", "W1")


def named(names):
    """A probe of answers that are a dictionary with these names, or a list in their order."""

    def probe(answer, *case):
        answer = answer.tolist() if isinstance(answer, torch.Tensor) and answer.ndim == 1 else answer
        if isinstance(answer, (list, tuple)) and len(answer) == len(names):
            answer = dict(zip(names, answer, strict=True))
        return {name: answer.get(name) for name in names} if isinstance(answer, dict) else answer

    return probe


def picture(x, w1, w2, v1, v2, y, gate=True, error=True, slope=1, through_v=True, unit=True):
    """Gradients of the network in the picture, written as the reader writes them; the options are slips."""
    z1, z2 = w1 * x, w2 * x
    h1, h2 = max(z1, 0.0), max(z2, 0.0)
    o = slope * ((v1 * h1 + v2 * h2 - y) if error else 1.0)
    open1, open2 = (float(z1 > 0 or not gate), float(z2 > 0 or not gate))
    to_z1, to_z2 = (o * (v if through_v else 1.0) * is_open for v, is_open in ((v1, open1), (v2, open2)))
    kept1, kept2 = (h1, h2) if unit else (z1, z2)
    return dict(x=to_z1 * w1 + to_z2 * w2, w1=to_z1 * x, w2=to_z2 * x, v1=o * kept1, v2=o * kept2)


def one_closed(chance):
    """Numbers for the picture: one of the two units is closed, and none of the slips gives the right answer."""
    x, big, small = chance.choice((2.0, 3.0)), chance.choice((1.0, 2.0)), chance.choice((-1.0, -2.0))
    weights = (big, small) if chance.random() < 0.5 else (small, big)
    return x, *weights, chance.choice((3.0, 4.0)), chance.choice((5.0, 6.0)), chance.choice((1.0, 2.0))


def right_pass(X, Y, W1, W2, value, lam=0.1):
    """The backward pass of the chapter for tanh and half the mean squared error."""
    O = (value["O"] - Y) / len(X)  # noqa: E741
    H = O @ W2.T
    Z = H * (1 - value["H"] ** 2)
    return {"O": O, "W2": value["H"].T @ O + lam * W2, "H": H, "Z": Z, "W1": X.T @ Z + lam * W1}


def slipped(X, Y, W1, W2, value, lam=0.1, back=lambda W: W.T, kept="H", factor=1):
    O = factor * (value["O"] - Y) / len(X)  # noqa: E741
    H = O @ back(W2)
    Z = H * (1 - value[kept] ** 2) if kept else H
    return {"O": O, "W2": value["H"].T @ O + lam * W2, "H": H, "Z": Z, "W1": X.T @ Z + lam * W1}


def square_problem(chance):
    """Values of a network whose layers all have one size, as in the exercise: no shape tells what is wrong."""
    generator, size, n = torch.Generator().manual_seed(chance.randrange(2**31)), chance.randrange(2, 5), 3
    X, Y, W1, W2 = (torch.randn(k, size, generator=generator) for k in (n, n, size, size))
    Z = X @ W1
    H, lam = torch.tanh(Z), 0.1
    O = H @ W2  # noqa: E741
    L, s = ((O - Y) ** 2).sum() / (2 * n), lam / 2 * ((W1**2).sum() + (W2**2).sum())
    return X, Y, W1, W2, {"Z": Z, "H": H, "O": O, "L": L, "s": s, "J": L + s}


class Var:
    """A value and its edges, as the chapter's engine has it."""

    births = itertools.count()

    def __init__(self, value, *edges):
        self.value, self.edges, self.grad, self.number = value, edges, 0.0, next(Var.births)

    def __add__(a, b):
        return Var(a.value + b.value, (a, lambda g: g), (b, lambda g: g))

    def __mul__(a, b):
        return Var(a.value * b.value, (a, lambda g: g * b.value), (b, lambda g: g * a.value))


def arrived(node, gradient, to):
    """The sum over all paths from a value to another: no order is needed, and no class of our own."""
    if node is to:
        return gradient
    return sum((arrived(parent, rule(gradient), to) for parent, rule in node.edges), np.zeros_like(to.value))


def quotient_of(answer, p, q, gradient):
    """The value of a quotient, and what reaches p and q when a gradient arrives at it."""
    p, q = Var(p), Var(q)
    result = answer(p, q)
    if not hasattr(result, "edges"):
        return result
    if not all(isinstance(edge, tuple) and len(edge) == 2 and callable(edge[1]) for edge in result.edges):
        raise TypeError("an edge is a pair (parent, rule), and a rule is a function of the gradient that arrives")
    back = {f"gradient of {name}": arrived(result, gradient, end) for name, end in (("p", p), ("q", q))}
    return {"value": result.value} | back


def divide(p, q):
    to_p, to_q = lambda g: g / q.value, lambda g: -g * p.value / q.value**2
    return Var(p.value / q.value, (p, to_p), (q, to_q))


def with_rules(to_p, to_q):
    """A division with these local derivatives; None: no edge."""

    def slip(p, q):
        rules = ((p, to_p), (q, to_q))
        edges = [(v, lambda g, f=f: g * f(p.value, q.value)) for v, f in rules if f]
        return Var(p.value / q.value, *edges)

    return slip


def deaf(p, q):
    """Rules that do not use what arrives."""
    to_p, to_q = lambda g: 1 / q.value, lambda g: -p.value / q.value**2
    return Var(p.value / q.value, (p, to_p), (q, to_q))


def arrays(chance):
    """Two arrays of one shape, and a gradient that arrives."""
    generator = np.random.default_rng(chance.randrange(2**31))
    return generator.normal(size=3), generator.uniform(1, 2, size=3), generator.normal(size=3)


EXERCISES = {
    "1": Exercise(
        solve=picture,
        fixed=((2.0, 1.0, -1.0, 3.0, 5.0, 1.0),),
        draw=one_closed,
        value=True,
        probe=named(PICTURE),
        ask="In the picture of exercise 1 set x = {0}, w1 = {1}, w2 = {2}, v1 = {3}, v2 = {4} and the target {5}. "
        "What are the gradients of x, w1, w2, v1 and v2?",
        mistakes=(
            (
                lambda *case: picture(*case, gate=False),
                "You go back through both paths. Where the input of ReLU was negative, nothing gets through.",
            ),
            (
                lambda *case: picture(*case, gate=False, unit=False),
                "Your numbers are those of a network without ReLU.",
            ),
            (
                lambda *case: picture(*case, unit=False),
                "The gradient of v2 or v1 is wrong: what was multiplied by it is h, after ReLU, not z.",
            ),
            (
                lambda *case: picture(*case, error=False),
                "The gradient of o is not 1: the loss brings a factor that depends on the error.",
            ),
            (
                lambda *case: picture(*case, slope=2),
                "All are twice too large: the half before the square cancels the 2 of its derivative.",
            ),
            (
                lambda *case: picture(*case, through_v=False),
                "On the way from o to h you lost a factor: h was multiplied by v.",
            ),
        ),
    ),
    "3": Exercise(
        solve=right_pass,
        fixed=(),
        draw=square_problem,
        probe=lambda answer, *case: named(PASS)(answer(*case)),
        mistakes=(
            (
                lambda *case: slipped(*case, back=lambda W: W),
                "O and W2 are right. H is not, and Z and W1 follow it. Over which index should its sum run?",
            ),
            (
                lambda *case: slipped(*case, kept="Z"),
                "H is right now. The slope of tanh is wrong: it is known from the output, not from Z.",
            ),
            (
                lambda *case: slipped(*case, kept=None),
                "H is right now, but Z does not get the slope of tanh any more.",
            ),
            (
                lambda *case: slipped(*case, factor=len(case[0])),
                "The loss is a mean over the examples: its gradient must not grow with their number.",
            ),
            (
                lambda *case: slipped(*case, factor=-1),
                "The error has the wrong sign: output minus target.",
            ),
            (
                lambda *case: slipped(*case, lam=0.0),
                "The penalty is missing: each weight reaches J along a second path.",
            ),
            (
                lambda *case: slipped(*case, lam=0.2),
                "The penalty counts twice: the half before the squares cancels the 2 of their derivative.",
            ),
        ),
    ),
    "4": Exercise(
        solve=divide,
        fixed=((6.0, 2.0, 1.0), (6.0, 2.0, 10.0)),
        draw=arrays,
        probe=quotient_of,
        mistakes=(
            (
                lambda p, q: p.value / q.value,
                "The value is right, but it must be a `Var`, with an edge to p and one to q.",
            ),
            (
                lambda p, q: (p.value / q.value, 1 / q.value, -p.value / q.value**2),
                "Those are three numbers. A `Var` is wanted: its value, and two edges with rules.",
            ),
            (with_rules(None, None), "The value is right, but your `Var` has no edges: nothing goes back."),
            (
                with_rules(lambda p, q: 1 / q, None),
                "Nothing reaches q. It is used too, so it needs an edge of its own.",
            ),
            (
                deaf,
                "Your rules give the local derivative alone. Each must multiply it by the gradient that arrives.",
            ),
            (with_rules(lambda p, q: 1 / q, lambda p, q: p / q**2), "The gradient of q has the wrong sign."),
            (
                with_rules(lambda p, q: 1 / q, lambda p, q: -1 / q**2),
                "The gradient of q lacks a factor: what stands above q in the fraction stays there.",
            ),
            (
                with_rules(lambda p, q: 1 / q, lambda p, q: -p / q),
                "The gradient of q is divided by q once too little.",
            ),
            (
                with_rules(lambda p, q: q, lambda p, q: p),
                "The value is right, but the rules are those of multiplication.",
            ),
            (
                with_rules(lambda p, q: -p / q**2, lambda p, q: 1 / q),
                "Your two rules are right and stand at the wrong parents.",
            ),
        ),
    ),
    "5": Exercise(
        solve=lambda t: (2.0**t, t + 1.0),
        fixed=((20,),),
        draw=lambda chance: (chance.randrange(5, 30),),
        value=True,
        tolerance=1e-12,
        ask="Let y_0 = x and y_(t+1) = y_t + y_t. How many paths lead from y_{0} back to x, and how many nodes "
        "does Var.backward visit? Answer with two numbers.",
        mistakes=(
            (
                lambda t: (2.0**t, float(t)),
                "The paths are right. Of the nodes one is missing: both ends count.",
            ),
            (
                lambda t: (2.0**t, 2.0**t),
                "The paths are right. But no node is visited once for each path: it waits for all of them.",
            ),
            (
                lambda t: (2.0**t, 2.0 ** (t + 1) - 1),
                "The paths are right. The nodes are not a tree: both edges of a node lead to the same parent.",
            ),
            (
                lambda t: (2.0 * t, t + 1.0),
                "The nodes are right. Two edges a step do not add to the paths, each doubles them.",
            ),
            (
                lambda t: (2.0 ** (t + 1), t + 1.0),
                "The nodes are right. Count the doublings again: with one step there are two paths.",
            ),
            (lambda t: (t + 1.0, 2.0**t), "The other way round: first the paths, then the nodes."),
        ),
    ),
}
