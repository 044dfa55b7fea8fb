"""What `fit` and `evaluate` ask of their arguments; every error names the argument and the value."""

import math
import numbers

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset

CLASS_LOSSES = (F.cross_entropy, F.nll_loss)
CLASS_LOSS_MODULES = (nn.CrossEntropyLoss, nn.NLLLoss)
# These compare number by number, and would broadcast what differs in shape.
SAME_SHAPE = (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss)
SAME_SHAPE_MODULES = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss)


def require(ok, name, value, what):
    if not ok:
        raise ValueError(f"{name} must be {what}, not {value!r}")


def _is(kind, value):
    return isinstance(value, kind) and not isinstance(value, bool)


def integer(name, value, low=1, high=math.inf):
    bounds = f"at least {low}" if high == math.inf else f"from {low} to {high}"
    require(_is(numbers.Integral, value) and low <= value <= high, name, value, f"an integer, {bounds}")


def real(value):
    """A number as a float, infinite where a float cannot hold it; anything else as NaN."""
    try:
        return float(value) if _is(numbers.Real, value) else math.nan
    except OverflowError:
        return math.inf


def positive(name, value):
    """`value` as a float."""
    require(0 < real(value) < math.inf, name, value, "a finite number above 0")
    return float(value)


def between(name, value, high=math.inf):
    """`value` as a float."""
    bound = f" and below {high:g}" if high < math.inf else ""
    require(0 <= real(value) < high, name, value, f"a finite number, at least 0{bound}")
    return float(value)


def listed(name, values, what):
    """`values` as a list."""
    try:
        return list(values)
    except TypeError:
        raise TypeError(f"{name} must be a list of {what}, not {values!r}") from None


def function(name, value, what):
    if not callable(value):
        raise TypeError(f"{name} must be {what}, not {value!r}")


def tensor(name, value):
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a tensor, not {type(value).__name__}")


def device(value):
    """`value` as a torch.device on which a number can be stored and read back."""
    try:
        torch.zeros(1, device=value).item()
    except (RuntimeError, TypeError, ValueError, AssertionError) as error:
        brief = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"device must be one that PyTorch has here, not {value!r}: {brief}") from None
    return torch.device(value)


def seeds_for(model, seeds):
    """`seeds` as a tuple of int, checked: a ready module serves one seed alone."""
    function("model", model, "an nn.Module or a function that returns one")
    try:
        seeds = tuple(seeds)
    except TypeError:
        raise TypeError(f"seeds must be a sequence of integers such as range(5), not {seeds!r}") from None
    ok = seeds and all(_is(numbers.Integral, s) and 0 <= s < 2**32 for s in seeds)
    require(ok, "seeds", seeds, "one or more integers from 0 to 2**32 - 1")  # torch reads 32 bits of a seed
    require(len(set(seeds)) == len(seeds), "seeds", seeds, "all different")
    require(len(seeds) == 1 or not isinstance(model, nn.Module), "seeds", seeds, "one, for a ready module")
    return tuple(int(s) for s in seeds)


def rates(lr, schedule, epochs):
    """The learning rate of every epoch."""
    if schedule is None:
        return [lr] * epochs
    function("schedule", schedule, "a function of the epoch")
    return [lr * between(f"schedule({epoch})", schedule(epoch)) for epoch in range(epochs)]


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
    function("loss", loss, "a function of outputs and targets")
    return loss


def module(model):
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be or return an nn.Module, not {type(model).__name__}")


def trainable(model):
    trainable = any(p.requires_grad for p in model.parameters())
    require(trainable, "model", type(model).__name__, "a module with parameters to train")


def scales(model, **factors):
    """PyTorch multiplies parameters by these; a number that their type cannot hold fails in the first step."""
    limit = min(torch.finfo(p.dtype).max for p in model.parameters() if p.requires_grad)
    for name, value in factors.items():
        require(value <= limit, name, value, f"at most {limit:g} for this model")


def distinct(models):
    parameters = [id(p) for model in models for p in set(model.parameters())]
    shared = len(set(parameters)) < len(parameters)
    require(not shared, "model", "one that is returned again", "a function that builds a new module each time")


def fits(model, dataset, name, loss, device):
    """Hold `model`, as it is, and `loss` against two examples of a data set, and against all its targets."""
    inputs, targets = (t[:2].to(device) for t in dataset)
    found = f"{tuple(inputs.shape)} {inputs.dtype}"
    try:
        outputs = model(inputs)
    except RuntimeError as error:
        raise ValueError(f"model must take two inputs of {name}, {found}, but PyTorch says: {error}") from error
    tensor("what model returns", outputs)
    one_each = outputs.dim() > 0 and len(outputs) == len(inputs)
    require(one_each, "model's outputs", tuple(outputs.shape), f"of shape ({len(inputs)}, ...) for inputs {found}")
    _targets_for(outputs, dataset[1], name, loss)
    found = f"outputs {tuple(outputs.shape)} {outputs.dtype} and targets {tuple(targets.shape)} {targets.dtype}"
    try:
        value = loss(outputs, targets)
    except (RuntimeError, ValueError, IndexError) as error:
        raise ValueError(f"loss must take {found} of {name}, but PyTorch says: {error}") from error
    tensor("what loss returns", value)
    require(value.dim() == 0, "what loss returns", tuple(value.shape), "one number, the mean over the examples")


def _targets_for(outputs, targets, name, loss):
    """Hold the targets of a data set against two outputs of the model, (2, ...)."""
    if loss in CLASS_LOSSES or isinstance(loss, CLASS_LOSS_MODULES):
        require(outputs.dim() > 1, "model's outputs", tuple(outputs.shape), "of shape (n, classes, ...)")
        if targets.dtype == torch.int64:
            shape = ", ".join(map(str, ("n", *outputs.shape[2:])))
            same = targets.shape[1:] == outputs.shape[2:]
            require(same, f"labels of {name}", tuple(targets.shape), f"of shape ({shape})")
            classes, low, high = outputs.shape[1], targets.min().item(), targets.max().item()
            found = low if low < 0 else high
            require(low >= 0 and high < classes, f"labels of {name}", found, f"from 0 to {classes - 1}")
    elif loss in SAME_SHAPE or isinstance(loss, SAME_SHAPE_MODULES) or targets[0].numel() == outputs[0].numel():
        # (n,) against (n, 1) would broadcast to (n, n) without a word.
        shape = ", ".join(map(str, ("n", *outputs.shape[1:])))
        same = targets.shape[1:] == outputs.shape[1:]
        require(same, f"targets of {name}", tuple(targets.shape), f"of the outputs' shape ({shape})")
