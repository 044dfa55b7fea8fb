"""Interactive figures: the page shows the frame that Python computed for the sliders' setting."""

import json
import math
import re
from pathlib import Path

import pytest

from d2lmini.explore import CSS, INNER_HEIGHT, INNER_WIDTH, SCRIPT, sliders

PANEL = {"title": "a <b>", "xlabel": "x", "ylabel": "y", "xlim": (0, 10), "ylim": (0, 1)}


def line(slope, kind="plain"):
    ys = [0, slope, math.nan, slope]
    return [{"f": ([0, 5, 6, 10], ys), "_where": ([5], [0.5], ["<here>"])}], f"slope {slope}, {kind} & done"


def data(figure):
    text = re.search(r'<script type="application/json">(.*?)</script>', figure.data, re.S).group(1)
    return json.loads(text)


def test_every_setting_has_its_frame_in_the_order_of_the_sliders():
    found = data(sliders(line, [PANEL], slope=[0.25, 0.5, 1], kind=["plain", "fancy"]))
    assert found["names"] == [["0.25", "0.5", "1"], ["plain", "fancy"]]
    readouts = [found["parts"][frame[-1]] for frame in found["frames"]]
    assert readouts == [f"slope {s}, {k} & done" for s in (0.25, 0.5, 1) for k in ("plain", "fancy")]


def test_points_are_where_the_axes_say():
    found = data(sliders(line, [PANEL], slope=[0.25, 1.0]))
    d = found["parts"][found["frames"][1][0]]
    x = [round(v * INNER_WIDTH, 1) for v in (0, 0.5, 1)]
    # up is down in SVG; the NaN lifts the pen
    assert d == f"M{x[0]:g} {INNER_HEIGHT}L{x[1]:g} 0M{x[2]:g} 0"


def test_log_scale():
    panel = PANEL | {"ylim": (1e-4, 1), "yscale": "log"}
    found = data(sliders(lambda k: ([{"f": ([0, 10, 5], [1e-4, 1e-2, 0])}], "r"), [panel], k=[1, 2]))
    ends = f"M0 {INNER_HEIGHT}L{INNER_WIDTH} {INNER_HEIGHT / 2:g}"
    assert found["parts"][found["frames"][0][0]] == ends  # zero has no logarithm and is not drawn


def test_ticks_of_a_log_scale_are_powers_of_ten():
    panel = PANEL | {"ylim": (1, 10), "yscale": "log"}
    page = sliders(lambda k: ([{"f": ([0], [1])}], "r"), [panel], k=[1]).data
    assert re.findall(r'text-anchor="end">(.*?)<', page) == ["1e0", "1e1"]


def test_first_frame_is_there_without_scripts_and_text_is_escaped():
    html = sliders(line, [PANEL], start={"slope": 1.0}, slope=[0.25, 1.0]).data
    static = html.split("<script")[0]
    assert '<figcaption aria-live="polite">slope 1.0, plain &amp; done</figcaption>' in static
    assert 'value="1" aria-valuetext="1"' in static and "&lt;here&gt;" in static and "a &lt;b&gt;" in static
    assert "<b>" not in static and "<here>" not in static


def test_the_same_call_gives_the_same_bytes_and_no_ids():
    first, second = (sliders(line, [PANEL], slope=[0.25, 1.0]).data for _ in range(2))
    assert first == second and " id=" not in first and "http" not in first


def test_a_readout_cannot_end_the_script():
    html = sliders(lambda k: ([{"f": ([0], [0])}], "</script>"), [PANEL], k=[0, 1]).data
    assert html.count("</script>") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "grid is empty"),
        ({"slope": []}, "slider 'slope' has no values"),
        ({"slope": [1.0], "start": {"slope": 2.0}}, r"start\['slope'\] = 2.0"),
        ({"slope": [1.0], "start": {"slop": 1.0}}, "slop"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        sliders(line, [PANEL], **arguments)
    with pytest.raises(ValueError, match="increasing"):
        sliders(line, [PANEL | {"xlim": (1, 1)}], slope=[1.0])


def test_frames_must_have_the_same_labels():
    with pytest.raises(ValueError, match="other labels"):
        sliders(lambda k: ([{f"line {k}": ([0], [0])}], "r"), [PANEL], k=[0, 1])


@pytest.mark.parametrize("mark", [([0, 1], [0]), ([0, 1], [0, 1], ["one"])])
def test_a_mark_has_as_many_of_each(mark):
    with pytest.raises(ValueError, match="cannot be drawn"):
        sliders(lambda k: ([{"f": mark}], "r"), [PANEL], k=[1])


SNAPSHOT = Path(__file__).with_name("explore.html")


def everything(learning_rate, kind):
    points = [0, 2.5, 500, 10], [1e-3, 0.25, -1, 1e9]
    left = {"line": points, "dots": points, "_aside": ([1, 2], [0.5, math.nan])}
    return [
        left,
        {"line": ([-1, 1], [0, learning_rate])},
        {"_words": ([0, 9], [0, 1], ["<a>", "b"])},
    ], f"{kind}: <5"


def test_the_page_is_what_it_was():
    """A figure with all that one can have. To change it on purpose, delete the file, run this, and look."""
    panels = [
        {"title": "left", "xlabel": "x <", "ylabel": "y", "xlim": (0, 10), "ylim": (1e-4, 10), "yscale": "log"},
        {"xlim": (-1, 1), "ylim": (-0.5, 2)},
        {"title": "bare", "xlim": (0, 1), "ylim": (0, 1), "axes": False},
    ]
    grid = {"learning_rate": [-0.25, 1e-5, 3], "kind": ["plain", "a & b"]}
    page = sliders(everything, panels, dots=["dots"], start={"learning_rate": 3}, **grid).data
    page = page.replace(CSS, "").replace(SCRIPT, "").replace("><", ">\n<")
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text(page, encoding="utf-8")
        pytest.fail(f"{SNAPSHOT.name} was missing and is written: look at it, then run this again")
    assert page == SNAPSHOT.read_text(encoding="utf-8")
