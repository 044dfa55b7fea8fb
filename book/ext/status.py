"""Two pages that nobody writes: what was proved of each chapter, and what a reader can take along."""

import re
from html import escape
from importlib.metadata import version

import nbformat

from book.reproduce import current
from book.toc import ROOT, notebooks

PACKAGES = ("torch", "numpy", "matplotlib", "jupyter-book", "nbval")
WORDS = {
    "en": {
        "status": "Status",
        "downloads": "Downloads",
        "columns": ("Chapter", "verified cells", "seeds, at most", "exercises", "solution cells", "seconds"),
        "counts": "What is proved of each chapter, counted in the notebooks when this page was built. Seconds are "
        "those of the quickest run below, on a machine with two processor cores.",
        "variants": "The stored outputs were compared, character by character, with those of a fresh run under "
        "each of these settings. An entry for a notebook that has changed since then is left out.",
        "versions": "Versions: ",
        True: "passed",
        False: "failed",
        None: "not run",
        "zip": "All notebooks, with the package they import and a list of requirements (zip)",
        "pdf": "The book as a PDF, solutions at the end",
        "chapters": "One chapter as a notebook:",
    },
    "zh_CN": {
        "status": "状态",
        "downloads": "下载",
        "columns": ("章节", "检验", "种子（最多）", "练习", "解答单元格", "秒"),
        "counts": "每一章证明了什么：本页生成时统计。秒数取自下面最快的一次运行（双核机器）。",
        "variants": "在下列每种设置下重新运行全书，并把输出与保存的输出逐字比较。此后改动过的笔记本不列入。",
        "versions": "版本：",
        True: "通过",
        False: "未通过",
        None: "未运行",
        "zip": "全部笔记本，附所需的程序包和依赖列表（zip）",
        "pdf": "全书 PDF，解答在书末",
        "chapters": "单章笔记本：",
    },
}


def edition(app):
    """Return the words and the chapters of this edition."""
    language = app.config.language
    return WORDS[language], notebooks(language[:2])


def table(header, rows):
    """Return an HTML table; the first column names its row."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    return (
        '<div class="pst-scrollable-table-container"><table class="table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def counts(notebook):
    """Return the numbers of checks, seeds, exercises and solution cells of a notebook."""
    cells = notebook.cells
    tags = [tag for cell in cells for tag in cell.metadata.get("tags", [])]
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    seeds = [int(n) for n in re.findall(r"\bseeds?(?: in|=| =) ?range\((\d+)\)", code)]
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    exercises = re.split(r"(?m)^## (?:Exercises|练习)", text)[-1]
    numbers = re.findall(r"(?m)^\*\*(\d+)", exercises)
    return tags.count("check"), max(seeds, default=1), len(numbers), tags.count("solution")


def status(app):
    """Return the body of the status page."""
    words, files = edition(app)
    proved = current(app.config.language[:2])
    rows, names = [], {}
    for file in files:
        notebook = nbformat.read(file, as_version=4)
        names[file.stem] = notebook.cells[0].source.splitlines()[0].lstrip("# ")
        seconds = min((entry["seconds"] for entry in proved.get(file.stem, {}).values()), default=None)
        link = f'<a href="{file.stem}.html">{escape(names[file.stem])}</a>'
        rows.append([link, *counts(notebook), "" if seconds is None else f"{seconds:.0f}"])
    variants = list(dict.fromkeys(name for entries in proved.values() for name in entries))
    outcomes = {(stem, name): entry["passed"] for stem in proved for name, entry in proved[stem].items()}
    grid = [[names[stem], *(words[outcomes.get((stem, name))] for name in variants)] for stem in names]
    broken = [re.sub("([_=])", r"\1<wbr>", name) for name in variants]  # where a line may end
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"<h1>{words['status']}</h1><p>{words['counts']}</p>{table(words['columns'], rows)}"
        f"<p>{words['variants']}</p>{table([words['columns'][0], *broken], grid)}"
        f"<p>{words['versions']}{versions}</p>"
    )


def downloads(app):
    """Return the body of the page of downloads."""
    words, files = edition(app)
    items = [f'<a href="d2lmini.zip">{words["zip"]}</a>']
    if (ROOT / f"_build/pdf/d2lmini-{app.config.language[:2]}.pdf").exists():
        items.append(f'<a href="d2lmini.pdf">{words["pdf"]}</a>')
    titles = [(file.name, nbformat.read(file, as_version=4).cells[0].source.splitlines()[0]) for file in files]
    links = "".join(
        f'<li><a href="_sources/{name}" download>{escape(title.lstrip("# "))}</a></li>' for name, title in titles
    )
    items.append(f"{words['chapters']}<ul>{links}</ul>")
    return f"<h1>{words['downloads']}</h1><ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def pages(app):
    """Give Sphinx both pages."""
    if app.builder.name == "html":
        for name, make in (("status", status), ("downloads", downloads)):
            yield name, {"title": WORDS[app.config.language][name], "body": make(app)}, "page.html"


def setup(app):
    app.connect("html-collect-pages", pages)
    return {"parallel_read_safe": True}
