"""Copy to the files that repeat them: address, version, pictures from the chapters, the times in their titles."""

import base64
import io
import re

import nbformat
import tomllib
from PIL import Image, ImageOps

from book.path import counts, paths, timed
from book.toc import ROOT, editions, load, notebooks

# Pictures outside the chapters come from cells of the chapters: they are results, not illustrations.
README, FRONT = ("mlp", "concise-picture"), ("initialization", "map-picture")


def patterns(config):
    """Return what to look for and what has to stand there."""
    address = config["repository"]["url"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return {
        r"https://[^\s\"'\\]+/d2lmini-[\d.]+-py3": f"{config['html']['baseurl']}d2lmini-{version}-py3",  # setup
        r"git clone https://[^\s\"'`\\]+": f"git clone {address}",
        r"(?<=Read it at <)[^>]+": config["html"]["baseurl"],
        r"https://[^\s()\"'\\]+/(?=[a-z]+/lab\.html)": config["html"]["baseurl"],  # a chapter's link to the lab
        r"(?m)^repository-code: .*": f'repository-code: "{address}"',
        r"(?m)^version: [\d.]+$": f"version: {version}",
        r"(?m)^__version__ = .*": f'__version__ = "{version}"',
    }


def stale_texts(config, folder=ROOT):
    """Return the texts in `folder` that repeat something else than `config` says, each with its right content."""
    files = [folder / "CITATION.cff", folder / "d2lmini/__init__.py", *folder.glob("*.md")]
    files += [file for kind in ("md", "ipynb") for file in folder.glob(f"chapters/*/*.{kind}")]
    found = {}
    for file in files:
        text = right = file.read_text(encoding="utf-8")
        for pattern, value in patterns(config).items():
            right = re.sub(pattern, lambda _, value=value: value, right)
        if right != text:
            found[file] = right.encode("utf-8")
    return found


def picture(chapter, name):
    """Return the PNG that a cell of a chapter has stored."""
    path = next(notebook for notebook in notebooks("en") if notebook.stem == chapter)
    cell = next(cell for cell in nbformat.read(path, as_version=4).cells if cell.id == name)
    return base64.b64decode(next(o.data["image/png"] for o in cell.outputs if "image/png" in o.get("data", {})))


def preview(png):
    """Return a picture in the size that link previews show, 1200 x 630."""
    small = io.BytesIO()
    picture = ImageOps.pad(Image.open(io.BytesIO(png)).convert("RGB"), (1200, 630), color="white")
    picture.quantize(256, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def pictures():
    """Return the content of each picture (bytes), by its file."""
    front = picture(*FRONT)
    assets = ROOT / "book/assets"  # `make editions` copies those of the chapters
    own = {ROOT / "chapters/en/front.png": front}
    return own | {assets / "readme.png": picture(*README), assets / "preview.png": preview(front)}


def stale():
    """Return the files (Path) that differ from what they should hold, each with its right content (bytes)."""
    found = stale_texts(load("_config.yml"))
    for file in (file for language in editions() for file in paths(language)):
        text = found.get(file, file.read_bytes()).decode("utf-8")
        size = counts(ROOT / "chapters/en" / file.name)  # both editions take the same time
        if (right := timed(text, size, file.parent.name)) != text:
            found[file] = right.encode("utf-8")
    for file, content in pictures().items():
        if not file.exists() or file.read_bytes() != content:
            found[file] = content
    return found


if __name__ == "__main__":
    for file, content in stale().items():
        file.write_bytes(content)
        print("stamped", file.relative_to(ROOT))
