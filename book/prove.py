"""Prove the book on other machines and seeds: `python -m book.prove reproduce | redraw | breaks [CHAPTER ...]`.

reproduce: every stored output comes out again, and the package's tests pass, on other threads and vector units.
redraw: with every seed moved and other pictures, each check passes in at least 19 of 20 runs.
breaks: each mistake of book/breaks/CHAPTER.yml, put into the chapter, is caught by the check it is written for.
What was found is kept in book/proved.json and is dropped when the code it speaks of changes, so that only what is
missing is run. `python -m book.prove --report` prints what is known as JSON.
"""

import argparse
import hashlib
import itertools
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache
from importlib.metadata import version

import nbformat
import yaml

from book.toc import ROOT, notebooks

RESULTS = ROOT / "book/proved.json"
BREAKS = ROOT / "book/breaks"
SCRATCH = ROOT / "_build/prove"
LIBRARIES = ("torch", "numpy", "matplotlib")
JUDGE = "d2l.practice.mark("
PACKAGE = "package"  # stands beside the chapters where things are reproduced
REDRAWS, ENOUGH = 20, 19
TOGETHER = 5  # redraws in one process, which imports PyTorch once: half of the time of a short chapter
ONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
VARIANTS = {
    "1 thread": ONE,
    # A thread that waits gives way: runs side by side would spin on each other's processors.
    "2 threads": {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"},
    "ATEN_CPU_CAPABILITY=default": ONE | {"ATEN_CPU_CAPABILITY": "default"},
    "ATEN_CPU_CAPABILITY=avx2": ONE | {"ATEN_CPU_CAPABILITY": "avx2"},
    "MKL_ENABLE_INSTRUCTIONS=AVX2": ONE | {"MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "MKL_CBWR=COMPATIBLE": ONE | {"MKL_CBWR": "COMPATIBLE"},
    "ONEDNN_MAX_CPU_ISA=SSE41": ONE | {"ONEDNN_MAX_CPU_ISA": "SSE41"},
}


# ---- what there is to prove ----


def chapters(language="en"):
    """Return the notebooks of an edition by name. Code and outputs of the others are those of the English ones."""
    return {file.stem: file for file in notebooks(language)}


def code(file):
    """Return the code cells of a notebook."""
    return [cell for cell in read(file, file.stat().st_mtime_ns) if cell.cell_type == "code"]


@cache
def read(file, changed):
    """Return the cells of a notebook, or a list from a YAML file, as it was when it was last changed."""
    if file.suffix == ".yml":
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    return nbformat.read(file, as_version=4).cells


def is_check(cell):
    """Tell whether a cell asserts what the book claims: a check, or a solution that asserts too."""
    tags = cell.metadata.get("tags", [])
    return "check" in tags or ("solution" in tags and "assert" in cell.source)


def digest(*parts):
    """Return a hash of texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def grounds(file):
    """Return, for each check of a notebook, the code cells up to it: what comes later cannot change it.

    Nor can a cell tagged `judged`, whose names nothing else uses. On a page of more, a section needs nothing but
    the page's first cell and its own: tests see to it.
    """
    found, before = {}, []
    for cell in read(file, file.stat().st_mtime_ns):
        if cell.cell_type == "markdown":
            alone = file.stem.endswith("-more") and re.search("(?m)^## ", cell.source)
            before = before[:1] if alone else before
        elif cell.cell_type == "code" and "judged" not in cell.metadata.get("tags", []):
            before = [*before, cell]
            if is_check(cell):
                found[cell.id] = before
    return found


def checks(file):
    """Return, for each check of a notebook, the hash of what it rests on; where a cell ends says nothing."""
    return {
        check: digest(*(line for cell in cells for line in unjudged(cell) if line.strip()))
        for check, cells in grounds(file).items()
    }


def unjudged(cell):
    """Return the lines of a cell but for those that call a judge of exercises, or install the package."""
    return [line for line in proper(cell).splitlines() if not line.startswith(JUDGE)]


def proper(cell):
    """Return the source of a cell; of the setup cell, what follows the lines that install the package."""
    return cell.source.partition("\n\n")[2] if cell.id == "setup" else cell.source


def breaks(name):
    """Return the recorded mistakes of a chapter: [{"check", "cell", "text", "by"}, ...]."""
    file = BREAKS / f"{name}.yml"
    return read(file, file.stat().st_mtime_ns) if file.exists() else []


def faults(name, file):
    """Return what is wrong with the recorded mistakes of a chapter, as sentences; no code is run."""
    cells, known, found = {cell.id: cell for cell in code(file)}, grounds(file), []
    for b in breaks(name):
        told = f"{name}: the break of {b['check']} in {b['cell']}"
        if b["check"] not in known or b["cell"] not in cells:
            found.append(f"{told}: no such cell")
        elif cells[b["cell"]] not in known[b["check"]]:
            found.append(f"{told} is not in what the check rests on: it stands after it, or in another section")
        elif (times := "\n".join(unjudged(cells[b["cell"]])).count(b["text"])) != 1:
            found.append(f"{told}: {b['text']!r} stands there {times} times, not once")
        elif any(b["text"] in line and "assert" in line.split() for line in cells[b["cell"]].source.splitlines()):
            found.append(f"{told}: it changes what is asserted, not what the assertion is about")
    missing = known.keys() - {b["check"] for b in breaks(name)}
    return found + [f"{name}: no break is recorded for {check}" for check in known if check in missing]


def contents(name):
    """Return a hash of what a reproduction compares: code and outputs of a chapter, or package and tests."""
    if name == PACKAGE:
        files = sorted(f for folder in ("d2lmini", "tests/package") for f in (ROOT / folder).rglob("*.*"))
        kinds = (".py", ".html", ".css", ".js", ".ipynb")
        return digest(*(f.read_text("utf-8") for f in files if f.suffix in kinds))
    return digest(json.dumps([(proper(cell), cell.outputs) for cell in code(chapters()[name])], sort_keys=True))


# ---- what is known ----


def stored():
    """Return what is known, without what is stale: see `fresh_chapter`."""
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    libraries = {name: version(name).split("+")[0] for name in LIBRARIES}
    known = found.get("chapters", {}) if found.get("libraries") == libraries else {}
    names = [PACKAGE, *chapters()]
    return {
        "libraries": libraries,
        "processors": found.get("processors", {}),
        "chapters": {name: fresh_chapter(name, known.get(name, {})) for name in names},
    }


def fresh_chapter(name, known):
    """Return {"reproduced": {variant: outcome}, "contents": hash, "checks": {id: {...}}} of one chapter."""
    same = known.get("contents") == contents(name)
    entry = {"contents": contents(name), "reproduced": known.get("reproduced", {}) if same else {}}
    if name == PACKAGE:
        return entry
    entry["checks"] = {}
    for check, code_before in checks(chapters()[name]).items():
        old = known.get("checks", {}).get(check, {})
        old = old if old.get("code") == code_before else {}
        now = {"code": code_before, "redraws": old.get("redraws", "-" * REDRAWS), "breaks": {}}
        wanted = [key(b) for b in breaks(name) if b["check"] == check]
        now["breaks"] = {k: old["breaks"][k] for k in wanted if k in old.get("breaks", {})}
        entry["checks"][check] = now
    return entry


def key(mistake):
    """Return the name under which the outcome of a recorded mistake is kept."""
    return digest(mistake["check"], mistake["text"], mistake["by"])


def write(results):
    """Replace RESULTS, whole or not at all."""
    partial = RESULTS.with_suffix(".partial")
    partial.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    partial.replace(RESULTS)


def report(known=None):
    """Return, by chapter and check: how many redraws were run and passed, how many breaks are caught."""
    chapters = (known or stored())["chapters"]
    return {
        name: {
            check: {
                "redraws": len(known["redraws"]) - known["redraws"].count("-"),
                "redraws_passed": known["redraws"].count("1"),
                "breaks": sum(b["check"] == check for b in breaks(name)),
                "breaks_caught": sum(said.startswith("caught") for said in known["breaks"].values()),
            }
            for check, known in entry["checks"].items()
        }
        for name, entry in chapters.items()
        if name != PACKAGE
    }


# ---- one job of each kind: run it in a process of its own, keep what it found, say it in a line ----


class Reproduce:
    """One chapter, or the package's tests, under one variant."""

    def __init__(self, name, variant):
        self.name, self.variant, self.label = name, variant, f"{name} under {variant}"

    def run(self):
        place = SCRATCH / f"{digest(self.label)}.xml"
        place.unlink(missing_ok=True)
        files = ["tests/package"] if self.name == PACKAGE else ["--nbval", str(chapters()[self.name])]
        start, self.contents = time.perf_counter(), contents(self.name)
        process([sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *files, f"--junitxml={place}"],
                VARIANTS[self.variant])  # fmt: skip
        cells = list(ET.parse(place).iter("testcase")) if place.exists() else []
        bad = [cell for cell in cells if any(cell.find(w) is not None for w in ("failure", "error", "skipped"))]
        self.bad = [cell.get("name") for cell in bad] if cells else ["nothing was run"]
        return {"passed": not self.bad, "seconds": round(time.perf_counter() - start, 1)}

    def keep(self, results, outcome):
        entry = results["chapters"][self.name]
        if entry["contents"] == self.contents:
            entry["reproduced"][self.variant] = outcome
            entry["reproduced"] = {v: entry["reproduced"][v] for v in VARIANTS if v in entry["reproduced"]}
        return "passed" if outcome["passed"] else f"FAILED: {', '.join(self.bad)}"


class Redraw:
    """Some checks of one chapter with its seeds moved in some of the ways 1 ... REDRAWS, one after the other."""

    def __init__(self, name, ways, wanted):
        self.name, self.ways, self.wanted = name, ways, wanted
        self.label = f"{name}, redraws {', '.join(map(str, ways))}"

    def run(self):
        self.checks = checks(chapters()[self.name])
        return rerun("redraw", self.name, *map(str, self.ways), stdin=json.dumps(self.wanted))

    def keep(self, results, outcome):
        told = []
        for k in self.ways:
            found = outcome[str(k)]
            for check, known in results["chapters"][self.name]["checks"].items():
                if check in found and known["code"] == self.checks.get(check):
                    passed = "0" if found[check] else "1"
                    known["redraws"] = known["redraws"][: k - 1] + passed + known["redraws"][k:]
            told += [f"{k}: {cell} ({error[:80]})" for cell, error in found.items() if error]
        return "passed" if not told else "FAILED: " + "; ".join(told)


class Breaks:
    """All recorded mistakes of one chapter whose outcome is not known."""

    def __init__(self, name, wanted):
        self.name, self.wanted, self.label = name, wanted, f"{name}, {len(wanted)} breaks"

    def run(self):
        self.checks = checks(chapters()[self.name])
        return rerun("breaks", self.name, stdin=json.dumps(self.wanted))

    def keep(self, results, outcome):
        known, told = results["chapters"][self.name]["checks"], []
        for mistake, said in zip(self.wanted, outcome, strict=True):
            check = mistake["check"]
            if known.get(check, {}).get("code") == self.checks[check]:
                known[check]["breaks"][key(mistake)] = said
            if not said.startswith("caught"):
                told.append(f"\n  {check}: {mistake['text']!r} -> {mistake['by']!r} in {mistake['cell']}: {said}")
        return "passed" if not told else f"FAILED: {len(told)} not caught" + "".join(told)


def process(command, environment=ONE, **options):
    """Run a command in the top folder, its output kept back."""
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, **options
    )


def rerun(kind, name, *arguments, stdin=""):
    """Run book.rerun in a process of its own, and return what it found; its error ends everything."""
    place = SCRATCH / f"{kind}-{name}-{'-'.join(arguments)}.json"
    place.unlink(missing_ok=True)
    command = [sys.executable, "-m", "book.rerun", kind, str(chapters()[name]), *arguments, str(place)]
    done = process(command, input=stdin)
    if done.returncode:
        raise RuntimeError(f"{kind} {name} {' '.join(arguments)}: {done.stderr.strip()[-2000:]}")
    return json.loads(place.read_text(encoding="utf-8"))


def jobs(kind, names, options):
    """Return the jobs of one kind whose outcome is not known, or all with --fresh."""
    known = stored()["chapters"]
    if kind == "reproduce":
        pairs = [(name, variant) for name in names for variant in options.variants]
        return [Reproduce(*p) for p in pairs if options.fresh or p[1] not in known[p[0]]["reproduced"]]
    names = [name for name in names if name != PACKAGE]
    if kind == "redraw":
        found = []
        for i, name in itertools.product(range(0, options.redraws, TOGETHER), names):
            some, entries = range(i + 1, min(i + TOGETHER, options.redraws) + 1), known[name]["checks"]
            lacking = {
                k: [c for c in entries if options.fresh or entries[c]["redraws"][k - 1] == "-"] for k in some
            }
            ways, wanted = [k for k in some if lacking[k]], {c for k in some for c in lacking[k]}
            found += [Redraw(name, ways, sorted(wanted))] if ways else []
        return found
    found = []
    for name in names:
        caught = {k for check in known[name]["checks"].values() for k, said in check["breaks"].items()
                  if said.startswith("caught")}  # fmt: skip
        wanted = [b for b in breaks(name) if options.fresh or key(b) not in caught]
        found += [Breaks(name, wanted)] if wanted else []
    return found


def run(todo, workers):
    """Run jobs side by side, keep each outcome as it comes, print a line for each; returns whether all passed."""
    start, good = time.perf_counter(), True
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(job.run): job for job in todo}
        for done, future in enumerate(as_completed(running), 1):
            results = stored()
            said = running[future].keep(results, future.result())
            write(results)
            minutes = (time.perf_counter() - start) / 60
            left = f"{minutes:.0f} min, about {minutes / done * (len(todo) - done):.0f} left"
            print(f"{running[future].label}: {said}  ({done} of {len(todo)}, {left})", flush=True)
            good = good and said == "passed"
    return good


