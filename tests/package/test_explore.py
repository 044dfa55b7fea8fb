"""Interactive figures: the page shows the frame that Python computed for the sliders' setting."""

import base64
import json
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from d2lmini.explore import HEIGHT, INNER_HEIGHT, INNER_WIDTH, sliders
from d2lmini.plots import COLORS, CYCLE

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


def test_an_arrow_has_two_barbs_at_each_of_its_ends():
    def frame(k):
        return [{"to": ([0, 5, math.nan, 0, 0], [0.5, 0.5, math.nan, 0, k])}], "r"

    found = data(sliders(frame, [PANEL], arrows=["to"], k=[0.5, 1.0]))
    pieces = [
        [tuple(map(float, p.split())) for p in piece.split("L")]
        for piece in found["parts"][found["frames"][1][0]].split("M")[1:]
    ]
    right, up = pieces[0][1], pieces[3][1]  # a line, its two barbs, the next line, its barbs
    assert len(pieces) == 6 and [piece[-1] for piece in pieces] == [right] * 3 + [up] * 3
    barbs = np.array([pieces[k][0] for k in (1, 2, 4, 5)]) - [right, right, up, up]
    expected = [(-7, 3.5), (-7, -3.5), (3.5, 7), (-3.5, 7)]  # down is positive in SVG
    np.testing.assert_allclose(barbs, expected, atol=0.1)


def test_log_scale():
    panel = PANEL | {"ylim": (1e-4, 1), "yscale": "log"}
    found = data(sliders(lambda k: ([{"f": ([0, 10, 5], [1e-4, 1e-2, 0])}], "r"), [panel], k=[1, 2]))
    ends = f"M0 {INNER_HEIGHT}L{INNER_WIDTH} {INNER_HEIGHT / 2:g}"
    assert found["parts"][found["frames"][0][0]] == ends  # zero has no logarithm and is not drawn


def test_ticks_of_a_log_scale_are_powers_of_ten():
    panel = PANEL | {"ylim": (1, 10), "yscale": "log"}
    page = sliders(lambda k: ([{"f": ([0], [1])}], "r"), [panel], k=[1]).data
    assert re.findall(r'text-anchor="end">(.*?)<', page) == ["10⁰", "10¹"]


def test_numbers_stand_at_their_place_on_the_axes():
    panel = PANEL | {"xlim": (10, 20), "ylim": (1, 2)}
    page = sliders(line, [panel], slope=[1.0]).data.split("<figure")[1]
    across = re.findall(r'<text x="([^"]*)" y="[^"]*" text-anchor="middle">([\d.]+)<', page)
    up = re.findall(r'<text x="-5" y="([^"]*)" text-anchor="end">([\d.]+)<', page)
    assert [float(x) / INNER_WIDTH for x, _ in across] == pytest.approx(
        [float(t) / 10 - 1 for _, t in across], abs=1e-3
    )
    drawn = [1 - (float(y) - 4) / INNER_HEIGHT for y, _ in up]  # the middle of a number is 4 above its line
    assert drawn == pytest.approx([float(t) - 1 for _, t in up], abs=1e-3) and 4 <= len(up) <= len(across) <= 6


def test_the_key_of_a_still_picture_stays_on_it_and_does_not_overlap():
    names = [f"a label of some length {i}" for i in range(5)]
    page = sliders(lambda k: ([dict.fromkeys(names, ([0], [0]))], "r"), [PANEL], dots=names[:1], k=[1]).data
    picture = base64.b64decode(re.search('base64,([^"]*)"', page)[1]).decode()
    width, height = map(int, re.search(r'viewBox="0 0 (\d+) (\d+)"', picture).groups())
    found = re.findall(r'<g transform="translate\((\d+) (\d+)\)"><path [^>]*d="([^"]*)"/><text x="36"', picture)
    places = [(int(x), int(y)) for x, y, _ in found]
    assert all(x + 36 + 5 * len(names[0]) < width and HEIGHT < y < height - 10 for x, y in places)
    assert len(set(y for _, y in places)) == 5 and ["h0" in d for *_, d in found] == [True] + [False] * 4


def test_first_frame_is_there_without_scripts_and_text_is_escaped():
    html = sliders(line, [PANEL], start={"slope": 1.0}, slope=[0.25, 1.0]).data
    static = html.split("<script")[0]
    assert '<figcaption aria-live="polite">slope 1.0, plain &amp; done</figcaption>' in static
    assert 'value="1" aria-valuetext="1"' in static and "&lt;here&gt;" in static and "a &lt;b&gt;" in static
    assert "<b>" not in static and "<here>" not in static


def test_the_same_call_gives_the_same_bytes_and_no_ids():
    first, second = (sliders(line, [PANEL], slope=[0.25, 1.0]).data for _ in range(2))
    assert first == second and " id=" not in first and "http" not in first


