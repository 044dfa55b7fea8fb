"""Figures: what is drawn is what was given. Tables: what is printed."""

import matplotlib
import numpy as np
import pytest
import torch

matplotlib.use("agg")
from matplotlib import pyplot as plt  # noqa: E402

import d2lmini as d2l  # noqa: E402
from d2lmini import plots  # noqa: E402


@pytest.fixture
def ax():
    ax = plt.subplots()[1]
    plt.subplots()  # another one is the current axes
    yield ax
    plt.close("all")


class Run:
    train_loss, val_loss = np.ones((2, 4)), np.full((2, 4), 2.0)
    train_accuracy, val_accuracy = np.ones((2, 3)), np.full((2, 3), np.nan)


def words(ax):
    legend = ax.get_legend()
    shown = [text.get_text() for text in legend.get_texts()] if legend else None
    return ax.get_xlabel(), ax.get_ylabel(), ax.get_title(), shown


@pytest.mark.filterwarnings("error")
def test_band_is_the_median_within_the_range_over_seeds(ax):
    values = np.array([[1.0, 5, np.nan], [2, 9, np.nan], [6, 4, np.nan]])
    assert plots.band([1, 2, 3], values, label="validation", ax=ax) is ax
    line, area = ax.get_lines()[0], ax.collections[0]
    np.testing.assert_array_equal(line.get_ydata(), [2, 5, np.nan])  # where no seed has a value there is a gap
    assert {(1, 1), (1, 6), (2, 4), (2, 9)} <= set(map(tuple, area.get_paths()[0].vertices))
    assert (line.get_label(), line.get_color()) == ("validation", plots.COLORS["validation"])
    np.testing.assert_allclose(area.get_facecolor()[0], matplotlib.colors.to_rgba(line.get_color(), 0.2))
    plots.band([1, 2], torch.ones(2, 2), color="#123456", ax=ax, linestyle=":")
    assert (ax.get_lines()[1].get_color(), ax.get_lines()[1].get_linestyle()) == ("#123456", ":")
    for bad in (values[0], values.T[:2], values[None]):
        with pytest.raises(ValueError, match="^values"):
            plots.band([1, 2], bad, ax=ax)


def test_curves_draw_train_and_validation(ax):
    assert plots.curves(Run, ax=ax, title="t") is ax
    assert [line.get_ydata()[0] for line in ax.get_lines()] == [1, 2]
    np.testing.assert_array_equal(ax.get_lines()[0].get_xdata(), [1, 2, 3, 4])
    assert words(ax) == ("epoch", "loss", "t", ["train", "validation"])
    alone = plots.curves(Run, "accuracy")  # without a validation set
    assert alone is plt.gca() and alone is not ax and words(alone) == ("epoch", "accuracy", "", ["train"])
    with pytest.raises(ValueError, match="quantity.*'speed'"):
        plots.curves(Run, "speed", ax=ax)


def test_images_keep_their_order_and_hide_what_is_left_over():
    pictures = torch.rand(5, 4, 3)
    grid = plots.images(pictures, list("abcde"), columns=3, size=2)
    assert grid.shape == (2, 3) and [a.get_title() for a in grid.flat] == [*"abcde", ""]
    assert not len(grid[1, 2].images) and not any(a.axison for a in grid.flat)
    shown = grid[1, 1].images[0]
    np.testing.assert_allclose(shown.get_array(), pictures[4])
    assert shown.get_cmap().name == "gray_r" and shown.get_clim() == (0, 1)  # black on white, not stretched
    assert plt.gcf().get_size_inches()[0] == 6 and plots.images(pictures).shape == (1, 8)
    for bad in (pictures[0], pictures + 1, pictures - 1, pictures[:0]):
        with pytest.raises(ValueError, match="^pictures"):
            plots.images(bad)
    with pytest.raises(ValueError, match="^titles"):
        plots.images(pictures, ["a"])
    plt.close("all")


def test_colours_are_told_apart():
    assert set(plots.COLORS) == {"train", "validation", "test", "truth", "data", "theory"}
    assert len(set(plots.CYCLE)) == 7 and len(set(map(str, plots.DASHES[:6]))) == 6  # in grey: by their dashes


def test_use_style_changes_settings_only_when_called(monkeypatch):
    asked = []
    monkeypatch.setattr("matplotlib_inline.backend_inline.set_matplotlib_formats", asked.append)
    before = matplotlib.rcParams["legend.frameon"]
    with matplotlib.rc_context():
        d2l.plots.use_style()
        first, second = plt.subplots()[1].plot([[1, 2], [3, 4]])
        assert (first.get_color(), second.get_color()) == (plots.BLUE, plots.VERMILION)
        assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--") and not asked
        monkeypatch.setattr(matplotlib, "get_backend", lambda: "module://matplotlib_Inline")
        d2l.plots.use_style()
    assert asked == ["retina"] and matplotlib.rcParams["legend.frameon"] == before  # twice the resolution
    plt.close("all")


def test_table_prints_medians_over_seeds_and_their_spread(capsys):
    rows = {"ReLU": (np.array([0.1, 0.2, 0.6]), 5, "yes"), "leaky ReLU": (torch.tensor([1.0, 1.25]), 12, "no")}
    plots.table(rows, "accuracy", "units", "ok")
    assert capsys.readouterr().out.splitlines() == [
        "            accuracy  units   ok",
        "ReLU            0.20      5  yes",
        "leaky ReLU      1.12     12   no",
    ]
    plots.table({0.5: [0.1, 0.2]}, "a", "b", format=[".1f", ".0%"], spread=True)
    plots.table({"p": np.arange(3.0)}, "loss", format=".1f", spread=True)
    assert capsys.readouterr().out.splitlines() == [
        "       a    b", "0.5  0.1  20%", "               loss", "p  1.0 (0.0 to 2.0)"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="rows.*'ReLU'"):
        plots.table(rows, "accuracy")
