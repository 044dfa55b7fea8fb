"""Interactive figures without a server: a function over a grid of settings becomes sliders and inline SVG.

Every frame is computed here, by the book's own Python; the page only looks frames up. The result needs no network,
no library and no kernel, and is the same on the site, in JupyterLab and in Colab.
"""

import html
import itertools
import json
import math
import numbers

from d2lmini import checks

WIDTH, HEIGHT = 340, 250  # of one panel, in SVG units
LEFT, TOP = 46, 22  # where its axes begin
INNER_WIDTH, INNER_HEIGHT = WIDTH - LEFT - 8, HEIGHT - TOP - 36

CSS = """
.d2l-explore{margin:1em 0;max-width:46em;color:inherit;background:none}
.d2l-explore .panels{display:flex;flex-wrap:wrap;gap:.5em}
.d2l-explore .panels>svg{flex:1 1 290px;min-width:0;max-width:560px;height:auto;color:inherit;background:none}
.d2l-explore text{fill:currentColor;font:11px sans-serif}
.d2l-explore .name{font-weight:bold}
.d2l-explore .axis{stroke:currentColor;fill:none}
.d2l-explore .tick{stroke:currentColor;stroke-opacity:.15}
.d2l-explore path.s,.d2l-explore path.p{fill:none;stroke-width:2.2;stroke-linejoin:round}
.d2l-explore path.p{stroke-width:6;stroke-linecap:round}
.d2l-explore .s0{stroke:#1f7fbf}.d2l-explore .s1{stroke:#d55e00;stroke-dasharray:7 3}
.d2l-explore .s2{stroke:#0a9069;stroke-dasharray:2 3}.d2l-explore .s3{stroke:#b5609a;stroke-dasharray:9 3 2 3}
.d2l-explore .s4{stroke:currentColor;stroke-width:1.2}.d2l-explore path.p{stroke-dasharray:none}
.d2l-explore .keys{display:flex;flex-wrap:wrap;gap:0 1.2em;font-size:.9em}
.d2l-explore .keys svg{width:30px;height:10px;margin-right:.4em;vertical-align:middle;background:none}
.d2l-explore label{display:flex;gap:.8em;align-items:center;flex-wrap:wrap;min-height:2em}
.d2l-explore input{flex:1 1 10em;max-width:24em;accent-color:#1f7fbf}
.d2l-explore .of{min-width:7em}.d2l-explore output{min-width:5em;font-variant-numeric:tabular-nums}
.d2l-explore figcaption{font-size:.95em;min-height:3em;text-align:left}
"""

SCRIPT = """
(function(root){
var data=JSON.parse(root.querySelector('script[type="application/json"]').textContent);
var inputs=[].slice.call(root.querySelectorAll('input')),marks=root.querySelectorAll('[data-mark]');
function show(){
var index=0;
inputs.forEach(function(input,i){
var name=data.names[i][input.value];index=index*data.names[i].length+Number(input.value);
input.setAttribute('aria-valuetext',name);input.parentNode.querySelector('output').textContent=name});
var frame=data.frames[index];
marks.forEach(function(mark,i){
if(mark.tagName==='g')mark.innerHTML=data.parts[frame[i]];else mark.setAttribute('d',data.parts[frame[i]])});
root.querySelector('figcaption').textContent=data.parts[frame[marks.length]]}
inputs.forEach(function(input){input.addEventListener('input',show)});
})(document.currentScript.closest('figure'));
"""


def _number(value):
    """A short label for a slider position or a tick."""
    return value if isinstance(value, str) else f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def _fraction(values, limits, log=False):
    """Where `values` lie between the two `limits`, as fractions; None for what cannot be drawn."""
    if log:
        values = [math.log10(v) if v > 0 else math.nan for v in map(float, values)]
        limits = [math.log10(v) for v in limits]
    low, high = limits
    return [(float(v) - low) / (high - low) if math.isfinite(v) else None for v in values]


def _points(panel, xs, ys):
    """Data as SVG coordinates inside the axes, rounded so that they are the same on every machine."""
    across = _fraction(xs, panel["xlim"])
    up = _fraction(ys, panel["ylim"], panel.get("yscale") == "log")
    for x, y in zip(across, up, strict=True):
        # far outside the axes is far enough: the inner svg element clips
        missing = x is None or y is None
        if missing:
            yield None
        else:
            x, y = (min(max(v, -9), 9) for v in (x, y))
            yield round(x * INNER_WIDTH, 1), round((1 - y) * INNER_HEIGHT, 1)


