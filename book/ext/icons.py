"""The few icons that the pages use, as small fonts: the theme's fonts hold thousands and weigh 270 KB."""

import shutil
import tempfile
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

THEME = Path(pydata_sphinx_theme.__file__).parent
# Any other icon still shows: the browser then loads the theme's font after all (the weight of a page is tested).
ICONS = {
    "fa-brands-400": {"github": 0xF09B},
    "fa-solid-900": {
        "angle-left": 0xF104,
        "angle-right": 0xF105,
        "arrow-up": 0xF062,
        "bars": 0xF0C9,
        "chevron-down": 0xF078,
        "chevron-right": 0xF054,
        "circle-half-stroke": 0xF042,
        "code": 0xF121,
        "download": 0xF019,
        "file": 0xF15B,
        "file-pdf": 0xF1C1,
        "lightbulb": 0xF0EB,
        "list": 0xF03A,
        "magnifying-glass": 0xF002,
        "moon": 0xF186,
        "pencil": 0xF303,
        "rocket": 0xF135,
        "sun": 0xF185,
        "xmark": 0xF00D,
    },
}


def add_fonts(app):
    """Write the fonts that book.css names among the static files of the site."""
    app.icon_files = tempfile.mkdtemp()
    target = Path(app.icon_files) / "icons"
    target.mkdir()
    for file in THEME.glob("theme/*/static/vendor/fontawesome/webfonts/*.ttf"):
        if file.stem in ICONS:
            font = subset.load_font(file, subset.Options())
            chosen = subset.Subsetter()
            chosen.populate(unicodes=ICONS[file.stem].values())
            chosen.subset(font)
            font.flavor = "woff"
            font.save(target / f"{file.stem}.woff")
    app.config.html_static_path.append(app.icon_files)


def remove_files(app, exception):
    """Delete the temporary folder that the fonts were copied from."""
    shutil.rmtree(app.icon_files, ignore_errors=True)


def setup(app):
    app.connect("builder-inited", add_fonts)
    app.connect("build-finished", remove_files)
    return {"parallel_read_safe": True}