def weak(kind, names):
    """Return what is missing before these chapters are proved in the way of `kind`, as sentences."""
    found = []
    for name, known in ((name, entry) for name, entry in report().items() if name in names):
        for check, n in known.items():
            if kind == "redraw" and n["redraws_passed"] < ENOUGH:
                found.append(f"{name} {check}: passes in {n['redraws_passed']} of {n['redraws']} redraws")
            if kind == "breaks" and n["breaks_caught"] < n["breaks"]:
                found.append(f"{name} {check}: {n['breaks_caught']} of {n['breaks']} breaks are caught")
        found += faults(name, chapters()[name]) if kind == "breaks" else []
    return found


def main(arguments):
    """Run what is asked for and is not known; returns the exit status."""
    names = [PACKAGE, *chapters()]
    parser = argparse.ArgumentParser(prog="python -m book.prove", description=__doc__.splitlines()[0])
    parser.add_argument("kind", nargs="?", choices=("reproduce", "redraw", "breaks"))
    parser.add_argument("names", nargs="*", metavar="CHAPTER", help=f"all by default: {', '.join(names)}")
    parser.add_argument("--report", action="store_true", help="print what is stored, as JSON")
    parser.add_argument("--fresh", action="store_true", help="run again what is known, too")
    parser.add_argument("--redraws", type=int, default=REDRAWS, metavar="N", help=f"only the first N of {REDRAWS}")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many run side by side, 2 by default")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS), metavar="NAME",
                        help=f"all by default: {'; '.join(VARIANTS)}")  # fmt: skip
    options = parser.parse_args(arguments)
    if options.report:
        print(json.dumps(report(), indent=1))
        return 0
    if unknown := set(options.names) - set(names):
        parser.error(f"no such chapter: {', '.join(sorted(unknown))}")
    if options.kind is None or not 1 <= options.redraws <= REDRAWS:
        parser.error(f"say reproduce, redraw or breaks, with --redraws from 1 to {REDRAWS}")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    chosen = options.names or names
    if options.kind == "breaks" and (found := [f for n in chosen if breaks(n) for f in faults(n, chapters()[n])]):
        print("\n".join(found))
        return 1
    good = run(jobs(options.kind, chosen, options), 1 if options.kind == "breaks" else options.jobs)
    found = weak(options.kind, chosen)
    print("\n".join(found) if found else "Everything asked for is proved." if good else "FAILED")
    return int(not good or bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
