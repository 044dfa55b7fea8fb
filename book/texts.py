"""A page as the texts that each edition has of its own: Markdown cells, what a slide shows of them, figures."""

import re

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook

PLACE = re.compile(r"(?m)^%%%% (\S+)[ \t]*\n")
HASH = re.compile(r"\s*<!-- renders (\w*) -->\s*$")  # a Markdown page ends with it
ADDRESS = r"(?:https?:|[\w-]+\.(?:ipynb|md|py)|#)[^()\s]*(?:\([^()]*\)[^()\s]*)*"
LINK = re.compile(rf"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\({ADDRESS}\)")
SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z(*`$\"])|(?<=[。？！])(?![”）]|\s*$)|(?<=[。？！][”）])(?!\s*$)")
OPTION = re.compile(r"\s+(?=\([a-e]\) )|(?<=[。？；])(?=（[a-e]）)")  # of a question to guess


def parse(text, suffix):
    """Return a page as a notebook; a Markdown page is a notebook with the one cell "page"."""
    if suffix == ".ipynb":
        return nbformat.reads(text, as_version=4)
    stored = {"renders": found[1]} if (found := HASH.search(text)) else {}
    return new_notebook(cells=[new_markdown_cell(HASH.sub("", text).strip(), id="page", metadata=stored)])


def read(file):
    """Return a page (Path) as a notebook: an empty one where there is no such file."""
    return parse(file.read_text(encoding="utf-8"), file.suffix) if file.exists() else new_notebook()


def dump(notebook, suffix):
    """Return what the file of a page holds."""
    if suffix == ".ipynb":
        return nbformat.writes(notebook) + "\n"
    [page] = notebook.cells
    return f"{page.source}\n\n<!-- renders {page.metadata.renders} -->\n"


def write(notebook, file):
    """Write a page (Path), all of it or nothing."""
    text, partial = dump(notebook, file.suffix), file.with_suffix(".partial")
    file.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)


def parts(cell):
    """Return the texts of a cell that each edition has in its own language, by name."""
    if cell.cell_type == "markdown":
        show = cell.metadata.get("slideshow", {}).get("show")  # sentences by number: book/slides.py
        return {cell.id: cell.source} | ({f"{cell.id}/show": show} if show else {})
    figure = cell.metadata.get("mystnb")
    return {f"{cell.id}/caption": figure.figure.caption, f"{cell.id}/alt": figure.image.alt} if figure else {}


def put(cell, said):
    """Give a cell other texts, as many as `parts` has."""
    if cell.cell_type == "markdown":
        cell.source, *show = said
        if show:
            [cell.metadata.slideshow.show] = show
    else:
        cell.metadata.mystnb.figure.caption, cell.metadata.mystnb.image.alt = said


def written(notebook):
    """Return the cells of a page that hold such texts, by id."""
    return {cell.id: cell for cell in notebook.cells if parts(cell)}


def printed(notebook):
    """Return the code of a page and what it prints, which a text may speak of."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    shown = [output.get("text", output.get("data", {}).get("text/html", "")) for output in outputs]
    return "\n".join([cell.source for cell in code] + shown)


def split(file):
    """Return the texts in a file (Path) by name; ValueError where it is not in the form that `give` prints."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".md":
        return {"page": HASH.sub("", text).strip()}
    head, *pieces = PLACE.split(text)
    twice = {name for name in pieces[::2] if pieces[::2].count(name) > 1}
    if head.strip() or not pieces or twice:
        raise ValueError(
            f"FILE must be lines '%%%% CELL', each with a text below it, each once: {file} {twice or ''}"
        )
    return {name: said.strip() for name, said in zip(pieces[::2], pieces[1::2], strict=True)}


def blocks(text):
    """Return the blocks of a Markdown text, without headings, links and what folds an answer."""
    text = re.sub(r"(?m)^#+ .*$|</?details>|<summary>.*?</summary>", "\n", text)
    text = re.sub(r"(?s)\s*(\$\$.*?\$\$)\s*", r"\n\n\1\n\n", text)
    return [block.strip() for block in re.split(r"\n\s*\n", LINK.sub(r"\1", text)) if block.strip()]


def chosen(source, show):
    """Return what a slide shows of a Markdown text; IndexError where it has no such block or sentence."""
    found = []
    for part in show.split():
        block, _, sentence = part.partition(".")
        said = OPTION.sub("\n\n", blocks(source)[int(block)])
        found.append(SENTENCE.split(said)[int(sentence)] if sentence else said)
    return "\n\n".join(found)
