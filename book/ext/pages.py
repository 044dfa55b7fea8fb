"""The book's own style sheet and page template, wherever the book is built from."""

from pathlib import Path

BOOK = Path(__file__).resolve().parents[1]


def add_paths(app, config):
    """Add the folders of this book to Sphinx's."""
    config.html_static_path.append(str(BOOK / "assets"))
    config.templates_path.append(str(BOOK / "templates"))


def setup(app):
    app.connect("config-inited", add_paths)
    app.add_css_file("book.css", priority=900)
    return {"parallel_read_safe": True}
