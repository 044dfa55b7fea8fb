"""The book's own style sheet, script, templates and words; and what link previews say of a page."""

import re
from html import escape
from pathlib import Path

from docutils import nodes

from book.words import words

BOOK = Path(__file__).resolve().parents[1]


def configure(app, config):
    """Add the folders of this book to Sphinx's, its words to the templates, its address to link previews."""
    config.html_static_path.append(str(BOOK / "assets"))
    config.templates_path.append(str(BOOK / "templates"))
    said = config.html_context["words"] = words(config.language)
    config.html_theme_options |= {"search_bar_text": said["search"], "toc_title": said["contents"]}
    config.nb_code_prompt_show, config.nb_code_prompt_hide = said["show"], said["hide"]
    config.ogp_site_url, config.ogp_site_name = config.html_baseurl, config.html_title


def describe(doctree, said):
    """Return what a page is about, in at most 200 characters: how its "In short" begins, or the page itself."""
    short = [s for s in doctree.findall(nodes.section) if s.next_node(nodes.title).astext() == said["short"]]
    texts = [" ".join(p.astext().split()) for p in (short or [doctree])[0].findall(nodes.paragraph)]
    texts = [text for text in texts if text and not text.startswith(said["opening"])]
    sentences = re.split(r"(?<=[.?!])(?=\s)|(?<=[。？！])", texts[0]) if texts else [""]
    while len(sentences) > 1 and len("".join(sentences)) > 200:
        sentences.pop()
    return "".join(sentences).strip()


def add_description(app, pagename, templatename, context, doctree):
    """Say what the page is about, to search engines and to sphinxext.opengraph, which makes the link preview."""
    said = describe(doctree, words(app.config.language)["chapter"]) if doctree else None
    if description := escape(said or context.get("description", "")):
        context["metatags"] = context.get("metatags", "") + f'<meta name="description" content="{description}"/>\n'
        context["meta"] = {**(context.get("meta") or {}), "og:description": description}


def setup(app):
    app.connect("config-inited", configure)
    app.connect("html-page-context", add_description, priority=400)  # before sphinxext.opengraph
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", loading_method="defer")
    return {"parallel_read_safe": True}
