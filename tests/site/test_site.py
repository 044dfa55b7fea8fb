"""The built site in a real browser: `make book` first, then `pytest tests/site/test_site.py`."""

import functools
import gzip
import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import nbformat
import numpy as np
import pytest
from browsing import CHAPTERS, DESKTOP, PAGES, PHONE, WRITTEN, Visit
from PIL import Image

from book.build import SITE
from book.needs import NODE_MODULES
from book.path import LIMITS as LENGTHS
from book.path import paths, screens
from book.toc import ROOT, editions, load, notebooks, pages
from book.words import words

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOUR = ["color-contrast", "link-in-text-block"]  # what the colour mode can change
LIMITS = load("book/lighthouserc.json")["ci"]["assert"]["assertions"]

PATHS = [f"{language}/{file.stem}.html" for language in editions() for file in paths(language)]
ONE_SITTING = [page for page in CHAPTERS if not page.endswith("-more.html")]
FIRST = [page for page in PAGES if page.startswith(editions()[0]) or page.endswith("/mlp.html")]  # else see TREE

every_page, every_notebook, every_chapter, each_path = (
    pytest.mark.parametrize("page", names) for names in (PAGES, CHAPTERS, ONE_SITTING, PATHS)
)


@pytest.fixture(scope="session")
def opened(chromium, root):
    """A function that opens a page on a phone, once for all tests of it: those that change the page come last."""
    contexts = []

    @functools.lru_cache(1)
    def visit(page):
        while contexts:
            contexts.pop().close()
        contexts.append(chromium.new_context(viewport=PHONE))
        seen = Visit(contexts[-1], root)
        seen.open(page)
        return seen

    yield visit
    while contexts:
        contexts.pop().close()


@pytest.fixture
def read(opened):
    """A function that gives a page to tests that change nothing in it."""
    return lambda page: opened(page).page


LOADED = """async image => {
    image.loading = 'eager';  // as if the reader had come to it
    await image.decode().catch(() => 0);
    return image.naturalWidth > 0;
}"""


def file_of(url):
    """The file that our server sends for an address."""
    return SITE / unquote(urlsplit(url).path).lstrip("/")


@functools.cache
def compressed(file):
    """The size of a file on its way through the network."""
    return len(gzip.compress(file.read_bytes(), 6))


def limit(name):
    """The most that `make audit` allows of something."""
    return LIMITS[name][1]["maxNumericValue"]


