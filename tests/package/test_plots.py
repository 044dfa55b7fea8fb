"""Figures: what is drawn is what was given."""

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
    figure, ax = plt.subplots()
    yield ax
    plt.close("all")


def test_importing_the_package_imports_no_matplotlib_and_changes_nothing():
    import subprocess
    import sys

    program = "import sys, d2lmini; assert 'matplotlib' not in sys.modules and 'IPython' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_plot_draws_each_line_in_the_colour_of_its_quantity(ax):
    x = torch.arange(3.0, requires_grad=True)
    assert plots.plot(x, {"train": [3, 2, 1], "other": x**2}, xlabel="epoch", ylabel="loss", ax=ax) is ax
    train, other = ax.get_lines()
    assert train.get_color() == plots.COLORS["train"]
    np.testing.assert_array_equal(train.get_xydata(), [[0, 3], [1, 2], [2, 1]])
    np.testing.assert_array_equal(other.get_ydata(), [0, 1, 4])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["train", "other"]


def test_plot_names_the_line_that_does_not_fit(ax):
    with pytest.raises(ValueError, match=r"lines\['b'\] has shape \(2,\), but x has shape \(3,\)"):
        plots.plot([1, 2, 3], {"a": [1, 2, 3], "b": [1, 2]}, ax=ax)


def test_band_is_the_median_within_the_range_over_seeds(ax):
    values = np.array([[1.0, 5], [2, 9], [6, 4]])
    plots.band([1, 2], values, label="validation", ax=ax)
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [2, 5])
    corners = ax.collections[0].get_paths()[0].vertices
    assert {(1, 1), (1, 6), (2, 4), (2, 9)} <= set(map(tuple, corners))
    with pytest.raises(ValueError, match=r"values has shape \(2,\)"):
        plots.band([1, 2], values[0], ax=ax)


def test_curves_draw_train_and_validation(ax):
    class Run:
        train_loss, val_loss = np.ones((2, 4)), np.full((2, 4), 2.0)

    plots.curves(Run, ax=ax)
    assert [line.get_ydata()[0] for line in ax.get_lines()] == [1, 2]
    np.testing.assert_array_equal(ax.get_lines()[0].get_xdata(), [1, 2, 3, 4])
    with pytest.raises(ValueError, match="'speed'"):
        plots.curves(Run, "speed", ax=ax)


def test_images_keep_their_order_and_hide_what_is_left_over():
    grid = plots.images(torch.rand(5, 4, 3), list("abcde"), columns=3)
    assert grid.shape == (2, 3) and [a.get_title() for a in grid.flat] == [*"abcde", ""]
    assert grid[1, 2].images == () or len(grid[1, 2].images) == 0
    with pytest.raises(ValueError, match="titles has 1 entries for 5 pictures"):
        plots.images(torch.rand(5, 4, 3), ["a"])
    with pytest.raises(ValueError, match=r"pictures has shape \(4, 3\)"):
        plots.images(torch.rand(4, 3))
    plt.close("all")


