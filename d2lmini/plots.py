"""The book's figures: arrays and an `ax` in, the `ax` out; and tables in text. Nothing here trains."""

import warnings
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler

from d2lmini.data import require

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


def use_style():
    """Give this notebook the figure style of the book, at twice the resolution of the screen."""
    plt.style.use(Path(__file__).with_name("book.mplstyle"))
    mpl.rcParams["axes.prop_cycle"] = cycler(color=CYCLE, linestyle=DASHES)
    if mpl.get_backend().lower().endswith("inline"):
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")


def band(x, values, *, label=None, color=None, ax=None, **style):
    """Draw the median over seeds as a line and the range from the lowest to the highest seed as a band.

    x: (n,); values: (seeds, n), NaN where a seed has none. Returns the axes.
    """
    ax, x, values = ax or plt.gca(), np.asarray(x), np.asarray(values, float)
    ok = values.shape == (len(values), *x.shape)
    require(ok, "values", values.shape, f"of shape (seeds, {x.size}) for x of shape {x.shape}")
    with warnings.catch_warnings():  # where no seed has a value, there is a gap, and nothing to warn of
        warnings.simplefilter("ignore", RuntimeWarning)
        low, middle, high = (f(values, axis=0) for f in (np.nanmin, np.nanmedian, np.nanmax))
    color = color or COLORS.get(label)
    (line,) = ax.plot(x, middle, label=label, **({"color": color} if color else {}), **style)
    ax.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    return ax


def curves(history, quantity="loss", *, ax=None, title=""):
    """Draw the training and validation curves of a `History`: median over seeds, band from lowest to highest.

    quantity: "loss" (nats per example for cross-entropy) or "accuracy" (fraction). Returns the axes.
    """
    require(quantity in ("loss", "accuracy"), "quantity", quantity, "'loss' or 'accuracy'")
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
    n, rows = len(pictures), -(-len(pictures) // columns)
    require(pictures.ndim == 3 and n > 0, "pictures", pictures.shape, "of shape (n, height, width)")
    low, high = pictures.min(), pictures.max()
    require(low >= 0 and high <= 1, "pictures", f"{low:g} to {high:g}", "numbers from 0 to 1")
    require(titles is None or len(titles) == n, "titles", titles, f"{n}, one for each picture")
    height = size * rows * (1.35 if titles is not None else 1.05)
    figure, grid = plt.subplots(rows, columns, figsize=(size * columns, height), squeeze=False)
    for ax in grid.flat:
        ax.set_axis_off()
    for ax, picture, title in zip(grid.flat, pictures, [""] * n if titles is None else titles, strict=False):
        ax.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
        ax.set_title(title, fontsize=8)
    return grid


def table(rows, *columns, format=".2f", spread=False):
    """Print `rows`, a dict from a label to one entry for each of `columns` (or to the entry, for one column).

    An entry is a string, an int, a real number, or numbers (seeds,), of which the median is shown; with `spread`
    the lowest and the highest, too. format: that of real numbers, or a list with one for each column.
    """
    lines, formats = [("", *columns)], [format] * len(columns) if isinstance(format, str) else format
    for label, entries in rows.items():
        entries = entries if isinstance(entries, tuple | list) else (entries,)
        ok = len(entries) == len(formats) == len(columns)
        require(ok, f"rows[{label!r}]", entries, f"{len(columns)} entries, with as many formats")
        lines.append((str(label), *(_entry(e, f, spread) for e, f in zip(entries, formats, strict=True))))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        texts = (text.rjust(width) for text, width in zip(others, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *texts]))


def _entry(entry, format, spread):
    if isinstance(entry, str | int):
        return str(entry)
    low, middle, high = (f"{v:{format}}" for v in np.quantile(entry, (0, 0.5, 1)))
    return f"{middle} ({low} to {high})" if spread and np.ndim(entry) else middle
