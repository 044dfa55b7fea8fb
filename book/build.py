"""Build the site: `python -m book.build` writes every edition and a page that leads to them to _build/html/.

Nothing is executed: the stored outputs are what the tests proved. Any warning is an error.
"""

import contextlib
import copy
import functools
import gzip
import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import yaml
from flit_core import buildapi

from book.figures import FIGURES
from book.lighten import lighten
from book.slides import SLIDES
from book.slides import write as write_slides
from book.toc import ROOT, editions, load, notebooks, pages
from book.words import words

BUILD = ROOT / "_build"
SITE = BUILD / "html"
PDF = BUILD / "pdf"
RUN = ("torch", "numpy", "matplotlib", "pooch", "tqdm", "ipykernel", "jupyterlab")  # enough to run the chapters


def derive(config, toc, language):
    """Return the configuration and table of contents of one edition, from those of the book."""
    config = copy.deepcopy(config)
    config["html"]["baseurl"] += f"{language}/"
    config["repository"]["path_to_book"] = f"chapters/{language}"
    sphinx, said = config["sphinx"], words(language)
    sphinx["local_extensions"] = {name: str(ROOT / path) for name, path in sphinx["local_extensions"].items()}
    sphinx["config"]["language"] = said["locale"]
    there = [page.stem for page in pages(language)]
    parts = []
    for part in toc["parts"]:
        if chapters := list(present(part["chapters"], there)):
            parts.append({**part, "caption": said["parts"][part["caption"]], "chapters": chapters})
    return config, {"format": toc["format"], "root": "index", "parts": parts}


def present(entries, there):
    """Yield the entries of a table of contents whose file is there, with those below them."""
    for entry in entries:
        name, below = Path(entry["file"]).name, list(present(entry.get("sections", []), there))
        if name in there:
            yield {"file": name} | ({"sections": below} if below else {})
        else:
            yield from below


@functools.cache
def around(language):
    """Return a hash of what one page may show of others (not text, code, outputs of notebooks), and one of all."""
    files = [file for file in (ROOT / "book").rglob("*.*") if "__pycache__" not in file.parts]
    files += [
        *ROOT.glob("*.yml"),
        *ROOT.glob("*.t*"),
        *ROOT.glob("chapters/*/*.md"),
        *ROOT.glob("chapters/*/*.png"),
    ]
    found = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(files)))
    made = sorted([*PDF.glob("*.pdf"), *FIGURES.glob("*/*")])  # the page of downloads offers what there is
    found.update(str([(file.name, file.stat().st_size) for file in made]).encode())
    for file in (
        file for each in editions() for file in notebooks(each)
    ):  # an edition has the addresses of another
        for cell in nbformat.read(file, as_version=4).cells:
            shown = [line for line in cell.source.splitlines() if line.startswith("#") or "\\tag{" in line]
            found.update("\n".join([cell.id, *(shown if cell.cell_type == "markdown" else [])]).encode())
    whole = hashlib.sha256(b"".join(file.read_bytes() for file in notebooks(language)))
    return f"{found.hexdigest()} {whole.hexdigest()}"


def build_edition(language, builder="html", target=None):
    """Build one edition to `target` (SITE/language); returns whether it built without a warning.

    Only the notebooks that changed are written anew, where nothing else did that other pages show.
    """
    folder, target = BUILD / "work" / builder / language, target or SITE / language
    known, now = folder / "around", around(language)
    before = known.read_text() if known.exists() and target.exists() else ""
    if before == now:
        return True
    if before.split(" ")[0] != now.split(" ")[0]:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    known.unlink(missing_ok=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ROOT / "chapters" / language]
    command += ["-W", "-n", "-q", "--keep-going", "--builder", builder, "--path-output", folder]
    settings = derive(load("_config.yml"), load("_toc.yml"), language)
    for name, content in zip(("config", "toc"), settings, strict=True):
        (folder / f"{name}.yml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
        command += [f"--{name}", folder / f"{name}.yml"]
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode:
        return False
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder / "_build" / builder, target)
    lighten(target)
    say(words(language)["theme"], target)
    known.write_text(now)
    return True


def build_slides(languages):
    """Write the slides of all editions to SLIDES, where something changed since."""
    for language in languages:
        known, now = BUILD / f"work/slides-{language}", around(language)
        if not known.exists() or known.read_text() != now or not (SLIDES / language).exists():
            known.unlink(missing_ok=True)
            write_slides(language, SLIDES / language)
            known.write_text(now)


def small_pictures():
    """Return labels and pictures (14 x 14, a byte a pixel) for the lab: 1,000 for training, 500 for validation."""
    kept = BUILD / "work/pictures.bin"
    if kept.exists() and kept.stat().st_mtime > Path(__file__).stat().st_mtime:
        return kept.read_bytes()
    import torch
    from torch.nn.functional import avg_pool2d

    from d2lmini.data import fashion_mnist, first

    parts = [first(part, n).tensors for part, n in zip(fashion_mnist()[:2], (1000, 500), strict=True)]
    images, labels = (torch.cat(both) for both in zip(*parts, strict=True))
    halved = (avg_pool2d(images, 2) * 255).round().byte()
    kept.write_bytes(gzip.compress(labels.byte().numpy().tobytes() + halved.numpy().tobytes(), mtime=0))
    return kept.read_bytes()