SHIFT = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; })
        .observe({type: "layout-shift", buffered: true});
    setTimeout(() => done(sum), 200);
})"""


@every_notebook
def test_weight(opened, page):
    """A chapter, with everything it loads, is light enough for a phone, and nothing in it jumps."""
    seen = opened(page)
    tab = seen.page
    assert all(image.evaluate(LOADED) for image in tab.query_selector_all("img"))
    sizes = {url: compressed(file_of(url)) for url in seen.loaded}
    weight = sum(sizes.values())
    shift = tab.evaluate(SHIFT)
    print(f"{page}: {weight / 1000:.0f} KB in {len(sizes)} files, layout shift {shift:.3f}")
    heaviest = sorted((size, url) for url, size in sizes.items())[-5:]
    assert 10_000 < weight <= limit("resource-summary:total:size"), heaviest
    assert len(sizes) <= limit("resource-summary:total:count") and shift <= limit("cumulative-layout-shift")


@pytest.mark.parametrize("patience", [1000, 60_000])
def test_late_fonts_move_no_line(visit, patience):
    """The text waits for the fonts of its formulas, at most a second; the second case stretches it."""
    tab, held, late = visit(PHONE).page, [], [True]
    tab.add_init_script(f"const own = setTimeout; setTimeout = (f, ms) => own(f, ms === 1000 ? {patience} : ms)")
    tab.route("**/KaTeX_Ma*.woff2", lambda font: held.append(font) if late else font.continue_())
    tab.goto(f"{visit.root}en/training-more.html", wait_until="domcontentloaded")
    shown = "getComputedStyle(document.querySelector('article h1')).visibility === 'visible'"
    if patience == 1000:
        tab.wait_for_function(shown)
    assert len(held) >= 2 and tab.evaluate(shown) is (patience == 1000)
    late.clear()
    for font in held:
        font.continue_()
    tab.wait_for_load_state("networkidle")
    tab.wait_for_function(shown)
    assert (tab.evaluate(SHIFT) < 0.05) is (patience > 1000)


@every_page
def test_links_resolve(read, root, page):
    """Every relative link, source and fragment leads to something."""
    tab = read(page)
    addresses = tab.evaluate(
        "[...document.querySelectorAll('[href], [src]')].map(n => n.getAttribute('href') ?? n.getAttribute('src'))"
    )
    assert len(addresses) > 0
    broken = [address for address in addresses if not resolves(urljoin(tab.url, address), root)]
    assert broken == []


@functools.cache
def anchors(file):
    """The ids in a page."""
    return frozenset(re.findall(r' id="([^"]+)"', file.read_text(encoding="utf-8")))


def resolves(url, root):
    """Tell whether an address of the site leads to a file and a place in it; other hosts are not tried."""
    address, fragment = urldefrag(url)
    if not address.startswith(root):
        return True
    file = file_of(address)
    if not file.is_file():
        return False
    return not fragment or file.suffix != ".html" or unquote(fragment) in anchors(file)


@every_page
def test_every_formula_is_rendered(read, page):
    """No dollar sign of a formula is left: inside an HTML block, Markdown needs blank lines around it."""
    tab = read(page)
    text = "[...document.querySelectorAll('article :is(p, li, td, summary, details, figcaption)')]"
    own = ".map(n => [...n.childNodes].filter(c => c.nodeType === 3).map(c => c.data).join(''))"
    assert [words for words in tab.evaluate(text + own) if "$" in words] == []
    after = "[...document.querySelectorAll(':not(.unbroken) > .math')].map(n => n.nextSibling?.data ?? '')"
    assert [words for words in tab.evaluate(after) if words[:1] in set(",.;:!?)’")] == []  # a line could end there


# The font of a sign follows from these: one node of each kind is asked, of thousands.
TYPED = r"""() => {
    const kinds = new Map();
    for (const node of document.querySelectorAll(".katex-html *")) {
        const own = [...node.childNodes].filter(child => child.nodeType === 3).map(child => child.data).join("");
        const {fontFamily, fontStyle, fontWeight} = getComputedStyle(node);
        if (own && !/\p{Script=Han}/u.test(own)) kinds.set([own, fontFamily, fontStyle, fontWeight].join(), node);
    }
    for (const node of kinds.values()) node.dataset.typed = "";
}"""


@every_page
def test_formulas_are_drawn_in_their_fonts(read, page):
    """No formula falls back on a font of the system, words in Chinese aside: some signs would be missing."""
    tab = read(page)
    tab.evaluate(TYPED)
    devtools = tab.context.new_cdp_session(tab)
    devtools.send("DOM.enable")
    devtools.send("CSS.enable")
    devtools.send("DOM.getDocument")
    found = devtools.send("DOM.performSearch", {"query": "[data-typed]"})
    fonts = set()
    if last := found["resultCount"]:
        section = {"searchId": found["searchId"], "fromIndex": 0, "toIndex": last}
        for node in devtools.send("DOM.getSearchResults", section)["nodeIds"]:
            used = devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
            fonts |= {font["familyName"] for font in used}
    assert {font for font in fonts if not font.startswith("KaTeX_")} == set()
    assert bool(fonts) == bool(tab.query_selector(".katex"))
    devtools.detach()


@every_page
def test_images_say_what_they_show(read, page):
    """Every image has alternative text that is not its file name."""
    assert mute(read(page)) == []


def mute(tab):
    """The images that do not load, or do not say what they show."""
    found = []
    for image in tab.query_selector_all("img"):
        alt, source = (image.get_attribute("alt") or "").strip(), image.get_attribute("src")
        named = "_images/" in alt or Path(source).stem in alt
        if not alt or named or not image.evaluate(LOADED):
            found.append((source, alt))
    return found


PROOFS = """() => [...document.querySelectorAll(".proof")].map(proof => [proof.querySelector("pre"), proof])
    .map(([code, proof]) =>
        [code.textContent, proof.querySelector("summary").innerText, code.checkVisibility()])"""


@every_notebook
def test_checks_are_folded(opened, page):
    """Each check is one line that says how many statements it makes, and opens; no other cell is."""
    tab, (one, many) = opened(page).page, words(page.split("/")[0])["proof"]
    assert tab.query_selector_all("div.cell.tag_check:not(.proof *), div.cell:not(.tag_check):is(.proof *)") == []
    lines = tab.query_selector_all(".proof")
    assert len(lines) == len(tab.query_selector_all("div.cell.tag_check")) > 0
    for code, summary, shown in tab.evaluate(PROOFS):
        n = len(re.findall(r"(?m)^\s*assert\b", code))
        assert n > 0 and (one if n == 1 else many).format(n=n) in summary and not shown
    tab.evaluate("name => { location.hash = name }", lines[0].get_attribute("id"))
    assert lines[0].query_selector("pre").is_visible()


@each_path
def test_a_stub_leads_to_where_it_can_be_filled_in(read, page):
    """Below a stub stands a link to its cell in Colab, in place of what an untouched one prints."""
    tab = read(page)
    stubs = [stub for stub in tab.query_selector_all("div.cell.tag_exercise") if "mark(" in stub.inner_text()]
    assert len(stubs) >= 4 and not any(stub.query_selector(".cell_output") for stub in stubs)
    ways = tab.evaluate("[...document.querySelectorAll('.try:has(+ .tag_exercise) a')].map(way => way.href)")
    assert len(ways) == len(stubs) and all(f"/{page.removesuffix('.html')}.ipynb#scrollTo=" in way for way in ways)


@each_path
def test_a_path_is_short(read, page):
    """At 1280 x 900 it fills at most 20 screens, and there is always a picture within 4 of them."""
    tab = read(page)
    tab.evaluate("document.querySelectorAll('article details[open]').forEach(fold => { fold.open = false; })")
    size = screens(tab)
    print(page, size)
    assert {name: n for name, n in size.items() if n > LENGTHS[name]} == {}


@every_notebook
def test_notebook_can_be_had(read, page):
    """A chapter leads to Colab, to its download, to its source and to its neighbours."""
    language, stem = page.removesuffix(".html").split("/")
    tab = read(page)
    links = tab.evaluate("[...document.querySelectorAll('a[href]')].map(link => link.getAttribute('href'))")
    source = f"/blob/main/chapters/{language}/{stem}.ipynb"
    assert [link for link in links if "colab.research.google.com" in link and link.endswith(source)]
    assert f"_sources/{stem}.ipynb" in links
    assert [link for link in links if link.endswith(f"/edit/main/chapters/{language}/{stem}.ipynb")]
    assert [link for link in links if "/issues/new" in link]
    assert tab.query_selector("a.left-prev, a.right-next")


FOUND = "Search.status?.innerText.trim()"  # how many pages
SEARCH = """query => {
    DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;  // another test reads the excerpts
    document.getElementById("search-results").replaceChildren();
    Search.performSearch(query);
}"""


@pytest.mark.parametrize("language", editions())
def test_search_finds(visit, language):
    """A search for a word of the book lists the chapter about it, near the top."""
    tab = visit().page
    tab.goto(f"{visit.root}{language}/search.html?q=d2lmini")
    for query, stem in words(language)["searches"].items():
        tab.wait_for_function(FOUND, timeout=10_000)
        tab.evaluate(SEARCH, query)
        tab.wait_for_function(FOUND, timeout=10_000)
        links = tab.evaluate("[...document.querySelectorAll('#search-results li a')].map(link => link.href)")
        assert stem in [Path(urlsplit(link).path).stem for link in links[:5]], (query, links[:5])


@every_notebook
def test_everything_can_be_linked(read, page):
    """Each check, numbered equation and figure has an address, and a link that says it."""
    tab = read(page)
    notebook = nbformat.read(next(f for f in notebooks(page[:2]) if f.stem == Path(page).stem), as_version=4)
    checks = [cell.id for cell in notebook.cells if "check" in cell.metadata.get("tags", [])]
    figures = [cell.id for cell in notebook.cells if "figure" in cell.metadata.get("mystnb", {})]
    numbers = tab.evaluate("[...document.querySelectorAll('article .katex .tag')].map(tag => tag.textContent)")
    equations = [number.strip("()").replace(".", "-") for number in numbers]
    wanted = [f"cell-{name}" for name in checks] + [f"figure-{name}" for name in figures]
    wanted += [f"equation-{number}" for number in equations]
    links = tab.evaluate("[...document.querySelectorAll('article [id] a.headerlink')].map(a => a.hash.slice(1))")
    assert checks and [name for name in wanted if name not in links] == []
    assert tab.evaluate("names => names.filter(name => !document.getElementById(name))", wanted) == []


def described(page):
    """What book/words.yml says of a page."""
    language, stem = page.removesuffix(".html").split("/")
    said = words(language)
    return said["about"][stem] if page in WRITTEN else said["pages"][stem][1]


@every_page
def test_link_previews(read, page):
    """Title, description, picture and canonical address; no two pages share a title."""
    tab = read(page)
    meta = tab.evaluate(
        "Object.fromEntries([...document.querySelectorAll('meta[property], meta[name]')]"
        ".map(m => [m.getAttribute('property') ?? m.name, m.content]))"
    )
    canonical = tab.get_attribute("link[rel=canonical]", "href")
    assert canonical.endswith(page) and not canonical.startswith("http://127")
    assert meta["description"] == described(page)
    if page in WRITTEN:
        assert meta["og:description"] == meta["description"]
        assert meta["og:site_name"] == "d2lmini" and meta["twitter:card"] == "summary_large_image"
        assert meta["og:url"] == canonical and meta["og:title"] == tab.title().split(" — ")[0]
        picture = meta["og:image"].removeprefix(canonical.removesuffix(page.split("/")[1]))
        assert (SITE / page).with_name("_static").joinpath(Path(picture).name).is_file()


def show(tab, width, scheme):
    """Show a page in a window of some width, in light or dark mode."""
    tab.emulate_media(color_scheme=scheme)
    tab.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)
    if tab.viewport_size != width:
        tab.set_viewport_size(width)
        tab.wait_for_timeout(400)  # the sidebar slides, and what scrolls can be reached by keyboard after 300


LOOKS = """() => [...document.querySelectorAll('div.cell_output img, .front img')].map(image => ({
    data: image.closest('.picture, .front') !== null,
    cell: image.closest('div.cell')?.id ?? '',
    turned: (({filter, mixBlendMode}) => filter.startsWith('invert') ||
        (filter !== 'none' || mixBlendMode !== 'normal' ? 'dimmed' : false))(getComputedStyle(image)),
    source: image.src,
}))"""


def turned(page, seen):
    """What dark mode inverts and should not, or the other way round; a map or a photograph stays the same file."""
    drawn = set()
    if page in CHAPTERS:
        language, stem = page.removesuffix(".html").split("/")
        file = next(file for file in notebooks(language) if file.stem == stem)
        cells = nbformat.read(file, as_version=4).cells
        drawn = {f"cell-{cell.id}" for cell in cells if re.search(r"imshow\(|images\(", cell.source)}
    both = zip(seen["light"], seen["dark"], strict=True)
    wrong = [
        new
        for old, new in both
        if new["turned"] is new["data"] or new["turned"] == "dimmed" or old["source"] != new["source"]
    ]
    return wrong + [new for new in seen["dark"] if new["turned"] and new["cell"] in drawn]


@every_page
def test_page_is_sound(opened, page):
    """At both widths, in both colour modes: no error, no request to another host, nothing beyond the window.

    Dark mode may invert line plots; a map or a photograph stays as it is.
    """
    seen, looks = opened(page), {}
    for width, scheme in ((DESKTOP, "dark"), (PHONE, "light")):  # a mode moves nothing
        show(seen.page, width, scheme)
        assert beyond(seen.page) == []
        looks[scheme] = seen.page.evaluate(LOOKS)
    assert turned(page, looks) == []
    assert seen.errors == [] and seen.foreign == []


def beyond(tab):
    """What reaches out of the window, to the right or, where nobody can scroll, to the left."""
    wide = tab.evaluate("document.documentElement.scrollWidth")
    nodes = "[...document.querySelectorAll('article :not(svg, svg *)')]"
    left = nodes + ".filter(n => n.getBoundingClientRect().left < -1).map(n => n.outerHTML.slice(0, 100))"
    return [wide] * (wide > tab.viewport_size["width"]) + tab.evaluate(left)


# What axe-core need not see, or not twice: three quarters of all nodes. The drawing of a formula, which has its
# text's colour and is hidden from screen readers, becomes a box of its size. Of the words of programs that can be
# seen, one of each look stays, the one furthest to the left: a phone shows it without scrolling.
BOXES = """() => {
    const boxes = [...document.querySelectorAll(".katex-html")].map(node => [node, node.getBoundingClientRect()]);
    for (const [node, {width, height}] of boxes) {
        node.replaceChildren();
        Object.assign(node.style, {display: "inline-block", width: `${width}px`, height: `${height}px`});
    }
}"""
LOOK = """() => {
    const grounds = new Map([[null, ""]]);
    const ground = node => {
        if (!grounds.has(node)) {
            const {backgroundColor, opacity} = getComputedStyle(node);
            grounds.set(node, [backgroundColor, opacity, ground(node.parentElement)].join());
        }
        return grounds.get(node);
    };
    for (const word of document.querySelectorAll(".highlight pre span:not(:has(*))")) {
        const {color, fontSize, fontWeight} = getComputedStyle(word);
        word.dataset.look = [word.dataset.look, color, fontSize, fontWeight, ground(word)].join();
    }
}"""
THIN = """() => {
    const words = [...document.querySelectorAll("[data-look]")];
    const place = word => word.checkVisibility() ? word.getBoundingClientRect().left : 1e9;
    const left = new Map(words.map(word => [word, place(word)]));
    const kept = new Set();
    for (const word of words.sort((a, b) => left.get(a) - left.get(b))) {
        if (kept.has(word.dataset.look)) word.replaceWith(word.textContent);
        kept.add(word.dataset.look);
    }
}"""


def violations(tab, kind, values):
    """What axe-core finds against the rules of a kind."""
    options = {"runOnly": {"type": kind, "values": values}, "resultTypes": ["violations"]}
    found = tab.evaluate("options => axe.run(options)", options)["violations"]
    return [(rule["id"], node["target"], node["html"][:200]) for rule in found for node in rule["nodes"]]


def start_axe(tab):
    """Prepare a page for axe-core, on a phone in dark mode; words of programs that look the same are lost."""
    tab.add_script_tag(content=(NODE_MODULES / "axe-core/axe.min.js").read_text(encoding="utf-8"))
    tab.emulate_media(reduced_motion="reduce")  # no colour half way to another
    tab.evaluate(BOXES)
    for scheme in ("light", "dark"):
        show(tab, PHONE, scheme)
        tab.evaluate(LOOK)
    tab.evaluate(THIN)


@pytest.mark.parametrize("page", FIRST)
def test_page_is_accessible(read, page):
    """No WCAG violation on a phone, where much scrolls, and none of its colours in dark mode.

    What a phone does not show, the sidebars, is the same on all pages: one is tested whole, in both modes. The
    other editions have the same tree (see below) and colours: one page is enough, too.
    """
    tab = read(page)
    start_axe(tab)
    assert violations(tab, "rule", COLOUR) == []
    show(tab, PHONE, "light")
    assert violations(tab, "tag", WCAG) == []
    for scheme in ("light", "dark") if page.endswith("/mlp.html") else ():
        show(tab, DESKTOP, scheme)
        assert violations(tab, "tag", WCAG) == []
    tab.emulate_media(reduced_motion="no-preference")


def has_slider(page):
    return 'class="d2l-explore"' in (SITE / page).read_text(encoding="utf-8")


def test_chapters_have_interactive_figures():
    assert sum(map(has_slider, CHAPTERS)) >= 8


@every_notebook
def test_interactive_figure_moves_by_keyboard(read, page):
    """An arrow key on the first slider changes what the figure says."""
    tab = read(page)
    figures = tab.query_selector_all("figure.d2l-explore")
    assert bool(figures) == has_slider(page)
    for figure in figures:
        before = figure.query_selector("figcaption").inner_text()
        figure.query_selector("input[type=range]").focus()
        for key in ("ArrowRight", "ArrowLeft", "ArrowLeft"):  # wherever the slider starts, one of them moves it
            tab.keyboard.press(key)
            if figure.query_selector("figcaption").inner_text() != before:
                break
        else:
            pytest.fail(f"the figure does not react: {before}")


@every_chapter
def test_solutions_open_by_keyboard(read, page):
    """Solutions are folded, say so, and open with the Enter key."""
    tab = read(page)
    folded = tab.query_selector_all("details.solution")
    assert folded and len(tab.query_selector_all("div.cell.tag_solution")) >= len(folded)
    assert tab.query_selector_all("div.cell.tag_solution:not(details.solution *)") == []
    for details in folded:
        cell = details.query_selector("div.cell")
        assert not cell.is_visible()
        details.query_selector("summary").focus()
        tab.keyboard.press("Enter")
        assert cell.is_visible()


@every_chapter
def test_a_guess_comes_before_its_answer(read, page):
    """What a cell prints or draws below a question is folded; one key shows it; sliders stay in sight."""
    tab = read(page)
    folded = tab.query_selector_all("details.guess")
    asked = [bold.inner_text() for bold in tab.query_selector_all("p > strong")]
    assert bool(folded) == any(text.startswith(words(page.split("/")[0])["guess"]) for text in asked)
    for details in folded:
        output = details.query_selector(".cell_output")
        assert not output.is_visible() and details.query_selector(".d2l-explore") is None
        details.query_selector("summary").focus()
        tab.keyboard.press("Enter")
        assert output.is_visible()


PALE = {"light": "#999999", "dark": "#666666"}  # on white, on the theme's dark grey: less than 4.5 to 1
PLANT = """pale => {
    document.querySelectorAll("article section section:nth-of-type(n + 2)").forEach(node => node.remove());
    for (const color in pale)
        document.querySelector("article section section").append(
            Object.assign(document.createElement("p"), {textContent: "A plain sentence."}));
    for (const selector of [".highlight pre span.n", "article section p:not(:has(*))"]) {
        const nodes = [...document.querySelectorAll(selector)].filter(node => node.checkVisibility());
        for (const [scheme, color] of Object.entries(pale)) {
            const node = nodes.pop();
            Object.assign(node, {id: `${scheme}-${node.localName}`});
            node.style.color = color;
        }
    }
}"""


def test_a_pale_word_is_caught(visit):
    """One word too pale to read, in a program or in the text, in either colour mode."""
    tab = visit(PHONE).open(ONE_SITTING[-1])
    tab.evaluate(PLANT, PALE)
    start_axe(tab)
    for scheme in PALE:
        show(tab, DESKTOP, scheme)
        found = violations(tab, "rule", COLOUR)
        pale = [target for rule, (target,), _ in found if rule == "color-contrast"]
        assert sorted(pale) == [f"#{scheme}-p", f"#{scheme}-span"]


FAULTS = {  # what it puts into a page, and who sees it
    "no alternative text": ("<img src=_static/PICTURE>", mute),
    "a file name for a text": ("<img src=_static/PICTURE alt=PICTURE>", mute),
    "no picture": ("<img src=nothing.png alt=Nothing>", mute),
    "too wide": ("<div style='width: 420px'>wide</div>", beyond),
    "to the left": ("<p style='position: relative; left: -50px'>left</p>", beyond),
}


def test_faults_are_caught(visit):
    """Each fault of a page, planted alone, and errors and requests to another host, are seen."""
    seen = visit(PHONE)
    tab = seen.open(PAGES[-1])
    picture = next(SITE.joinpath(PAGES[-1]).with_name("_static").glob("*.png")).name
    assert mute(tab) == beyond(tab) == seen.errors == seen.foreign == []
    for name, (planted, faults) in FAULTS.items():
        plant = "html => document.querySelector('article').insertAdjacentHTML('beforeend', html)"
        tab.evaluate(plant, f"<div id=fault>{planted.replace('PICTURE', picture)}</div>")
        assert len(faults(tab)) > 0, name
        tab.evaluate("document.querySelector('#fault').remove()")
        assert faults(tab) == [], name
    for script in ("console.error('one')", "setTimeout(() => { throw Error('two') })", "fetch('three.json')"):
        seen.errors.clear()
        with tab.expect_event("console" if "Error" not in script else "pageerror"):
            tab.evaluate(f"() => {{ {script} }}")
        assert len(seen.errors) > 0 and seen.foreign == [], script
    for address in ("http://example.org/", "//localhost/"):
        seen.foreign.clear()
        with tab.expect_event("requestfailed"):
            tab.evaluate("address => { new Image().src = address }", address)
        assert len(seen.foreign) == 1, address


def test_sitemap_and_missing_page(visit):
    """The sitemap names every written page; the page for a wrong address leads to the editions."""
    places = [node.text for node in ET.parse(SITE / "sitemap.xml").iter() if node.tag.endswith("loc")]
    assert [place for place, page in zip(places, WRITTEN, strict=True) if not place.endswith(page)] == []
    tab = visit().open("404.html")
    links = tab.evaluate("[...document.querySelectorAll('a')].map(link => link.getAttribute('href'))")
    assert [link.split("/")[-2] for link in links] == editions()


def rise(column):
    """The longest stretch of a column of pixels that grows no darker upwards: its length and how many shades."""
    breaks = np.flatnonzero(np.diff(column[::-1]) < -2) + 1
    return max(((len(part), len(set(part))) for part in np.split(column[::-1], breaks)), key=lambda run: run[1])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colour_bar_of_the_front_page_rises(visit, scheme):
    """As the reader sees it: upwards each step is brighter, in both modes."""
    box = visit(scheme=scheme).open(WRITTEN[0]).query_selector(".front img")
    box.evaluate("image => image.decode()")
    shot = np.asarray(Image.open(io.BytesIO(box.screenshot())).convert("L")).astype(int)
    length, shades = max(map(rise, shot.T), key=lambda run: run[1])
    assert shades > 80 and length > 0.65 * len(shot), (length, shades, shot.shape)


SETTING = """at => {
    const figure = document.querySelector('figure.d2l-explore');
    const input = [...figure.querySelectorAll('input')][at];
    input.value = input.value === input.max ? 0 : Number(input.value) + 1;
    input.dispatchEvent(new Event('input'));
    return figure.querySelector('figcaption').textContent;
}"""


@pytest.mark.parametrize("page", [page for page in ONE_SITTING if page.endswith(("/linear.html", "/mlp.html"))])
def test_a_setting_has_an_address(visit, page):
    """What a lecturer has set is there again for whoever opens the address; one button goes back to the start."""
    tab = visit().open(page)
    assert tab.query_selector(".d2l-still") is None and tab.query_selector("figure.d2l-explore[hidden]") is None
    before = tab.text_content("figure.d2l-explore figcaption")
    after = tab.evaluate(SETTING, 0)
    assert after != before and "?" in tab.url and "#cell-" in tab.url
    other = visit().page
    other.goto(tab.url, wait_until="networkidle")
    assert other.text_content("figure.d2l-explore figcaption") == after
    other.click("figure.d2l-explore .buttons button")
    assert other.text_content("figure.d2l-explore figcaption") == before and "?" not in other.url


@pytest.mark.parametrize("page", [page for page in ONE_SITTING if page.endswith("/mlp.html")])
def test_a_control_without_effect_is_disabled(visit, page):
    """The leak moves one of the eight activations only."""
    tab = visit().open(page)
    inputs = tab.query_selector_all("figure.d2l-explore input")
    enabled = []
    for at in range(int(inputs[0].get_attribute("max")) + 1):
        inputs[0].evaluate("(n, at) => { n.value = at; n.dispatchEvent(new Event('input')); }", at)
        enabled += [tab.text_content("figure.d2l-explore output")] * inputs[1].is_enabled()
    assert enabled == ["leaky ReLU"] and inputs[0].is_enabled()


@each_path
def test_controls_stay_beside_the_panels_of_a_phone(read, page):
    """In a window of 390 x 664 each panel can be seen whole together with all controls."""
    tab = read(page)
    show(tab, {"width": 390, "height": 664}, "light")
    tab.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    bottom = "node => node.getBoundingClientRect().bottom + scrollY - innerHeight + 10"
    for panel in tab.query_selector_all("figure.d2l-explore .panels > svg"):
        panel.evaluate(f"node => scrollTo({{top: ({bottom})(node), behavior: 'instant'}})")
        box, controls = panel.bounding_box(), tab.query_selector("figure.d2l-explore .controls").bounding_box()
        assert controls["y"] >= 0 and controls["y"] + controls["height"] <= box["y"] + 22, (box, controls)


@pytest.mark.parametrize("page", [page for page in ONE_SITTING if page.endswith("/backprop.html")])
def test_a_link_shows_what_it_stands_for(visit, page):
    """To who arrives by keyboard at a term or the number of an equation; the Escape key takes it away."""
    tab = visit().open(page)
    for selector, inside in (("a.term", ""), ("a.reference[href*='#equation-']", ".katex")):
        link = tab.query_selector(f"article {selector}")
        link.focus()
        box = tab.wait_for_selector(".peek:not([hidden])")
        assert len(box.inner_text()) > 20 and (not inside or box.query_selector(inside))
        assert link.get_attribute("aria-describedby") == box.get_attribute("id") and beyond(tab) == []
        tab.keyboard.press("Escape")
        assert not box.is_visible()


@pytest.mark.parametrize("language", editions())
def test_downloads_say_how_large_they_are(visit, language):
    """Each link to a file is followed by its size; where there is no PDF, the page says so."""
    tab = visit().open(f"{language}/downloads.html")
    items = tab.evaluate("[...document.querySelectorAll('article li:has(> a)')].map(item => item.innerText)")
    assert len(items) > len(notebooks(language))
    assert [item for item in items if not re.search(r"\(\d[\d.]* [KM]B\)", item)] == []
    assert "PDF" in tab.inner_text("article")


def test_setup_cell_finds_the_package_on_the_site():
    """The wheel is at the address that a chapter's setup cell names, and it holds the whole package."""
    texts = "".join(file.read_text(encoding="utf-8") for file in notebooks())
    (address,) = set(re.findall(r"https://\S+\.whl", texts))
    base = load("_config.yml")["html"]["baseurl"]
    assert address.startswith(base)
    with zipfile.ZipFile(SITE / address.removeprefix(base)) as wheel:
        there = {name for name in wheel.namelist() if name.startswith("d2lmini/")}
    files = [file for file in (ROOT / "d2lmini").rglob("*.*") if file.suffix != ".pyc"]
    assert there == {file.relative_to(ROOT).as_posix() for file in files}


