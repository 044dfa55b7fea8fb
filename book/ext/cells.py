"""What notebook cells need beyond MyST-NB: counts on checks, folded solutions, figures that keep their place."""

import functools
import re

import nbformat
from docutils import nodes

from book import prove
from book.words import words


@functools.cache
def known():
    """Return what is proved of each check, by chapter and cell."""
    return prove.report()


def count_redraws(app, doctree):
    """Say on each check in how many runs with other seeds it passed, where they were made."""
    file = app.env.doc2path(app.env.docname)
    chapter = known().get(app.env.docname.split("/")[-1])
    if chapter is None or not file.endswith(".ipynb"):
        return
    ids = [cell.id for cell in nbformat.read(file, as_version=4).cells]
    for cell in doctree.findall(nodes.container):
        found = chapter.get(ids[cell["cell_index"]]) if "tag_check" in cell.get("classes", []) else None
        if found and found["redraws"]:
            said = words(app.config.language)["redraws"].format(
                passed=found["redraws_passed"], redraws=found["redraws"]
            )
            cell.insert(0, nodes.raw("", f'<span class="redraws">{said}</span>', format="html"))


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


def mend_html(app, pagename, templatename, context, doctree):
    """Write image sizes as attributes, so that no page jumps when figures arrive; let a summary name itself."""
    size = r'style="width: (\d+)(?:\.\d+)?px; height: (\d+)(?:\.\d+)?px;"'
    body = re.sub(size, r'width="\1" height="\2"', context.get("body", ""))
    context["body"] = body.replace(' aria-label="Toggle hidden content"', "")


def setup(app):
    app.connect("doctree-read", count_redraws)
    app.connect("doctree-read", fold_solutions)
    app.connect("html-page-context", mend_html)
    return {"parallel_read_safe": True}