def _mark(panel, dots, xs, ys, texts=None):
    """The `d` of a path (a line, or dots), or the text elements to put into a group."""
    points = list(_points(panel, xs, ys))
    if texts is not None:
        place = '<text x="{:g}" y="{:g}" dy="4" text-anchor="middle">{}</text>'
        return "".join(place.format(*p, html.escape(t)) for p, t in zip(points, texts, strict=True) if p)
    if dots:  # a round-capped line of no length is a dot
        return "".join(f"M{p[0]:g} {p[1]:g}h0" for p in points if p)
    before = [None, *points]
    return "".join(f"{'L' if b else 'M'}{p[0]:g} {p[1]:g}" for b, p in zip(before, points, strict=False) if p)


def _ticks(limits, log):
    """(fraction, label) of about five round numbers between the limits."""
    from matplotlib.ticker import MaxNLocator

    low, high = map(math.log10, limits) if log else limits
    for v in MaxNLocator(5, integer=log).tick_values(low, high):
        if low <= v <= high:
            yield (v - low) / (high - low), f"1e{v:g}" if log else _number(v)


def _axes(panel, marks):
    """One panel as an SVG element: the fixed part, drawn once, around the `marks`, which change."""
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
    out.append(f'<svg width="{INNER_WIDTH}" height="{INNER_HEIGHT}">{marks}</svg>')
    out.append(f'<text x="{INNER_WIDTH / 2}" y="{INNER_HEIGHT + 31}" text-anchor="middle">{xlabel}</text>')
    out.append(f'<text transform="translate(-36 {INNER_HEIGHT / 2}) rotate(-90)" text-anchor="middle">')
    return "".join([*out, ylabel, "</text></g></svg>"])


def _control(name, values, start):
    """One labelled slider. JupyterLab would take the arrow keys from it without the data attribute."""
    at, shown = values.index(start), html.escape(_number(start))
    return (
        f'<label><span class="of">{html.escape(name.replace("_", " "))}</span>'
        f'<input type="range" min="0" max="{len(values) - 1}" step="1" value="{at}" aria-valuetext="{shown}"'
        f' data-lm-suppress-shortcuts="true"><output>{shown}</output></label>'
    )


def _key(label, style, dots):
    line = f'<path class="{style}" d="M{"15 5h0" if dots else "1 5H29"}"/>'
    return f'<span><svg viewBox="0 0 30 10" aria-hidden="true">{line}</svg>{html.escape(label)}</span>'


def _values(name, values):
    """The values of a slider as a list."""
    if isinstance(values, str):
        raise TypeError(f"slider {name!r} must be a list of values, not {values!r}")
    values = checks.listed(f"slider {name!r}", values, "values")
    for value in values:
        if not isinstance(value, str | numbers.Real):
            raise TypeError(f"slider {name!r} must have numbers or strings as values, not {value!r}")
    if not values:
        raise ValueError(f"slider {name!r} has no values")
    return values


def _check(frame, panels, dots, grid, start):
    checks.function("frame", frame, "a function of the sliders' values")
    if isinstance(dots, str):
        raise TypeError(f"dots must be a list of labels, not {dots!r}")
    if not grid:
        raise ValueError("grid is empty: give at least one slider, for example leak=[0, 0.1]")
    for name in start:
        if name not in grid:
            raise ValueError(f"start names {name!r}, which is not a slider: {list(grid)}")
    for name, values in grid.items():
        if not isinstance(start[name], str | numbers.Real) or start[name] not in values:
            raise ValueError(f"start[{name!r}] = {start[name]!r} is not among its values {values}")
    for panel in panels:
        if not isinstance(panel, dict):
            raise TypeError(f"panels must be a list of dicts, not of {panel!r}")
        for name in ("xlim", "ylim"):
            least = 0 if name == "ylim" and panel.get("yscale") == "log" else -math.inf
            who = f"{name} of panel {panel.get('title', '')!r}"
            ends = [checks.real(end) for end in checks.listed(who, panel.get(name), "two numbers")]
            if len(ends) != 2 or not least < ends[0] < ends[1] < math.inf:
                above = ", above 0" if least == 0 else ""
                raise ValueError(f"{who} must be two finite numbers, increasing{above}, not {panel.get(name)!r}")


