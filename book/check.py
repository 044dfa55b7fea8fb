"""Prove the book: `python -m book.check` runs every step; `python -m book.check lint` runs one.

`--chapter NAME` runs lint, that chapter and its notebook tests. `--record` notes on which processor all passed.
"""

import argparse
import copy
import datetime
import importlib
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import nbformat

from book.toc import ROOT, notebooks

REPORTS = ROOT / "_build/reports"
USED = ROOT / "_build/used"
STEPS = ("needs", "lint", "package", "chapters", "site")
UNSEEN = 'import matplotlib\n\nmatplotlib.use("agg")'
AGAIN = {"check", "hide-input"}  # the cells that a reader may run once more after the whole chapter


def pytest(name, *arguments):
    """Return the command that runs pytest and leaves its counts in REPORTS."""
    report = f"--junitxml={REPORTS / name}.xml"
    return [sys.executable, "-m", "pytest", "-q", "--no-header", report, *arguments]


def used(file):
    """Write a copy of a chapter that ends with each check, picture and slider once more; returns its path.

    That their names still mean the same is what counts then, so pictures are made, but not drawn again.
    """
    notebook = nbformat.read(file, as_version=4)
    cells = list(notebook.cells)
    notebook.cells.append(nbformat.v4.new_code_cell(UNSEEN, metadata={"tags": ["nbval-ignore-output"]}))
    for cell in cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "code" and (tags & AGAIN or "explore.sliders(" in cell.source):
            again = copy.deepcopy(cell)
            again.id = f"again-{cell.id}"
            again.metadata.tags = [*tags, "nbval-ignore-output"]
            notebook.cells.append(again)
    place = USED / file.relative_to(ROOT)
    place.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, place)
    return place


def steps(chapter=None):
    """Return the commands of each step, by name, in order; those of one chapter where one is named."""
    two, three = ["-n", "2", "--dist"], ["-n", "3", "--dist"]  # a browser sometimes waits
    python = [sys.executable, "-m"]
    lint = [[*python, "ruff", *check] for check in (["check"], ["format", "--check"])]
    chosen = [file for file in notebooks() if chapter in (None, file.stem)]  # other editions have the same code
    files = [used(file) for file in chosen]
    if chapter:
        return {
            "needs": [[*python, "book.needs", "data"]],
            "lint": lint,
            "notebook": [pytest("notebook", "tests/book/test_notebooks.py", "-k", f"/{chapter}]")],
            "chapter": [pytest("chapter", "-p", "no:xdist", "--nbval", *map(str, files))],
        }
    return {
        "needs": [[*python, "book.needs"]],
        "lint": lint,
        "package": [pytest("package", *two, "worksteal", "tests/package", "tests/book", "tests/practice")],
        "chapters": [pytest("chapters", *two, "loadfile", "--nbval", *map(str, files))],
        "site": [[*python, "book.build"], pytest("site", *three, "loadgroup", "tests/site")],
    }


def processor():
    """Return the processor's name and vector units, and what PyTorch makes of them."""
    import torch

    found = torch.cpu.get_capabilities()
    units = [
        name for name, there in found.items() if there is True and name.startswith(("avx", "amx", "neon", "sve"))
    ]
    return {
        "name": found.get("cpu_name", found.get("architecture", "unknown")),
        "units": " ".join(sorted(units)),
        "torch": f"{torch.__version__.split('+')[0]} with {torch.backends.cpu.get_cpu_capability()}",
    }


def record(found, what):
    """Note in the file of what is proved that everything passed on this processor."""
    from book import prove

    results = prove.stored()
    widest = found["torch"].split()[-1]
    results["processors"][f"{found['name']}, {widest}"] = found | what
    prove.write(results)


def run(name, commands):
    """Run the commands of a step up to the first that fails; returns whether all passed."""
    print(f"\n== {name}", flush=True)
    start = time.perf_counter()
    # Two processes run side by side: with two threads each, they would wait for one another.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    passed = all(subprocess.run(command, cwd=ROOT, env=environment).returncode == 0 for command in commands)
    print(f"== {name}: {'passed' if passed else 'FAILED'} in {time.perf_counter() - start:.0f} s", flush=True)
    return passed


def counted(name):
    """Return how many tests of a step passed."""
    suites = ET.parse(REPORTS / f"{name}.xml").getroot().iter("testsuite")
    return sum(int(s.get("tests")) - sum(int(s.get(k)) for k in ("errors", "failures", "skipped")) for s in suites)


def check_cells():
    """Return the number of cells tagged `check` in the book."""
    cells = [cell for file in notebooks() for cell in nbformat.read(file, as_version=4).cells]
    return sum("check" in cell.metadata.get("tags", []) for cell in cells)


def judges():
    """Return how many exercises have a judge, and how many mistakes these recognise."""
    from d2lmini.practice.judge import PRACTICE, find

    chapters = sorted({file.stem for file in PRACTICE.glob("*.py")} - {"__init__", "judge"})
    found = [
        find(f"{chapter} {number}")
        for chapter in chapters
        for number in importlib.import_module(f"d2lmini.practice.{chapter}").EXERCISES
    ]
    return len(found), sum(len(exercise.mistakes) for exercise in found)


def main(arguments):
    """Run the steps named, or all; prints what was run and returns the exit status."""
    names = [file.stem for file in notebooks()]
    parser = argparse.ArgumentParser(prog="python -m book.check", description=__doc__.splitlines()[0])
    parser.add_argument("steps", nargs="*", help=f"all by default: {', '.join(STEPS)}")
    parser.add_argument("--chapter", choices=names, metavar="NAME", help=f"one chapter: {', '.join(names)}")
    parser.add_argument("--record", action="store_true", help="note on the status page that all passed here")
    options = parser.parse_args(arguments)
    found = processor() if not options.steps else None
    if found:
        print(
            f"{found['name']}, vector units: {found['units'] or 'none known'}; PyTorch {found['torch']}",
            flush=True,
        )
    REPORTS.mkdir(parents=True, exist_ok=True)
    start, all_steps = time.perf_counter(), steps(options.chapter)
    if unknown := set(options.steps) - set(all_steps):
        parser.error(f"no such step: {', '.join(sorted(unknown))}")
    failed = [name for name in options.steps or all_steps if not run(name, all_steps[name])]
    if failed:
        print(f"\nFAILED: {', '.join(failed)}", file=sys.stderr)
        return 1
    seconds = time.perf_counter() - start
    if options.chapter:
        print(f"\nAll passed in {seconds:.0f} s: {options.chapter} and its notebook tests.")
    elif not options.steps:
        judged, known = judges()
        print(
            f"\nAll passed in {seconds:.0f} s: {check_cells()} check cells; {counted('chapters')} code cells run "
            f"(checks, pictures and sliders twice), {counted('package')} tests of the package and the notebooks, "
            f"{counted('site')} of the site. {judged} judges of exercises know {known} mistakes."
        )
        if options.record:
            record(found, {"date": f"{datetime.date.today()}", "seconds": round(seconds)})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
