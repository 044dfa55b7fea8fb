"""Something to link to: every figure, numbered equation and check has an address; the index leads to each term."""

import functools
import re

import nbformat
from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

from book.toc import ROOT

WORDS = {
    "en": ("Link to this check", "Link to this equation"),
    "zh_CN": ("本检查的链接", "本公式的链接"),
}


@functools.cache
def terms(language):
    """Return the terms of the glossary in one language, each with the pattern that finds it in a text."""
    column = {"en": 0, "zh_CN": 1}[language]
    rows = re.findall(r"^\| (.*) \| (.*) \| .* \|$", (ROOT / "chapters/en/glossary.md").read_text("utf-8"), re.M)
    names = [re.sub(r"\s*[(（].*", "", row[column]) for row in rows[1:]]
    edge = r"\b" if language == "en" else ""
    return {name: re.compile(f"{edge}{re.escape(name)}s?{edge}", re.I) for name in names}


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
                figure["ids"].append(f"figure-{name}")  # Sphinx adds the link to the caption

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
        title = next(self.document.findall(nodes.title)).astext()
        places = [*self.document.findall(nodes.strong), *self.document.findall(nodes.paragraph)]
        texts = [(place, place.astext()) for place in places]
        for term, pattern in terms(self.config.language).items():
            place = next((place for place, text in texts if pattern.search(text)), None)
            if place is not None:
                name = f"term-{len(self.document.ids)}-{nodes.make_id(term)}"
                place["ids"].append(name)
                self.document.ids[name] = place
                entry = ("single", f"{term}; {title}", name, "", None)
                place.parent.insert(place.parent.index(place), addnodes.index(entries=[entry]))


def setup(app):
    app.add_transform(Links)
    return {"parallel_read_safe": True}
