"""Interactive figures without a server: a function over a grid of settings becomes sliders and inline SVG.

Every frame is computed here, by the book's own Python; the page only looks frames up. The result needs no network,
no library and no kernel, and is the same on the site, in JupyterLab and in Colab.
"""

import html
import itertools
import json
import math
from pathlib import Path

from d2lmini.data import require
from d2lmini.plots import COLORS, CYCLE

__all__ = ["sliders"]

WIDTH, HEIGHT = 340, 250  # of one panel, in SVG units
LEFT, TOP = 46, 22  # where its axes begin
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - 8, HEIGHT - TOP - 36
DASHES = ("none", "7 3", "2 3", "9 3 2 3")
CSS, SCRIPT = (Path(__file__).with_name(f"explore.{kind}").read_text("utf-8") for kind in ("css", "js"))


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
    """
    from IPython.display import HTML

    grid = {name: list(values) for name, values in grid.items()}
    require(grid and all(grid.values()), "grid", grid, "sliders with values, for example leak=[0, 0.1]")
    settings = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    start = settings[0] | (start or {})
    require(start in settings, "start", start, f"among the values of the sliders, {grid}")
    panels = [{"title": panel} if isinstance(panel, str) else dict(panel) for panel in panels]
    frames = [_frame(frame, setting, panels) for setting in settings]
    first = frames[0][0]
    for setting, (marks, _) in zip(settings, frames, strict=True):
        found = list(marks)
        require(found == list(first), f"frame({setting})", found, f"of the first frame's labels, {list(first)}")
    unknown = {*dots, *arrows} - {label for _, label in first}
    require(not unknown, "dots and arrows", unknown, "labels of the frames")
    for i, panel in enumerate(panels):
        drawn = [marks[key] for marks, _ in frames for key in first if key[0] == i]
        panel["limits"] = [_limits(panel, axis, drawn) for axis in (0, 1)]
    parts, rows = {}, []
    for marks, readout in frames:
        row = [_mark(panels[i]["limits"], label in dots, label in arrows, *marks[i, label]) for i, label in first]
        rows.append([parts.setdefault(part, len(parts)) for part in [*row, readout]])
    texts = {key for key, mark in first.items() if len(mark) == 3}
    return HTML(_page(panels, list(first), texts, dots, grid, start, list(parts), rows, settings.index(start)))


def _frame(frame, setting, panels):
    """What a frame holds, {(panel, label): (xs, ys) or (xs, ys, texts)}, and its readout."""
    try:
        shown, readout, marks = *frame(**setting), {}
        for i, (panel, entry) in enumerate(zip(panels, shown, strict=True)):
            for label, (xs, ys, *texts) in entry.items():
                marks[i, label] = (list(map(float, xs)), [_scaled(panel, y) for y in ys], *texts)
        if not isinstance(readout, str) or any(len(set(map(len, mark))) > 1 for mark in marks.values()):
            raise ValueError("each mark needs as many x as y, and as many texts; the readout is a sentence")
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"frame({setting}) fails or cannot be drawn: {error}") from error
    return marks, readout


def _scaled(panel, y):
    """Where `y` lies on the panel's vertical axis: its logarithm on a log scale; NaN for what cannot be drawn."""
    if panel.get("yscale") != "log":
        return float(y)
    return math.log10(y) if y > 0 else math.nan


