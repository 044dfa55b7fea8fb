"""What is in the book: everything that builds or tests it reads this, and this reads _toc.yml and _config.yml."""

import copy
import functools
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


def load(name):
    """Return the YAML file `name` of the top folder."""
    file = ROOT / name
    return copy.deepcopy(parsed(file, file.stat().st_mtime_ns))


@functools.cache
def parsed(file, changed):
    """Return what a YAML file holds, as it was when it was last changed; reading it takes long."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def files(entries):
    """Yield the files of entries of a table of contents, each before those of the entries below it."""
    for entry in entries:
        yield entry["file"]
        yield from files(entry.get("sections", []))


def pages(language="en"):
    """Return the sources (Path) of an edition in reading order: those of _toc.yml that exist in that language."""
    toc = load("_toc.yml")
    names = [toc["root"], *(name for part in toc["parts"] for name in files(part["chapters"]))]
    stems = [ROOT / name.replace("chapters/en/", f"chapters/{language}/", 1) for name in names]
    found = [stem.with_name(stem.name + suffix) for stem in stems for suffix in (".md", ".ipynb")]
    return [file for file in found if file.exists()]


def kind(page):
    """Return what a source (Path) is: "front", "chapter", "more" (of a chapter) or "reference"."""
    if page.suffix == ".ipynb":
        return "more" if page.stem.endswith("-more") else "chapter"
    return "front" if page.stem == "index" else "reference"


def parent(page):
    """Return the name of the chapter below which _toc.yml puts a page of more (Path)."""
    for entry in (entry for part in load("_toc.yml")["parts"] for entry in part["chapters"]):
        if page.stem in {name.rpartition("/")[2] for name in files(entry.get("sections", []))}:
            return entry["file"].rpartition("/")[2]
    raise ValueError(f"{page.name} must stand below a chapter in _toc.yml")


def notebooks(language="en", kinds=("chapter", "more")):
    """Return the pages (Path) of an edition that are notebooks."""
    return [page for page in pages(language) if kind(page) in kinds]


def generated(language="en"):
    """Return the names of the pages that nobody writes: ext/generated.py makes each of them."""
    return tuple(load("book/words.yml")[language]["pages"])


def editions():
    """Return the languages that have a front page."""
    there = [language for language in load("book/words.yml") if pages(language)]
    return [language for language in there if kind(pages(language)[0]) == "front"]
