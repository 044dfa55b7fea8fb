"""The helpers of D2L-style notes, which run by changing one import: `from d2lmini import compat as d2l`.

Names, signatures and meanings are those of the PyTorch notes with `train_ch3` and `Animator` (package d2l 0.17),
for the chapters on linear networks and multilayer perceptrons.
"""

import functools
import itertools
import math
import time
import warnings

import numpy as np
import torch
from torch import arange, exp, float32, log, matmul, nn, normal, ones, rand, tensor, zeros  # noqa: F401
from torch import cat as concat  # noqa: F401
from torch.nn import functional as F
from torch.utils.data import TensorDataset

from d2lmini import data
from d2lmini.data import count, require

FORMATS = ("-", "m--", "g-.", "r:")
SHOW_EVERY = 0.3  # seconds between two pictures of an Animator: drawing takes longer than a small training step

argmax, astype, reduce_sum = torch.Tensor.argmax, torch.Tensor.type, torch.Tensor.sum
reshape, size = torch.Tensor.reshape, torch.Tensor.numel


def __getattr__(name):
    if name == "plt":  # matplotlib takes longer to import than all the rest: only when asked for
        from matplotlib import pyplot

        return pyplot
    raise AttributeError(
        f"d2lmini.compat has no {name!r}: it covers notes on linear networks and multilayer perceptrons"
    )


@functools.cache
def _warn_once(message):
    warnings.warn(message, stacklevel=3)


def numpy(x):
    """The values of the tensor `x` as an array; `x` may be part of a graph or on a GPU."""
    return x.detach().cpu().numpy()


def _float(value):
    return float(value.detach() if isinstance(value, torch.Tensor) else value)


# ---- figures ----


def _in_notebook():
    import matplotlib

    return matplotlib.get_backend().lower().endswith("inline")


def use_svg_display():
    """Show figures as SVG in a notebook; elsewhere do nothing."""
    if _in_notebook():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")


def set_figsize(figsize=(3.5, 2.5)):
    """Give the figures that follow the size (width, height), in inches."""
    from matplotlib import pyplot as plt

    use_svg_display()
    plt.rcParams["figure.figsize"] = figsize


def set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, legend):
    """Label `axes`, set limits and scales, and turn the grid on; None leaves a limit to matplotlib."""
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale, xlim=xlim, ylim=ylim)
    if legend:
        axes.legend(legend)
    axes.grid(True)


def plot(
    X, Y=None, xlabel=None, ylabel=None, legend=None, xlim=None, ylim=None, xscale="linear", yscale="linear",
    fmts=FORMATS, figsize=(3.5, 2.5), axes=None,
):  # fmt: skip
    """Clear `axes`, or the current ones, and draw the curves Y over X, or without Y the curves X over 0, 1, 2, ...

    X, Y: a curve (n,) or several; arrays, tensors (gradients are no obstacle) or lists. One X serves every Y.
    Raises ValueError when the numbers of curves differ.
    """
    from matplotlib import pyplot as plt

    set_figsize(figsize)
    curves = [_curves("X", X)] + ([] if Y is None else [_curves("Y", Y)])
    if Y is not None and len(curves[0]) == 1:
        curves[0] = curves[0] * len(curves[1])
    counts = [len(part) for part in curves]
    require(counts[0] == counts[-1], "X", counts[0], f"1 curve or as many as Y, {counts[-1]}")
    axes = axes or plt.gca()
    axes.cla()
    for curve, fmt in zip(zip(*curves, strict=True), itertools.cycle(fmts), strict=False):
        axes.plot(*curve, fmt)
    set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, legend)


def _curves(name, values):
    """One curve or several, as a list of arrays."""
    require(len(values) > 0, name, values, "one or more curves")
    curves = [values] if np.ndim(values[0]) == 0 else values
    return [numpy(curve) if isinstance(curve, torch.Tensor) else np.asarray(curve, float) for curve in curves]


