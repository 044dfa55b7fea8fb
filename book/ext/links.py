"""Something to link to: every figure, numbered equation and check has an address; the index leads to each term."""

import functools
import re

import nbformat
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from book.toc import ROOT, notebooks

WORDS = {
    "en": ("Link to this check", "Link to this equation"),
    "zh_CN": ("本检查的链接", "本公式的链接"),
}

CHAPTER = {"en": "chapter {}", "zh_CN": "第 {} 章"}
ENDS = (
    "You will be able to",
    "Summary",
    "Exercises",
    "Further reading",
    "学完本章你能",
    "小结",
    "练习",
    "延伸阅读",
)
# Words that also mean something else: in the index where a chapter defines them, not where it first uses them.
EVERYDAY = ("bias", "channel", "depth", "example", "gain", "interaction", "kernel", "label", "margin", "noise",
            "norm", "objective", "risk", "translation", "variance", "weight", "width")  # fmt: skip


@functools.cache
def terms(language):
    """Return the terms of the glossary in one language, each with the pattern that finds it in a text."""
    column = {"en": 0, "zh_CN": 1}[language]
    rows = re.findall(r"^\| (.*) \| (.*) \| .* \|$", (ROOT / "chapters/en/glossary.md").read_text("utf-8"), re.M)
    names = [re.sub(r"\s*[(（].*", "", row[column]) for row in rows[1:]]
    edge = r"\b" if language == "en" else ""
    return {name: re.compile(f"{edge}{re.escape(name)}s?{edge}", re.I) for name in names}


def number(name):
    """Return the number of a chapter."""
    return 1 + [file.stem for file in notebooks()].index(name.split("/")[-1])


def is_told(paragraph):
    """Tell whether a paragraph belongs to the text itself: not to its opening line, its end, or what is folded."""
    section, folded = paragraph.parent, False
    while not isinstance(section, nodes.section | nodes.document):
        section = section.parent
    heading = next(iter(section.findall(nodes.title)), None)
    before = paragraph.parent.children[: paragraph.parent.index(paragraph)]
    for node in before:
        if isinstance(node, nodes.raw):
            folded = "<details" in node.astext() or (folded and "</details" not in node.astext())
    opening = paragraph.astext().startswith(("Before you start", "开始之前", "先修"))
    return not folded and not opening and (heading is None or heading.astext() not in ENDS)


class Links(SphinxTransform):
    """Addresses for cells and equations; index entries where a chapter defines a term or first uses it."""

    default_priority = 700  # before Sphinx collects index entries and figures

    def apply(self):
        self.link_cells()
        for node in list(self.document.findall(nodes.math_block)):
            self.link_equation(node)
        if self.env.doc2path(self.env.docname).endswith(".ipynb"):
            self.index_terms()

    def link_cells(self):
        path = self.env.doc2path(self.env.docname)
        ids = [cell.id for cell in nbformat.read(path, as_version=4).cells] if path.endswith(".ipynb") else []
        slugs = self.env.metadata[self.env.docname].setdefault("myst_slugs", {})
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") != "cell_code":
                continue
            name = ids[cell["cell_index"]]
            cell["ids"].append(f"cell-{name}")
            slugs[f"cell-{name}"] = (cell.line, f"cell-{name}", name)  # so that other pages can name the cell
            if "tag_check" in cell["classes"]:
                cell.insert(0, self.permalink(f"cell-{name}", 0))
            for figure in cell.findall(nodes.figure):
                figure["ids"].insert(0, f"figure-{name}")  # Sphinx links the caption to the first id

    def link_equation(self, node):
        if number := re.search(r"\\tag\{([\d.]+)\}", node.astext()):
            name = "equation-" + number[1].replace(".", "-")
            box = nodes.container("", ids=[name], classes=["equation"])
            node.replace_self(box)
            box += [node, self.permalink(name, 1)]

    def permalink(self, name, kind):
        title = WORDS[self.config.language][kind]
        html = f'<a class="headerlink" href="#{name}" title="{title}" aria-label="{title}">#</a>'
        return nodes.raw("", html, format="html")

    def index_terms(self):
        chapter = CHAPTER[self.config.language].format(number(self.env.docname))
        bold = [(place, place.astext()) for place in self.document.findall(nodes.strong)]
        texts = [(place, place.astext()) for place in self.document.findall(nodes.paragraph) if is_told(place)]
        for term, pattern in terms(self.config.language).items():
            defined = next((place for place, text in bold if pattern.fullmatch(text.strip(".:。："))), None)
            used = next((place for place, text in texts if pattern.search(text)), None)
            place = defined or (None if term in EVERYDAY else used)
            if place is not None:
                name = f"term-{len(self.document.ids)}-{nodes.make_id(term)}"
                place["ids"].append(name)
                self.document.ids[name] = place
                entry = ("single", f"{term}; {chapter}", name, "main" if defined else "", None)
                place.parent.insert(place.parent.index(place), addnodes.index(entries=[entry]))


def setup(app):
    app.add_transform(Links)
    return {"parallel_read_safe": True}
