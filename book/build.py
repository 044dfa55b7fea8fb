"""Build the site: `python -m book.build` writes every edition and a page that leads to them to _build/html/.

Nothing is executed: the stored outputs are what the tests proved. Any warning is an error.
"""

import copy
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from book.toc import ROOT, editions, load, pages

BUILD = ROOT / "_build"
SITE = BUILD / "html"
NAMES = {"en": "English", "zh": "中文"}
CHANGES = {
    "zh": {"language": "zh_CN", "html_theme_options": {"search_bar_text": "搜索本书", "toc_title": "本页内容"}}
}


def derive(config, toc, language):
    """Return the configuration and table of contents of one edition, from those of the book."""
    config = copy.deepcopy(config)
    config["html"]["baseurl"] += f"{language}/"
    config["repository"]["path_to_book"] = f"chapters/{language}"
    sphinx = config["sphinx"]
    sphinx["local_extensions"] = {name: str(ROOT / path) for name, path in sphinx["local_extensions"].items()}
    for key, value in CHANGES.get(language, {}).items():
        sphinx["config"][key] = {**sphinx["config"][key], **value} if isinstance(value, dict) else value
    there = [page.stem for page in pages(language)]
    names = [Path(entry["file"]).name for entry in toc["chapters"]]
    chapters = [{"file": name} for name in names if name in there]
    return config, {"format": toc["format"], "root": "index", "chapters": chapters}


def build_edition(language):
    """Build one edition to SITE/language; returns whether it built without a warning."""
    folder = BUILD / language
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        Path(sys.executable).with_name("jupyter-book"),
        "build",
        ROOT / "chapters" / language,
        "-W",
        "-n",
        "-q",
    ]
    command += ["--keep-going", "--all", "--path-output", folder]
    for name, content in zip(
        ("config", "toc"), derive(load("_config.yml"), load("_toc.yml"), language), strict=True
    ):
        (folder / f"{name}.yml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
        command += [f"--{name}", folder / f"{name}.yml"]
    if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode:
        return False
    shutil.rmtree(SITE / language, ignore_errors=True)
    shutil.copytree(folder / "_build/html", SITE / language)
    return True


def root_page(languages):
    """Return the HTML of the page above the editions; with a single edition it leads straight there."""
    links = "\n".join(
        f'<li><a href="{name}/index.html" lang="{name}">{NAMES[name]}</a></li>' for name in languages
    )
    straight = (
        f'<meta http-equiv="refresh" content="0; url={languages[0]}/index.html">' if len(languages) == 1 else ""
    )
    template = (ROOT / "book/templates/root.html").read_text(encoding="utf-8")
    return template.replace("<!-- links -->", links).replace("<!-- straight -->", straight)


def main():
    """Build all editions; returns the exit status."""
    languages = editions()
    failed = [language for language in languages if not build_edition(language)]
    if failed or not languages:
        print(
            f"The site was not built: see above ({', '.join(failed) or 'no front page found'}).", file=sys.stderr
        )
        return 1
    (SITE / "index.html").write_text(root_page(languages), encoding="utf-8")
    print(f"Built: {', '.join(languages)}. Open it with")
    print(f"    {sys.executable} -m webbrowser {(SITE / 'index.html').as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
