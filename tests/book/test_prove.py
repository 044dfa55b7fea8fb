"""How the book is proved: what moves when it is redrawn, when a break is caught, what a stored result is of."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET

import nbformat
import pytest

from book import prove
from book.toc import ROOT

cell, text = nbformat.v4.new_code_cell, nbformat.v4.new_markdown_cell


def tagged(name, source, *tags):
    return cell(source, id=name, metadata={"tags": list(tags)})


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of one chapter; calling it writes the chapter's cells."""
    path = tmp_path / "one.ipynb"
    monkeypatch.setattr(prove, "RESULTS", tmp_path / "proved.json")
    monkeypatch.setattr(prove, "BREAKS", tmp_path)
    monkeypatch.setattr(prove, "SCRATCH", tmp_path)
    monkeypatch.setattr(prove, "chapters", lambda language="en": {"one": path})
    return lambda *cells: nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), path)


DRAWS = {
    "torch": "torch.manual_seed(3); assert torch.rand(1).item() == {}",
    "generator": "assert torch.rand(1, generator=torch.Generator().manual_seed(3)).item() == {}",
    "default-rng": "assert np.random.default_rng(3).random() == {}",
    "state": "assert np.random.RandomState(3).rand() == {}",
    "old-numpy": "np.random.seed(np.int64(3)); assert np.random.rand() == {}",
    "python": "assert random.Random(3).random() == {}",
    "points": "assert d2l.data.xor(4, generator=3)[0].sum().item() == {}",
    "weights": "net = lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n"
    "run = d2l.fit(net, small, epochs=1, lr=1e-9, seeds=(3, 4))\n"
    "assert run.models[0][1].bias[0].item() == {}",
    "pictures": "assert d2l.data.fashion_mnist()[0].tensors[1][:50].tolist() == {}",
    "validation": "assert d2l.data.fashion_mnist()[1].tensors[1][:50].tolist() == {}",
    "test": "assert d2l.data.fashion_mnist()[2].tensors[1][:50].tolist() == {}",
}
SETUP = (
    "import random, numpy as np, torch, d2lmini as d2l\nfrom torch import nn\n"
    "from torch.utils.data import TensorDataset\n"
    "small = TensorDataset(torch.zeros(4, 28, 28), torch.arange(4))"
)


def values():
    """What each draw gives as the seeds are written, computed in a process of its own."""
    lines = [SETUP, "out = {}"]
    for name, draw in DRAWS.items():
        lines.append(draw.replace("assert ", f"out[{name!r}] = ").replace(" == {}", ""))
    program = "\n".join([*lines, "import json; print(json.dumps(out))"])
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_redraw_moves_every_seed_and_the_pictures(book):
    checks = [tagged(name, DRAWS[name].format(value), "check") for name, value in values().items()]
    constant = tagged("facts", "assert len(d2l.data.fashion_mnist()[1]) == 10_000 and 1 + 1 == 2", "check")
    book(cell(SETUP, id="setup"), *checks, constant)
    wanted = json.dumps([*DRAWS, "facts"])
    as_written, moved = prove.rerun("redraw", "one", "0", "1", stdin=wanted).values()
    assert not any(as_written.values()), as_written
    assert {name for name, error in moved.items() if error} == set(DRAWS), moved
    assert {error.split(":")[0] for error in moved.values()} == {"", "AssertionError"}, moved.values()


CHAPTER = [
    tagged("setup", "values = [1.0, 2.0, 6.0]", "setup"),
    tagged("mean", "def mean(v):\n    return sum(v) / len(v)"),
    tagged("use", "m = mean(values)"),
    tagged("mean-check", "assert m == 3", "check"),
    tagged("on-purpose", "1 / 0", "raises-exception"),
    tagged("weak-check", "assert m > 0", "check"),
]


def mistake(check, text, by, name="mean"):
    return {"check": check, "cell": name, "text": text, "by": by}


def record(tmp_path, *mistakes):
    (tmp_path / "one.yml").write_text(json.dumps(mistakes))


