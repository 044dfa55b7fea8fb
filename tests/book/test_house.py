"""How the house is built: which way its arrows run, and that a fact stands in one place."""

import ast
import copy
import re

import pytest

from book import words
from book.ext import generated
from book.toc import ROOT, load, pages
from d2lmini.plots import BLUE


def imported(file):
    """The modules that a file imports, also inside its functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from [node.module or "", *(f"{node.module}.{name.name}" for name in node.names)]
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


def modules(folder):
    """The files of a package, by the name that imports them."""
    files = (ROOT / folder).rglob("*.py")
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files
    }


@pytest.mark.parametrize("folder", ["book", "d2lmini"])
def test_no_two_modules_import_one_another(folder):
    """Take away, again and again, what imports nothing that is left: in a circle, something stays."""
    files = {name: file for name, file in modules(folder).items() if file.name != "__init__.py"}
    left = {name: set(imported(file)) - {name} for name, file in files.items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert left == {}


def test_the_package_knows_nothing_of_the_book():
    found = {name: [other for other in imported(file) if other.split(".")[0] == "book"]
             for name, file in modules("d2lmini").items()}  # fmt: skip
    assert found and not any(found.values()), found


def test_the_package_is_small():
    """What chapters import has at most 850 lines, blank ones and the fast path left out."""
    files = [file for file in (ROOT / "d2lmini").glob("*.py") if file.name != "fast.py"]
    assert sum(bool(line.strip()) for file in files for line in file.read_text("utf-8").splitlines()) <= 850


def test_a_word_that_a_language_lacks_is_named():
    blocks = load("book/words.yml")
    made_up = copy.deepcopy(blocks["en"]) | {"name": "Volapük", "locale": "vo"}
    assert words.check(blocks | {"vo": made_up})
    del made_up["status"]["columns"]
    with pytest.raises(KeyError, match="vo: status.columns"):
        words.check(blocks | {"vo": made_up})


def test_words_of_another_language_stand_in_one_file_alone():
    files = [file for kind in ("py", "html", "css", "js") for file in (ROOT / "book").rglob(f"*.{kind}")]
    files += [ROOT / "_config.yml", ROOT / "_toc.yml"]
    found = {file.name: re.findall("[\u4e00-\u9fff]+", file.read_text(encoding="utf-8")) for file in files}
    assert len(found) > 20 and {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(("file", "place"), [
    ("d2lmini/explore.css", r"accent-color: (#\w{6})"), ("book/templates/layout.html", r"stroke='%23(\w{6})'"),
])  # fmt: skip
def test_the_blue_of_a_page_is_that_of_the_figures(file, place):
    found = re.findall(place, (ROOT / file).read_text(encoding="utf-8"))
    assert [color.strip("#").upper() for color in found] == [BLUE.strip("#")]


def test_every_generated_page_has_a_maker_and_words():
    assert set(generated.MAKERS) == set(words.words("en")["pages"])


@pytest.mark.parametrize(("language", "least", "most"), [("en", 110, 160), ("zh", 30, 80)])
def test_every_page_is_described_by_hand(language, least, most):
    """What search engines show of a page: one text each, long enough to choose by, short enough not to be cut."""
    said = words.words(language)
    assert set(said["about"]) == {page.stem for page in pages("en")}
    texts = said["about"] | {name: about for name, (_, about) in said["pages"].items()}
    assert {name: len(text) for name, text in texts.items() if not least <= len(text) <= most} == {}
    assert len(set(texts.values())) == len(texts)
