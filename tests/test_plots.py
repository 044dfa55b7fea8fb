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


def test_colours_are_told_apart_in_grey_by_their_dashes():
    assert len(set(map(str, plots.DASHES[:6]))) == 6


def test_use_style_changes_settings_only_when_called():
    before = matplotlib.rcParams["legend.frameon"]
    with matplotlib.rc_context():
        d2l.plots.use_style()
        assert matplotlib.rcParams["legend.frameon"] is False
    assert matplotlib.rcParams["legend.frameon"] == before
