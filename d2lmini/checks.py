"""What `fit` and `evaluate` ask of their arguments; every error names the argument and the value."""

import math
import numbers

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

CLASS_LOSSES = (F.cross_entropy, F.nll_loss)


def require(ok, name, value, what):
    if not ok:
        raise ValueError(f"{name} must be {what}, not {value!r}")


def integer(name, value):
    ok = isinstance(value, numbers.Integral) and not isinstance(value, bool) and value >= 1
    require(ok, name, value, "an integer, at least 1")


def positive(name, value):
    ok = isinstance(value, numbers.Real) and 0 < value < math.inf
    require(ok, name, value, "a finite number above 0")


def between(name, value, high=math.inf):
    ok = isinstance(value, numbers.Real) and 0 <= value < high
    require(ok, name, value, "a finite number, at least 0" + (f" and below {high}" if high < math.inf else ""))


def seeds_for(model, seeds):
    """`seeds` as a tuple of int, checked: a ready module serves one seed alone."""
    if not callable(model):
        raise TypeError(f"model must be an nn.Module or a function that returns one, not {model!r}")
    try:
        seeds = tuple(seeds)
    except TypeError:
        raise TypeError(f"seeds must be a sequence of integers such as range(5), not {seeds!r}") from None
    ok = seeds and all(isinstance(s, numbers.Integral) and 0 <= s < 2**32 for s in seeds)
    require(ok, "seeds", seeds, "one or more integers from 0 to 2**32 - 1")  # torch reads 32 bits of a seed
    require(len(set(seeds)) == len(seeds), "seeds", seeds, "all different")
    require(len(seeds) == 1 or not isinstance(model, nn.Module), "seeds", seeds, "one, for a ready module")
    return tuple(int(s) for s in seeds)


def rates(lr, schedule, epochs):
    """The learning rate of every epoch."""
    factors = [schedule(epoch) if schedule else 1.0 for epoch in range(epochs)]
    for epoch, factor in enumerate(factors):
        between(f"schedule({epoch})", factor)
    return [lr * factor for factor in factors]


def tensors(name, dataset):
    """The inputs and targets of a TensorDataset."""
    if not isinstance(dataset, TensorDataset) or len(dataset.tensors) != 2:
        raise TypeError(f"{name} must be a TensorDataset of inputs and targets, not {type(dataset).__name__}")
    inputs, targets = dataset.tensors
    sizes = f"{len(inputs)} inputs and {len(targets)} targets"
    require(len(inputs) == len(targets), name, sizes, "as many inputs as targets")
    require(len(inputs) > 0, name, "an empty set", "a set of at least one example")
    return inputs, targets


def loss_for(loss, targets):
    """`loss`, or cross-entropy where the targets are classes."""
    if loss is None:
        require(targets.dtype == torch.int64, "loss", None, "given where targets are not int64 class labels")
        return F.cross_entropy
    if not callable(loss):
        raise TypeError(f"loss must be a function of outputs and targets, not {loss!r}")
    return loss


def module(model):
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must return an nn.Module, not {type(model).__name__}")
    trainable = any(p.requires_grad for p in model.parameters())
    require(trainable, "model", type(model).__name__, "a module with parameters to train")


def distinct(models):
    parameters = [id(p) for model in models for p in set(model.parameters())]
    shared = len(set(parameters)) < len(parameters)
    require(not shared, "model", "one that is returned again", "a function that builds a new module each time")


def targets_for(outputs, targets, name, loss):
    """Hold the targets of a data set against two outputs of the model, (2, ...)."""
    if loss in CLASS_LOSSES or isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss)):
        require(outputs.dim() > 1, "model's outputs", tuple(outputs.shape), "of shape (n, classes, ...)")
        if not targets.is_floating_point():
            classes, low, high = outputs.shape[1], targets.min().item(), targets.max().item()
            found = low if low < 0 else high
            require(low >= 0 and high < classes, f"labels of {name}", found, f"from 0 to {classes - 1}")
    elif targets[0].numel() == outputs[0].numel():
        # (n,) against (n, 1) would broadcast to (n, n) without a word.
        shape = ", ".join(map(str, ("n", *outputs.shape[1:])))
        same = targets.shape[1:] == outputs.shape[1:]
        require(same, f"targets of {name}", tuple(targets.shape), f"of the outputs' shape ({shape})")
