"""Copy to the files that repeat them: the repository's address, the version, and the README's picture."""

import base64
import re

import nbformat
import tomllib

from book.toc import ROOT, editions, load, notebooks

PICTURE = ROOT / "book/assets/readme.png"  # comes from a cell of a chapter: it is a result, not an illustration
CHAPTER, CELL = "mlp.ipynb", "concise-picture"


def patterns():
    """Return what to look for and what has to stand there."""
    config = load("_config.yml")
    address = config["repository"]["url"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return {
        r"git\+https://[^\s\"'\\@]+@v[\w.]+": f"git+{address}@v{version}",  # the setup cell of a chapter
        r"git clone https://[^\s\"'`]+": f"git clone {address}",
        r"https://[\w-]+\.github\.io/[\w/-]+": config["html"]["baseurl"],  # where the site is published
        r"(?m)^repository-code: .*": f'repository-code: "{address}"',
        r"(?m)^version: .*": f"version: {version}",
        r"(?m)^__version__ = .*": f'__version__ = "{version}"',
    }


def picture():
    """Return the PNG that the chosen cell has stored."""
    path = next(notebook for notebook in notebooks("en") if notebook.name == CHAPTER)
    cell = next(cell for cell in nbformat.read(path, as_version=4).cells if cell.id == CELL)
    return base64.b64decode(next(o.data["image/png"] for o in cell.outputs if "data" in o))


def stale():
    """Return the files (Path) that differ from what they should hold, each with its right content (bytes)."""
    files = [ROOT / name for name in ("README.md", "CITATION.cff", "d2lmini/__init__.py")]
    files += [notebook for language in editions() for notebook in notebooks(language)]
    found = {}
    for file in filter(lambda file: file.exists(), files):
        text = right = file.read_text(encoding="utf-8")
        for pattern, value in patterns().items():
            right = re.sub(pattern, lambda _, value=value: value, right)
        if right != text:
            found[file] = right.encode("utf-8")
    if not PICTURE.exists() or PICTURE.read_bytes() != picture():
        found[PICTURE] = picture()
    return found


if __name__ == "__main__":
    for file, content in stale().items():
        file.write_bytes(content)
        print("stamped", file.relative_to(ROOT))
