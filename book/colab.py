"""Rehearse Colab: `python -m book.colab [CHAPTER ...]` runs chapters where nothing of ours is installed.

For each set of versions: a new environment with torch, numpy, matplotlib and ipykernel alone, and for each chapter
an empty folder. The setup cell installs the package from a wheel made here, which stands in for that of the book's
site. It may add packages and change none.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import nbformat
import tomllib
from nbclient import NotebookClient

from book.build import write_wheel
from book.toc import ROOT, notebooks

BASE = ("torch", "numpy", "matplotlib", "ipykernel")


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def version_sets():
    """Return pip's arguments for each set of versions, down to the lowest that the package allows."""
    pins = dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8")))
    lowest = dict(asked.split(">=") for asked in project()["dependencies"])
    of_2025 = {"torch": "2.8.0", "numpy": "2.0.2", "matplotlib": "3.10.0"}
    pinned = {
        "the book's versions": {name: pins[name] for name in BASE},
        "Colab's versions of 2025": of_2025 | {"ipykernel": "6.17.1"},
        "the lowest versions": lowest | {"ipykernel": "6.17.1"},  # of Python 3.11 or older: so is numpy 1.24
    }
    sets = {title: [f"{name}=={version}" for name, version in chosen.items()] for title, chosen in pinned.items()}
    return sets | {"the newest versions": list(BASE)}


class Environment:
    """A virtual environment with `packages` and a kernel named colab."""

    def __init__(self, folder, packages):
        venv.create(folder, with_pip=True)
        write_wheel(folder)
        self.site = folder.as_uri()
        self.python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
        path = f"{self.python.parent}{os.pathsep}{os.environ['PATH']}"
        self.variables = os.environ | {"PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        self.variables.pop("PYTHONPATH", None)
        self.run("pip", "install", "-qq", *packages)
        self.run("ipykernel", "install", "--prefix", folder, "--name", "colab")
        os.environ["JUPYTER_PATH"] = str(folder / "share/jupyter")
        self.before = self.installed()

    def run(self, module, *arguments):
        """What a module of the environment prints."""
        command = [self.python, "-m", module, *arguments]
        return subprocess.run(command, env=self.variables, check=True, stdout=subprocess.PIPE, text=True).stdout

    def installed(self):
        """Versions by name."""
        return {p["name"]: p["version"] for p in json.loads(self.run("pip", "list", "--format", "json"))}

    def rehearse(self, chapter):
        """Run a chapter alone in a folder; returns what the setup cell added. Raises where anything went wrong."""
        with tempfile.TemporaryDirectory() as folder:
            text = re.sub(r"https://\S+(?=/d2lmini-\S+\.whl)", self.site, chapter.read_text(encoding="utf-8"))
            notebook = nbformat.reads(text, as_version=4)
            resources = {"metadata": {"path": folder}}
            client = NotebookClient(notebook, timeout=1200, kernel_name="colab", resources=resources)
            try:
                client.execute(env=self.variables, stderr=subprocess.DEVNULL)  # what kernels of any age warn of
            finally:
                after = self.installed()
                added = sorted(after.keys() - self.before.keys())
                if added:  # the next chapter starts from nothing, too
                    self.run("pip", "uninstall", "-qq", "--yes", *added)
        changed = {name: after.get(name) for name, v in self.before.items() if after.get(name) != v}
        if changed or "d2lmini" not in added:
            raise RuntimeError(f"the setup cell changed {changed or 'nothing'} and added {added}")
        return added


def main(arguments):
    """Rehearse chapters under every set of versions; returns the exit status."""
    chapters, sets = {file.stem: file for file in notebooks()}, version_sets()
    parser = argparse.ArgumentParser(prog="python -m book.colab", description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help=f"all by default: {', '.join(chapters)}")
    parser.add_argument("--sets", nargs="+", choices=sets, default=list(sets), metavar="SET",
                        help=f"all by default: {', '.join(sets)}")  # fmt: skip
    options = parser.parse_args(arguments)
    if unknown := set(options.chapters) - set(chapters):
        parser.error(f"no such chapter: {', '.join(sorted(unknown))}")
    failed = []
    for title in options.sets:
        print(f"\n== {title}: {', '.join(sets[title])}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            environment = Environment(Path(folder, "venv"), sets[title])
            for name in options.chapters or chapters:
                start = time.perf_counter()
                try:
                    outcome = "passed, added " + ", ".join(environment.rehearse(chapters[name]))
                except Exception as error:
                    outcome = f"FAILED: {str(error)[-2000:]}"
                    failed.append(f"{name} ({title})")
                print(f"{name}: {outcome} ({time.perf_counter() - start:.0f} s)", flush=True)
    print(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'All passed; no package was changed.'}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