def test_heatmap_puts_the_first_row_at_the_bottom(ax):
    plots.heatmap([[1, 2, 3], [4, 5, 6]], ["low", "high"], [10, 20, 30], ax=ax)
    assert ax.images[0].origin == "lower"
    np.testing.assert_array_equal(ax.images[0].get_array(), [[1, 2, 3], [4, 5, 6]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["low", "high"]
    with pytest.raises(ValueError, match="for 1 rows and 3 columns"):
        plots.heatmap([[1, 2, 3], [4, 5, 6]], ["low"], [1, 2, 3], ax=ax)


def test_a_quantity_has_its_colour():
    assert set(plots.COLORS) == {"train", "validation", "test", "truth", "data", "theory"}
    assert set(plots.COLORS.values()) <= set(plots.CYCLE)


def test_colours_are_told_apart_in_grey_by_their_dashes():
    assert len(set(map(str, plots.DASHES[:6]))) == 6


def test_use_style_changes_settings_only_when_called():
    before = matplotlib.rcParams["legend.frameon"]
    with matplotlib.rc_context():
        d2l.plots.use_style()
        assert matplotlib.rcParams["legend.frameon"] is False
        ax = plt.subplots()[1]
        first, second = ax.plot([[1, 2], [3, 4]])
        assert (first.get_color(), second.get_color()) == (plots.BLUE, plots.VERMILION)
        assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")
        assert not ax.spines["top"].get_visible() and not ax.spines["right"].get_visible()
    assert matplotlib.rcParams["legend.frameon"] == before


def test_figures_in_a_notebook_have_twice_the_resolution(monkeypatch):
    asked = []
    monkeypatch.setattr("matplotlib_inline.backend_inline.set_matplotlib_formats", asked.append)
    monkeypatch.setattr(matplotlib, "get_backend", lambda: "module://matplotlib_Inline")
    with matplotlib.rc_context():
        plots.use_style()
    assert asked == ["retina"]


def test_words_and_style_arrive(ax):
    plots.plot([1, 2], {"other": [3, 4]}, xlabel="x", ylabel="y", title="t", ax=ax, marker="o", color="red")
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("x", "y", "t")
    assert ax.get_lines()[0].get_marker() == "o" and ax.get_lines()[0].get_color() == "red"
    other = plt.subplots()[1]  # now the current axes
    for draw in (plots.plot([1], {"a": [1]}), plots.band([1], [[1]]), plots.heatmap([[1]], ["a"], ["b"])):
        assert draw is other
    assert plots.plot([1], {}, ax=ax) is ax and plots.band([1], [[1]], ax=ax) is ax
    plain = plots.plot([1], {}, ax=plt.subplots()[1])
    words = plain.get_xlabel() + plain.get_ylabel() + plain.get_title()
    assert plain.get_legend() is None and words == ""


def test_band_and_curves_are_labelled(ax):
    plots.band([1, 2], [[1, 2], [3, 4]], label="some", color="#123456", ax=ax, linestyle=":")
    line, area = ax.get_lines()[0], ax.collections[0]
    assert (line.get_label(), line.get_color(), line.get_linestyle()) == ("some", "#123456", ":")
    assert area.get_alpha() == 0.2 and area.get_linewidth()[0] == 0
    np.testing.assert_allclose(area.get_facecolor()[0], matplotlib.colors.to_rgba("#123456", 0.2))

    class Run:
        train_accuracy, val_accuracy = np.ones((2, 3)), np.zeros((2, 3))

    other = plots.curves(Run, "accuracy", title="t", ax=plt.subplots()[1])
    assert (other.get_xlabel(), other.get_ylabel(), other.get_title()) == ("epoch", "accuracy", "t")
    assert [text.get_text() for text in other.get_legend().get_texts()] == ["train", "validation"]
    assert [line.get_color() for line in other.get_lines()] == [plots.COLORS["train"], plots.COLORS["validation"]]
    Run.val_accuracy = np.full((2, 3), np.nan)
    assert len(plots.curves(Run, "accuracy", ax=plt.subplots()[1]).get_lines()) == 1
    assert plots.curves(Run, "accuracy", ax=ax) is ax


def test_images_are_black_on_white_in_their_size():
    grid = plots.images(torch.tensor([[[0.25, 0.5]], [[0.0, 1.0]]]), size=2)
    picture = grid[0, 0].images[0]
    assert grid.shape == (1, 8) and picture.get_cmap().name == "gray_r" and picture.get_clim() == (0, 1)
    assert tuple(plt.gcf().get_size_inches()) == (16, 2.1) and not grid[0, 0].axison
    plots.images(torch.zeros(2, 1, 1))
    assert tuple(plt.gcf().get_size_inches()) == pytest.approx((7.2, 0.945))
    grid = plots.images(torch.zeros(3, 1, 1), [1, 2, 3], columns=1, size=2)
    assert tuple(plt.gcf().get_size_inches()) == pytest.approx((2, 8.1)) and grid.shape == (3, 1)
    assert grid[0, 0].get_title() == "1" and grid[0, 0].title.get_fontsize() == 8
    plt.close("all")


def test_heatmap_is_labelled(ax):
    with matplotlib.rc_context({"axes.grid": True}):
        ax = plt.subplots()[1]
        plots.heatmap([[1, 2]], ["r"], ["c", "d"], xlabel="x", ylabel="y", label="bar", ax=ax, vmin=-1)
    picture, bar = ax.images[0], ax.figure.axes[-1]
    assert (ax.get_xlabel(), ax.get_ylabel(), bar.get_ylabel()) == ("x", "y", "bar")
    assert picture.get_cmap().name == "cividis" and picture.get_clim() == (-1, 2) and ax.get_aspect() == "auto"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["c", "d"] and bar is not ax
    assert not any(line.get_visible() for line in ax.get_xgridlines())
    ax = plt.subplots()[1]
    current = plt.subplots()[1]
    plots.heatmap([[1]], ["r"], ["c"], cmap="gray", ax=ax)
    assert ax.images[0].get_cmap().name == "gray" and not current.images
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.figure.axes[-1].get_ylabel()) == ("", "", "")
    assert not any(line.get_visible() for line in ax.get_xgridlines())  # nor where the style has no grid


def test_arrays_of_every_kind_are_drawn_as_float64():
    for values in (
        [1, 2],
        torch.tensor([1, 2], dtype=torch.bfloat16),
        np.array([True, True]),
        torch.ones(2).half(),
    ):
        assert plots._array(values).dtype == np.float64
    assert plots._array(torch.tensor(0.1, dtype=torch.float64)) == 0.1
