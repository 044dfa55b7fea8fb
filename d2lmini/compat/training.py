"""Models, losses and training loops of D2L-style notes: first edition, and the form of d2lzh_pytorch."""

import functools
import inspect
import itertools
import numbers
import time
import warnings

import torch
from torch import nn

from d2lmini.compat.figures import Animator, show_images, to_float
from d2lmini.compat.loaders import get_fashion_mnist_labels
from d2lmini.data import count, require

__all__ = [
    "Accumulator", "FlattenLayer", "Timer", "accuracy", "cpu", "evaluate_accuracy", "evaluate_accuracy_gpu",
    "evaluate_loss", "gpu", "linreg", "num_gpus", "predict_ch3", "sgd", "squared_loss", "train_ch3",
    "train_epoch_ch3", "try_all_gpus", "try_gpu",
]  # fmt: skip

FlattenLayer = nn.Flatten  # its name in d2lzh_pytorch


def linreg(X, w, b):
    """The linear model Xw + b. X: (n, d); w: (d, 1); b: (1,)."""
    return X @ w + b


def squared_loss(y_hat, y):
    """Half the squared error of each example, in the shape of `y_hat`; `y` is reshaped to it."""
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2


def sgd(params, lr, batch_size):
    """One step down the gradient of a loss that was summed over `batch_size` examples; clears the gradients."""
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


def accuracy(y_hat, y):
    """How many predictions are right: a count, as a float. y_hat: (n, q) scores, or predictions; y: n labels."""
    if y_hat.dim() > 1 and y_hat.shape[1] > 1:
        y_hat = y_hat.argmax(1)
    require(y_hat.numel() == y.numel(), "y", tuple(y.shape), f"of one label for each of {len(y_hat)} predictions")
    return float((y_hat.type(y.dtype) == y.reshape(y_hat.shape)).sum())


def evaluate_accuracy(net, data_iter, device=None):
    """Share of the examples of `data_iter` that `net` gets right; leaves a module in evaluation mode.

    device: where the examples are taken, the device of a module's parameters by default.
    Called as in d2lzh_pytorch, (data_iter, net), it leaves a module in training mode, as that does, and gives
    is_training=False to a function that has this argument.
    """
    swapped = callable(data_iter) and not callable(net)
    if swapped:
        net, data_iter = data_iter, net
    module = isinstance(net, nn.Module)
    if module:
        net.eval()
        device = device or next(net.parameters(), torch.empty(0)).device
    elif inspect.isfunction(net) and "is_training" in inspect.signature(net).parameters:
        net = functools.partial(net, is_training=False)
    right = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            X, y = X.to(device), y.to(device)
            right.add(accuracy(net(X), y), y.numel())
    if swapped and module:
        net.train()
    return _mean(*right.data, "data_iter")


evaluate_accuracy_gpu = evaluate_accuracy


def evaluate_loss(net, data_iter, loss):
    """Mean of `loss`, as in `train_epoch_ch3`, over the examples of `data_iter`; y takes the outputs' shape."""
    total = Total(loss)
    with torch.no_grad():
        for X, y in data_iter:
            outputs = net(X)
            y = y.reshape(outputs.shape) if y.numel() == outputs.numel() else y
            total.add(loss(outputs, y), outputs, y)
    return _mean(total.sum, total.n, "data_iter")


class Total:
    """The sum of a loss over examples, and their number, whatever the loss returns: see `kind`.

    kind: "none" for one number an example, "sum" for one number that doubles if the batch is taken twice, "mean"
    for one that does not.
    """

    def __init__(self, loss):
        self.loss, self.sum, self.n, self.kind = loss, 0.0, 0, None

    def add(self, losses, outputs, y):
        self.kind = self.kind or self._kind(losses, outputs, y)
        n = losses.numel() if self.kind == "none" else y.numel()
        self.sum += to_float(losses.sum()) * (n if self.kind == "mean" else 1)
        self.n += n

    def _kind(self, losses, outputs, y):
        if losses.dim() > 0:
            return "none"
        with torch.no_grad():
            twice = self.loss(torch.cat([outputs, outputs]), torch.cat([y, y]))
        return "sum" if abs(twice - losses) > abs(losses) / 2 else "mean"


def _mean(total, n, name):
    if n == 0:
        raise ValueError(f"{name} must hold batches, but is empty; a generator serves one epoch")
    return total / n


class Accumulator:
    """`n` running sums."""

    def __init__(self, n):
        self.data = [0.0] * n

    def add(self, *args):
        require(len(args) == len(self.data), "args", args, f"{len(self.data)} numbers")
        self.data = [total + to_float(value) for total, value in zip(self.data, args, strict=True)]

    def reset(self):
        self.data = [0.0] * len(self.data)

    def __getitem__(self, i):
        return self.data[i]


class Timer:
    """A stopwatch that starts at once; `times` lists the seconds of each start and stop."""

    def __init__(self):
        self.times = []
        self.start()

    def start(self):
        self.tik = time.perf_counter()

    def stop(self):
        """Note the seconds since the start, and return them."""
        self.times.append(time.perf_counter() - self.tik)
        return self.times[-1]

    def avg(self):
        return sum(self.times) / len(self.times)

    def sum(self):
        return sum(self.times)

    def cumsum(self):
        return list(itertools.accumulate(self.times))


def cpu():
    return torch.device("cpu")


def gpu(i=0):
    return torch.device(f"cuda:{i}")


def num_gpus():
    return torch.cuda.device_count()


def try_gpu(i=0):
    """The device cuda:i where there is one, otherwise the CPU."""
    return gpu(i) if i < num_gpus() else cpu()


def try_all_gpus():
    """All CUDA devices, or the CPU alone, as a list."""
    return [try_gpu(i) for i in range(max(1, num_gpus()))]