def show_images(imgs, num_rows, num_cols, titles=None, scale=1.5):
    """Show images on a grid of num_rows x num_cols, those beyond it not, and return its axes as a flat array.

    imgs: (n, height, width), (n, 1, height, width) or n pictures; titles: n strings; scale: inches a picture.
    """
    from matplotlib import pyplot as plt

    _, grid = plt.subplots(num_rows, num_cols, figsize=(num_cols * scale, num_rows * scale), squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for i, (axes, img) in enumerate(zip(grid.flat, imgs, strict=False)):
        axes.imshow(numpy(img).squeeze() if isinstance(img, torch.Tensor) else img)
        axes.set_title(titles[i] if titles else "")
    return grid.flatten()


class Animator:
    """Curves that grow while a loop trains: in a notebook they are shown, elsewhere only kept.

    X, Y: for each curve the list of its points, as floats. fig, axes: the figure, always up to date, and its axes.
    """

    def __init__(
        self, xlabel=None, ylabel=None, legend=None, xlim=None, ylim=None, xscale="linear", yscale="linear",
        fmts=FORMATS, nrows=1, ncols=1, figsize=(3.5, 2.5),
    ):  # fmt: skip
        from matplotlib import pyplot as plt

        use_svg_display()
        self.fig, grid = plt.subplots(nrows, ncols, figsize=figsize, squeeze=False)
        self.axes, self.fmts, self.X, self.Y = grid.flatten(), fmts, [], []
        self._settings = xlabel, ylabel, xlim, ylim, xscale, yscale, legend
        self._shown = -math.inf

    def add(self, x, y):
        """Add a point to each curve. y: a number, or one for each curve; x: so too, or shared; None: no point."""
        y = list(y) if isinstance(y, list | tuple) or getattr(y, "ndim", 0) else [y]
        x = list(x) if isinstance(x, list | tuple) or getattr(x, "ndim", 0) else [x] * len(y)
        if not self.Y:
            self.X, self.Y = [[] for _ in y], [[] for _ in y]
        for name, values in (("y", y), ("x", x)):
            require(len(values) == len(self.Y), name, values, f"a number, or one for each of {len(self.Y)} curves")
        for k, (a, b) in enumerate(zip(x, y, strict=True)):
            if a is not None and b is not None:
                self.X[k].append(_float(a))
                self.Y[k].append(_float(b))
        self._draw()

    def _draw(self):
        from matplotlib import pyplot as plt

        self.axes[0].cla()
        for x, y, fmt in zip(self.X, self.Y, itertools.cycle(self.fmts), strict=False):
            self.axes[0].plot(x, y, fmt)
        set_axes(self.axes[0], *self._settings)
        if not _in_notebook():
            _warn_once(
                "an Animator shows its curves in notebooks (%matplotlib inline). Here, end with d2l.plt.show(), "
                "save them with animator.fig.savefig(path), or read animator.X and animator.Y"
            )
        # Jupyter draws a figure once more at the end of the cell that made it, and then closes it.
        elif time.perf_counter() - self._shown > SHOW_EVERY or not plt.fignum_exists(self.fig.number):
            from IPython import display

            display.display(self.fig)
            display.clear_output(wait=True)
            self._shown = time.perf_counter()


# ---- data ----


class Batches:
    """Minibatches of tensors in memory: each loop over it is one epoch, in a new random order if `shuffle`.

    A batch is a list with batch_size rows of each tensor, the last one with what is left; they are copies.
    PyTorch's global seed decides the order, and it is the order that a DataLoader takes under the same seed.
    """

    def __init__(self, tensors, batch_size, shuffle, transform=None):
        self.dataset, self.batch_size, self.shuffle = TensorDataset(*tensors), batch_size, shuffle
        self._transform = transform  # of the first tensor's rows, batch by batch

    def __len__(self):
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self):
        _draw_seed()  # a DataLoader draws one for its workers, even without any
        n = len(self.dataset)
        order = torch.arange(n)
        if self.shuffle:
            order = torch.randperm(n, generator=torch.Generator().manual_seed(_draw_seed()))
        for index in order.split(self.batch_size):
            first, *others = (t.index_select(0, index.to(t.device)) for t in self.dataset.tensors)
            yield [self._transform(first) if self._transform else first, *others]


