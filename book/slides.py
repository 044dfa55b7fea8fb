"""Write slides: `make slides` writes a deck for each chapter to _build/slides/, and the site offers them.

A deck is what the notebook of a chapter tags with Jupyter's own `slideshow` metadata, and nothing else:
`slide_type` "slide" begins a slide, "-" adds to it, "fragment" adds what a key press shows. The question on top
is the nearest heading. `show` says what a slide takes of a cell: of a text its blocks (paragraph, list, table,
formula) by number or its sentences, "0 2.1" for the first block and the second sentence of the third; of code
"code" or "output". Where it is missing, a folded cell gives its output, others both. A figure has its caption
unless its slide has words; in another edition always, for there it says what the English words in it mean.

Each edition has a deck of its own. A Chinese cell takes its place in it from the English one, and says itself what
`show` of its text is: book/editions.py compares the two, and a change of one makes the other stale.

nbconvert writes the decks, with reveal.js: both are there already or small, kept by others, and need no program
beside Python and Node. A deck is one file that holds all it needs: formulas are drawn by KaTeX, as on the site.
"""

import base64
import copy
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
import sphinxcontrib.katex as katex
from jinja2 import pass_context
from nbconvert import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat.v4 import new_markdown_cell, new_notebook

from book.execute import FOLDED
from book.ext import math
from book.lighten import drop_letters
from book.needs import NODE_MODULES
from book.path import paths, read
from book.texts import chosen
from book.toc import ROOT, editions, load

SLIDES = ROOT / "_build/slides"
TEMPLATES = ROOT / "book/templates"
JOINED = re.compile(r"(?<![$\\])\$[^$\n]+\$[,.;:!?)，。；：？！）、”]+")  # a line must not begin with the sign


class Renderer(IPythonRenderer):
    """Markdown whose formulas are drawn already."""

    def inline_math(self, body):
        return katex.render_latex(body, {"displayMode": False})

    def block_math(self, body):
        return katex.render_latex(body, {"displayMode": True})


class Exporter(SlidesExporter):
    """nbconvert's slides, in our template."""

    @pass_context
    def markdown2html(self, context, source):
        return MarkdownWithMath(renderer=Renderer(escape=False, exclude_anchor_links=True)).render(source)


def groups(notebook):
    """Return the slides of a chapter as pairs: the nearest heading, in its first cell or above, and its cells."""
    heading, found = "", []
    for cell in notebook.cells:
        headings = re.findall(r"(?m)^#+ (.+)$", cell.source) if cell.cell_type == "markdown" else []
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if kind == "slide":
            found.append((headings[-1] if headings else heading, [cell]))
        elif kind:
            found[-1][1].append(cell)
        heading = headings[-1] if headings else heading
    return found


def text(source, kind="-", tag="text"):
    """Return a cell of a deck with words in it; its tag is a class of our style sheet."""
    source = JOINED.sub(r'<span class="joined">\g<0></span>', source)
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": kind}, "tags": [tag]})


def shown(cell, kind, caption):
    """Return the cells of a deck for a cell of code: its code, its output or both, and the caption of a figure."""
    cell, figure = copy.deepcopy(cell), cell.metadata.get("mystnb", {})
    folded = FOLDED & set(cell.metadata.get("tags", []))
    show = cell.metadata.slideshow.get("show", "output" if folded else "both")
    hidden = {"remove_source": show == "output"}
    cell.metadata = nbformat.from_dict({"slideshow": {"slide_type": kind}, "transient": hidden})
    cell.outputs = [] if show == "code" else cell.outputs
    for output in cell.outputs:
        if "image/png" in output.get("data", {}):
            output.metadata["image/png"] = {"alt": figure["image"]["alt"]}
    return [cell, text(figure["figure"]["caption"], tag="caption")] if caption and "figure" in figure else [cell]


def deck(notebook, source, captions=False):
    """Return a deck as a notebook: each slide is its heading, then what the cells of the chapter give it."""
    cells = []
    for place, (heading, group) in enumerate(groups(notebook)):
        cells.append(text(f"{'##' if place else '#'} {heading}", "slide"))
        worded = any(cell.cell_type == "markdown" for cell in group)
        for cell in group:
            kind = "-" if cell is group[0] else cell.metadata.slideshow.slide_type
            if cell.cell_type == "markdown":
                cells.append(text(chosen(cell.source, cell.metadata.slideshow.show), kind))
            else:
                cells += shown(cell, kind, caption=captions or not worded)
        if not place:
            cells.append(text(source, tag="source"))
    return new_notebook(cells=cells)


def styles(letters):
    """Return the style sheets of a deck, with the fonts of formulas in them, reduced to some letters."""
    reveal, formulas = NODE_MODULES / "reveal.js/dist/reveal.css", NODE_MODULES / "katex/dist"
    with tempfile.TemporaryDirectory() as name:
        fonts = Path(name)
        for file in formulas.glob("fonts/*.woff2"):
            shutil.copy(file, fonts)
        drop_letters(fonts, letters)

        def embedded(found):
            content = base64.b64encode((fonts / found[1]).read_bytes()).decode()
            return f'src:url(data:font/woff2;base64,{content}) format("woff2")'

        css = (formulas / "katex.min.css").read_text(encoding="utf-8")
        css = re.sub(r"src:url\(fonts/([\w-]+\.woff2)\)[^}]*", embedded, css)
    ours = TEMPLATES / "slides/slides.css"
    return [reveal.read_text(encoding="utf-8"), css, ours.read_text(encoding="utf-8")]


def write(language, folder, names=()):
    """Write the decks of an edition, or of the chapters named, to a folder (Path); returns their files."""
    math.prepare()
    math.start_server()
    address = f"{load('_config.yml')['html']['baseurl']}{language}/"
    exporter = Exporter(template_name="slides", extra_template_basedirs=[str(TEMPLATES)],
                        exclude_input_prompt=True, exclude_output_prompt=True)  # fmt: skip
    decks = {}
    for number, file in enumerate(paths(language), 1):
        if not names or file.stem in names:
            title = read(file).cells[0].source.splitlines()[0].removeprefix("# ")
            source = f"d2lmini, {number} · {address}{file.stem}.html · CC BY 4.0"
            notebook = deck(read(file), source, captions=language != "en")
            about = {"deck": {"language": language, "title": title}}
            decks[file.stem], _ = exporter.from_notebook_node(notebook, about)
    letters = set("".join(decks.values()))
    css = "\n".join(f"<style>{style}</style>" for style in styles(letters))
    script = f"<script>{(NODE_MODULES / 'reveal.js/dist/reveal.js').read_text(encoding='utf-8')}</script>"
    folder.mkdir(parents=True, exist_ok=True)
    for name, html in decks.items():
        html = html.replace("<!-- styles -->", css).replace("<!-- reveal.js -->", script)
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return [folder / f"{name}.html" for name in decks]


def main(names):
    """Write the decks of every edition to _build/slides."""
    for language in editions():
        for file in write(language, SLIDES / language, names):
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
