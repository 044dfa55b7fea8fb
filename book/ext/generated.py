"""The pages that nobody writes: what was proved of each chapter, what a reader can take along, and the lab."""

import json
import re
from html import escape
from importlib.metadata import version
from pathlib import Path

import nbformat

from book import prove
from book.ext.cells import known, stored
from book.figures import FIGURES
from book.path import counts as counts_of
from book.path import minutes, paths, read
from book.toc import ROOT, kind, notebooks
from book.words import words

PACKAGES = ("torch", "numpy", "matplotlib", "jupyter-book", "nbval")


def table(header, rows):
    """Return an HTML table; the first column names its row."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    return (
        '<div class="pst-scrollable-table-container"><table class="table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def counts(notebook, known, heading):
    """Return what there is in a notebook and what is known of it: a row of the first table."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    seeds = [int(n) for n in re.findall(r"\bseeds?(?: in|=| =) ?range\((\d+)\)", code)]
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    exercises = text.split(f"## {heading}\n")[-1]
    holding = sum(check["redraws_passed"] >= prove.ENOUGH for check in known.values())
    caught, recorded = (sum(check[k] for check in known.values()) for k in ("breaks_caught", "breaks"))
    numbers = re.findall(r"(?m)^### \w+ (\d+) ★", exercises)
    return len(known), holding, f"{caught} / {recorded}", max(seeds, default=1), len(numbers)


def title(notebook):
    """Return the title of a notebook."""
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def status(said, files):
    """Return the body of the status page."""
    heading, said = said["chapter"]["exercises"], said["status"]
    proved = {stem: entry["reproduced"] for stem, entry in stored()["chapters"].items() if entry["reproduced"]}
    rows, names = [], {}
    for file in files:
        notebook = nbformat.read(file, as_version=4)
        names[file.stem] = title(notebook)
        seconds = min((entry["seconds"] for entry in proved.get(file.stem, {}).values()), default=None)
        link = f'<a href="{file.stem}.html">{escape(names[file.stem])}</a>'
        found = counts(notebook, known()[file.stem], heading)
        rows.append([link, *found, "" if seconds is None else f"{seconds:.0f}"])
    variants = list(prove.VARIANTS)
    outcomes = {(stem, name): entry["passed"] for stem in proved for name, entry in proved[stem].items()}
    outcome = {True: said["passed"], False: said["failed"], None: said["unknown"]}
    names[prove.PACKAGE] = said["package"]
    grid = [[names[stem], *(outcome[outcomes.get((stem, name))] for name in variants)] for stem in names]
    broken = [re.sub("([_=])", r"\1<wbr>", name) for name in variants]  # where a line may end
    processors = [[p["name"], p["units"], p["torch"], p["date"]] for p in stored()["processors"].values()]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"<p>{said['counts']}</p>{table(said['columns'], rows)}"
        f"<p>{said['variants']}</p>{table([said['columns'][0], *broken], grid)}"
        f"<p>{said['processors']}</p>{table(said['processor'], processors)}"
        f"<p>{said['versions']} {versions}</p>"
    )


def size(file):
    """Return how large a file (Path) is, for readers: "(3.3 MB)"; nothing where there is none."""
    if not file.exists():
        return ""
    n = file.stat().st_size
    return f" ({n / 1e6:.1f} MB)" if n >= 1e6 else f" ({n / 1e3:.0f} KB)"


def offers(said, file):
    """Yield links to a chapter as a notebook, to its slides, and to its figures where they were made."""
    yield f'<a href="_sources/{file.name}" download>{escape(title(read(file)))}</a>{size(file)}'
    if file in paths(file.parent.name):
        yield f'<a href="slides/{file.stem}.html">{said["slides"]}</a>'
    if (FIGURES / file.parent.name / file.stem).exists():
        yield f'<a href="figures/{file.stem}/index.html">{said["figures"]}</a>'


