"""An engine for automatic differentiation, from the book d2lmini."""

import itertools

import numpy as np


class Var:
    """A value that remembers its parents, and how its gradient reaches them."""

    births = itertools.count()

    def __init__(self, value, *edges):
        self.value, self.edges = value, edges  # edges: pairs (parent, rule)
        self.grad, self.number = 0.0, next(Var.births)

    def backward(self):
        waiting = {self: 1.0}
        while waiting:
            node = max(waiting, key=lambda var: var.number)  # no user of it is left
            g = waiting.pop(node)
            node.grad = node.grad + g
            for parent, rule in node.edges:
                waiting[parent] = waiting.get(parent, 0.0) + rule(g)

    def __add__(a, b):
        return Var(a.value + b.value, (a, lambda g: g), (b, lambda g: g))

    def __mul__(a, b):
        to_a, to_b = lambda g: g * b.value, lambda g: g * a.value
        return Var(a.value * b.value, (a, to_a), (b, to_b))


def tanh(a):
    h = np.tanh(a.value)
    return Var(h, (a, lambda g: g * (1 - h**2)))


def matmul(a, b):
    to_a, to_b = lambda g: g @ b.value.T, lambda g: a.value.T @ g
    return Var(a.value @ b.value, (a, to_a), (b, to_b))


Var.__matmul__ = matmul


def spread(a, shape):
    """Repeat `a` to `shape`; its gradient is the sum over the copies."""
    old = np.shape(a.value)
    new_axes = tuple(range(len(shape) - len(old)))
    ones = tuple(i for i, size in enumerate(old) if size == 1)

    def to_a(g):
        return g.sum(new_axes).sum(ones, keepdims=True)

    return Var(np.broadcast_to(a.value, shape), (a, to_a))


def total(a, axis=None):
    """The sum of all entries, or along one axis, which stays with size 1."""
    value = a.value.sum(axis, keepdims=axis is not None)
    return Var(value, (a, lambda g: np.broadcast_to(g, a.value.shape)))
