"""The slides of the built site in a real browser: `make book` first."""

import re

import pytest

from book.build import SITE
from book.path import paths
from book.toc import editions, load

DECKS = [f"{language}/slides/{file.stem}.html" for language in editions() for file in paths(language)]
# What reaches below or beside a slide of 1280 x 720; what KaTeX draws far beyond its box and clips is left out.
BEYOND = """() => [...Reveal.getCurrentSlide().querySelectorAll("*:not(svg *, .katex-mathml *, .hide-tail)")]
    .map(node => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height && (box.right > 1280 || box.bottom > 720))
    .map(([html]) => html)"""
SMALL = """() => [...Reveal.getCurrentSlide().querySelectorAll("p, li, td, pre, h2")]
    .filter(node => parseFloat(getComputedStyle(node).fontSize) < 22).map(node => node.outerHTML.slice(0, 80))"""

CROSSED = """() => [...Reveal.getCurrentSlide().querySelectorAll(".katex-html > .tag")].filter(number =>
    number.previousElementSibling.getBoundingClientRect().right > number.getBoundingClientRect().left).length"""

# What a slide has below its heading; and its words, without formulas, code, tables, sliders, the book's address.
EMPTY = """() => ![...Reveal.getCurrentSlide().children].slice(1)
    .some(node => node.innerText.trim() || node.querySelector("img, svg"))"""
SAID = """() => [...Reveal.getCurrentSlide().querySelectorAll("h1, h2, p, li")]
    .filter(node => !node.closest(".d2l-explore, .celltag_source")).map(node => {
      const words = node.cloneNode(true);
      words.querySelectorAll(".katex, code").forEach(part => part.remove());
      return words.textContent.trim();
    }).filter(Boolean)"""
CHINESE = re.compile("[\u3400-\u9fff，。：；？！（）、]")


@pytest.fixture
def tab(chromium):
    """A window of the size of a slide."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("deck", DECKS)
def test_a_deck_can_be_shown(tab, deck):
    """12 to 15 slides; each says something, in its language, and fits with all that a key press adds, in letters
    that one can read from far away; sliders move by keyboard."""
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
        assert not tab.evaluate(EMPTY) and tab.evaluate(CROSSED) == 0, number
        said = [text for text in tab.evaluate(SAID) if text not in load("book/editions.yml")["messages"]]
        assert [text for text in said if bool(CHINESE.search(text)) != deck.startswith("zh/")] == [], number
        for figure in tab.query_selector_all("section.present figure.d2l-explore"):
            says = figure.query_selector("figcaption").inner_text
            slider = figure.query_selector("input[type=range]")
            before, _, after = says(), slider.press("Home", timeout=5000), says()  # what hides is not pressed
            slider.press("End")
            assert {before, after, says()} != {before}, number
    assert tab.evaluate("[...document.querySelectorAll('img')].every(image => image.alt.length > 30)")


def test_too_much_on_a_slide_is_seen(tab):
    tab.goto((SITE / DECKS[0]).as_uri())
    tab.wait_for_function("Reveal.isReady()")
    tab.evaluate(
        "Reveal.getCurrentSlide().insertAdjacentHTML('beforeend', '<p style=\"margin-top: 700px\">low</p>')"
    )
    assert len(tab.evaluate(BEYOND)) > 0
