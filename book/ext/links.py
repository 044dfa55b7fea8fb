"""Something to link to: every figure, numbered equation and check has an address, and a link that says it."""

import re

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
            if "tag_check" in cell["classes"]:
                cell.insert(0, self.permalink(f"cell-{name}", "check"))
            for figure in cell.findall(nodes.figure):
                figure["ids"].insert(0, f"figure-{name}")  # Sphinx links the caption to the first id

    def link_equation(self, node):
        if number := re.search(r"\\tag\{([\d.]+)\}", node.astext()):
            name = "equation-" + number[1].replace(".", "-")
            box = nodes.container("", ids=[name], classes=["equation"])
            node.replace_self(box)
            box += [node, self.permalink(name, "equation")]

    def permalink(self, name, kind):
        title = words(self.config.language)[kind]
        html = f'<a class="headerlink" href="#{name}" title="{title}" aria-label="{title}">#</a>'
        return nodes.raw("", html, format="html")


def setup(app):
    app.add_transform(Links)
    return {"parallel_read_safe": True}