def test_a_break_is_caught_missed_or_crashes(book, tmp_path):
    book(*CHAPTER)
    wanted = [
        mistake("mean-check", " / len(v)", ""),
        mistake("mean-check", "sum(v)", "max(v)"),
        mistake("weak-check", "6.0", "6.5", "setup"),
        mistake("mean-check", "sum(v) / len(v)", "sum(v) * len(v) / len(v) ** 2"),
        mistake("mean-check", "sum(v)", "total(v)"),
    ]
    outcome = prove.rerun("breaks", "one", stdin=json.dumps(wanted))
    assert outcome[:4] == ["caught by mean-check"] * 3 + ["missed"] and outcome[4].startswith(
        "crashed in use: Name"
    )


def test_a_recorded_break_must_fit_its_chapter(book, tmp_path):
    book(*CHAPTER)
    good = mistake("mean-check", "sum(v)", "max(v)"), mistake("weak-check", "sum(v)", "-sum(v)")
    record(tmp_path, *good)
    assert prove.faults("one", tmp_path / "one.ipynb") == []
    for bad in (
        mistake("mean-check", "v", "w"),  # several times
        mistake("mean-check", "prod", "sum"),  # not there
        mistake("mean-check", "m > 0", "m < 0", "weak-check"),  # after the check
        mistake("mean-check", "m == 3", "m == 4", "mean-check"),  # the assertion itself
        mistake("use", "sum(v)", "max(v)"),  # not a check
    ):
        record(tmp_path, *good, bad)
        assert len(prove.faults("one", tmp_path / "one.ipynb")) == 1, bad
    record(tmp_path, good[0])
    (fault,) = prove.faults("one", tmp_path / "one.ipynb")
    assert "weak-check" in fault


def test_results_are_kept_until_the_code_before_a_check_changes(book, tmp_path):
    book(*CHAPTER)
    record(tmp_path, mistake("mean-check", "sum(v)", "max(v)"), mistake("weak-check", "sum(v)", "-sum(v)"))
    assert prove.main(["redraw", "one", "--redraws", "2"]) == 1  # two are not nineteen
    assert prove.main(["breaks", "one"]) == 0
    known = {"redraws": 2, "redraws_passed": 2, "breaks": 1, "breaks_caught": 1}
    assert prove.report() == {"one": {"mean-check": known, "weak-check": known}}
    unknown = {"redraws": 0, "redraws_passed": 0, "breaks": 1, "breaks_caught": 0}

    book(text("Other words."), *CHAPTER, cell("later = 1"))
    assert prove.report()["one"]["mean-check"] == known
    book(*CHAPTER[:5], tagged("weak-check", "assert m > 1", "check"))
    assert prove.report()["one"] == {"mean-check": known, "weak-check": unknown}
    book(cell("earlier = 1"), *CHAPTER)
    assert prove.report()["one"] == {"mean-check": unknown, "weak-check": unknown}


def test_a_section_of_a_page_of_more_stands_alone(book, tmp_path, monkeypatch):
    """Its check rests on the page's first cell and its own: no other section is hashed, run or broken for it."""
    first, heading = tagged("first", "values = [1.0, 3.0]", "setup"), text("## Means")
    means = tagged("mean", "m = sum(values) / 2"), tagged("mean-check", "assert m == 2", "check")
    other = (
        text("## Sums"),
        tagged("sum", "total = sum(values)"),
        tagged("sum-check", "assert total == 4", "check"),
    )
    more = tmp_path / "one-more.ipynb"
    monkeypatch.setattr(prove, "chapters", lambda language="en": {"one-more": more})

    def hashes(*cells):
        nbformat.write(nbformat.v4.new_notebook(cells=list(cells)), more)
        return prove.checks(more)

    known = hashes(first, heading, *means, *other)
    assert hashes(first, heading, cell("1 / 0"), *means, *other)["sum-check"] == known["sum-check"]
    assert (
        hashes(tagged("first", "values = [3.0]", "setup"), heading, *means, *other)["sum-check"]
        != known["sum-check"]
    )
    assert hashes(first, heading, *means, cell("n = 2"), *other)["mean-check"] == known["mean-check"]
    hashes(first, heading, cell("1 / 0"), *means, *other)
    assert prove.rerun("redraw", "one-more", "0", stdin='["sum-check"]')["0"].keys() == {
        "first",
        "sum",
        "sum-check",
    }
    broken = mistake("sum-check", "sum(values)", "max(values)", "sum")
    assert prove.rerun("breaks", "one-more", stdin=json.dumps([broken])) == ["caught by sum-check"]
    (tmp_path / "one-more.yml").write_text(
        json.dumps([broken, mistake("mean-check", "sum(values)", "max(values)", "sum")])
    )
    (fault,) = prove.faults("one-more", more)
    assert "another section" in fault


