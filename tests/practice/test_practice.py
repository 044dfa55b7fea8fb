"""The judges: the solution passes, each kind of wrong answer is named, and nothing that is empty gets through."""

import importlib
import json
import re
from pathlib import Path

import nbformat
import pytest
import torch

import d2lmini as d2l
from d2lmini.practice import judge

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = [
    file.stem
    for file in sorted(Path(judge.__file__).parent.glob("*.py"))
    if file.stem not in ("__init__", "judge")
]
EXERCISES = {
    f"{chapter.replace('_', '-')} {number}": exercise
    for chapter in CHAPTERS
    for number, exercise in importlib.import_module(f"d2lmini.practice.{chapter}").EXERCISES.items()
}
WRONG = {
    name: answers
    for chapter in CHAPTERS
    for name, answers in importlib.import_module(f"tests.practice.wrong_{chapter}").WRONG.items()
}
every_exercise = pytest.mark.parametrize("name", EXERCISES)


@pytest.fixture(autouse=True)
def precision(request):
    """The chapters compute in 64 bits, a reader's own notebook in 32: here a test does that asks for it."""
    torch.set_default_dtype(getattr(request, "param", torch.float64))
    yield
    torch.set_default_dtype(torch.float32)


def answer_of(exercise, function, name, seed=None):
    return function(*judge.cases_of(exercise, name, seed)[0]) if exercise.value else function


@every_exercise
@pytest.mark.parametrize("precision", [torch.float64, torch.float32], indirect=True)
@pytest.mark.parametrize("seed", [None, 1, 20261127])
def test_the_solution_passes(name, seed):
    exercise = EXERCISES[name]
    verdict = d2l.practice.mark(name, answer_of(exercise, exercise.solve, name, seed), seed)
    assert verdict and verdict.text.startswith("✓") and verdict.right == verdict.cases


@every_exercise
@pytest.mark.parametrize("precision", [torch.float64, torch.float32], indirect=True)
def test_known_mistakes_are_told_apart(name):
    exercise = EXERCISES[name]
    assert len(exercise.mistakes) >= 3
    for wrong, sentence in exercise.mistakes:
        verdict = d2l.practice.mark(name, answer_of(exercise, wrong, name))
        assert not verdict and sentence in verdict.text


@pytest.mark.parametrize(
    "name, number", [(name, k) for name, answers in WRONG.items() for k in range(len(answers))]
)
def test_wrong_answers_of_readers_get_the_right_diagnosis(name, number):
    """At least three an exercise, written as a reader would write them and not as the judge does."""
    answer, said = WRONG[name][number]
    verdict = d2l.practice.mark(name, answer)
    assert not verdict and "✓" not in verdict.text and re.search(said, verdict.text), verdict.text


@every_exercise
def test_every_exercise_has_three_wrong_answers(name):
    assert len(WRONG.get(name, ())) >= 3


@every_exercise
def test_nothing_empty_is_accepted(name):
    """Neither a number, nor nan, nor the argument itself; what was not tried is not called wrong."""
    exercise = EXERCISES[name]
    for empty in (0.0, 1.0, float("nan"), torch.zeros(3), torch.full((2, 2), torch.nan), True, ""):
        answers = (empty,) if exercise.value else (empty, lambda *_, empty=empty: empty)
        assert not any(d2l.practice.mark(name, answer) for answer in answers), empty
    assert d2l.practice.mark(name, None).text == "not tried yet"
    if not exercise.value:
        assert d2l.practice.mark(name, lambda *_: None).text == "not tried yet"
        assert not d2l.practice.mark(name, lambda *arguments: arguments[0] if arguments else 0)


@every_exercise
def test_an_error_of_the_reader_is_shown_as_theirs(name):
    def mine(*_):
        raise KeyError("mine")

    if not EXERCISES[name].value:
        told = d2l.practice.mark(name, mine)
        assert not told and "KeyError: 'mine'" in told.text and "judge.py" not in told.text


@every_exercise
def test_marking_moves_no_random_numbers_and_tells_the_same_twice(name):
    exercise = EXERCISES[name]
    before = torch.get_rng_state()
    first = d2l.practice.mark(name, answer_of(exercise, exercise.solve, name))
    assert torch.equal(before, torch.get_rng_state())
    assert first == d2l.practice.mark(name, answer_of(exercise, exercise.solve, name))


def exact(case):
    """A case as a text in which every digit counts."""
    arrays = [(one, array) for one in case for array in judge.flat(one)]
    return " ".join(judge.short(one) if array is None else str(array.tolist()) for one, array in arrays)


@every_exercise
def test_a_problem_has_numbers_of_its_own(name):
    text = d2l.practice.problem(name, 7)
    if EXERCISES[name].fixed != ((),):  # a question without numbers
        assert len({exact(d2l.practice.numbers(name, seed)) for seed in range(20)}) >= 5
    assert f'mark("{name}", answer, seed=7)' in text and "a tensor of shape" not in text


@every_exercise
def test_a_problem_is_solved_as_it_says(name):
    """With the line that `problem` prints, a right function passes and a wrong one does not."""
    line = re.search(r"answer = (your_function\(.*\))", d2l.practice.problem(name, 7))
    if line:
        for function, right in ((EXERCISES[name].solve, True), (EXERCISES[name].mistakes[0][0], False)):
            answer = eval(line[1], {"your_function": function, "d2l": d2l})
            assert bool(d2l.practice.mark(name, answer, seed=7)) == right


def test_an_unknown_exercise_is_named():
    for name in ("linear", "linear 99", "nothing 1", 3):
        with pytest.raises(ValueError, match=re.escape(repr(name))):
            d2l.practice.mark(name, None)


def marked(chapter):
    """The names of the exercises that a notebook asks a judge about in a stub, and what is stored below each."""
    notebook = nbformat.read(ROOT / f"chapters/en/{chapter.replace('_', '-')}.ipynb", as_version=4)
    for cell in notebook.cells:
        if "exercise" in cell.metadata.get("tags", []):
            for name in re.findall(r'(?m)^d2l\.practice\.mark\("([^"]+)"', cell.source):
                yield name, json.dumps(cell.outputs)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_judge_is_asked_in_its_chapter(chapter):
    found = dict(marked(chapter))
    assert set(found) == {name for name in EXERCISES if name.rpartition(" ")[0] == chapter.replace("_", "-")}
    assert len(found) >= 4 and all("not tried yet" in output for output in found.values())
