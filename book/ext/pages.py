"""The book's own style sheet, script and templates, and what a link preview shows of a page."""

import re
from html import escape, unescape
from pathlib import Path

from docutils import nodes
from sphinx.locale import _

BOOK = Path(__file__).resolve().parents[1]
NAMED = ("description", "twitter:card")  # the other tags have a property in place of a name
# What the pages that nobody writes are about.
GENERATED = {
    "en": {
        "genindex": "The terms of the book, and the chapters that define or first use them.",
        "status": "How many claims of each chapter are checked, and on which processors and threads they held.",
        "downloads": "The book as a PDF, and its notebooks one by one or in one archive that runs.",
    },
    "zh_CN": {
        "genindex": "本书的术语，以及定义或首次使用它们的章节。",
        "status": "每一章有多少论断经过检验，在哪些处理器和线程设置下成立。",
        "downloads": "本书的 PDF，以及可单独或打包下载、可直接运行的笔记本。",
    },
}


def add_paths(app, config):
    """Add the folders of this book to Sphinx's."""
    config.html_static_path.append(str(BOOK / "assets"))
    config.templates_path.append(str(BOOK / "templates"))


def describe(doctree):
    """Return what a page is about, in at most 200 characters: a chapter's result, else its first paragraph."""
    texts = [" ".join(p.astext().split()) for p in doctree.findall(nodes.paragraph)]
    texts = [text for text in texts if text and not text.startswith(("Before you start", "开始之前", "先修"))]
    sentences = re.split(r"(?<=[.?!。？！])\s*", texts[0]) if texts else [""]
    while len(sentences) > 1 and len(" ".join(sentences)) > 200:
        sentences.pop()
    return " ".join(sentences).strip()


def add_preview(app, pagename, templatename, context, doctree):
    """Give the page the tags that link previews and search engines read."""
    description = describe(doctree) if doctree else GENERATED[app.config.language].get(pagename)
    if description is None:
        return
    base = app.config.html_baseurl
    tags = {
        "description": description,
        "twitter:card": "summary_large_image",
        "og:title": f"{context.get('title', _('Index'))} - {app.config.html_title}",
        "og:description": description,
        "og:type": "article",
        "og:url": f"{base}{pagename}.html",
        "og:image": f"{base}_static/preview.png",
        "og:site_name": app.config.html_title,
        "og:locale": app.config.language,
    }
    context["metatags"] = context.get("metatags", "") + "".join(
        f'<meta {"name" if key in NAMED else "property"}="{key}" content="{escape(plain(value))}"/>\n'
        for key, value in tags.items()
    )


def plain(text):
    """Return a title without its HTML."""
    return unescape(re.sub(r"<[^>]*>", "", text))


def setup(app):
    app.connect("config-inited", add_paths)
    app.connect("html-page-context", add_preview)
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", loading_method="defer")
    return {"parallel_read_safe": True}
