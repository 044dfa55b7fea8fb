"""The cheat sheet: its program runs, and its numbers are those that the book has stored."""

import re

import nbformat
import pytest

from book.toc import ROOT, editions

SHEETS = [file for language in editions() if (file := ROOT / f"chapters/{language}/cheatsheet.md").exists()]
each_sheet = pytest.mark.parametrize("sheet", SHEETS, ids=lambda file: file.parent.name)
PLACE = re.compile(r"\(([\w-]+\.ipynb)#cell-([\w-]+)\)")


def printed(notebook, name):
    """The text that a cell has stored."""
    cell = next(cell for cell in nbformat.read(notebook, as_version=4).cells if cell.id == name)
    return "".join(output.get("text", "") for output in cell.outputs)


def foreign(row, folder):
    """The numbers of a row that the cell it links to did not print."""
    name, cell = PLACE.search(row).groups()
    return set(re.findall(r"\d+\.\d+", PLACE.sub("", row))) - set(
        re.findall(r"\d+\.\d+", printed(folder / name, cell))
    )


@each_sheet
def test_the_numbers_are_those_of_the_outputs(sheet):
    rows = [row for row in sheet.read_text(encoding="utf-8").splitlines() if "→" in row]
    assert len(rows) >= 6 and {row: foreign(row, sheet.parent) for row in rows if foreign(row, sheet.parent)} == {}
    assert foreign(rows[0].replace("0.63", "0.61"), sheet.parent) == {"0.61"}


@each_sheet
def test_the_program_runs(sheet):
    (program,) = re.findall(r"(?s)```python\n(.*?)```", sheet.read_text(encoding="utf-8"))
    made = {}
    exec(program, made)
    assert 0 < made["best"] < 2
