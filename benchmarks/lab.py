"""Speed of the lab: `python -m benchmarks.lab` measures its engine beside TensorFlow Playground's, and its page.

The other engine is fetched and run, never kept. D2LMINI_PLAYGROUND may name a copy of its src/nn.ts.
"""

import contextlib
import functools
import http.server
import io
import json
import os
import subprocess
import tempfile
import threading
import urllib.request
from pathlib import Path

import numpy as np

from book.build import SITE
from book.ext.math import NODE
from book.needs import browser

PLAYGROUND = (
    "https://raw.githubusercontent.com/tensorflow/playground/02469bd3751764b20486015d4202b792af5362a6/src/nn.ts"
)
STRIP = (
    "import {stripTypeScriptTypes as s} from 'node:module'; import {readFileSync as r} from 'node:fs';"
    "process.stdout.write(s(r(0, 'utf8'), {mode: 'transform'}))"
)


def node(*arguments, given=None):
    """Run Node and return what it prints."""
    command = [NODE / "node", "--no-warnings", *map(str, arguments)]
    return subprocess.run(command, input=given, check=True, capture_output=True, text=True).stdout


def playground():
    """Return the source of the other engine as JavaScript, or None where it cannot be had."""
    try:
        if copy := os.environ.get("D2LMINI_PLAYGROUND"):
            source = Path(copy).read_text(encoding="utf-8")
        else:
            source = urllib.request.urlopen(PLAYGROUND, timeout=30).read().decode()
    except OSError:
        return None
    return node("--input-type=module", "-e", STRIP, given=source)


def engines(rounds):
    """Return a sentence for each result of the two engines."""
    source = playground()
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder, "nn.mjs")
        other.write_text(source or "", encoding="utf-8")
        found = json.loads(node(Path(__file__).with_suffix(".mjs"), rounds, *([other.as_uri()] if source else [])))
    threads = found["threads"]
    gain = threads * np.median(np.divide(found["alone"], found["together"]))
    yield f"The lab's engine, lamp, 2-8-1, one thread: {np.median(found['ours']):.0f} epochs per processor second."
    yield f"{threads} threads together do {gain:.2f} times the work of one, by the clock."
    if not source:
        yield "The engine of TensorFlow Playground could not be fetched, so the comparison is left out."
        return
    ratio = np.divide(found["ours"], found["theirs"])
    yield f"TensorFlow Playground's engine, likewise: {np.median(found['theirs']):.0f}."
    yield f"Ours is {np.median(ratio):.1f} times as fast ({rounds} rounds: {ratio.min():.1f} to {ratio.max():.1f})"
    yield f"With all threads: {gain * np.median(ratio):.1f} times as fast."


PAGE = """async epochs => {
    let longest = 0, last = performance.now();
    const beat = setInterval(() => { const now = performance.now(); longest = Math.max(longest, now - last - 10);
        last = now; }, 10);
    await document.getElementById("lab-again").onclick();
    const began = performance.now();
    for (let e = 0; e < epochs; e++) await lab.trainer.advance(1);
    const seconds = (performance.now() - began) / 1000 / epochs;
    await document.getElementById("lab-play").onclick();
    clearInterval(beat);
    return [seconds, longest];
}"""


def page(epochs=5):
    """Yield a sentence on the built page: pictures, 196-64-10, minibatches of 64, five seeds."""
    from playwright.sync_api import sync_playwright

    if not (SITE / "en/lab.html").exists():
        yield "The site is not built (make book), so the page of the lab is not measured."
        return
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=SITE)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright, contextlib.redirect_stderr(io.StringIO()):
        chromium = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox", "--disable-gpu"])
        tab = chromium.new_page()
        tab.goto(f"http://127.0.0.1:{server.server_port}/en/lab.html?data=pictures&epochs={3 * epochs}")
        tab.wait_for_function("globalThis.lab?.trainer?.runs.every((run) => run.look)", timeout=120_000)
        seconds, longest = tab.evaluate(PAGE, epochs)
        chromium.close()
    server.shutdown()
    yield f"In the browser, pictures, 196-64-10, five seeds: {seconds:.2f} s an epoch for all five."
    yield f"While it trains and draws, the page is busy for at most {longest:.0f} ms at a time."


def main(rounds=5):
    """Return all sentences."""
    return "\n".join([*engines(rounds), *page()])


if __name__ == "__main__":
    print(main())