def _draw_seed():
    return torch.empty((), dtype=torch.int64).random_().item()


def _check_tensors(name, tensors):
    if not isinstance(tensors, list | tuple) or not all(isinstance(t, torch.Tensor) for t in tensors):
        raise TypeError(f"{name} must be a tuple of tensors, not {tensors!r}")
    lengths = [len(t) for t in tensors]
    require(len(set(lengths)) == 1 and lengths[0] > 0, f"lengths of {name}", lengths, "equal and at least 1")


def load_array(data_arrays, batch_size, is_train=True):
    """Minibatches of the tensors `data_arrays`, (n, ...) each, as `Batches`; shuffled if `is_train`."""
    _check_tensors("data_arrays", data_arrays)
    count("batch_size", batch_size)
    return Batches(data_arrays, batch_size, is_train)


def data_iter(batch_size, features, labels):
    """One epoch of minibatches (features, labels) in random order; the last may be shorter."""
    _check_tensors("features and labels", (features, labels))
    return ((features[index], labels[index]) for index in data.batches(len(features), batch_size))


def synthetic_data(w, b, num_examples):
    """Examples of y = Xw + b + noise: X (num_examples, d) standard normal, y (num_examples, 1).

    w: (d,) or (d, 1) float tensor; b: a number or (1,). The noise is normal with standard deviation 0.01.
    """
    count("num_examples", num_examples)
    X = torch.normal(0, 1, (num_examples, len(w)), dtype=w.dtype)
    y = (X @ w + b).reshape(-1, 1)
    return X, y + torch.normal(0, 0.01, y.shape, dtype=w.dtype)


def load_data_fashion_mnist(batch_size, resize=None):
    """Fashion-MNIST as `train_iter, test_iter`: 60,000 examples, shuffled anew in each epoch, and 10,000.

    A batch holds images (n, 1, 28, 28) float32 in [0, 1] and labels (n,) int64 in [0, 10).
    resize: side, or (height, width), of the images, in pixels. They are interpolated batch by batch, bilinear with
    antialiasing, as torchvision resizes a picture, but not rounded to 256 grey levels: up to 1/255 apart.
    """
    count("batch_size", batch_size)
    if resize is not None:
        for side in resize if isinstance(resize, list | tuple) else [resize]:
            count("resize", side)
        resize = functools.partial(F.interpolate, size=resize, mode="bilinear", antialias=True)
    train, _, test = data.fashion_mnist(validation=0)
    train, test = ((part.tensors[0][:, None], part.tensors[1]) for part in (train, test))
    return Batches(train, batch_size, True, resize), Batches(test, batch_size, False, resize)


def get_fashion_mnist_labels(labels):
    """The names, in lower case, of the classes `labels` (n,) in [0, 10)."""
    return [data.FASHION_MNIST_CLASSES[int(label)].lower().split("/")[0] for label in labels]


def get_dataloader_workers():
    """Return 4, the number of processes that such notes read data with."""
    _warn_once(
        "4 worker processes start anew in every epoch, and what is in memory needs none: take "
        "d2l.load_data_fashion_mnist or d2l.load_array, or num_workers=0 in your own DataLoader"
    )
    return 4


# ---- models, losses, training ----


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


def evaluate_accuracy(net, data_iter):
    """Share of the examples of `data_iter` that `net` gets right; leaves a module in evaluation mode."""
    if isinstance(net, nn.Module):
        net.eval()
    right = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            right.add(accuracy(net(X), y), y.numel())
    return _mean(right, "data_iter")


def evaluate_loss(net, data_iter, loss):
    """Mean over `data_iter` of `loss`, which returns one number for each example; y takes the outputs' shape."""
    sums = Accumulator(2)
    with torch.no_grad():
        for X, y in data_iter:
            outputs = net(X)
            losses = loss(outputs, y.reshape(outputs.shape) if y.numel() == outputs.numel() else y)
            sums.add(losses.sum(), losses.numel())
    return _mean(sums, "data_iter")


