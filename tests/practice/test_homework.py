"""Homework as a lecturer and a student meet it: made, filled in, graded by nbgrader."""

import nbformat

from book.homework import course, homework
from book.path import paths
from book.toc import ROOT


def test_a_filled_in_copy_is_graded(tmp_path):
    """Two right answers, a wrong one and the rest untouched: the points are those of the right ones."""
    file = ROOT / "chapters/en/linear.ipynb"
    source, handed_in = tmp_path / "source/linear/linear.ipynb", tmp_path / "submitted/ada/linear/linear.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(homework(file), source)
    api = course(tmp_path)
    made = api.generate_assignment("linear")
    assert made["success"], made["log"]
    student = nbformat.read(tmp_path / "release/linear/linear.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in student.cells)
    assert "SOLUTION" not in text and "_solved" not in text and "<summary>Solution" not in text
    answers = {
        "linear-1": "def our_rate(their_rate, batch_size):\n    return 2 * batch_size * their_rate",
        "linear-1-own": "own_linear_1 = -1.0",
        "linear-4": "def mended(X, y, w, b):\n    e = X @ w + b - y\n    return X.T @ e / len(y), e.mean()",
    }
    for cell in student.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    handed_in.parent.mkdir(parents=True)
    nbformat.write(student, handed_in)
    graded = api.autograde("linear", "ada")
    assert graded["success"], graded["log"]
    [found] = api.get_submissions("linear")
    assert found["score"] == 1 + 2 and found["max_score"] == 1 + 1 + 1 + 1 + 2 + 2


def test_every_chapter_has_homework():
    """Each cell is known to the grader by a name of its own, points follow the stars, nothing is a check."""
    for file in paths():
        cells = homework(file).cells
        known = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
        names, points = [kept.grade_id for kept in known], [kept.points for kept in known if kept.grade]
        assert len(set(names)) == len(names) and len(points) >= 4 and set(points) <= {1, 2, 3}, file.stem
        assert sum("BEGIN SOLUTION" in cell.source for cell in cells) == len(points), file.stem
