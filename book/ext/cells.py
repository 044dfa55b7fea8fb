"""What notebook cells need beyond MyST-NB: folded solutions, and figures that keep their place while they load."""

import re

from docutils import nodes

SUMMARY = {"zh_CN": "解答"}  # elsewhere "Solution"


def is_solution(node):
    """Tell whether a node of the document is a cell tagged `solution`."""
    return isinstance(node, nodes.Element) and "tag_solution" in node.get("classes", [])


def fold_solutions(app, doctree):
    """Wrap each run of neighbouring cells tagged `solution` in one <details>."""
    opening = f'<details class="solution"><summary>{SUMMARY.get(app.config.language, "Solution")}</summary>'
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
    app.connect("doctree-read", fold_solutions)
    app.connect("html-page-context", mend_html)
    return {"parallel_read_safe": True}
