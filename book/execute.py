"""Run chapters in a fresh kernel and store clean outputs: `python -m book.execute chapters/en/mlp.ipynb`."""

import base64
import io
import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

from book.words import words

FOLDED = {"solution", "check", "hide-input"}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def lighter(png):
    """The same picture (base64 text) in 256 colours: a third of the size, and no difference to the eye."""
    small = io.BytesIO()
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return base64.b64encode(small.getvalue()).decode()


def guessed(cells, said):
    """Return the numbers of the code cells between a question to guess and its folded answer."""
    found, waiting = [], False
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            asked, answered = (cell.source.rfind(mark) for mark in (f"**{said['guess']}", "<details><summary>"))
            waiting = asked > answered or (waiting and answered < 0)
        elif waiting:
            found.append(number)
    return found


def fold(notebook, said):
    """Fold code that only draws or checks, outputs that answer a question, and solutions with what they print.

    Colab cannot hide an output, and JupyterLab shows it again when it is run. Both fold what stands under a
    heading, so a solution has one. The site, which folds by the tags, leaves that heading out.
    """
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    headings, answers = [], guessed(notebook.cells, said)
    for number, cell in enumerate(notebook.cells):
        tags = set(cell.metadata.get("tags", []))
        if "remove-cell" in tags:
            headings.append(cell.id)  # Colab knows a cell by an id in its metadata
            cell.metadata |= {"id": cell.id, "jp-MarkdownHeadingCollapsed": True}
        if number in answers and "check" not in tags:
            cell.metadata["jupyter"] = {"outputs_hidden": True}
        if tags & FOLDED:
            cell.metadata["jupyter"] = cell.metadata.get("jupyter", {}) | {"source_hidden": True}  # JupyterLab
            cell.metadata["cellView"] = "form"  # Colab
        if "solution" in tags:  # for viewers that shut no headings
            cell.metadata["jupyter"]["outputs_hidden"] = True
    if headings:
        notebook.metadata["colab"] = {"collapsed_sections": headings}


def clean(notebook, said):
    """Drop what differs from run to run (timings, versions, paths), and fold what `fold` names."""
    fold(notebook, said)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.pop("transient", None)
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = lighter(output.data["image/png"])
            if output.output_type == "error":  # the message is the lesson; a traceback names local paths
                output.traceback = [f"{output.ename}: {output.evalue}"]


def execute(path):
    """Execute one notebook in place; it is written only when every cell did what its tags say."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": path.parent}}, coalesce_streams=True
    )
    client.execute()
    clean(notebook, words(path.parent.name))
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                raise SystemExit(f"{path}: cell {cell.id} wrote to stderr:\n{output.text}")
    partial = path.with_suffix(".partial")
    nbformat.write(notebook, partial)
    partial.replace(path)


def main(arguments):
    os.environ.setdefault("TQDM_DISABLE", "1")
    for name in arguments:
        start = time.perf_counter()
        execute(Path(name))
        print(f"{name}: {time.perf_counter() - start:.1f} s, {Path(name).stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main(sys.argv[1:])