@pytest.mark.parametrize("language", editions())
def test_zip_runs(language, tmp_path):
    """Unpacked, the notebooks find the package beside them, and the requirements name what they need."""
    with zipfile.ZipFile(SITE / language / "d2lmini.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "d2lmini-book"
    assert {file.name for file in pages(language)} <= {file.name for file in folder.iterdir()}
    package = {file.relative_to(ROOT) for file in (ROOT / "d2lmini").rglob("*.*") if file.suffix != ".pyc"}
    assert package == {file.relative_to(folder) for file in (folder / "d2lmini").rglob("*.*")}
    assert "torch==" in (folder / "requirements.txt").read_text()
    said = (folder / "README.txt").read_text(encoding="utf-8")
    assert all(line in said for line in ("py -m venv .venv", r".venv\Scripts\python -m jupyter lab", "3.11", "MB"))
    notebook = nbformat.read(folder / "mlp.ipynb", as_version=4)
    setup = next(cell.source for cell in notebook.cells if "setup" in cell.metadata.get("tags", [])).replace(
        "%pip", "#"
    )
    code = setup + "\nprint(d2l.__file__, d2l.data.fashion_mnist()[0].tensors[0].shape)"
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert str(folder / "d2lmini") in run.stdout


@pytest.mark.parametrize("page", [f"{language}/dropout.html" for language in editions()])
def test_from_a_disk(visit, page):
    """Opened as a file, a chapter has its pictures, formulas and sliders, and asks no host for anything."""
    seen = visit()
    seen.root = "file://"
    tab = seen.page
    tab.goto((SITE / page).as_uri(), wait_until="load")
    assert seen.foreign == [] and seen.errors == []
    assert all(image.evaluate(LOADED) for image in tab.query_selector_all("img"))
    assert tab.evaluate("document.fonts.check('16px KaTeX_Main')")
    figure = tab.query_selector("figure.d2l-explore")
    before = figure.query_selector("figcaption").inner_text()
    figure.query_selector("input[type=range]").focus()
    tab.keyboard.press("ArrowLeft")
    assert figure.query_selector("figcaption").inner_text() != before


def test_reading_goes_on(visit):
    """The front page offers to go on where the reader stopped."""
    language = editions()[0]
    tab = visit().open(ONE_SITTING[1])
    tab.evaluate("document.querySelectorAll('article section section')[2].scrollIntoView()")
    tab.wait_for_function("Object.keys(localStorage).some(key => key.startsWith('d2lmini-place'))")
    place = tab.evaluate("document.querySelectorAll('article section section')[2].id")
    chapter = tab.title().split(" — ")[0]
    tab.goto(f"{visit.root}{language}/index.html")
    link = tab.wait_for_selector("#go-on a")
    assert chapter in link.inner_text()
    assert link.is_visible() and link.get_attribute("href").endswith(f"{ONE_SITTING[1]}#{place}")


BOTH = [page.split("/")[1] for page in PAGES if page.startswith("zh/") and page.replace("zh/", "en/") in PAGES]
IDS = re.compile(r'<(?:section|div|tr|td|figure)[^>]* id="([^"]+)"')  # of what can be linked
# What holds the words of a page, and what machines read of it; paragraphs may be divided differently.
TREE = r"<(main|nav|header|footer|aside|section|h\d|table|t[rhd]|figure|figcaption|img|details|summary|pre|button"
TREE = re.compile(TREE + r"|input|label|form|select|ul|ol|li|svg|iframe|dialog)\b((?:[^>\"]|\"[^\"]*\")*)>")
READ = re.compile(r"\s(role|aria-[a-z]+|tabindex|alt|type|title|for|hidden|open)\b")


def tree(text):
    """The elements of a page in order, each with the names of its attributes that TREE is about."""
    text = re.sub(r"(?s)<script.*?</script>|(?<=<pre>).*?(?=</pre>)", "", text)
    found = TREE.findall(text)
    return [(name, *sorted(READ.findall(re.sub('"[^"]*"', "", attributes)))) for name, attributes in found]


@pytest.mark.parametrize("name", BOTH)
def test_both_editions_have_the_same_tree_and_addresses(name):
    """A link to a place of a page works in the other edition; each page names the other to search engines."""
    base, ids, trees = load("_config.yml")["html"]["baseurl"], {}, {}
    for language, other in (("en", "zh"), ("zh", "en")):
        text = (SITE / language / name).read_text(encoding="utf-8")
        trees[language] = tree(text)
        ids[language] = [found for found in IDS.findall(text) if not re.match(r"id\d|codecell", found)]
        assert re.findall(r'hreflang="\w+" href="(http[^"]+)"', text) == [f"{base}{other}/{name}"]
    assert ids["en"] == ids["zh"] and (f"en/{name}" not in CHAPTERS or len(ids["en"]) > 20)
    assert trees["en"] == trees["zh"] and len(trees["en"]) > 50


ARRIVED = "document.querySelector(location.hash).getBoundingClientRect().top < innerHeight"  # not at once


def switch(tab):
    """Press the link to the other edition, as a hand does: Playwright's own click scrolls the page first."""
    box = tab.evaluate("document.querySelector('.lang-switch').getBoundingClientRect().toJSON()")
    tab.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_the_other_edition_opens_at_the_same_place(visit):
    """The link leads to the place in the address where that is in sight."""
    tab = visit().page
    for place in ("#what-does-depth-add", "#cell-dead-check"):
        tab.goto(f"{visit.root}zh/mlp.html{place}", wait_until="networkidle")
        tab.wait_for_function(ARRIVED)
        switch(tab)
        tab.wait_for_url(f"**/en/mlp.html{place}")


# Where the link to the other edition would lead from here, and the headings in sight below the header.
LEADS = """() => {
    const link = document.querySelector(".lang-switch");
    link.addEventListener("click", event => event.preventDefault(), {once: true});
    link.click();
    return decodeURIComponent(link.hash.slice(1));
}"""
SIGHT = """() => [...document.querySelectorAll("article section[id]")].filter(section => {
    const top = section.getBoundingClientRect().top;
    return top > 40 && top < innerHeight;
}).map(section => section.id)"""


@pytest.mark.parametrize("name", ["mlp", "mistakes"])
def test_the_other_edition_opens_at_the_section_one_has_scrolled_to(visit, name):
    """At a heading below the header, within a section, at the end of the page; whatever the address says."""
    tab = visit().open(f"zh/{name}.html")
    ids = tab.evaluate("[...document.querySelectorAll('article section[id]')].map(section => section.id)")
    for place in ids:
        tab.evaluate("id => document.getElementById(id).scrollIntoView({behavior: 'instant'})", place)
        if tab.evaluate(SIGHT)[:1] == [place]:  # the last ones may stay further down
            assert tab.evaluate(LEADS) == ("" if place == ids[0] else place)
    tab.evaluate("scrollTo({top: document.documentElement.scrollHeight, behavior: 'instant'})")
    end = tab.evaluate(LEADS)
    assert end == (tab.evaluate(SIGHT) or ids[-1:])[0]
    switch(tab)
    tab.wait_for_url(f"**/en/{name}.html#{end}")
    tab.wait_for_function(ARRIVED)

    heights = "ids => ids.map(id => document.getElementById(id).getBoundingClientRect().top)"
    tops = tab.evaluate(heights, ids)
    number = max(range(1, len(ids) - 1), key=lambda i: tops[i + 1] - tops[i])  # the longest
    tab.goto(f"{visit.root}zh/{name}.html#{ids[number + 1]}", wait_until="networkidle")
    tab.wait_for_function(ARRIVED)
    assert tab.evaluate(LEADS) == ids[number + 1]
    tab.mouse.wheel(0, -500)  # back into the one before; the heading that the address names stays in sight
    tab.wait_for_function(f"document.getElementById('{ids[number + 1]}').getBoundingClientRect().top > 500")
    assert tab.evaluate(LEADS) == ids[number]
    switch(tab)
    tab.wait_for_url(f"**/en/{name}.html#{ids[number]}")


def test_chinese_is_upright(visit):
    """Chinese has no italics: a slanted character is hard to read."""
    tab = visit().open("zh/dropout.html")
    leaning = "n => getComputedStyle(n).fontStyle != 'normal' && /\\p{Script=Han}/u.test(n.textContent)"
    assert tab.evaluate(f"[...document.querySelectorAll('article *')].filter({leaning}).length") == 0
    assert tab.evaluate("document.documentElement.lang").lower() == "zh-cn"


ENGLISH = re.compile(r'(?:title|label|placeholder)="([A-Z][a-z]+ [^"]*)"|>\s*([A-Z][a-z]+ [a-z][^<]*)<')


@pytest.mark.parametrize("name", ["index", "dropout", "search", "status"])
def test_the_chinese_site_speaks_chinese(name):
    """Around the text, and beside its headings and figures, stands no English."""
    text = (SITE / f"zh/{name}.html").read_text(encoding="utf-8")
    text = re.sub(r"(?s)<(script|style|figure class=.d2l-explore).*?</(script|style|figure)>", "", text)
    around = re.sub(r'(?s)<article.*?</article>|<nav id="pst-page-toc.*?</nav>', "", text)
    for message in load("book/editions.yml")["messages"]:  # a heading may be what PyTorch says
        around = around.replace(message, "")
    found = [*ENGLISH.findall(around), *re.findall(r'title="([A-Z][a-z]+ [^"]*)"', text)]
    assert found == [] and len(ENGLISH.findall((SITE / f"en/{name}.html").read_text(encoding="utf-8"))) > 5


def test_motion_can_be_reduced(chromium, root):
    """Whoever asks for less motion gets none."""
    context = chromium.new_context(reduced_motion="reduce")
    tab = Visit(context, root).open(WRITTEN[0])
    moving = "[...document.querySelectorAll('*')].filter(n => getComputedStyle(n).transitionDuration.split(', ')"
    assert tab.evaluate(moving + ".some(t => parseFloat(t) > 0)).length") == 0
    context.close()


def test_paper_shows_what_is_folded(visit):
    """In print, solutions are open, and bars and buttons are gone."""
    tab = visit().open(ONE_SITTING[1])
    tab.emulate_media(media="print")
    assert tab.evaluate("[...document.querySelectorAll('details.solution pre')].every(n => n.checkVisibility())")
    assert not tab.is_visible(".bd-header-article")
    assert not tab.is_visible(".bd-sidebar-primary")


def test_the_cheat_sheet_is_one_sheet(visit):
    """It prints on one page of A4."""
    tab = visit().open("en/cheatsheet.html")
    margin = dict.fromkeys(("top", "bottom", "left", "right"), "10mm")
    assert len(re.findall(rb"/Type\s*/Page\b", tab.pdf(format="A4", margin=margin))) == 1


@pytest.mark.parametrize("language", editions())
def test_the_map_leads_to_every_chapter(visit, language):
    """Each chapter has a box that stands apart from the others, also on a phone, and below those it needs."""
    tab = visit(PHONE).open(f"{language}/map.html")
    boxes = tab.evaluate(
        "[...document.querySelectorAll('.map a')]"
        ".map(a => [a.getAttribute('href'), a.getBoundingClientRect().toJSON()])"
    )
    assert [name for name, _ in boxes] == [f"{file.stem}.html" for file in paths(language)]
    for i, (_, box) in enumerate(boxes):
        assert box["left"] >= 0 and box["right"] <= PHONE["width"]
        for _, other in boxes[:i]:
            beside = box["left"] >= other["right"] or other["left"] >= box["right"]
            assert beside or box["top"] >= other["bottom"] or other["top"] >= box["bottom"]
    text = "[...document.querySelectorAll('.map a')].every(a => a.scrollHeight <= a.clientHeight + 1)"
    assert tab.evaluate(text)


def test_root_leads_to_the_editions(visit):
    """The root page leads to every edition."""
    tab = visit().open("index.html")
    if len(editions()) == 1:
        tab.wait_for_url(f"**/{editions()[0]}/index.html")
    else:
        links = tab.evaluate("[...document.querySelectorAll('a')].map(link => link.getAttribute('href'))")
        assert links == [f"{language}/index.html" for language in editions()]


def test_the_search_button_of_a_phone(visit):
    """It opens a field to type in."""
    tab = visit(PHONE).open(ONE_SITTING[0])
    tab.click(".search-button__button:visible")
    tab.keyboard.type("momentum")
    assert tab.evaluate("document.activeElement.value") == "momentum"


@pytest.mark.skipif("en" not in editions(), reason="about English words")
def test_search_leads_to_the_section(visit):
    """No page twice; first the term's own section; the words are marked there, and on no other page."""
    tab = visit().page
    for query, place in (
        ("dead relu", "glossary.html#term-dead-relu"),
        ("overfitting", None),
        ("retain_graph", None),
    ):
        tab.goto(f"{visit.root}en/search.html?q={query}", wait_until="networkidle")
        tab.wait_for_selector("#search-results li p.context", timeout=10_000)
        links = tab.evaluate("[...document.querySelectorAll('#search-results li a')].map(link => link.href)")
        pages = [link.split("?")[0].split("#")[0] for link in links]
        assert len(pages) == len(set(pages)) and [link for link in links if not resolves(link, visit.root)] == []
        assert all("#" in link for link in links) and "<" not in tab.inner_text("#search-results")
        if place:
            assert re.sub(r"\?[^#]*", "", links[0]).endswith(place), links[0]
    assert len([box for box in tab.query_selector_all("input[type=search]") if box.is_visible()]) == 1
    other = tab.context.new_page()
    other.goto(f"{visit.root}en/notation.html", wait_until="networkidle")
    assert other.query_selector(".highlight-link, span.highlighted") is None
    tab.goto(links[0], wait_until="networkidle")
    tab.wait_for_selector("span.highlighted", state="attached", timeout=10_000)


@pytest.mark.skipif("en" not in editions(), reason="about English words")
def test_search_knows_american_spelling(visit):
    """Each spelling of a word finds the same pages, and an excerpt holds a formula once."""
    tab, found = visit().page, []
    for query in ("regularisation", "regularization"):
        tab.goto(f"{visit.root}en/search.html?q={query}", wait_until="networkidle")
        tab.wait_for_selector("#search-results li p.context", timeout=10_000)
        found.append(
            tab.evaluate(
                "[...document.querySelectorAll('#search-results li a')].map(link => link.href.split('?')[0])"
            )
        )
        assert "\\" not in tab.inner_text("#search-results")
    assert found[0] == found[1] and len(found[0]) >= 5
