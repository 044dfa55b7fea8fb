"""What is in the book: everything that builds or tests it reads this, and this reads _toc.yml and _config.yml."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("en", "zh")


def load(name):
    """Return the YAML file `name` of the top folder."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def pages(language="en"):
    """Return the sources (Path) of an edition in reading order: those of _toc.yml that exist in that language."""
    toc = load("_toc.yml")
    names = [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])]
    stems = [ROOT / name.replace("chapters/en/", f"chapters/{language}/", 1) for name in names]
    files = [stem.with_name(stem.name + suffix) for stem in stems for suffix in (".md", ".ipynb")]
    return [file for file in files if file.exists()]


def notebooks(language="en"):
    """Return the chapters (Path) of an edition: its pages that are notebooks."""
    return [page for page in pages(language) if page.suffix == ".ipynb"]


def editions():
    """Return the languages that have a front page."""
    return [language for language in LANGUAGES if any(page.stem == "index" for page in pages(language))]