def _mean(sums, name):
    """The first sum over the last, which counts."""
    if sums[-1] == 0:
        raise ValueError(f"{name} must hold batches, but is empty; a generator serves one epoch")
    return sums[0] / sums[-1]


class Accumulator:
    """`n` running sums."""

    def __init__(self, n):
        self.data = [0.0] * n

    def add(self, *args):
        require(len(args) == len(self.data), "args", args, f"{len(self.data)} numbers")
        self.data = [total + _float(value) for total, value in zip(self.data, args, strict=True)]

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


def try_gpu(i=0):
    """The device cuda:i where there is one, otherwise the CPU."""
    return torch.device(f"cuda:{i}" if i < torch.cuda.device_count() else "cpu")


def try_all_gpus():
    """All CUDA devices, or the CPU alone, as a list."""
    return [try_gpu(i) for i in range(max(1, torch.cuda.device_count()))]


def train_epoch_ch3(net, train_iter, loss, updater):
    """Train `net` for one epoch; returns loss and accuracy per example, each minibatch taken before its step.

    net: a module or a function of X. loss: (outputs, y) -> one number for each example. updater: an optimiser of
    torch.optim, which gets the gradient of the mean, or a function of the batch size, which gets that of the sum.
    """
    for name, value in (("net", net), ("loss", loss)):
        if not callable(value):
            raise TypeError(f"{name} must be a function, not {value!r}")
    step = _step_of(updater)
    if isinstance(net, nn.Module):
        net.train()
    sums = Accumulator(3)
    for X, y in train_iter:
        outputs = net(X)
        losses = loss(outputs, y)
        if losses.dim() == 0 and len(y) > 1:
            _warn_once(
                "loss returned one number for a whole batch. If that is a mean, the reported loss is too small by "
                "the batch size, and so are the steps of a function as updater: use a loss with reduction='none'"
            )
        step(losses, len(X))
        sums.add(losses.sum(), accuracy(outputs, y), y.numel())
    return _mean(sums, "train_iter"), sums[1] / sums[2]


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


def train_ch3(net, train_iter, test_iter, loss, num_epochs, updater):
    """Train a classifier for `num_epochs` and animate training loss, training accuracy and test accuracy.

    Arguments as in `train_epoch_ch3`. A run that ends with a loss of 0.5 or more, or an accuracy of 0.7 or less,
    leads to a warning.
    """
    count("num_epochs", num_epochs)
    animator = Animator(
        xlabel="epoch",
        xlim=[1, max(2, num_epochs)],
        ylim=[0.3, 0.9],
        legend=["train loss", "train acc", "test acc"],
    )
    for epoch in range(num_epochs):
        train_loss, train_acc = train_epoch_ch3(net, train_iter, loss, updater)
        test_acc = evaluate_accuracy(net, test_iter)
        animator.add(epoch + 1, (train_loss, train_acc, test_acc))
    if not (train_loss < 0.5 and train_acc > 0.7 and test_acc > 0.7):
        warnings.warn(
            f"training ended with loss {train_loss:.3f}, training accuracy {train_acc:.3f} and test accuracy "
            f"{test_acc:.3f}; such notes expect a loss below 0.5 and accuracies above 0.7",
            stacklevel=2,
        )


def predict_ch3(net, test_iter, n=6):
    """Show the first `n` images (1, height, width) of `test_iter` under their true and their predicted names."""
    X, y = next(iter(test_iter))
    count("n", n)
    require(n <= len(X), "n", n, f"at most {len(X)}, the size of the first batch")
    with torch.no_grad():
        names = zip(get_fashion_mnist_labels(y[:n]), get_fashion_mnist_labels(net(X[:n]).argmax(1)), strict=True)
    show_images(X[:n], 1, n, titles=["\n".join(pair) for pair in names])
