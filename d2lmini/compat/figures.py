"""Figures of D2L-style notes: curves, pictures, and curves that grow while a loop trains."""

import functools
import itertools
import math
import time
import warnings

import numpy as np
import torch

from d2lmini.data import require

__all__ = [
    "Animator", "numpy", "plot", "semilogy", "set_axes", "set_figsize", "show_fashion_mnist", "show_images",
    "use_svg_display",
]  # fmt: skip

FORMATS = ("-", "m--", "g-.", "r:")
SHOW_EVERY = 0.3  # seconds between two pictures of one figure: drawing takes longer than a small training step


@functools.cache
def _warn_once(message):
    warnings.warn(message, stacklevel=3)


def numpy(x):
    """The values of the tensor `x` as an array; `x` may be part of a graph or on a GPU."""
    return x.detach().cpu().numpy()


def to_float(value):
    """A number, or a tensor or array that holds one, as a float."""
    return float(value.detach() if isinstance(value, torch.Tensor) else value)


def _shell():
    """The IPython shell whose cells show figures below them, or None."""
    import matplotlib

    if not matplotlib.get_backend().lower().endswith("inline"):
        return None
    from IPython import get_ipython

    return get_ipython()


def use_svg_display():
    """Show figures as SVG in a notebook; elsewhere do nothing."""
    if _shell():
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


def semilogy(
    x_vals, y_vals, x_label, y_label, x2_vals=None, y2_vals=None, legend=None, figsize=(3.5, 2.5)
):  # fmt: skip
    """Draw one curve, or two, with a logarithmic y axis (d2lzh_pytorch); the second is dotted."""
    from matplotlib import pyplot as plt

    set_figsize(figsize)
    plt.semilogy(x_vals, y_vals)
    if x2_vals is not None and y2_vals is not None:
        plt.semilogy(x2_vals, y2_vals, linestyle=":")
    if legend:
        plt.legend(legend)
    plt.xlabel(x_label)
    plt.ylabel(y_label)


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


def show_fashion_mnist(images, labels):
    """Show n images (1, 28, 28) in a row under the names `labels` (d2lzh_pytorch)."""
    require(len(images) > 0, "images", images, "one or more pictures")
    use_svg_display()
    show_images(images, 1, len(images), titles=labels, scale=12 / len(images))


class Live:
    """Shows a figure while a loop changes it: one picture, always in the same place below the cell.

    Nothing else is cleared, so what the cell prints and warns about stays.
    """

    def __init__(self):
        self._shell = self._picture = self._fig = None
        self._shown = -math.inf

    def show(self, fig):
        """Show `fig` as it is now, or, shortly after the last time, at the end of the cell."""
        self._fig, shell = fig, _shell()
        if shell is None:
            _warn_once(
                "curves that grow are shown in notebooks (%matplotlib inline). Here, end with d2l.plt.show(), or "
                "save the figure: animator.fig.savefig(path), for a ProgressBoard model.board.fig.savefig(path)"
            )
        elif self._picture is None:
            from IPython import display
            from matplotlib import pyplot as plt

            plt.close(fig)  # Jupyter would draw it a second time at the end of the cell
            self._picture, self._shell = display.display(fig, display_id=True), shell
            shell.events.register("post_execute", self._end_of_cell)
            self._shown = time.perf_counter()
        elif time.perf_counter() - self._shown > SHOW_EVERY:
            self._picture.update(fig)
            self._shown = time.perf_counter()

    def _end_of_cell(self):
        self._shell.events.unregister("post_execute", self._end_of_cell)
        self._picture.update(self._fig)
        self._picture = None  # another cell gets a picture of its own


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
        self._live = Live()

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
                self.X[k].append(to_float(a))
                self.Y[k].append(to_float(b))
        self.axes[0].cla()
        for a, b, fmt in zip(self.X, self.Y, itertools.cycle(self.fmts), strict=False):
            self.axes[0].plot(a, b, fmt)
        set_axes(self.axes[0], *self._settings)
        self._live.show(self.fig)
