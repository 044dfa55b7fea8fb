"""What editions need of one another: the same addresses, links from one to the other; and a search in Chinese."""

import functools
import re
from pathlib import Path

from docutils import nodes
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils.base import DocutilsRenderer, make_document
from myst_parser.parsers.mdit import create_md_parser
from sphinx import addnodes
from sphinx.search.zh import SearchChinese
from sphinx.transforms import SphinxTransform

from book.texts import read
from book.toc import editions, generated, pages
from book.words import words

SETTINGS = MdParserConfig(enable_extensions={"dollarmath"}, heading_anchors=3)  # as in _config.yml
HAN = "\u3400-\u9fff"
RUN = re.compile(f"[{HAN}]+")


@functools.cache
def headings(file):
    """Return the id of each heading of an English page (Path) and its name in links: None for a small one."""
    parser, document = create_md_parser(SETTINGS, DocutilsRenderer), make_document()
    parser.options["document"] = document
    shown = [cell for cell in read(file).cells if "remove-cell" not in cell.metadata.get("tags", [])]
    text = "\n\n".join(cell.source for cell in shown if cell.cell_type == "markdown")
    parser.render(text)
    return [(section["ids"][0], section.get("slug")) for section in document.findall(nodes.section)]


def english(name):
    """Return the English page (Path) of that name, None where there is none."""
    return next((page for page in pages("en") if name in (page.stem, page.name)), None)


class Addresses(SphinxTransform):
    """A heading of another edition has the id of the English one; what is not there yet is linked in English."""

    default_priority = 690  # before book.ext.links

    def apply(self):
        if self.config.language != words("en")["locale"] and (page := english(self.env.docname)):
            self.name_sections(headings(page))
            for link in list(self.document.findall(addnodes.pending_xref)):
                if link.get("reftype") == "myst" and not link.get("refdomain"):
                    self.link_english(link)

    def name_sections(self, names):
        sections = list(self.document.findall(nodes.section))
        if len(sections) != len(names):
            return  # the page is stale: see book.editions
        slugs = self.document.myst_slugs
        said = {section.get("slug"): slugs.get(section.get("slug")) for section in sections}
        for section, (name, slug) in zip(sections, names, strict=True):
            line, _, text = said[section.get("slug")] or (section.line, "", "")
            slugs.pop(section.get("slug"), None)
            for old in section["ids"]:
                self.document.ids.pop(old, None)
            section["ids"], self.document.ids[name] = [name], section
            if slug:
                slugs[slug] = (line, name, text)

    def link_english(self, link):
        file, _, place = link["reftarget"].partition("#")
        if page := english(Path(file).name):
            ids = {slug: name for name, slug in headings(page)}
            uri = f"../en/{page.stem}.html" + (f"#{ids.get(place, place)}" if place else "")
            link.replace_self(nodes.reference("", "", *link.children, refuri=uri, internal=False))


class SearchPairs(SearchChinese):
    """Chinese is found by pairs of neighbouring characters: a word, also inside a longer one, and a phrase."""

    js_splitter_code = rf"""
var splitQuery = (query) => (query.match(/[{HAN}]+|[A-Za-z0-9_]+/g) ?? []).flatMap((run) =>
  /[{HAN}]{{2}}/.test(run) ? [...run.slice(1)].map((next, i) => run[i] + next) : [run]);
"""

    def split(self, text):
        pairs = [run[i : i + 2] for run in RUN.findall(text) for i in range(len(run) - 1)]
        return [*pairs, *re.findall(f"[{HAN}]", text), *self.latin1_letters.findall(text)]

    def word_filter(self, word):
        return bool(RUN.match(word)) or super().word_filter(word)

    def stem(self, word):
        """As Sphinx does it, which looks each word up in a list of all there were: most of the time of a build."""
        stemmed = self.stemmer.stemWord(word.lower())
        return word.lower() if len(stemmed) < 3 <= len(word) and not RUN.match(word) else stemmed


def others(here, pagename):
    """Return (language, its name, address, is it the same page) of each other edition, seen from one of them."""
    found = []
    for language in editions() if here in editions() else ():
        same = pagename in {*(page.stem for page in pages(language)), *generated(language)}
        address = f"../{language}/{pagename if same else 'index'}.html"
        found.append((language, words(language)["name"], address, same))
    return [other for other in found if other[0] != here]


def add_others(app, pagename, templatename, context, doctree):
    """Tell the templates where else the page can be read."""
    here = Path(app.srcdir).name
    context["others"] = others(here, pagename)
    context["editions"] = app.config.html_baseurl.removesuffix(f"{here}/")


def setup(app):
    app.add_transform(Addresses)
    app.add_search_language(SearchPairs)
    app.connect("html-page-context", add_others)
    return {"parallel_read_safe": True}
