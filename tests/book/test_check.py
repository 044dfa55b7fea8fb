"""A chapter survives being used: what `make test` runs is the chapter, then its checks and pictures once more."""

import subprocess
import sys

import nbformat
import pytest

from book import check
from book.toc import ROOT

cell = nbformat.v4.new_code_cell


@pytest.mark.parametrize("later, counts", [("m = 3", "9 passed"), ("n = 3", "3 failed, 6 passed")])
def test_a_name_with_two_meanings_is_found(tmp_path, monkeypatch, later, counts):
    monkeypatch.setattr(check, "ROOT", tmp_path)
    monkeypatch.setattr(check, "USED", tmp_path / "used")
    source = "assert n == 2"
    checked = cell(source, id="checked", metadata={"tags": ["check"]})
    drawn = cell(source, id="drawn", metadata={"tags": ["hide-input"]})
    moved = cell(f"{source}  # d2l.explore.sliders(frame)", id="moved")
    file = tmp_path / "one.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell("n = 2"), checked, drawn, moved, cell(later)]), file)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "--nbval", str(check.used(file))]
    assert counts in subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
