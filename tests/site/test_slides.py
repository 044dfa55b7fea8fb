"""The slides of the built site in a real browser: `make book` first."""

import pytest

from book.build import SITE
from book.path import paths

DECKS = [f"en/slides/{file.stem}.html" for file in paths("en")]
# What reaches below or beside a slide of 1280 x 720; what KaTeX draws far beyond its box and clips is left out.
BEYOND = """() => [...Reveal.getCurrentSlide().querySelectorAll("*:not(svg *, .katex-mathml *, .hide-tail)")]
    .map(node => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height && (box.right > 1280 || box.bottom > 720))
    .map(([html]) => html)"""
SMALL = """() => [...Reveal.getCurrentSlide().querySelectorAll("p, li, td, pre, h2")]
    .filter(node => parseFloat(getComputedStyle(node).fontSize) < 22).map(node => node.outerHTML.slice(0, 80))"""


@pytest.fixture
def tab(chromium):
    """A window of the size of a slide."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("deck", DECKS)
def test_a_deck_can_be_shown(tab, deck):
    """12 to 15 slides; each fits with all that a key press adds, in letters that one can read from far away."""
    asked, errors = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: errors.append(message.text))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    address = (SITE / deck).as_uri()
    tab.goto(address)
    tab.wait_for_function("Reveal.isReady()")
    assert 12 <= (slides := tab.evaluate("Reveal.getTotalSlides()")) <= 15
    assert [url for url in asked if not url.startswith((address, "data:"))] == [] and errors == []
    for number in range(slides):
        tab.evaluate("number => Reveal.slide(number, 0, 99)", number)  # with every fragment
        assert tab.evaluate(BEYOND) == [], number
        assert tab.evaluate(SMALL) == [], number
        assert "$" not in tab.evaluate("Reveal.getCurrentSlide().innerText"), number
    assert tab.evaluate("[...document.querySelectorAll('img')].every(image => image.alt.length > 30)")


def test_too_much_on_a_slide_is_seen(tab):
    tab.goto((SITE / DECKS[0]).as_uri())
    tab.wait_for_function("Reveal.isReady()")
    tab.evaluate(
        "Reveal.getCurrentSlide().insertAdjacentHTML('beforeend', '<p style=\"margin-top: 700px\">low</p>')"
    )
    assert len(tab.evaluate(BEYOND)) > 0
