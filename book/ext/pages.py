"""The book's own style sheet, script, templates and words; and what link previews say of a page."""

from html import escape
from pathlib import Path

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


def add_description(app, pagename, templatename, context, doctree):
    """Say what the page is about, to search engines and to sphinxext.opengraph, which makes the link preview."""
    said = words(app.config.language)["about"][pagename] if doctree else context.get("description", "")
    if description := escape(said):
        context["metatags"] = context.get("metatags", "") + f'<meta name="description" content="{description}"/>\n'
        context["meta"] = {**(context.get("meta") or {}), "og:description": description}


def skip_more(app, pagename, templatename, context, doctree):
    """Lead from a chapter to the next one, and from that back: a first reader may skip a page of more."""
    for side, place in (("prev", 1), ("next", 2)):
        name = app.builder.relations.get(pagename, [None] * 3)[place]
        while name and name.endswith("-more"):
            name = app.builder.relations[name][place]
        if context.get(side) and name:
            title = app.builder.render_partial(app.env.titles[name])["title"]
            context[side] = {"link": app.builder.get_relative_uri(pagename, name), "title": title}


def setup(app):
    app.connect("config-inited", configure)
    app.connect("html-page-context", skip_more)
    app.connect("html-page-context", add_description, priority=400)  # before sphinxext.opengraph
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", loading_method="defer")
    return {"parallel_read_safe": True}
