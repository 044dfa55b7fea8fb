"""Measure the path through each chapter: `python -m book.path [CHAPTER ...]` prints a table and the limits.

Words, cells and lines are those of the notebook; screens are those of the built site, so `make book` comes first.
A chapter is on the path when it has a page of more.
"""

import re
import sys
from functools import cache

import nbformat

from book.needs import browser
from book.toc import ROOT, notebooks
from book.words import words

SCREEN = {"width": 1280, "height": 900}
LIMITS = {"words": 2600, "code cells": 45, "lines": 220, "screens": 20, "without a picture": 4}
FOLDED = {"check", "hide-input", "solution"}
SHUT = {"remove-cell"}  # the headings above solutions, for notebooks
# Seconds for a word, a formula, a displayed one, a line of code: for a reader, and where PyTorch is new.
PACE = {"reader": (60 / 220, 1, 12, 2.5), "new": (60 / 120, 3, 60, 8)}


def paths(language="en"):
    """Return the chapters (Path) of an edition that are a path."""
    there = {file.stem for file in notebooks()}
    return [file for file in notebooks(language, kinds=["chapter"]) if f"{file.stem}-more" in there]


def prose(cell):
    """Return the text of a Markdown cell without what is folded: plain words, and the two kinds of formulas."""
    text = re.sub(r"(?s)<details.*?</details>", "", cell.source)
    displayed, inline = re.findall(r"(?s)\$\$.*?\$\$", text), []
    text = re.sub(r"(?s)\$\$.*?\$\$", "", text)
    inline = re.findall(r"\$[^$]+\$", text)
    text = re.sub(r"\$[^$]+\$|</?\w+[^>]*>|\]\([^)]*\)", " ", text)
    return [word for word in text.split() if re.search(r"\w", word)], inline, displayed


def exercises(notebook, language):
    """Return the number of the cell with which the exercises begin."""
    heading = f"## {words(language)['chapter']['exercises']}"
    found = (i for i, cell in enumerate(notebook.cells) if re.search(f"(?m)^{heading}$", cell.source))
    return next(found, len(notebook.cells))


@cache
def read(file):
    """Return a notebook."""
    return nbformat.read(file, as_version=4)


def counts(file):
    """Return the size of a notebook: words, formulas and code that a reader sees without opening a fold."""
    notebook = read(file)
    text = [prose(cell) for cell in notebook.cells if cell.cell_type == "markdown" and not SHUT & tags(cell)]
    code = [cell for cell in notebook.cells[: exercises(notebook, file.parent.name)] if cell.cell_type == "code"]
    seen = [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and not (FOLDED | {"exercise", "setup"}) & tags(cell)
    ]
    return {
        "words": sum(len(said) for said, _, _ in text),
        "formulas": sum(len(inline) for _, inline, _ in text),
        "displayed": sum(len(displayed) for _, _, displayed in text),
        "code cells": len(code),
        "lines": sum(bool(line.strip()) for cell in seen for line in cell.source.splitlines()),
    }


def tags(cell):
    """Return the tags of a cell."""
    return set(cell.metadata.get("tags", []))


def minutes(size, reader):
    """Return how long a page takes to read, in steps of 5 minutes: see PACE."""
    parts = ("words", "formulas", "displayed", "lines")
    seconds = sum(size[part] * pace for part, pace in zip(parts, PACE[reader], strict=True))
    return max(5, 5 * round(seconds / 300))


def times(language):
    """Return, by reader, how a language says how long a page takes, and the pattern that finds it."""
    phrases = words(language)["times"]
    return {reader: (said, re.escape(said).replace(r"\{n\}", r"\d+")) for reader, said in phrases.items()}


def timed(text, size, language="en"):
    """Return the text of a chapter with the times that follow from its size; what it says of running stays."""
    for reader, (said, pattern) in times(language).items():
        text = re.sub(pattern, said.format(n=minutes(size, reader)), text)
    return text


HEIGHTS = """() => {
    const article = document.querySelector("article");
    const {top, bottom} = article.getBoundingClientRect();
    const boxes = [...article.querySelectorAll("figure, img, svg, .d2l-explore, .guess:has(img)")]
        .filter(node => node.checkVisibility()).map(node => node.getBoundingClientRect())
        .filter(box => box.height > 40).sort((a, b) => a.top - b.top);
    let [longest, from] = [0, top];
    for (const box of boxes) {
        longest = Math.max(longest, box.top - from);
        from = Math.max(from, box.bottom);
    }
    return [bottom - top, Math.max(longest, bottom - from)];
}"""


def screens(tab):
    """Return the height of an open page and its longest stretch without a picture, in screens."""
    tab.set_viewport_size(SCREEN)
    tab.evaluate("document.querySelectorAll('img').forEach(image => { image.loading = 'eager'; })")
    tab.wait_for_load_state("networkidle")
    height, longest = (round(pixels / SCREEN["height"], 1) for pixels in tab.evaluate(HEIGHTS))
    return {"screens": height, "without a picture": longest}


def main(names):
    """Print the size of each path and the limits; returns whether a limit is passed."""
    from playwright.sync_api import sync_playwright

    chosen = [file for file in paths() if not names or file.stem in names]
    columns = [*counts(chosen[0]), "screens", "without a picture", "min to read", "if new"]
    print(f"{'':16}", *columns, sep="  ")
    over = False
    with sync_playwright() as playwright:
        tab = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"]).new_page()
        for file in chosen:
            size = counts(file)
            tab.goto((ROOT / f"_build/html/en/{file.stem}.html").as_uri())
            size |= screens(tab) | {"min to read": minutes(size, "reader"), "if new": minutes(size, "new")}
            over |= any(size[name] > most for name, most in LIMITS.items())
            print(f"{file.stem:16}", *(f"{size[name]:>{len(name)}}" for name in columns), sep="  ")
    print(f"{'at most':16}", *(f"{LIMITS.get(name, ''):>{len(name)}}" for name in columns), sep="  ")
    return int(over)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
