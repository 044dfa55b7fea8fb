"""Make a site lighter without a visible difference: lossless WebP, formula fonts without unused letters."""

import base64
import re

from fontTools import subset
from PIL import Image

from book.ext.icons import ICONS

# Fonts of nearly every formula, and the class that asks for them. They are fetched before the text is drawn, so
# that no line breaks anew when they arrive; from a disk, browsers do not allow it.
EARLY = {"KaTeX_Main-Regular": "katex-html", "KaTeX_Math-Italic": "mathnormal"}
PRELOAD = (
    '<script>if (location.protocol != "file:") for (const font of {}) document.head.append(Object.assign('
    'document.createElement("link"), {{rel: "preload", as: "font", type: "font/woff2", crossOrigin: "", '
    "href: `_static/katex/fonts/${{font}}.woff2`}}))</script>"
)
# A rule of the theme's style sheet that says which letter an icon is; there are 2,000.
NAME, ICON = (
    re.compile(r"\bfa-([\w-]+)"),
    re.compile(r"(?:\.fa-[\w-]+(?:::?before)?,?)+\{(?:--fa|content):[^}]*\}"),
)


def lighten(folder):
    """Replace the pictures and KaTeX's fonts of one edition (Path) in place."""
    texts = {file: file.read_text(encoding="utf-8") for file in folder.glob("*.html")}
    sizes = {}
    for picture in (folder / "_images").glob("*.png"):
        image = Image.open(picture).convert("RGB")
        image.save(picture.with_suffix(".webp"), lossless=True, quality=80, method=3)
        sizes[picture.stem] = 'width="{}" height="{}"'.format(*image.size)
        picture.unlink()

    def mend(found):  # with its size named, a picture does not push the text away when it comes
        size = "" if " width=" in found[0] else sizes[found[2]]
        return f'{found[1]}src="_images/{found[2]}.webp" {size}{found[3]}'

    for file, text in texts.items():
        text = re.sub(r'(<img [^>]*)src="_images/([\w-]+)\.png"([^>]*)', mend, text)
        if file.name != "index.html":  # there the picture is what the reader sees first
            text = text.replace('src="_images/', 'loading="lazy" src="_images/')
        early = [font for font, name in EARLY.items() if name in text]
        text = text.replace("<head>", "<head>" + PRELOAD.format(early) if early else "<head>", 1)
        file.write_text(text, encoding="utf-8")
    letters = {ord(letter) for text in texts.values() for letter in text}
    for file in (folder / "_static/katex/fonts").glob("*.woff2"):
        options = subset.Options(hinting=False)  # formulas are set larger than hints are made for
        font = subset.load_font(file, options)
        chosen = subset.Subsetter(options)
        chosen.populate(unicodes=letters)
        chosen.subset(font)
        font.flavor = "woff2"
        font.save(file)
    style = folder / "_static/katex/katex.min.css"
    text = style.read_text(encoding="utf-8")
    for size in range(1, 5):  # of brackets and sums: too small for a request each
        file = style.parent / f"fonts/KaTeX_Size{size}-Regular.woff2"
        content = base64.b64encode(file.read_bytes()).decode()
        source = f'src:url(data:font/woff2;base64,{content}) format("woff2")'
        text = re.sub(rf"src:url\(fonts/{file.name}\)[^}}]*", source, text)
    style.write_text(text, encoding="utf-8")
    used = {*NAME.findall("".join(texts.values()))}.union(*ICONS.values())
    style = folder / "_static/styles/pydata-sphinx-theme.css"
    text = style.read_text(encoding="utf-8")
    style.write_text(ICON.sub(lambda rule: rule[0] if used & {*NAME.findall(rule[0])} else "", text), "utf-8")
