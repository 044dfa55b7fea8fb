"""Where a line must not end: between a formula and its punctuation, or between a number and its per cent sign."""

import re

from docutils import nodes

OPENING, CLOSING = re.compile(r"[(\[“‘（「]+$"), re.compile(r"(?:[-’]\w+)?[^\w\s(\[“‘（「]*")


def join_formulas(app, doctree, docname):
    """Put a formula and the punctuation at it into one element: between them, a browser would end a line."""
    for node in list(doctree.findall(nodes.math)):
        line, i = node.parent, node.parent.index(node)
        before, after = nodes.Text(""), nodes.Text("")
        if i > 0 and isinstance(line[i - 1], nodes.Text) and (found := OPENING.search(line[i - 1])):
            before, line[i - 1] = nodes.Text(found[0]), nodes.Text(line[i - 1][: found.start()])
        if i + 1 < len(line) and isinstance(line[i + 1], nodes.Text) and (found := CLOSING.match(line[i + 1])):
            after, line[i + 1] = nodes.Text(found[0]), nodes.Text(line[i + 1][found.end() :])
        if before or after:
            line[i] = nodes.inline("", "", before, node, after, classes=["unbroken"])


def join_per_cent(app, doctree, docname):
    """Make the space between a number and its per cent sign a hard one, in prose."""
    for text in list(doctree.findall(nodes.Text)):
        if re.search(r"\d %", text) and isinstance(text.parent, (nodes.paragraph, nodes.emphasis, nodes.strong)):
            text.parent.replace(text, nodes.Text(re.sub(r"(\d) %", "\\1\N{NO-BREAK SPACE}%", text)))


def setup(app):
    app.connect("doctree-resolved", join_formulas)
    app.connect("doctree-resolved", join_per_cent)
    return {"parallel_read_safe": True}
