"""Links that nobody writes: to figures, equations and checks, and from mentions of equations and terms to them."""

import functools
import re
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.transforms import SphinxTransform

from book.words import words


class Links(SphinxTransform):
    """Addresses for cells and equations."""

    default_priority = 700  # before Sphinx collects figures

    def apply(self):
        self.link_cells()
        for node in list(self.document.findall(nodes.math_block)):
            self.link_equation(node)

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
            for figure in cell.findall(nodes.figure):
                figure["ids"].insert(0, f"figure-{name}")  # Sphinx links the caption to the first id

    def link_equation(self, node):
        if number := re.search(r"\\tag\{([\d.]+)\}", node.astext()):
            name = "equation-" + number[1].replace(".", "-")
            box = nodes.container("", ids=[name], classes=["equation"])
            node.replace_self(box)
            title = words(self.config.language)["equation"]
            box += [node, nodes.raw("", permalink(name, title), format="html")]


def permalink(name, title):
    """Return the HTML of the sign that links to a place."""
    return f'<a class="headerlink" href="#{name}" title="{title}" aria-label="{title}">#</a>'


@functools.cache
def equations(folder):
    """Return in which page of an edition each numbered equation stands: {"3.3": "mlp", ...}."""
    found = {}
    for file in sorted(Path(folder).glob("*.ipynb")):
        for number in re.findall(r"\\\\tag\{([\d.]+)\}", file.read_text(encoding="utf-8")):
            found[number] = file.stem
    return found


@functools.cache
def terms(folder, column):
    """Return the address of each term of the glossary, by its name in lower case; `column` is the English one."""
    file = Path(folder, "glossary.md")
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    rows = re.findall(r"(?m)^\| ([^|]+?) \| ([^|]+?) \|", text)[1:]
    return {re.sub("\uff08.*", "", row[0]).lower(): term_id(row[column]) for row in rows if row[0] != "---"}


def term_id(term):
    """Return the id of a term's row, by its English name: it is the same in all editions."""
    return f"term-{nodes.make_id(term.lower())}"


def english_column(app):
    """Return the column of the glossary that has the English terms: an edition puts its own language first."""
    return int(app.config.language != words("en")["locale"])


def address(app, docname, page, name):
    """Return where a place of a page is, seen from another page."""
    return f"#{name}" if page == docname or app.builder.name == "singlehtml" else f"{page}.html#{name}"


def link_mentions(app, doctree, docname):
    """Make "(3.3)" lead to the equation, and the first bold mention of a term to the glossary."""
    there = equations(app.srcdir)
    plain = (
        nodes.literal,
        nodes.reference,
        nodes.title,
        nodes.math,
        nodes.raw,
        nodes.literal_block,
        nodes.caption,
    )
    for text in list(doctree.findall(nodes.Text)):
        node, parts = text.parent, re.split(r"(\(\d+\.\d+\))", text)
        while node is not None and not isinstance(node, plain):
            node = node.parent
        if node is None and len(parts) > 1 and any(part[1:-1] in there for part in parts[1::2]):
            place = text.parent.index(text)
            text.parent[place : place + 1] = [mention(app, docname, part, there) for part in parts if part]
    if docname != "glossary":
        seen, known = set(), terms(app.srcdir, english_column(app))
        for strong in list(doctree.findall(nodes.strong)):
            term = re.sub(r"\W+$", "", strong.astext()).lower()
            found = next((t for t in (term, term.removesuffix("s")) if t in known), None)
            if found and found not in seen and not isinstance(strong.parent, nodes.reference):
                seen.add(found)
                uri = address(app, docname, "glossary", known[found])
                inside = strong.deepcopy()
                strong.replace_self(nodes.reference("", "", inside, internal=True, refuri=uri, classes=["term"]))


def mention(app, docname, part, there):
    """Return a piece of text, as a link where it is the number of an equation."""
    number = part[1:-1]
    if not re.fullmatch(r"\(\d+\.\d+\)", part) or number not in there:
        return nodes.Text(part)
    uri = address(app, docname, there[number], "equation-" + number.replace(".", "-"))
    return nodes.reference("", part, internal=True, refuri=uri)


def stay_on_site(app, doctree, docname):
    """Shorten links to this edition's own pages: a notebook, read elsewhere, has to write them in full."""
    for node in doctree.findall(nodes.reference) if app.builder.name == "html" else ():
        if node.get("refuri", "").startswith(app.config.html_baseurl):
            node["refuri"] = node["refuri"].removeprefix(app.config.html_baseurl)


def name_terms(app, doctree):
    """Give each row of the glossary an address."""
    if app.env.docname == "glossary":
        for row in doctree.findall(nodes.row):
            row[0]["ids"].append(term_id(row[english_column(app)].astext()))


def setup(app):
    app.add_transform(Links)
    app.connect("doctree-read", name_terms)
    app.connect("doctree-resolved", link_mentions)
    app.connect("doctree-resolved", stay_on_site)
    return {"parallel_read_safe": True}
