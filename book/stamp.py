"""Copy the repository's address (_config.yml) and the version (pyproject.toml) to the files that repeat them."""

import re

import tomllib

from book.toc import ROOT, editions, load, notebooks


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


def stale():
    """Return the files (Path) that differ from what they should say, each with its right text."""
    files = [ROOT / name for name in ("README.md", "CITATION.cff", "d2lmini/__init__.py")]
    files += [notebook for language in editions() for notebook in notebooks(language)]
    found = {}
    for file in filter(lambda file: file.exists(), files):
        text = right = file.read_text(encoding="utf-8")
        for pattern, value in patterns().items():
            right = re.sub(pattern, lambda _, value=value: value, right)
        if right != text:
            found[file] = right
    return found


if __name__ == "__main__":
    for file, text in stale().items():
        file.write_text(text, encoding="utf-8")
        print("stamped", file.relative_to(ROOT))
