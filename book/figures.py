"""Write figures for lecturers: `make figures CHAPTER=mlp` runs a chapter once more and keeps each figure it draws.

_build/figures/LANGUAGE/CHAPTER/ gets every figure as SVG, as it is drawn now, and as the PNG at twice the
size that the notebook has stored, and a page that shows them with their captions. The next build puts the
folder on the site.
"""

import base64
import re
import sys
from html import escape

import nbformat
from nbclient import NotebookClient

from book.toc import ROOT, editions, notebooks

FIGURES = ROOT / "_build/figures"
VECTORS = "from matplotlib_inline.backend_inline import set_matplotlib_formats as f; f('svg', 'retina')"
PAGE = """<!DOCTYPE html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><style>
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ background: #fff; color: #222; }}
figure {{ margin: 2rem 0; }} img {{ max-width: 100%; }}
</style></head><body><h1>{title}</h1>
<p>d2lmini, <a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a></p>
{figures}
</body></html>
"""
FIGURE = """<figure><img src="{name}.png" alt="{alt}" loading="lazy">
<figcaption>{caption}<br><a href="{name}.svg" download>SVG</a> · <a href="{name}.png" download>PNG</a></figcaption>
</figure>"""


def drawn(file):
    """Run a chapter (Path) and return each figure that it draws, as SVG (text) by the name of its cell."""
    notebook = nbformat.read(file, as_version=4)
    setup = next(cell for cell in notebook.cells if "use_style(" in cell.get("source", ""))
    setup.source += "\n" + VECTORS
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": file.parent}}).execute()
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if "image/svg+xml" in output.get("data", {}):
                found[cell.id] = output.data["image/svg+xml"]
    return found


def plain(text):
    """Return a caption without Markdown and TeX: a short formula reads well without its signs."""
    return re.sub(r"\\(?:mathbf|boldsymbol|mathsf|operatorname)|[$*{}`\\]", "", text)


def write(file, vectors):
    """Write the figures of a chapter and the page that shows them; returns its path."""
    notebook, folder = nbformat.read(file, as_version=4), FIGURES / file.parent.name / file.stem
    folder.mkdir(parents=True, exist_ok=True)
    figures = []
    for cell in notebook.cells:
        png = next(
            (o.data["image/png"] for o in cell.get("outputs", []) if "image/png" in o.get("data", {})), None
        )
        if png:
            about = cell.metadata.mystnb
            (folder / f"{cell.id}.png").write_bytes(base64.b64decode(png))
            (folder / f"{cell.id}.svg").write_text(vectors[cell.id], encoding="utf-8")
            caption, alt = plain(about.figure.caption), about.image.alt
            figures.append(FIGURE.format(name=cell.id, alt=escape(alt), caption=escape(caption)))
    title = escape(notebook.cells[0].source.splitlines()[0].removeprefix("# "))
    page = PAGE.format(language=file.parent.name, title=title, figures="\n".join(figures))
    (folder / "index.html").write_text(page, encoding="utf-8")
    return folder / "index.html"


def main(names):
    """Write the figures of the chapters named, or of all; code is run once for all editions."""
    for file in notebooks("en"):
        if not names or file.stem in names:
            vectors = drawn(file)
            for language in editions():
                place = write(ROOT / f"chapters/{language}/{file.name}", vectors)
                print(f"{place.relative_to(ROOT)}: {len(vectors)} figures")


if __name__ == "__main__":
    main(sys.argv[1:])
