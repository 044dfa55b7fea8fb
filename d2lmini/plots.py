"""The book's figures: arrays and an `ax` in, the `ax` out. Nothing here trains, prints or picks a seed."""

import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler

from d2lmini import checks

# The palette of Okabe and Ito (2008), which stays distinct under the common kinds of colour blindness.
BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
PURPLE, SKY, BLACK = "#CC79A7", "#56B4E9", "#333333"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
DASHES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), ":", (0, (3, 1)), "-")
# One colour for one quantity in every figure of the book.
COLORS = {
    "train": BLUE,
    "validation": VERMILION,
    "test": GREEN,
    "truth": BLACK,
    "data": BLACK,
    "theory": BLACK,
}

STYLE = {
    "figure.figsize": (6.4, 3.4),
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=CYCLE, linestyle=DASHES),
    "grid.color": "#e4e4e4",
    "font.size": 10,
    "image.interpolation": "nearest",
    "legend.frameon": False,
    "lines.linewidth": 1.8,
}


def use_style():
    """Give this notebook the figure style of the book, at twice the resolution of the screen."""
    mpl.rcParams.update(STYLE)
    if mpl.get_backend().lower().endswith("inline"):
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")


def _array(values, name="values"):
    """`values` as a float NumPy array; tensors on any device, with or without gradient, are welcome."""
    try:
        if hasattr(values, "detach"):
            values = values.detach().cpu()
            values = values.float() if values.dtype.itemsize < 4 and values.is_floating_point() else values
        values = np.asarray(values)
        if values.dtype.kind not in "biuf":
            raise TypeError(f"they are of type {values.dtype}")
        return values.astype(float)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} must be real numbers, equally many in each row; {error}") from None


def _axes(ax):
    """`ax`, or the current axes."""
    if ax is not None and not isinstance(ax, mpl.axes.Axes):
        raise TypeError(f"ax must be the Axes of a figure, not {ax!r}")
    return plt.gca() if ax is None else ax


def _label(ax, xlabel, ylabel, title=None):
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if title:
        ax.set_title(title)
    if ax.get_legend_handles_labels()[1]:
        ax.legend()
    return ax


def plot(x, lines, *, xlabel="", ylabel="", title=None, ax=None, **style):
    """Draw one line for each entry of `lines`, a dict from label to values, over the shared `x`.

    x: (n,); each value of `lines`: (n,). A label of `COLORS` takes its colour from there.
    `style` goes to `Axes.plot`. Returns the axes. Raises ValueError when lengths differ.
    """
    if not isinstance(lines, dict):
        raise TypeError(f"lines must be a dict from label to values, not {type(lines).__name__}")
    ax, x = _axes(ax), _array(x, "x")
    if x.ndim != 1:
        raise ValueError(f"x has shape {x.shape}; expected (n,)")
    for label, y in lines.items():
        y = _array(y, f"lines[{label!r}]")
        if y.shape != x.shape:
            raise ValueError(f"lines[{label!r}] has shape {y.shape}, but x has shape {x.shape}")
        color = {"color": COLORS[label]} if label in COLORS else {}
        ax.plot(x, y, label=label, **(color | style))
    return _label(ax, xlabel, ylabel, title)


def band(x, values, *, label=None, color=None, ax=None, **style):
    """Draw the median over seeds as a line and the range from the lowest to the highest seed as a band.

    x: (n,); values: (seeds, n), NaN where a seed has none. Returns the axes.
    Raises ValueError when the shapes do not fit.
    """
    ax, x, values = _axes(ax), _array(x, "x"), _array(values)
    if values.ndim != 2 or values.shape[1:] != x.shape or len(values) == 0:
        raise ValueError(f"values has shape {values.shape}; expected (seeds, {x.size}) for x of shape {x.shape}")
    color = color or COLORS.get(label)
    with warnings.catch_warnings():  # where no seed has a value, there is a gap, and nothing to warn of
        warnings.simplefilter("ignore", RuntimeWarning)
        low, middle, high = (f(values, axis=0) for f in (np.nanmin, np.nanmedian, np.nanmax))
    (line,) = ax.plot(x, middle, label=label, **({"color": color} if color else {}), **style)
    ax.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    return ax


def curves(history, quantity="loss", *, ax=None, title=None):
    """Draw the training and validation curves of a `History`: median over seeds, band from lowest to highest.

    quantity: "loss" (nats per example for cross-entropy) or "accuracy" (fraction). Returns the axes.
    """
    if quantity not in ("loss", "accuracy"):
        raise ValueError(f"quantity must be 'loss' or 'accuracy', got {quantity!r}")
    if not hasattr(history, f"train_{quantity}"):
        raise TypeError(f"history must be a History, not {type(history).__name__}")
    ax = _axes(ax)
    for part, name in (("train", "train"), ("val", "validation")):
        values = getattr(history, f"{part}_{quantity}")
        if not np.isnan(values).all():  # without a validation set there is nothing to draw
            band(range(1, values.shape[1] + 1), values, label=name, ax=ax)
    return _label(ax, "epoch", quantity, title)


def images(pictures, titles=None, *, columns=8, size=0.9):
    """Show grey pictures on a grid, one title each. Returns the array of axes.

    pictures: (n, height, width) in [0, 1]; titles: n strings or None; size: inches a picture.
    """
    pictures = _array(pictures, "pictures")
    checks.integer("columns", columns)
    checks.positive("size", size)
    if pictures.ndim != 3 or pictures.size == 0:
        raise ValueError(f"pictures has shape {pictures.shape}; expected (n, height, width), none of them 0")
    if pictures.min() < 0 or pictures.max() > 1:
        raise ValueError(f"pictures must be in [0, 1], not from {pictures.min():g} to {pictures.max():g}")
    titles = None if titles is None else checks.listed("titles", titles, "strings")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"titles has {len(titles)} entries for {len(pictures)} pictures")
    rows = -(-len(pictures) // columns)
    height = size * rows * (1.35 if titles is not None else 1.05)
    figure, grid = plt.subplots(rows, columns, figsize=(size * columns, height), squeeze=False)
    for i, ax in enumerate(grid.flat):
        ax.set_axis_off()
        if i < len(pictures):
            ax.imshow(pictures[i], cmap="gray_r", vmin=0, vmax=1)
            if titles is not None:
                ax.set_title(titles[i], fontsize=8)
    return grid


def heatmap(values, rows, columns, *, xlabel="", ylabel="", label="", ax=None, **style):
    """Draw `values` as coloured cells with a colour bar. Returns the axes.

    values: (r, c); rows: r tick labels from bottom to top; columns: c tick labels.
    `style` goes to `Axes.imshow`, for example `vmin`, `vmax`. Raises ValueError when the shapes do not fit.
    """
    ax, values = _axes(ax), _array(values)
    rows, columns = checks.listed("rows", rows, "labels"), checks.listed("columns", columns, "labels")
    if values.shape != (len(rows), len(columns)) or values.size == 0:
        raise ValueError(f"values has shape {values.shape} for {len(rows)} rows and {len(columns)} columns")
    picture = ax.imshow(values, origin="lower", aspect="auto", **({"cmap": "cividis"} | style))
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)
    ax.grid(False)
    ax.figure.colorbar(picture, ax=ax, label=label)
    return _label(ax, xlabel, ylabel)