def test_a_still_picture_stands_for_the_figure_until_its_script_runs():
    still, figure = sliders(line, [PANEL], slope=[0.25, 1.0]).data.split("<figure ")
    assert figure.startswith('class="d2l-explore" hidden="hidden">') and "root.hidden = false" in figure
    assert "<svg" not in still and "<style" not in still and "<script" not in still  # what a sanitiser takes out
    alt, picture = re.search(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)">', still).groups()
    assert alt == "slope 0.25, plain &amp; done" and f"<p>{alt}</p>" in still
    root = ET.fromstring(base64.b64decode(picture))
    assert [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")][-1] == "f"  # the key
    assert "<here>" in [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize(("given", "written"), [
    ("z = -3, (-0.5, -1)", "z = −3, (−0.5, −1)"), ("loss 1.2e+00, 3.8e-01, 1e+03", "loss 1.2, 0.38, 1000"),
    ("1e-15 and 2.5e+04", "10⁻¹⁵ and 2.5 × 10⁴"), ("seeds 0-4, resnet-18", "seeds 0-4, resnet-18"),
])  # fmt: skip
def test_numbers_are_written_one_way(given, written):
    found = data(sliders(lambda k: ([{"_t": ([0], [0], [given])}], given), ["t"], k=[1]))
    assert found["parts"][found["frames"][0][-1]] == written
    assert f">{written}</text>" in found["parts"][found["frames"][0][0]]


def test_a_dot_and_a_text_are_drawn_whole_or_not_at_all():
    def frame(k):
        return [{"dot": ([0, 10, 11, -1], [0, 1, 1, 0]), "_t": ([10, 11], [1, 1], ["in", "out"])}], "r"

    found = data(sliders(frame, [PANEL], dots=["dot"], k=[1]))
    dot, text = (found["parts"][part] for part in found["frames"][0][:2])
    assert dot.count("M") == 2 and "in" in text and "out" not in text
    page = sliders(frame, [PANEL], dots=["dot"], k=[1]).data
    assert "</svg>" in re.search(r"<svg width.*?data-mark", page)[0]  # after the element that clips


def test_a_readout_cannot_end_the_script():
    html = sliders(lambda k: ([{"f": ([0], [0])}], "</script>"), [PANEL], k=[0, 1]).data
    assert html.count("</script>") == 2


@pytest.mark.parametrize("log", [False, True])
def test_limits_hold_the_points_of_all_frames(log):
    def frame(k):
        return [{"f": ([k, -k, math.nan], [10.0**k, 1, math.inf])}], "r"

    panel = {"yscale": "log"} if log else {}
    found = data(sliders(frame, [panel], k=[1, 3]))
    paths = [found["parts"][row[0]] for row in found["frames"]]
    points = [[tuple(map(float, p.split())) for p in re.split("[ML]", path)[1:]] for path in paths]
    across, up = zip(*points[1], strict=True)  # the frame with the extremes
    room = 0.05 / 1.1
    assert across == pytest.approx([(1 - room) * INNER_WIDTH, room * INNER_WIDTH], abs=0.1)
    assert up == pytest.approx([room * INNER_HEIGHT, (1 - room) * INNER_HEIGHT], abs=0.1)
    third = 2 / 3 if log else 990 / 999  # the way from the top to 10, where 1 to 1000 is all the way
    assert points[0][0][1] == pytest.approx((room + third * (1 - 2 * room)) * INNER_HEIGHT, abs=0.1)


def test_a_label_has_the_colour_of_the_figures_and_no_two_share_one():
    plain = ["one", "train", "two", "three", "four", "five"]
    names = [*plain[:-1], "truth", "_aside", "five"]  # dots are drawn last
    frame = lambda k: ([{name: ([0, 1], [0, k]) for name in names}], "r")  # noqa: E731
    page = sliders(frame, ["t"], dots=["five"], k=[1, 2]).data
    colors = dict(zip(names, re.findall(r'<path data-mark="\d+" ([^>]*?) d=', page), strict=True))
    assert COLORS["train"] in colors["train"]
    assert "aside" in colors["truth"] and "aside" in colors["_aside"]  # the colour of the text, in both modes
    strokes = [re.search("#[0-9A-F]{6}", colors[name])[0] for name in plain]
    assert len(set(strokes)) == 6 and set(strokes) <= set(CYCLE)
    dashes = [colors[name].split("dasharray:")[1] for name in plain[:4]]
    assert len(set(dashes)) == 4 and "dasharray" not in colors["five"]  # in grey, lines differ by these
    assert "</svg>train</span>" in page and "_aside</span>" not in page


def frame_of(answer):
    return {"frame": lambda slope: answer, "slope": [1.0]}


@pytest.mark.parametrize(("arguments", "named"), [
    ({}, "grid"), ({"slope": [], "kind": ["a"]}, "grid .*slope"),
    ({"slope": [1.0], "start": {"slope": 2}}, "start.*slope.* 2"),
    ({"slope": [1.0], "start": {"slop": 1.0}}, "start.*slop"), ({"slope": [1.0], "dots": ["g"]}, "dots .*g"),
    ({"slope": [1.0], "arrows": ["g"]}, "arrows .*g"), ({"slope": ["steep"]}, "frame.*steep"),
    ({"slope": [1.0], "panels": [PANEL | {"xlim": (1, 1)}]}, r"xlim .*\(1, 1\)"),
    ({"slope": [1.0], "panels": [PANEL | {"ylim": (1, 1)}]}, r"ylim .*\(1, 1\)"),
    (frame_of(None), "frame.*1.0"), (frame_of(([], "r")), "frame.*1.0"), (frame_of(([{}], 3)), "frame.*1.0"),
    (frame_of(([{"f": ([0, 1], [0])}], "r")), "frame.*1.0"), (frame_of(([{"f": 3}], "r")), "frame.*1.0"),
    (frame_of(([{"f": ([0, 1], [0, 1], ["one"])}], "r")), "frame.*1.0"),
    ({"frame": lambda k: ([{f"line {k}": ([0], [0])}], "r"), "k": [0, 1]}, "frame.*1.*line 1"),
])  # fmt: skip
def test_a_wrong_argument_is_named_with_its_value(arguments, named):
    with pytest.raises(ValueError, match=named):
        sliders(**{"frame": line, "panels": [PANEL]} | arguments)
