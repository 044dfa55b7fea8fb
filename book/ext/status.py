"""Two pages that nobody writes: what was proved of each chapter, and what a reader can take along."""

import re
from html import escape
from importlib.metadata import version

import nbformat

from book import prove
from book.toc import ROOT, notebooks

PACKAGES = ("torch", "numpy", "matplotlib", "jupyter-book", "nbval")
WORDS = {
    "en": {
        "status": "Status",
        "downloads": "Downloads",
        "columns": (
            "Chapter",
            "checks",
            "hold on other draws",
            "mistakes caught",
            "seeds, at most",
            "exercises",
            "seconds",
        ),
        "counts": "What is proved of each chapter, when this page was built. Checks are cells that assert what "
        "the text claims. A check holds on other draws when it passes in at least 19 of 20 runs with every seed "
        "moved and other pictures. A mistake is caught when the check fails with that mistake put into the code "
        "before it. What is not proved yet, or was proved of code that has changed since, is not counted. Seconds "
        "are those of the quickest run below, on a machine with two processor cores.",
        "variants": "The stored outputs were compared, character by character, with those of a fresh run under "
        "each of these settings, and the tests of the package were run under each. An entry for what has changed "
        "since then is left out.",
        "package": "The package's tests",
        "processors": "The whole test command, which runs every cell of the book, was seen to pass on:",
        "processor": ("Processor", "vector units", "PyTorch", "date"),
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
        "columns": ("章节", "检验", "换随机数后仍成立", "查出的错误", "种子（最多）", "练习", "秒"),
        "counts": "每一章证明了什么：本页生成时统计。检验是断言正文说法的单元格。把所有随机种子换掉、图片也换掉，"
        "运行 20 次，至少 19 次通过，才算“换随机数后仍成立”。在前面的代码里放进一个错误，检验随即失败，"
        "才算“查出”。尚未验证的，或代码此后改动过的，不计入。秒数取自下面最快的一次运行（双核机器）。",
        "variants": "在下列每种设置下重新运行全书，把输出与保存的输出逐字比较，"
        "并运行程序包的测试。此后改动过的不列入。",
        "package": "程序包的测试",
        "processors": "完整的测试命令（运行全书的每个单元格）已在下列处理器上通过：",
        "processor": ("处理器", "向量单元", "PyTorch", "日期"),
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


def counts(notebook, known):
    """Return what there is in a notebook and what is known of it: a row of the first table."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    seeds = [int(n) for n in re.findall(r"\bseeds?(?: in|=| =) ?range\((\d+)\)", code)]
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    exercises = re.split(r"(?m)^## (?:Exercises|练习)", text)[-1]
    holding = sum(check["redraws_passed"] >= prove.ENOUGH for check in known.values())
    caught, recorded = (sum(check[k] for check in known.values()) for k in ("breaks_caught", "breaks"))
    numbers = re.findall(r"(?m)^\*\*(\d+)", exercises)
    return len(known), holding, f"{caught} / {recorded}", max(seeds, default=1), len(numbers)


def status(app):
    """Return the body of the status page."""
    words, files = edition(app)
    proved, known = prove.reproduced(), prove.report()
    rows, names = [], {}
    for file in files:
        notebook = nbformat.read(file, as_version=4)
        names[file.stem] = notebook.cells[0].source.splitlines()[0].lstrip("# ")
        seconds = min((entry["seconds"] for entry in proved.get(file.stem, {}).values()), default=None)
        link = f'<a href="{file.stem}.html">{escape(names[file.stem])}</a>'
        rows.append([link, *counts(notebook, known[file.stem]), "" if seconds is None else f"{seconds:.0f}"])
    variants = list(prove.VARIANTS)
    outcomes = {(stem, name): entry["passed"] for stem in proved for name, entry in proved[stem].items()}
    names[prove.PACKAGE] = words["package"]
    grid = [[names[stem], *(words[outcomes.get((stem, name))] for name in variants)] for stem in names]
    broken = [re.sub("([_=])", r"\1<wbr>", name) for name in variants]  # where a line may end
    processors = [[p["name"], p["units"], p["torch"], p["date"]] for p in prove.stored()["processors"].values()]
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"<h1>{words['status']}</h1><p>{words['counts']}</p>{table(words['columns'], rows)}"
        f"<p>{words['variants']}</p>{table([words['columns'][0], *broken], grid)}"
        f"<p>{words['processors']}</p>{table(words['processor'], processors)}"
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
