"""The built site, served on this machine, and a headless browser that notes what goes wrong."""

import functools
import http.server
import threading

import pytest

from book.build import SITE
from book.needs import browser as browser_path
from book.toc import editions, generated, notebooks, pages

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
FLAGS += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]  # a page can ask other hosts, none answers
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

CHAPTERS = [f"{language}/{file.stem}.html" for language in editions() for file in notebooks(language)]
WRITTEN = [f"{language}/{file.stem}.html" for language in editions() for file in pages(language)]
PAGES = [*WRITTEN, *(f"{language}/{name}.html" for language in editions() for name in generated(language))]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def root():
    """The address of the built site, served on this machine."""
    if not all((SITE / page).exists() for page in PAGES):
        pytest.fail("the site is not built: run `make book` first")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def chromium():
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        yield running
        running.close()


class Visit:
    """One open page, and all that went wrong or over the wire while it was open."""

    def __init__(self, context, root):
        self.root, self.errors, self.foreign, self.loaded = root, [], [], set()
        self.page = context.new_page()
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.ask(request.url))
        self.page.on("response", self.answer)

    def ask(self, url):
        """Note what does not go to our own server."""
        if not url.startswith(self.root):
            self.foreign.append(url)

    def answer(self, response):
        """Note what has come, and a missing file as an error."""
        if response.status >= 400:
            self.errors.append(f"{response.status} {response.url}")
        elif response.status == 200:
            self.loaded.add(response.url)

    def open(self, name):
        """Open a page and wait until nothing is loading."""
        self.page.goto(self.root + name, wait_until="networkidle")
        return self.page


@pytest.fixture
def visit(chromium, root):
    """A function that gives a Visit in a fresh profile of a given width and colour scheme."""
    contexts = []

    def start(width=DESKTOP, scheme="light"):
        contexts.append(chromium.new_context(viewport=width, color_scheme=scheme))
        return Visit(contexts[-1], root)

    start.root = root
    yield start
    for context in contexts:
        context.close()
