"""Run the book again under other conditions: `python -m book.reproduce [--variants NAME ...] [CHAPTER ...]`.

Every output must come out as it is stored, character by character. What was found is kept in book/reproduced.json;
an entry there is dropped when its notebook, or a package that computes, is no longer the one that was run.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import xml.etree.ElementTree as ET
from importlib.metadata import version

import nbformat

from book.toc import ROOT, notebooks

RESULTS = ROOT / "book/reproduced.json"
REPORT = ROOT / "_build/reports/reproduce.xml"
PACKAGES = ("torch", "numpy", "matplotlib")
ONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
SHUFFLED = "chapters in another order"
VARIANTS = {
    "1 thread": ONE,
    "2 threads": {"OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"},
    "ATEN_CPU_CAPABILITY=default": ONE | {"ATEN_CPU_CAPABILITY": "default"},
    "ATEN_CPU_CAPABILITY=avx2": ONE | {"ATEN_CPU_CAPABILITY": "avx2"},
    "MKL_ENABLE_INSTRUCTIONS=AVX2": ONE | {"MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "ONEDNN_MAX_CPU_ISA=SSE41": ONE | {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    SHUFFLED: ONE,
}


def chapters(language="en"):
    """Return the notebooks of an edition by name. Code and outputs of the others are those of the English ones."""
    return {file.stem: file for file in notebooks(language)}


def digest(file):
    """Return a hash of the code and its outputs: a change of the text leaves what was found as it is."""
    cells = [cell for cell in nbformat.read(file, as_version=4).cells if cell.cell_type == "code"]
    parts = json.dumps([(cell.source, cell.outputs) for cell in cells], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()


def stored():
    """Return what is known, without what is stale."""
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    versions = {name: version(name).split("+")[0] for name in PACKAGES}
    known = found.get("chapters", {}) if found.get("packages") == versions else {}
    files = chapters()
    fresh = {
        name: entry for name, entry in known.items() if name in files and entry["sha256"] == digest(files[name])
    }
    return {"packages": versions, "variants": list(VARIANTS), "chapters": fresh}


def current(language="en"):
    """Return what was found, by chapter and variant: {"passed": bool, "seconds": float} each."""
    return {name: entry["variants"] for name, entry in stored()["chapters"].items() if name in chapters(language)}


def run(variant, names):
    """Run chapters under one variant in a single pytest, and return what was found for each of them."""
    names = random.Random(0).sample(names, len(names)) if variant == SHUFFLED else names
    files = [str(chapters()[name].relative_to(ROOT)) for name in names]
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:xdist", "--nbval", *files]
    REPORT.unlink(missing_ok=True)
    environment = os.environ | VARIANTS[variant] | {"D2LMINI_PROGRESS": "0"}
    subprocess.run([*command, f"--junitxml={REPORT}"], cwd=ROOT, env=environment)
    cells = list(ET.parse(REPORT).iter("testcase")) if REPORT.exists() else []
    return {name: verdict([c for c in cells if c.get("classname").endswith(f".{name}.ipynb")]) for name in names}


def verdict(cells):
    """Return what the cells of one chapter say together; without a cell, it has not passed."""
    bad = any(cell.find(word) is not None for cell in cells for word in ("failure", "error", "skipped"))
    seconds = sum(float(cell.get("time")) for cell in cells)
    return {"passed": bool(cells) and not bad, "seconds": round(seconds, 1)}


def keep(variant, found, hashes):
    """Write the outcome of one variant to RESULTS beside what is there, whole or not at all."""
    results = stored()
    for name, outcome in found.items():
        entry = results["chapters"].setdefault(name, {"sha256": hashes[name], "variants": {}})
        entry["variants"][variant] = outcome
        entry["variants"] = {v: entry["variants"][v] for v in VARIANTS if v in entry["variants"]}
    partial = RESULTS.with_suffix(".partial")
    partial.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    partial.replace(RESULTS)


def main(arguments):
    """Run what is asked for, everything by default; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m book.reproduce", description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help=f"all by default: {', '.join(chapters())}")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS), metavar="NAME",
                        help=f"all by default: {'; '.join(VARIANTS)}")  # fmt: skip
    options = parser.parse_args(arguments)
    names = options.chapters or list(chapters())
    if unknown := set(names) - set(chapters()):
        parser.error(f"no such chapter: {', '.join(sorted(unknown))}")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    failed = []
    for variant in options.variants:
        print(f"\n== {variant}", flush=True)
        hashes = {name: digest(chapters()[name]) for name in names}
        found = run(variant, names)
        keep(variant, found, hashes)
        for name, outcome in found.items():
            print(f"{name}: {'passed' if outcome['passed'] else 'FAILED'} in {outcome['seconds']:.0f} s")
            failed += [] if outcome["passed"] else [f"{name} ({variant})"]
    print(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'All passed.'}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