def _limits(panel, axis, marks):
    """Those that a panel gives; else all points of all frames, and a little room."""
    if given := panel.get(("xlim", "ylim")[axis]):
        return [_scaled(panel, end) if axis else end for end in given]
    finite = [v for mark in marks for v in mark[axis] if math.isfinite(v)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    room = 0.05 * (high - low) or 0.5
    return [low - room, high + room]


def _mark(limits, dots, arrows, xs, ys, texts=None):
    """The `d` of a path (a line, or dots), or the text elements to put into a group."""
    points = []
    for point in zip(xs, ys, strict=True):
        at = [(v - low) / (high - low) for v, (low, high) in zip(point, limits, strict=True)]
        # Far outside is far enough: the inner svg element clips. Rounded, to be the same on every machine.
        x, y = (min(max(v, -9), 9) for v in at)
        drawn = all(map(math.isfinite, at))
        points.append((round(x * INNER_WIDTH, 1), round((1 - y) * INNER_HEIGHT, 1)) if drawn else None)
    if texts is not None:
        place = '<text x="{:g}" y="{:g}" dy="4" text-anchor="middle">{}</text>'
        return "".join(place.format(*p, html.escape(t)) for p, t in zip(points, texts, strict=True) if p)
    if dots:  # a round-capped line of no length is a dot
        return "".join(f"M{p[0]:g} {p[1]:g}h0" for p in points if p)
    line = ""
    for b, p, end in zip([None, *points], points, [*points[1:], None], strict=False):
        if p:
            line += f"{'L' if b else 'M'}{p[0]:g} {p[1]:g}"
        if p and b and not end and arrows:  # the two barbs of an arrow from b that ends at p
            length = math.dist(b, p) or 1.0
            x, y = (7 * (v - u) / length for u, v in zip(b, p, strict=True))
            for turn in (1, -1):
                line += f"M{p[0] - x - turn * y / 2:.1f} {p[1] - y + turn * x / 2:.1f}L{p[0]:g} {p[1]:g}"
    return line


def _number(value):
    """A short label for a slider position or a tick."""
    return value if isinstance(value, str) else f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def _ticks(limits, log=False):
    """(fraction, label) of about five round numbers between the limits."""
    from matplotlib.ticker import MaxNLocator

    low, high = limits
    for v in MaxNLocator(5, integer=log).tick_values(low, high):
        if low <= v <= high:
            yield (v - low) / (high - low), f"1e{v:g}" if log else _number(v)


def _axes(panel, marks):
    """One panel as an SVG element: the fixed part, drawn once, around the `marks`, which change."""
    title, xlabel, ylabel = (html.escape(panel.get(k, "")) for k in ("title", "xlabel", "ylabel"))
    lines = []
    if panel.get("axes", True):
        for at, text in _ticks(panel["limits"][0]):
            x = round(at * INNER_WIDTH, 1)
            lines.append(f'<path class="tick" d="M{x} 0V{INNER_HEIGHT}"/>')
            lines.append(f'<text x="{x}" y="{INNER_HEIGHT + 14}" text-anchor="middle">{text}</text>')
        for at, text in _ticks(panel["limits"][1], log=panel.get("yscale") == "log"):
            y = round((1 - at) * INNER_HEIGHT, 1)
            lines.append(f'<path class="tick" d="M0 {y}H{INNER_WIDTH}"/>')
            lines.append(f'<text x="-5" y="{y + 4}" text-anchor="end">{text}</text>')
        lines.append(f'<path class="axis" d="M0 0V{INNER_HEIGHT}H{INNER_WIDTH}"/>')
    turned = f'transform="translate(-36 {INNER_HEIGHT / 2}) rotate(-90)"'
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
        f'<text class="name" x="{LEFT}" y="14">{title}</text>'
        f'<g transform="translate({LEFT} {TOP})">{"".join(lines)}'
        f'<svg width="{INNER_WIDTH}" height="{INNER_HEIGHT}">{marks}</svg>'
        f'<text x="{INNER_WIDTH / 2}" y="{INNER_HEIGHT + 31}" text-anchor="middle">{xlabel}</text>'
        f'<text {turned} text-anchor="middle">{ylabel}</text></g></svg>'
    )


def _looks(names, dots):
    """The class and style of each label, in the order of the key."""
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


def _control(name, values, start):
    """One labelled slider. JupyterLab would take the arrow keys from it without the data attribute."""
    at, shown = values.index(start), html.escape(_number(start))
    return (
        f'<label><span class="of">{html.escape(name.replace("_", " "))}</span>'
        f'<input type="range" min="0" max="{len(values) - 1}" step="1" value="{at}" aria-valuetext="{shown}"'
        f' data-lm-suppress-shortcuts="true"><output>{shown}</output></label>'
    )


def _page(panels, labels, texts, dots, grid, start, parts, rows, at):
    """The whole figure as one HTML fragment that shows a frame, the one at `at`, also where scripts do not run."""
    *shown, readout = (parts[part] for part in rows[at])
    looks = _looks(dict.fromkeys(label for i, label in labels if (i, label) not in texts), dots)
    marks = [""] * len(panels)
    for (i, label), d in zip(labels, shown, strict=True):
        marks[i] += f"<g data-mark>{d}</g>" if (i, label) in texts else f'<path data-mark {looks[label]} d="{d}"/>'
    key = '<span><svg viewBox="0 0 30 10" aria-hidden="true"><path {} d="{}"/></svg>{}</span>'
    named = [name for name in looks if not name.startswith("_")]
    keys = [key.format(looks[n], "M15 5h0" if n in dots else "M1 5H29", html.escape(n)) for n in named]
    controls = [_control(name, values, start[name]) for name, values in grid.items()]
    data = {"names": [list(map(_number, values)) for values in grid.values()], "parts": parts, "frames": rows}
    text = json.dumps(data, separators=(",", ":")).replace("</", "<\\/")
    return (
        f'<figure class="d2l-explore"><style>{CSS}</style>'
        f'<div class="panels">{"".join(map(_axes, panels, marks))}</div>'
        f'<div class="keys">{"".join(keys)}</div>{"".join(controls)}'
        f'<figcaption aria-live="polite">{html.escape(readout)}</figcaption>'
        f'<script type="application/json">{text}</script><script>{SCRIPT}</script></figure>'
    )