def train_epoch_ch3(net, train_iter, loss, updater):
    """Train `net` for one epoch; returns loss and accuracy per example, each minibatch taken before its step.

    net: a module or a function of X. loss: (outputs, y) -> one number for each example, or their mean or sum.
    updater: an optimiser of torch.optim, which gets the gradient of the mean of what `loss` returns, or a function
    of the batch size, which gets that of the sum. So a loss that is one number gives its own gradient.
    """
    return _epoch(net, train_iter, loss, _step_of(updater), _misfit(updater))


def train_ch3(net, train_iter, test_iter, loss, num_epochs, updater, params=None, lr=None, optimizer=None):
    """Train a classifier for `num_epochs` and animate training loss, training accuracy and test accuracy.

    Arguments as in `train_epoch_ch3`. A run that ends with a loss of 0.5 or more, or an accuracy of 0.7 or less,
    leads to a warning.
    With a batch size in the place of `updater`, as in d2lzh_pytorch, print a line for each epoch. A step then goes
    down the gradient of the sum of what `loss` returns, with `optimizer` or with sgd(params, lr, batch_size).
    """
    count("num_epochs", num_epochs)
    if isinstance(updater, numbers.Integral):
        step = _step_of_zh(updater, params, lr, optimizer)
        for epoch in range(num_epochs):
            train_loss, train_acc = _epoch(net, train_iter, loss, step)
            test_acc = evaluate_accuracy(test_iter, net)
            print(f"epoch {epoch + 1}, loss {train_loss:.4f}, train acc {train_acc:.3f}, test acc {test_acc:.3f}")
        return
    step, misfit = _step_of(updater), _misfit(updater)
    animator = Animator(
        xlabel="epoch",
        xlim=[1, max(2, num_epochs)],
        ylim=[0.3, 0.9],
        legend=["train loss", "train acc", "test acc"],
    )
    for epoch in range(num_epochs):
        train_loss, train_acc = _epoch(net, train_iter, loss, step, None if epoch else misfit)
        test_acc = evaluate_accuracy(net, test_iter)
        animator.add(epoch + 1, (train_loss, train_acc, test_acc))
    if not (train_loss < 0.5 and train_acc > 0.7 and test_acc > 0.7):
        warnings.warn(
            f"training ended with loss {train_loss:.3f}, training accuracy {train_acc:.3f} and test accuracy "
            f"{test_acc:.3f}; such notes expect a loss below 0.5 and accuracies above 0.7",
            stacklevel=2,
        )


def _epoch(net, train_iter, loss, step, misfit=None):
    """Loss and accuracy per example of an epoch. misfit: (kind of loss, warning) that do not go with `step`."""
    for name, value in (("net", net), ("loss", loss)):
        if not callable(value):
            raise TypeError(f"{name} must be a function, not {value!r}")
    if isinstance(net, nn.Module):
        net.train()
    total, right = Total(loss), Accumulator(2)
    for X, y in train_iter:
        outputs = net(X)
        losses = loss(outputs, y)
        total.add(losses.detach(), outputs.detach(), y)
        right.add(accuracy(outputs, y), y.numel())
        if misfit and total.kind == misfit[0] and len(y) > 1:
            warnings.warn(misfit[1], stacklevel=3)
            misfit = None
        step(losses, len(X))
    return _mean(total.sum, total.n, "train_iter"), _mean(*right.data, "train_iter")


def _step_of(updater):
    """The function of losses and batch size that takes one step with `updater`."""
    if not isinstance(updater, torch.optim.Optimizer) and not callable(updater):
        raise TypeError(f"updater must be an optimizer or a function of the batch size, not {updater!r}")

    def with_optimizer(losses, batch_size):
        updater.zero_grad()
        losses.mean().backward()
        updater.step()

    def with_function(losses, batch_size):
        losses.sum().backward()
        updater(batch_size)

    return with_optimizer if isinstance(updater, torch.optim.Optimizer) else with_function


def _misfit(updater):
    """The kind of loss with which a step of `updater` has the wrong length, and the warning to give."""
    if isinstance(updater, torch.optim.Optimizer):
        return "sum", (
            "loss returns the sum over the batch, so the steps are too long by the batch size: "
            "use a loss with reduction='none' or 'mean'"
        )
    return "mean", (
        "loss returns the mean over the batch, and a function as updater divides by the batch size once more, so "
        "the steps are too short by the batch size: use a loss with reduction='none'"
    )


def _step_of_zh(batch_size, params, lr, optimizer):
    """The function of losses and batch size that takes one step as train_ch3 of d2lzh_pytorch does."""
    count("batch_size", batch_size)
    if optimizer is None:
        require(params is not None, "params", params, "a list of tensors where there is no optimizer")
        require(isinstance(lr, numbers.Real), "lr", lr, "a number where there is no optimizer")
        params = list(params)

    def forget():
        for param in params:
            param.grad = None

    clear = optimizer.zero_grad if optimizer else forget
    go = optimizer.step if optimizer else functools.partial(sgd, params, lr, batch_size)

    def step(losses, _):
        clear()
        losses.sum().backward()
        go()

    return step


def predict_ch3(net, test_iter, n=6):
    """Show the first `n` images (1, height, width) of `test_iter` under their true and their predicted names."""
    X, y = next(iter(test_iter))
    count("n", n)
    require(n <= len(X), "n", n, f"at most {len(X)}, the size of the first batch")
    with torch.no_grad():
        names = zip(get_fashion_mnist_labels(y[:n]), get_fashion_mnist_labels(net(X[:n]).argmax(1)), strict=True)
    show_images(X[:n], 1, n, titles=["\n".join(pair) for pair in names])
