"""What notebook cells need beyond MyST-NB: folded checks and solutions, figures that keep their place."""

import functools
import re
from pathlib import Path

import nbformat
from docutils import nodes

from book import prove
from book.execute import guessed
from book.ext.links import permalink
from book.toc import ROOT, load
from book.words import words

stored = functools.cache(prove.stored)


@functools.cache
def known():
    """Return what is proved of each check, by chapter and cell."""
    return prove.report(stored())


def fold_checks(app, doctree):
    """Show of each check one line that opens it: how many statements it makes, how many redraws it passed."""
    file = app.env.doc2path(app.env.docname)
    if not file.endswith(".ipynb"):
        return
    said, chapter = words(app.config.language), known().get(app.env.docname.split("/")[-1], {})
    cells = nbformat.read(file, as_version=4).cells
    for node in list(doctree.findall(nodes.container)):
        if "tag_check" in node.get("classes", []):
            cell = cells[node["cell_index"]]
            line = html(said["proof"], n=statements(cell.source))
            found = chapter.get(cell.id)
            if found and found["redraws"]:
                line += said["redraws"].format(passed=found["redraws_passed"], redraws=found["redraws"])
            siblings, place = node.parent, node.parent.index(node)
            name = f"cell-{cell.id}"
            node["ids"] = [other for other in node["ids"] if other != name]  # the line has it: it is always there
            opening = f'<div class="proof" id="{name}"><details><summary>{line}</summary>'
            siblings.insert(
                place + 1, nodes.raw("", f"</details>{permalink(name, said['check'])}</div>", format="html")
            )
            siblings.insert(place, nodes.raw("", opening, format="html"))


def statements(source):
    """Return how many assertions stand in the source of a cell."""
    return len(re.findall(r"(?m)^\s*assert\b", source))


def html(forms, n):
    """Return a phrase with a number in it; `forms` are those of one thing and of several."""
    return forms[n > 1].format(n=n)


def is_solution(node):
    """Tell whether a node of the document is a cell tagged `solution`."""
    return isinstance(node, nodes.Element) and "tag_solution" in node.get("classes", [])


def fold_solutions(app, doctree):
    """Wrap each run of neighbouring cells tagged `solution` in one <details>."""
    opening = f'<details class="solution"><summary>{words(app.config.language)["solution"]}</summary>'
    for cell in list(doctree.findall(is_solution)):
        siblings, place = cell.parent, cell.parent.index(cell)
        if place + 1 == len(siblings) or not is_solution(siblings[place + 1]):
            siblings.insert(place + 1, nodes.raw("", "</details>", format="html"))
        if place == 0 or not is_solution(siblings[place - 1]):
            siblings.insert(place, nodes.raw("", opening, format="html"))


def fold_setup(app, doctree):
    """Fold a page's first cell, which imports; and leave out what only this book's own linter reads in code."""
    file = app.env.doc2path(app.env.docname)
    cells = nbformat.read(file, as_version=4).cells if file.endswith(".ipynb") else []
    for node in list(doctree.findall(nodes.container)):
        if node.get("nb_element") == "cell_code":
            for block in node.findall(nodes.literal_block):
                block.rawsource = LINTER.sub("", block.astext())  # Sphinx colours code that is its own source
                block[:] = [nodes.Text(block.rawsource)]
            if cells[node["cell_index"]].id == "setup":
                said = words(app.config.language)
                titles = [f'<p class="{look} admonition-title">{said[word]}</p>' for look, word in SETUP.items()]
                opening = f'<details class="admonition hide above-input"><summary>{"".join(titles)}</summary>'
                node.insert(0, nodes.raw("", opening, format="html"))
                node.append(nodes.raw("", "</details>", format="html"))


def is_output(node):
    """Tell whether a node of the document is the output of a cell, and nothing that a reader works with."""
    output = isinstance(node, nodes.Element) and "cell_output" in node.get("classes", [])
    return output and "d2l-explore" not in str(node)


def open_stubs(app, doctree):
    """Put a way to Colab in the place of a stub's output, which says that nobody has tried it."""
    file = Path(app.env.doc2path(app.env.docname))
    if file.suffix != ".ipynb":
        return
    cells, book = nbformat.read(file, as_version=4).cells, load("_config.yml")
    place = f"{book['repository']['url'].removeprefix('https://github.com/')}/blob/{book['repository']['branch']}"
    notebook = f"{book['launch_buttons']['colab_url']}/github/{place}/{file.relative_to(ROOT).as_posix()}"
    for node in list(doctree.findall(nodes.container)):
        if "tag_exercise" in node.get("classes", []) and prove.JUDGE in cells[node["cell_index"]].source:
            for output in list(node.findall(is_output)):
                output.parent.remove(output)
            way = f"{notebook}#scrollTo={cells[node['cell_index']].id}"
            said = f'<p class="try"><a href="{way}">{words(app.config.language)["try"]}</a></p>'
            node.parent.insert(node.parent.index(node), nodes.raw("", said, format="html"))


def fold_guesses(app, doctree):
    """Fold what answers a question until the reader has guessed: see book.execute.guessed."""
    file = app.env.doc2path(app.env.docname)
    if not file.endswith(".ipynb"):
        return
    said = words(app.config.language)
    answers = guessed(nbformat.read(file, as_version=4).cells, said)
    for node in list(doctree.findall(nodes.container)):
        if node.get("cell_index") in answers and "tag_check" not in node.get("classes", []):
            for output in list(node.findall(is_output)):
                siblings, place = output.parent, output.parent.index(output)
                siblings.insert(place + 1, nodes.raw("", "</details>", format="html"))
                opening = f'<details class="guess"><summary>{said["reveal"]}</summary>'
                siblings.insert(place, nodes.raw("", opening, format="html"))


SETUP = {"collapsed": "setup", "expanded": "hide"}  # as MyST-NB folds a cell
LINTER = re.compile(r"(?m) *# (?:fmt: skip|noqa: \w+)$")
PICTURE = re.compile(r"\b(imshow|images)\(")  # draws data as shades


def keep_pictures(app, doctree):
    """Give the class `picture` to each cell whose figure would be false with light and dark turned around."""
    file = app.env.doc2path(app.env.docname)
    cells = nbformat.read(file, as_version=4).cells if file.endswith(".ipynb") else []
    shades = words(app.config.language)["shades"]
    for node in list(doctree.findall(nodes.container)):
        if node.get("nb_element") == "cell_code":
            cell = cells[node["cell_index"]]
            if PICTURE.search(cell.source) or re.search(shades, str(cell.metadata.get("mystnb", ""))):
                node["classes"].append("picture")


def mend_html(app, pagename, templatename, context, doctree):
    """Write image sizes as attributes, so that no page jumps when figures arrive; let a summary name itself.

    The still picture before a slider figure is for viewers without scripts: here its first frame shows anyway.
    """
    size = r'style="width: (\d+)(?:\.\d+)?px; height: (\d+)(?:\.\d+)?px;"'
    body = re.sub(size, r'width="\1" height="\2"', context.get("body", ""))
    body = re.sub(r'<div class="d2l-still">.*?</div>(<figure class="d2l-explore") hidden="hidden">', r"\1>", body)
    context["body"] = body.replace(' aria-label="Toggle hidden content"', "")


def setup(app):
    app.connect("doctree-read", fold_checks)
    app.connect("doctree-read", fold_solutions)
    app.connect("doctree-read", fold_setup)
    app.connect("doctree-read", open_stubs)
    app.connect("doctree-read", fold_guesses)
    app.connect("doctree-read", keep_pictures)
    app.connect("html-page-context", mend_html)
    return {"parallel_read_safe": True}
