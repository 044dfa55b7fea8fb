"""Interactive figures without a server: a function over a grid of settings becomes sliders and inline SVG.

Every frame is computed here, by the book's own Python; the page only looks frames up. The result needs no network,
no library and no kernel, and is the same on the site, in JupyterLab and in Colab. Where a viewer takes out
scripts, as JupyterLab does until a notebook is run or trusted, a still picture stands in its place.
"""

import base64
import html
import itertools
import json
import math
import re
from decimal import Decimal
from pathlib import Path

import jinja2

from d2lmini.data import require
from d2lmini.plots import COLORS, CYCLE

__all__ = ["sliders"]

WIDTH, HEIGHT = 340, 250  # of one panel, in SVG units
LEFT, TOP = 46, 22  # where its axes begin
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - 8, HEIGHT - TOP - 36
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DASHES = ("none", "7 3", "2 3", "9 3 2 3")
WAKE = "Run this cell, or trust the notebook, to get sliders. 运行此单元格，或信任此笔记本，就会出现滑块。"
PANEL = {"title": "", "xlabel": "", "ylabel": "", "yscale": "linear", "axes": True}
PAGE, CSS, SCRIPT = (Path(__file__).with_suffix(kind).read_text("utf-8") for kind in (".html", ".css", ".js"))


def sliders(frame, panels, *, dots=(), arrows=(), start=None, **grid):
    """Show `frame(**setting)` for every setting of the `grid` as an interactive figure, one slider a name.

    frame: function of the slider values; returns a list with one dict a panel, from label to `(xs, ys)`, or to
        `(xs, ys, texts)` for writing, and the readout: one sentence that says what is seen. Every frame has the
        same labels. A label of plots.COLORS takes its colour from there; one that starts with "_" is drawn in the
        colour of the text and left out of the key.
    panels: list of titles, or of dicts with, optionally, `title`, `xlabel`, `ylabel`, `yscale="log"`,
        `axes=False`, and `xlim`, `ylim`, which else hold all frames.
    dots: labels drawn as dots, not as lines. arrows: labels of lines that end in an arrowhead, at each NaN too.
    start: dict of first slider values; the first of each by default.
    grid: name=list of values (numbers or strings). Returns an `IPython.display.HTML`.
    Raises ValueError for an empty grid, a start value that is not on it, dots or arrows that are no labels, and
    frames with different labels or that cannot be drawn.
    """
    from IPython.display import HTML

    grid = {name: list(values) for name, values in grid.items()}
    require(grid and all(grid.values()), "grid", grid, "sliders with values, for example leak=[0, 0.1]")
    start = {name: values[0] for name, values in grid.items()} | (start or {})
    for name, value in start.items():
        require(value in grid.get(name, ()), f"start[{name!r}]", value, f"a value of a slider: {grid}")
    settings = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    panels = [PANEL | ({"title": panel} if isinstance(panel, str) else panel) for panel in panels]
    frames = [_frame(frame, setting, len(panels)) for setting in settings]
    labels = [mark[:3] for mark in frames[0][0]]
    for setting, (marks, _) in zip(settings, frames, strict=True):
        own = [mark[:3] for mark in marks]
        require(own == labels, f"what frame({setting}) labels", own, f"{labels}, as in the first frame")
    names = {label for _, label, _ in labels}
    for kind, named in (("dots", dots), ("arrows", arrows)):
        require(names.issuperset(named), kind, named, f"among the labels, {sorted(names)}")
    for i, panel in enumerate(panels):
        _find_limits(panel, [p for marks, _ in frames for k, *_, points in marks if k == i for p in points])
    parts, rows = {}, []
    for marks, readout in frames:
        row = [_part(panels[i], label in dots, label in arrows, *mark) for i, label, *mark in marks]
        rows.append([parts.setdefault(part, len(parts)) for part in [*row, readout]])
    return HTML(_page(panels, labels, dots, grid, start, rows[settings.index(start)], list(parts), rows))


def _frame(frame, setting, panels):
    """What a frame holds, [(panel, label, is it writing?, points), ...], and its readout."""
    try:
        shown, readout = frame(**setting)
        marks = []
        for i, entry in enumerate(shown):
            for label, (xs, ys, *texts) in entry.items():
                texts = [map(_written, part) for part in texts]
                points = zip(map(float, xs), map(float, ys), *texts, strict=True)
                marks.append((i, label, bool(texts), list(points)))
        if len(shown) != panels:
            raise ValueError(f"expected a dict for each of {panels} panels")
        return marks, _written(readout)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"frame({setting}) fails or cannot be drawn: {error}") from error


def _find_limits(panel, points):
    """Give a panel the `xlim` and `ylim` that it lacks: all points of all frames, and a little room."""
    for axis, log in enumerate((False, panel["yscale"] == "log")):
        name = "xy"[axis] + "lim"
        if name not in panel:
            values = [v for v in (_scale(point[axis], log) for point in points) if math.isfinite(v)]
            low, high = min(values, default=0.0), max(values, default=1.0)
            room = 0.05 * (high - low) or 0.5
            panel[name] = [10**v if log else v for v in (low - room, high + room)]
        require(panel[name][0] < panel[name][1], name, panel[name], "increasing")


def _scale(value, log):
    return (math.log10(value) if value > 0 else math.nan) if log else value


def _fraction(value, limits, log=False):
    """Where a value lies between the two limits; NaN for what cannot be drawn."""
    low, high = (_scale(end, log) for end in limits)
    return (_scale(value, log) - low) / (high - low)


