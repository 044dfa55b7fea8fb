"""The book's figures: arrays and an `ax` in, the `ax` out; and tables in text. Nothing here trains."""

import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler

__all__ = ["COLORS", "band", "curves", "images", "table", "use_style"]

# The palette of Okabe and Ito (2008), which stays distinct under the common kinds of colour blindness.
BLUE, VERMILION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
PURPLE, SKY, BLACK = "#CC79A7", "#56B4E9", "#333333"
CYCLE = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK)
DASHES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)), ":", (0, (3, 1)), "-")
# One colour for one quantity in every figure of the book.
COLORS = {"train": BLUE, "validation": VERMILION, "test": GREEN} | dict.fromkeys(
    ("truth", "data", "theory"), BLACK
)

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


def band(x, values, *, label=None, color=None, ax=None, **style):
    """Draw the median over seeds as a line and the range from the lowest to the highest seed as a band.

    x: (n,); values: (seeds, n), NaN where a seed has none. Returns the axes.
    Raises ValueError when the shapes do not fit.
    """
    ax, x, values = ax or plt.gca(), np.asarray(x), np.asarray(values, float)
    if values.shape != (len(values), *x.shape):
        raise ValueError(f"values must be of shape (seeds, {x.size}) for x of shape {x.shape}, not {values.shape}")
    with warnings.catch_warnings():  # where no seed has a value, there is a gap, and nothing to warn of
        warnings.simplefilter("ignore", RuntimeWarning)
        low, middle, high = (f(values, axis=0) for f in (np.nanmin, np.nanmedian, np.nanmax))
    (line,) = ax.plot(x, middle, label=label, **_color(label) | ({"color": color} if color else {}), **style)
    ax.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    return ax


def curves(history, quantity="loss", *, ax=None, title=""):
    """Draw the training and validation curves of a `History`: median over seeds, band from lowest to highest.

    quantity: "loss" (nats per example for cross-entropy) or "accuracy" (fraction). Returns the axes.
    """
    if quantity not in ("loss", "accuracy"):
        raise ValueError(f"quantity must be 'loss' or 'accuracy', not {quantity!r}")
    ax = ax or plt.gca()
    for part, label in (("train", "train"), ("val", "validation")):
        values = getattr(history, f"{part}_{quantity}")
        if not np.isnan(values).all():  # without a validation set there is nothing to draw
            band(range(1, values.shape[1] + 1), values, label=label, ax=ax)
    ax.set(xlabel="epoch", ylabel=quantity, title=title)
    ax.legend()
    return ax


def images(pictures, titles=None, *, columns=8, size=0.9):
    """Show grey pictures on a grid, one title each. Returns the array of axes.

    pictures: (n, height, width) in [0, 1]; titles: n strings or None; size: inches a picture.
    """
    pictures = np.asarray(pictures, float)
    if pictures.ndim != 3 or len(pictures) == 0:
        raise ValueError(f"pictures must be of shape (n, height, width), not {pictures.shape}")
    if pictures.min() < 0 or pictures.max() > 1:
        raise ValueError(f"pictures must be in [0, 1], not from {pictures.min():g} to {pictures.max():g}")
    if titles is not None and len(titles) != len(pictures):
        raise ValueError(f"titles must be {len(pictures)}, one for each of pictures, not {len(titles)}")
    rows = -(-len(pictures) // columns)
    height = size * rows * (1.35 if titles is not None else 1.05)
    figure, grid = plt.subplots(rows, columns, figsize=(size * columns, height), squeeze=False)
    for ax in grid.flat:
        ax.set_axis_off()
    for i, (ax, picture) in enumerate(zip(grid.flat, pictures, strict=False)):
        ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
        if titles is not None:
            ax.set_title(titles[i], fontsize=8)
    return grid


def table(rows, *columns, format=".2f", spread=False):
    """Print `rows`, a dict from a label to one entry for each of `columns` (or to the entry, for one column).

    An entry is a string, an int, a real number, or numbers (seeds,), of which the median is shown; with `spread`
    the lowest and the highest, too. format: that of real numbers, or a list with one for each column.
    Raises ValueError when a row has too few or too many entries.
    """
    lines = [("", *columns)]
    formats = [format] * len(columns) if isinstance(format, str) else format
    for label, entries in rows.items():
        entries = entries if isinstance(entries, tuple | list) else (entries,)
        if not len(entries) == len(formats) == len(columns):
            raise ValueError(f"rows[{label!r}] must have {len(columns)} entries and formats, not {entries!r}")
        lines.append((str(label), *(_entry(e, f, spread) for e, f in zip(entries, formats, strict=True))))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        texts = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *texts]))


def _entry(entry, format, spread):
    if isinstance(entry, str | int):
        return str(entry)
    values = np.asarray(entry)
    low, middle, high = (f"{v:{format}}" for v in np.quantile(values, (0, 0.5, 1)))
    return f"{middle} ({low} to {high})" if spread and values.ndim else middle


def _color(label):
    return {"color": COLORS[label]} if label in COLORS else {}
