"""Prove the book: `python -m book.check` runs every step; `python -m book.check lint` runs one."""

import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import nbformat

from book.toc import ROOT, editions, notebooks

REPORTS = ROOT / "_build/reports"


def pytest(name, *arguments):
    """Return the command that runs pytest and leaves its counts in REPORTS."""
    report = f"--junitxml={REPORTS / name}.xml"
    return [sys.executable, "-m", "pytest", "-q", "--no-header", report, *arguments]


def steps():
    """Return the commands of each step, by name, in order."""
    two = ["-n", "2", "--dist"]
    chapters = [str(file.relative_to(ROOT)) for language in editions() for file in notebooks(language)]
    return {
        "needs": [[sys.executable, "-m", "book.needs"]],
        "lint": [[sys.executable, "-m", "ruff", *check] for check in (["check"], ["format", "--check"])],
        "package": [pytest("package", *two, "loadfile", "tests", "--ignore=tests/test_site.py")],
        "chapters": [pytest("chapters", *two, "loadfile", "--nbval", *chapters)],
        "site": [[sys.executable, "-m", "book.build"], pytest("site", *two, "loadgroup", "tests/test_site.py")],
    }


def run(name, commands):
    """Run the commands of a step up to the first that fails; returns whether all passed."""
    print(f"\n== {name}", flush=True)
    start = time.perf_counter()
    # Two processes run side by side: with two threads each, they would wait for one another.
    environment = {"OMP_NUM_THREADS": "1", **os.environ, "D2LMINI_PROGRESS": "0"}
    passed = all(subprocess.run(command, cwd=ROOT, env=environment).returncode == 0 for command in commands)
    print(f"== {name}: {'passed' if passed else 'FAILED'} in {time.perf_counter() - start:.0f} s", flush=True)
    return passed


def counted(name):
    """Return how many tests of a step passed."""
    suites = ET.parse(REPORTS / f"{name}.xml").getroot().iter("testsuite")
    return sum(int(s.get("tests")) - sum(int(s.get(k)) for k in ("errors", "failures", "skipped")) for s in suites)


def check_cells():
    """Return the number of cells tagged `check` in the book."""
    files = [file for language in editions() for file in notebooks(language)]
    cells = [cell for file in files for cell in nbformat.read(file, as_version=4).cells]
    return sum("check" in cell.metadata.get("tags", []) for cell in cells)


def main(names):
    """Run the steps named, or all; prints what was run and returns the exit status."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    start, all_steps = time.perf_counter(), steps()
    failed = [name for name in names or all_steps if not run(name, all_steps[name])]
    if failed:
        print(f"\nFAILED: {', '.join(failed)}", file=sys.stderr)
        return 1
    if not names:
        print(
            f"\nAll passed in {time.perf_counter() - start:.0f} s: {check_cells()} check cells among "
            f"{counted('chapters')} code cells run again, {counted('package')} tests of the package and the "
            f"notebooks, {counted('site')} of the site."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