def downloads(said, files):
    """Return the body of the page of downloads."""
    language, said = files[0].parent.name, said["downloads"]
    archive, pdf = ROOT / f"_build/d2lmini-{language}.zip", ROOT / f"_build/pdf/d2lmini-{language}.pdf"
    items = [f'<a href="d2lmini.zip">{said["zip"]}</a>{size(archive)}<br>{said["unpack"]}']
    there = f'<a href="d2lmini.pdf">{said["pdf"]}</a>{size(pdf)}<br>{said["read"]}'
    items.append(there if pdf.exists() else said["no_pdf"])
    links = "".join(f"<li>{said['between'].join(offers(said, file))}</li>" for file in files)
    items.append(f"{said['chapters']}<ul>{links}</ul>")
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def lab(said, files):
    """Return the body of the lab: words and experiments, for the script in book/lab, which does the rest."""
    said, presets = said["lab"], json.loads((ROOT / "book/lab/presets.json").read_text(encoding="utf-8"))
    given = json.dumps({"words": said, "presets": presets}, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'<link rel="stylesheet" href="_static/lab/lab.css"/><div id="lab-intro"><p>{said["intro"]}</p>'
        f"<details><summary>{said['about']}</summary><p>{said['not']}</p></details></div>"
        f'<div id="lab"><p>{said["script"]}</p></div>'
        f'<script type="application/json" id="lab-data">{given}</script>'
        '<script type="module" src="_static/lab/lab.js"></script>'
    )


def needs(file, opening):
    """Return the chapters that one says it needs, where it opens: their names."""
    text = next(block for block in read(file).cells[0].source.split("\n\n") if block.startswith(f"**{opening}"))
    return set(re.findall(r"\]\(([\w-]+)\.ipynb\)", text))


def ranks(known):
    """Return how many rows down each chapter stands, and the arrows, without those that others imply."""
    behind, rank = {}, {}
    for name, before in known.items():  # in the order of the book, so what is needed comes first
        behind[name] = before.union(*(behind[other] for other in before))
        rank[name] = max((rank[other] + 1 for other in before), default=0)
    arrows = [(other, name) for name, before in known.items() for other in sorted(before)
              if not any(other in behind[third] for third in before)]  # fmt: skip
    for name in reversed(known):  # close to the chapter that needs it
        rank[name] = min((rank[end] - 1 for start, end in arrows if start == name), default=rank[name])
    return rank, arrows


def book_map(said, files):
    """Return the body of the map: a box for each chapter, below those it needs, with arrows from them."""
    chapters = [file for file in files if kind(file) == "chapter"]
    rank, arrows = ranks({file.stem: needs(file, said["chapter"]["opening"]) for file in chapters})
    rows = [[name for name in rank if rank[name] == row] for row in range(max(rank.values()) + 1)]
    place = {
        name: ((2 * i + 1) / (2 * len(row)), STEP * j) for j, row in enumerate(rows) for i, name in enumerate(row)
    }
    for j, row in enumerate(rows):
        if any(rank[start] < j < rank[end] for start, end in arrows):  # it makes room for an arrow that goes on
            below = [place[end][0] for start, end in arrows if start == row[0]]
            place[row[0]] = (sum(below) / len(below), STEP * j)
    lines, boxes = "", ""
    for start, end in arrows:
        (x1, y1), (x2, y2) = place[start], place[end]
        lines += f'<line x1="{x1:.1%}" y1="{y1 + BOX}" x2="{x2:.1%}" y2="{y2 - 3}" marker-end="url(#arrow)"/>'
    for number, file in enumerate(chapters, 1):
        x, y = place[file.stem]
        name = escape(re.split("[:：,，]| and ", title(read(file)))[0])
        time = said["minutes"].format(n=minutes(counts_of(ROOT / "chapters/en" / file.name), "reader"))
        width = min(46, 94 // len(rows[rank[file.stem]]))
        style = f"left: {x:.1%}; top: {y}px; width: {width}%; height: {BOX}px"
        boxes += f'<a href="{file.stem}.html" style="{style}"><b>{number}. {name}</b><small>{time}</small></a>'
    head = '<marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    drawing = f'<svg aria-hidden="true"><defs>{head}<path d="M0 0 8 4 0 8z"/></marker></defs>{lines}</svg>'
    height = STEP * (len(rows) - 1) + BOX
    return f'<p>{said["map"]}</p><div class="map" style="height: {height}px">{drawing}{boxes}</div>'


BOX, STEP = 74, 110  # pixels: how high a box is, and how far below one the next one stands
MAKERS = {"lab": lab, "map": book_map, "status": status, "downloads": downloads}


def pages(app):
    """Give Sphinx each generated page."""
    if app.builder.name == "html":
        said, language = words(app.config.language), Path(app.srcdir).name
        for name, (heading, description) in said["pages"].items():
            body = f"<h1>{heading}</h1>{MAKERS[name](said, notebooks(language))}"
            yield name, {"title": heading, "description": description, "body": body}, "page.html"


def setup(app):
    app.connect("html-collect-pages", pages)
    return {"parallel_read_safe": True}