def _part(panel, dots, arrows, is_text, points):
    """The `d` of a path (a line, or dots), or the text elements to put into a group."""
    places = []
    for x, y, *_ in points:
        at = _fraction(x, panel["xlim"]), _fraction(y, panel["ylim"], panel["yscale"] == "log")
        # Far outside is far enough: lines are clipped, and whole dots and texts are in or out. Rounded, to be the
        # same on every machine.
        x, y = (min(max(v, -9), 9) for v in at)
        drawn = all(-0.01 <= v <= 1.01 if dots or is_text else math.isfinite(v) for v in at)
        places.append((round(x * INNER_WIDTH, 1), round((1 - y) * INNER_HEIGHT, 1)) if drawn else None)
    if is_text:
        text = '<text x="{:g}" y="{:g}" dy="4" text-anchor="middle">{}</text>'
        pairs = zip(places, points, strict=True)
        return "".join(text.format(*place, html.escape(point[2])) for place, point in pairs if place)
    if dots:  # a round-capped line of no length is a dot
        return "".join(f"M{p[0]:g} {p[1]:g}h0" for p in places if p)
    line = ""
    for b, p, after in zip([None, *places], places, [*places[1:], None], strict=False):
        if p:
            line += f"{'L' if b else 'M'}{p[0]:g} {p[1]:g}"
            line += _arrowhead(b, p) if arrows and b and not after else ""
    return line


def _arrowhead(b, p):
    """The two barbs of an arrow from `b` that ends at `p`, drawn from there."""
    length = math.dist(b, p) or 1.0
    x, y = (7 * (end - start) / length for start, end in zip(b, p, strict=True))
    barbs = [(p[0] - x - turn * y / 2, p[1] - y + turn * x / 2) for turn in (1, -1)]
    return "".join(f"M{u:.1f} {v:.1f}L{p[0]:g} {p[1]:g}" for u, v in barbs)


def _number(value):
    """A short label for a slider position or a tick."""
    return value if isinstance(value, str) else _written(f"{value:.4g}")


def _written(text):
    """A text whose numbers are written as in the book: a minus sign, and powers of ten in place of 3e-05."""
    text = re.sub(r"\b(\d+(?:\.\d+)?)e([+-]\d+)\b", lambda found: _power(found[1], int(found[2])), text)
    return re.sub(r"(?<![\w.)])-(?=\d)", "\N{MINUS SIGN}", text)


def _power(factor, exponent):
    if abs(exponent) <= 3:
        return f"{Decimal(f'{factor}e{exponent}'):f}"
    raised = "10" + str(exponent).translate(RAISED)
    return raised if factor == "1" else f"{factor} \N{MULTIPLICATION SIGN} {raised}"


def _ticks(limits, log):
    """(fraction, label) of about five round numbers between the limits."""
    from matplotlib.ticker import MaxNLocator

    low, high = (_scale(end, log) for end in limits)
    for v in MaxNLocator(5, integer=log, steps=[1, 2, 5, 10]).tick_values(low, high):
        if low <= v <= high:
            yield (v - low) / (high - low), "10" + f"{v:g}".translate(RAISED) if log else _number(v)


def _looks(labels, dots):
    """The class and style of each label, in the order of the key."""
    names = list(dict.fromkeys(label for _, label, is_text in labels if not is_text))
    own = {COLORS.get(name) for name in names}
    free = itertools.cycle([color for color in CYCLE[:-1] if color not in own])
    dashes, looks = itertools.cycle(DASHES), {}
    for name in names:
        kind = "dots" if name in dots else "line"
        if name.startswith("_") or COLORS.get(name) == CYCLE[-1]:  # black, or white on a dark page
            looks[name] = f'class="{kind} aside"'
        else:
            dash = "" if name in dots else f";stroke-dasharray:{next(dashes)}"
            looks[name] = f'class="{kind}" style="stroke:{COLORS.get(name) or next(free)}{dash}"'
    return looks


def _page(panels, labels, dots, grid, start, first, parts, rows):
    """The whole figure as one HTML fragment, from the template `explore.html`."""
    looks, marks, keys, width = _looks(labels, dots), [], [], WIDTH * len(panels)
    for k, ((i, label, is_text), part) in enumerate(zip(labels, first, strict=False)):
        mark = {"k": k, "panel": i, "is_text": is_text, "whole": is_text or label in dots}
        marks.append(mark | {"part": parts[part], "look": looks.get(label)})
    x, y = LEFT, HEIGHT + 6
    for name, look in looks.items():
        if not name.startswith("_"):
            room = 50 + 6 * len(name)
            if LEFT < x > width - room:
                x, y = LEFT, y + 18
            d = "M15 5h0" if name in dots else "M1 5H29"
            keys.append({"x": x, "y": y, "look": look, "d": d, "name": _written(name)})
            x += room
    for panel in panels:
        xticks, yticks = _ticks(panel["xlim"], False), _ticks(panel["ylim"], panel["yscale"] == "log")
        panel["xticks"] = [(round(at * INNER_WIDTH, 1), text) for at, text in xticks]
        panel["yticks"] = [(round((1 - at) * INNER_HEIGHT, 1), text) for at, text in yticks]
    controls = [(name, list(map(_number, values)), values.index(start[name])) for name, values in grid.items()]
    data = {"names": [names for _, names, _ in controls], "parts": parts, "frames": rows}
    data = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    page = jinja2.Environment()
    page.filters |= {"e": html.escape, "base64": lambda text: base64.b64encode(text.encode()).decode()}
    template = page.from_string("".join(map(str.strip, PAGE.splitlines())), globals())
    return template.render(
        panels=panels, marks=marks, keys=keys, controls=controls, data=data, readout=parts[first[-1]],
        width=width, height=y + 20,
    )  # fmt: skip
