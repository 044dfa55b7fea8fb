"""Make a site lighter without a visible difference: lossless WebP, formula fonts without unused letters."""

import base64
import re

from fontTools import subset
from PIL import Image

# Fonts of nearly every formula: in the style sheet, and optional, they are there when the text is first drawn, and
# no line breaks anew when they arrive.
ALWAYS = ("KaTeX_Main-Regular", "KaTeX_Math-Italic")


def lighten(folder):
    """Replace the pictures and KaTeX's fonts of one edition (Path) in place."""
    texts = {file: file.read_text(encoding="utf-8") for file in folder.glob("*.html")}
    for file, text in texts.items():
        file.write_text(re.sub(r"(_images/[\w-]+)\.png", r"\1.webp", text), encoding="utf-8")
    for picture in (folder / "_images").glob("*.png"):
        Image.open(picture).convert("RGB").save(picture.with_suffix(".webp"), lossless=True, quality=80, method=3)
        picture.unlink()
    letters = {ord(letter) for text in texts.values() for letter in text}
    for file in (folder / "_static/katex/fonts").glob("*.woff2"):
        font = subset.load_font(file, subset.Options())
        chosen = subset.Subsetter()
        chosen.populate(unicodes=letters)
        chosen.subset(font)
        font.flavor = "woff2"
        font.save(file)
    style = folder / "_static/katex/katex.min.css"
    text = style.read_text(encoding="utf-8")
    for name in ALWAYS:
        content = base64.b64encode((style.parent / f"fonts/{name}.woff2").read_bytes()).decode()
        source = f'font-display:optional;src:url(data:font/woff2;base64,{content}) format("woff2")'
        text = re.sub(rf"src:url\(fonts/{name}\.woff2\)[^}}]*", source, text)
    style.write_text(text, encoding="utf-8")
