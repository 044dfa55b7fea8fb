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

from d2lmini.plots import COLORS, CYCLE

__all__ = ["sliders"]

WIDTH, HEIGHT = 340, 250  # of one panel, in SVG units
LEFT, TOP = 46, 22  # where its axes begin
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - 8, HEIGHT - TOP - 36
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
DASHES = ("none", "7 3", "2 3", "9 3 2 3")
WAKE = "Run this cell, or trust the notebook, to get sliders. 运行此单元格，或信任此笔记本，就会出现滑块。"
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
    Raises ValueError for an empty grid, a start value that is not on it, dots or arrows that are no labels, and
    frames with different labels or that cannot be drawn.
    """
    from IPython.display import HTML

    grid = {name: list(values) for name, values in grid.items()}
    if not grid or not all(grid.values()):
        raise ValueError(f"grid must have sliders with values, for example leak=[0, 0.1], not {grid}")
    start = {name: values[0] for name, values in grid.items()} | (start or {})
    for name, value in start.items():
        if value not in grid.get(name, ()):
            raise ValueError(f"start[{name!r}] = {value!r} is not among the values of a slider: {grid}")
    settings = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    panels = [{"title": panel} if isinstance(panel, str) else dict(panel) for panel in panels]
    frames = [_frame(frame, setting, panels) for setting in settings]
    labels = [(i, label, len(mark) == 3) for i, label, mark in frames[0][0]]
    for setting, (marks, _) in zip(settings, frames, strict=True):
        if [(i, label, len(mark) == 3) for i, label, mark in marks] != labels:
            raise ValueError(f"frame({setting}) has other labels than the first frame")
    for kind, named in (("dots", dots), ("arrows", arrows)):
        if missing := set(named) - {label for _, label, _ in labels}:
            raise ValueError(f"{kind} names {sorted(missing)}, which no frame has")
    for i, panel in enumerate(panels):
        _find_limits(panel, [mark for marks, _ in frames for k, _, mark in marks if k == i])
    parts, rows = {}, []
    for marks, readout in frames:
        row = [_mark(panels[i], label in dots, label in arrows, *mark) for i, label, mark in marks]
        rows.append([parts.setdefault(part, len(parts)) for part in [*row, readout]])
    return HTML(_page(panels, labels, dots, grid, start, rows[settings.index(start)], list(parts), rows))


def _frame(frame, setting, panels):
    """What a frame holds, [(panel, label, (xs, ys) or (xs, ys, texts)), ...], and its readout."""
    try:
        shown, readout = frame(**setting)
        marks = []
        for i, entry in enumerate(shown):
            for label, (xs, ys, *texts) in entry.items():
                xs, ys = list(map(float, xs)), list(map(float, ys))
                if any(len(part) != len(ys) for part in (xs, *texts)):
                    raise ValueError("a mark needs as many x as y, and as many texts")
                marks.append((i, label, (xs, ys, *([_written(t) for t in part] for part in texts))))
        readout = _written(readout)
        if len(shown) != len(panels) or not isinstance(readout, str):
            raise ValueError(f"expected a dict for each of {len(panels)} panels and a sentence")
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"frame({setting}) fails or cannot be drawn: {error}") from error
    return marks, readout


def _find_limits(panel, marks):
    """Give a panel the `xlim` and `ylim` that it lacks: all points of all frames, and a little room."""
    for axis, log in enumerate((False, panel.get("yscale") == "log")):
        name = "xy"[axis] + "lim"
        if name not in panel:
            values = [v for v in (_scale(v, log) for mark in marks for v in mark[axis]) if math.isfinite(v)]
            low, high = min(values, default=0.0), max(values, default=1.0)
            room = 0.05 * (high - low) or 0.5
            panel[name] = [10**v if log else v for v in (low - room, high + room)]
        if not panel[name][0] < panel[name][1]:
            raise ValueError(f"{name} of panel {panel.get('title', '')!r} must be increasing, not {panel[name]}")


def _scale(value, log):
    return (math.log10(value) if value > 0 else math.nan) if log else value


def _fraction(value, limits, log=False):
    """Where a value lies between the two limits; NaN for what cannot be drawn."""
    low, high = (_scale(end, log) for end in limits)
    return (_scale(value, log) - low) / (high - low)


def _mark(panel, dots, arrows, xs, ys, texts=None):
    """The `d` of a path (a line, or dots), or the text elements to put into a group."""
    points = []
    for x, y in zip(xs, ys, strict=True):
        at = _fraction(x, panel["xlim"]), _fraction(y, panel["ylim"], panel.get("yscale") == "log")
        # Far outside is far enough: lines are clipped, and whole dots and texts are in or out. Rounded, to be the
        # same on every machine.
        x, y = (min(max(v, -9), 9) for v in at)
        drawn = all(-0.01 <= v <= 1.01 if dots or texts is not None else math.isfinite(v) for v in at)
        points.append((round(x * INNER_WIDTH, 1), round((1 - y) * INNER_HEIGHT, 1)) if drawn else None)
    if texts is not None:
        place = '<text x="{:g}" y="{:g}" dy="4" text-anchor="middle">{}</text>'
        return "".join(place.format(*p, html.escape(t)) for p, t in zip(points, texts, strict=True) if p)
    if dots:  # a round-capped line of no length is a dot
        return "".join(f"M{p[0]:g} {p[1]:g}h0" for p in points if p)
    line, before, after = "", [None, *points], [*points[1:], None]
    for b, p, next_one in zip(before, points, after, strict=False):
        if p:
            line += f"{'L' if b else 'M'}{p[0]:g} {p[1]:g}"
            line += _arrowhead(b, p) if arrows and b and not next_one else ""
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


def _axes(panel, lines, whole):
    """One panel as an SVG element: the fixed part, drawn once, around the marks, which change.

    lines: marks that the frame cuts off; whole: dots and texts, which may reach over it.
    """
    title, xlabel, ylabel = (html.escape(panel.get(k, "")) for k in ("title", "xlabel", "ylabel"))
    out = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">']
    out.append(f'<text class="name" x="{LEFT}" y="14">{title}</text><g transform="translate({LEFT} {TOP})">')
    if panel.get("axes", True):
        for at, text in _ticks(panel["xlim"], False):
            x = round(at * INNER_WIDTH, 1)
            out.append(f'<path class="tick" d="M{x} 0V{INNER_HEIGHT}"/>')
            out.append(f'<text x="{x}" y="{INNER_HEIGHT + 14}" text-anchor="middle">{text}</text>')
        for at, text in _ticks(panel["ylim"], panel.get("yscale") == "log"):
            y = round((1 - at) * INNER_HEIGHT, 1)
            out.append(f'<path class="tick" d="M0 {y}H{INNER_WIDTH}"/>')
            out.append(f'<text x="-5" y="{y + 4}" text-anchor="end">{text}</text>')
        out.append(f'<path class="axis" d="M0 0V{INNER_HEIGHT}H{INNER_WIDTH}"/>')
    out.append(f'<svg width="{INNER_WIDTH}" height="{INNER_HEIGHT}">{lines}</svg>{whole}')
    out.append(f'<text x="{INNER_WIDTH / 2}" y="{INNER_HEIGHT + 31}" text-anchor="middle">{xlabel}</text>')
    out.append(f'<text transform="translate(-36 {INNER_HEIGHT / 2}) rotate(-90)" text-anchor="middle">')
    return "".join([*out, ylabel, "</text></g></svg>"])


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


def _control(name, values, start):
    """One labelled slider. JupyterLab would take the arrow keys from it without the data attribute."""
    at, shown = values.index(start), html.escape(_number(start))
    return (
        f'<label><span class="of">{html.escape(name.replace("_", " "))}</span>'
        f'<input type="range" min="0" max="{len(values) - 1}" step="1" value="{at}" aria-valuetext="{shown}"'
        f' data-lm-suppress-shortcuts="true"><output>{shown}</output></label>'
    )


def _page(panels, labels, dots, grid, start, first, parts, rows):
    """The whole figure as one HTML fragment: a still picture of the first frame, which the script replaces."""
    looks, lines, whole = _looks(labels, dots), [""] * len(panels), [""] * len(panels)
    for k, ((i, label, is_text), part) in enumerate(zip(labels, first, strict=False)):
        where = whole if is_text or label in dots else lines
        look, d = looks.get(label), parts[part]
        where[i] += f'<g data-mark="{k}">{d}</g>' if is_text else f'<path data-mark="{k}" {look} d="{d}"/>'
    keys = [
        (look, "M15 5h0" if name in dots else "M1 5H29", name) for name, look in looks.items() if name[0] != "_"
    ]
    key = '<span><svg viewBox="0 0 30 10" aria-hidden="true"><path {} d="{}"/></svg>{}</span>'
    drawn, readout = list(map(_axes, panels, lines, whole)), html.escape(parts[first[-1]])
    data = {"names": [list(map(_number, values)) for values in grid.values()], "parts": parts, "frames": rows}
    return "".join(
        [
            _still(drawn, keys, readout),
            # A sanitiser would drop an attribute without a value.
            f'<figure class="d2l-explore" hidden="hidden"><style>{CSS}</style><div class="panels">',
            *drawn,
            '</div><div class="keys">',
            *[key.format(look, d, html.escape(_written(name))) for look, d, name in keys],
            '</div><div class="controls">',
            *[_control(name, values, start[name]) for name, values in grid.items()],
            f'</div><figcaption aria-live="polite">{readout}</figcaption>',
            '<script type="application/json">',
            json.dumps(data, separators=(",", ":")).replace("</", "<\\/"),
            f"</script><script>{SCRIPT}</script></figure>",
        ]
    )


def _still(drawn, keys, readout):
    """The first frame as a picture, with its readout and a word on how to wake it, for viewers without scripts."""
    size = f'width="{WIDTH}" height="{HEIGHT}" overflow="visible"'
    picture = [panel.replace("<svg", f'<svg x="{i * WIDTH}" {size}', 1) for i, panel in enumerate(drawn)]
    x, y, width = LEFT, HEIGHT + 6, WIDTH * len(drawn)
    for look, d, name in keys:
        room = 50 + 6 * len(name)
        if LEFT < x > width - room:
            x, y = LEFT, y + 18
        shown = f'<path {look} d="{d}"/><text x="36" y="9">{html.escape(_written(name))}</text>'
        picture.append(f'<g transform="translate({x} {y})">{shown}</g>')
        x += room
    size = f'viewBox="0 0 {width} {y + 20}" width="{width}" height="{y + 20}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{CSS}</style>'
    content = [
        opening,
        '<rect width="100%" height="100%" fill="white"/><g class="d2l-explore">',
        *picture,
        "</g></svg>",
    ]
    source = "data:image/svg+xml;base64," + base64.b64encode("".join(content).encode()).decode()
    image = f'<p><img alt="{readout}" src="{source}"></p>'
    return f'<div class="d2l-still">{image}<p>{readout}</p><p><em>{WAKE}</em></p></div>'