def _row(frame, setting, panels, dots):
    """What a frame holds, (panel, label, whether it is writing) each; the same as it is drawn; the readout."""
    shown, readout = frame(**setting)
    if len(shown) != len(panels) or not isinstance(readout, str):
        raise ValueError(f"expected a dict for each of {len(panels)} panels and a sentence")
    marks = [(i, label, mark) for i, entry in enumerate(shown) for label, mark in entry.items()]
    row = [_mark(panels[i], label in dots, *mark) for i, label, mark in marks]
    return [(i, label, len(mark) == 3) for i, label, mark in marks], row, readout


def sliders(frame, panels, *, dots=(), start=None, **grid):
    """Show `frame(**setting)` for every setting of the `grid` as an interactive figure, one slider a name.

    frame: function of the slider values; returns a list with one dict a panel, from label to `(xs, ys)`, or to
        `(xs, ys, texts)` for writing, and the readout: one sentence that says what is seen. Every frame has the
        same labels. A label that starts with "_" is left out of the key.
    panels: list of dicts with `xlim`, `ylim` and, optionally, `title`, `xlabel`, `ylabel`, `yscale="log"`,
        `axes=False`.
    dots: labels drawn as dots, not as lines. start: dict of first slider values; the first of each by default.
    grid: name=list of values (numbers or strings). Returns an `IPython.display.HTML`.
    Raises ValueError for an empty grid, a start value that is not on it, limits in the wrong order, dots that are
    no labels, frames with different labels or with points that cannot be drawn; TypeError for other mistakes.
    """
    from IPython.display import HTML

    grid = {name: _values(name, values) for name, values in grid.items()}
    panels = checks.listed("panels", panels, "dicts")
    dots = dots if isinstance(dots, str) else checks.listed("dots", dots, "labels")
    start = {name: values[0] for name, values in grid.items()} | (start or {})
    _check(frame, panels, dots, grid, start)
    parts, frames, labels = {}, [], None
    for setting in itertools.product(*grid.values()):
        setting = dict(zip(grid, setting, strict=True))
        try:
            found, row, readout = _row(frame, setting, panels, dots)
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(f"frame({setting}) fails or cannot be drawn: {error}") from error
        if labels is None:
            labels = found
        elif found != labels:
            raise ValueError(f"frame({setting}) has other labels than the first frame: {found}")
        frames.append([parts.setdefault(part, len(parts)) for part in [*row, readout]])
        if setting == start:
            first = row, readout
    if missing := set(dots) - {label for _, label, _ in labels}:
        raise ValueError(f"dots names {sorted(missing)}, which no frame has")
    return HTML(_page(panels, labels, dots, grid, start, first, list(parts), frames))


def _page(panels, labels, dots, grid, start, first, parts, frames):
    """The whole figure as one HTML fragment that shows its first frame also where scripts do not run."""
    names = list(dict.fromkeys(label for _, label, is_text in labels if not is_text))
    style = {n: f"{'p' if n in dots else 's'} s{i % 5}" for i, n in enumerate(names)}
    marks = [""] * len(panels)
    for (i, label, is_text), part in zip(labels, first[0], strict=True):
        marks[i] += (
            f"<g data-mark>{part}</g>" if is_text else f'<path data-mark class="{style[label]}" d="{part}"/>'
        )
    data = {
        "names": [[_number(v) for v in values] for values in grid.values()],
        "parts": parts,
        "frames": frames,
    }
    return "".join(
        [
            f'<figure class="d2l-explore"><style>{CSS}</style><div class="panels">',
            *[_axes(panel, mark) for panel, mark in zip(panels, marks, strict=True)],
            '</div><div class="keys">',
            *[_key(n, style[n], n in dots) for n in names if not n.startswith("_")],
            "</div>",
            *[_control(name, values, start[name]) for name, values in grid.items()],
            f'<figcaption aria-live="polite">{html.escape(first[1])}</figcaption>',
            '<script type="application/json">',
            json.dumps(data, separators=(",", ":")).replace("</", "<\\/"),
            f"</script><script>{SCRIPT}</script></figure>",
        ]
    )
