"""The licence of all that the book installs to build and test itself: `python -m book.licences` lists it."""

import json
import re
import sys
from importlib.metadata import metadata

from book.toc import ROOT

LIST = ROOT / "book/licences.txt"
# What may be installed and run beside a book under MIT and CC BY: permissive, or copyleft of single files.
COMPATIBLE = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|Unlicense|OFL|BlueOak|0BSD"
)
# Where the package's own field holds the licence's whole text.
TEXTS = {"Permission is hereby granted, free of charge": "MIT"}


def licence(package):
    """Return the licence that an installed package declares, in one line."""
    found = metadata(package)
    classifiers = [c.split(" :: ")[-1] for c in found.get_all("Classifier", []) if c.startswith("License ::")]
    text = found.get("License-Expression") or ", ".join(c for c in classifiers if c != "OSI Approved")
    text = text or found.get("License") or "none declared"
    return next((short for start, short in TEXTS.items() if start in text), text)


def listed():
    """Return the lines of the list: one a package, those of pip and then those of npm."""
    pins = re.findall(r"(?m)^([\w.-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"))
    files = [ROOT / "book" / folder / "package-lock.json" for folder in ("", "lighthouse")]
    locks = [json.loads(file.read_text(encoding="utf-8"))["packages"] for file in files]
    npm = {
        name.split("node_modules/")[-1]: entry["license"] for lock in locks for name, entry in lock.items() if name
    }
    lines = [f"{name}: {licence(name)}" for name in sorted(pins, key=str.lower)]
    return lines + [f"{name} (npm): {text}" for name, text in sorted(npm.items())]


if __name__ == "__main__":
    LIST.write_text("\n".join(listed()) + "\n", encoding="utf-8")
    sys.exit([line for line in listed() if not COMPATIBLE.search(line.partition(": ")[2])] or 0)