def test_a_failing_redraw_and_a_break_that_passes_are_reported(book, tmp_path, capsys):
    lucky = tagged(
        "lucky-check", "import torch\ntorch.manual_seed(0)\nassert 0.496 < torch.rand(1) < 0.497", "check"
    )
    book(lucky)
    record(tmp_path, mistake("lucky-check", "manual_seed(0)", "manual_seed(0 + 0)", "lucky-check"))
    assert prove.main(["redraw", "one", "--redraws", "1"]) == prove.main(["breaks", "one"]) == 1
    said = capsys.readouterr().out
    assert "passes in 0 of 1 redraws" in said and "missed" in said and "0 of 1 breaks are caught" in said


def test_a_reproduction_is_of_the_outputs_too(book):
    book(cell("1", id="one-cell"))
    before = prove.contents("one")
    book(text("Words."), cell("1", id="one-cell"))
    assert prove.contents("one") == before
    book(cell("1", id="one-cell", outputs=[nbformat.v4.new_output("stream", text="2")]))
    assert prove.contents("one") != before


@pytest.mark.parametrize("bad", ["failure", "error", "skipped", None])
def test_a_reproduction_passes_when_something_ran_and_all_of_it_passed(book, monkeypatch, bad):
    book(cell("1"))

    def report(command, environment):
        cases = "<testcase/>" * 2 + (f"<testcase name='x'><{bad}/></testcase>" if bad else "")
        ET.ElementTree(ET.fromstring(f"<testsuite>{cases}</testsuite>")).write(command[-1].split("=")[1])

    monkeypatch.setattr(prove, "process", report)
    assert prove.Reproduce("one", "1 thread").run()["passed"] == (bad is None)
    monkeypatch.setattr(prove, "process", lambda *_: None)  # nothing was run
    assert not prove.Reproduce("one", "1 thread").run()["passed"]


RECORDED = sorted(path.stem for path in (ROOT / "book/breaks").glob("*.yml"))


@pytest.mark.parametrize("name", RECORDED)
def test_a_chapter_whose_breaks_are_recorded_is_proved(name):
    """At least 19 of 20 redraws and every break, by stored results of the code as it is: `make redraw breaks`."""
    weak = prove.weak("redraw", [name]) + prove.weak("breaks", [name])
    assert weak == []


@pytest.mark.parametrize("name", RECORDED)
def test_nothing_that_was_run_has_failed(name):
    """Every check has a break; of what was run, at most one redraw failed, and no break got past."""
    assert prove.faults(name, prove.chapters()[name]) == []
    for check, known in prove.stored()["chapters"][name]["checks"].items():
        assert known["redraws"].count("0") <= prove.REDRAWS - prove.ENOUGH, check
        assert all(said.startswith("caught") for said in known["breaks"].values()), check


def test_results_are_of_chapters_and_variants_that_there_are():
    found = json.loads((ROOT / "book/proved.json").read_text(encoding="utf-8"))
    assert set(found["chapters"]) <= {prove.PACKAGE, *prove.chapters()}
    for entry in found["chapters"].values():
        assert set(entry["reproduced"]) <= set(prove.VARIANTS)