def say(phrases, folder):
    """Put the words of an edition into its pages where the theme knows English alone."""
    places = rf'((?:title|label|alt)="|>\s*)({"|".join(map(re.escape, phrases))})(?=\s*["<])'
    for page in folder.glob("*.html") if phrases else ():
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(places, lambda found: found[1] + phrases[found[2]], text), encoding="utf-8")


def root_page(languages, said="", straight=""):
    """Return the HTML of a page above the editions: it leads to each of them."""
    base = urlsplit(load("_config.yml")["html"]["baseurl"]).path if said else ""  # a missing page can be anywhere
    links = "\n".join(
        f'<li><a href="{base}{name}/index.html" lang="{name}">{words(name)["name"]}</a></li>' for name in languages
    )
    page = (ROOT / "book/templates/root.html").read_text(encoding="utf-8")
    for place, text in (("links", links), ("straight", straight), ("words", said)):
        page = page.replace(f"<!-- {place} -->", text)
    return page


def sitemap(languages):
    """Return the list of all pages for search engines, as XML."""
    base = load("_config.yml")["html"]["baseurl"]
    addresses = [f"{base}{language}/{page.stem}.html" for language in languages for page in pages(language)]
    urls = "\n".join(f"<url><loc>{address}</loc></url>" for address in addresses)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}\n</urlset>\n'
    )


def write_zip(language, target):
    """Write the notebooks of an edition, the package with all its files, and the requirements to a zip."""
    pins = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    package = [file for file in (ROOT / "d2lmini").rglob("*.*") if "__pycache__" not in file.parts]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in [*pages(language), *sorted((ROOT / f"chapters/{language}").glob("*.png"))]:
            archive.write(file, f"d2lmini-book/{file.name}")
        for file in [*sorted(package), ROOT / "LICENSE", ROOT / "LICENSE-TEXT"]:
            archive.write(file, Path("d2lmini-book", file.relative_to(ROOT)))
        wanted = [pin for pin in pins if pin.split("==")[0] in RUN]
        archive.writestr("d2lmini-book/requirements.txt", "\n".join(wanted) + "\n")
        archive.writestr("d2lmini-book/README.txt", words(language)["archive"])


def write_wheel(folder):
    """Write the package as a wheel, which the setup cell of a chapter installs; returns its name."""
    with contextlib.chdir(ROOT):
        return buildapi.build_wheel(str(folder))


def main():
    """Build all editions; returns the exit status."""
    languages = editions()
    try:
        words("en")
    except KeyError as error:
        print(error.args[0], file=sys.stderr)
        return 1
    (BUILD / "work").mkdir(parents=True, exist_ok=True)
    for language in languages:  # first: the page of downloads says how large it is
        write_zip(language, BUILD / f"d2lmini-{language}.zip")
        around(language)
    with ThreadPoolExecutor(3) as side_by_side:  # editions wait for processes of their own
        slides = side_by_side.submit(build_slides, languages)
        built = dict(zip(languages, side_by_side.map(build_edition, languages), strict=True))
    slides.result()
    failed = [language for language in languages if not built[language]]
    if failed or not languages:
        print(
            f"The site was not built: see above ({', '.join(failed) or 'no front page found'}).", file=sys.stderr
        )
        return 1
    only = f'<meta http-equiv="refresh" content="0; url={languages[0]}/index.html">' if len(languages) == 1 else ""
    missing = "".join(f'<p lang="{language}">{words(language)["missing"]}</p>' for language in languages)
    base = load("_config.yml")["html"]["baseurl"]
    for name, content in {
        "index.html": root_page(languages, straight=only),
        "404.html": root_page(languages, said=missing),
        "sitemap.xml": sitemap(languages),
        "robots.txt": f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n",
    }.items():
        (SITE / name).write_text(content, encoding="utf-8")
    write_wheel(SITE)
    pictures = small_pictures()
    for language in languages:
        shutil.copy(BUILD / f"d2lmini-{language}.zip", SITE / language / "d2lmini.zip")
        lab = shutil.copytree(ROOT / "book/lab", SITE / language / "_static/lab", dirs_exist_ok=True)
        (lab / "pictures.bin").write_bytes(pictures)
        shutil.copytree(SLIDES / language, SITE / language / "slides", dirs_exist_ok=True)
        if (FIGURES / language).exists():
            shutil.copytree(FIGURES / language, SITE / language / "figures", dirs_exist_ok=True)
        if (PDF / f"d2lmini-{language}.pdf").exists():
            shutil.copy(PDF / f"d2lmini-{language}.pdf", SITE / language / "d2lmini.pdf")
    print(f"Built: {', '.join(languages)}. Open it with")
    print(f"    {sys.executable} -m webbrowser {(SITE / 'index.html').as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
