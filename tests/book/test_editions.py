"""The Chinese edition is in step with the English one, and the tool that keeps it so."""

import re
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from book import editions, needs, parity
from book.editions import beside, faults, main, merged, place
from book.texts import dump, read, written
from book.toc import pages

ENGLISH = [page for page in pages("en") if place(page).exists()]


@pytest.mark.parametrize("page", ENGLISH, ids=lambda page: page.stem)
def test_the_chinese_page_is_in_step(page):
    source, chinese = read(page), read(place(page))
    assert list(faults(page.stem, source, chinese)) == []
    assert dump(merged(source, written(chinese)), page.suffix) == place(page).read_text(encoding="utf-8")


def test_the_chinese_edition_has_what_the_english_one_has():
    absent = [page.stem for page in pages("en") if not place(page).exists()]
    assert absent == editions.NOT_RENDERED_YET
    folder = place(pages("en")[0]).parent
    assert {file.name for file in folder.glob("*.*")} <= {file.name for file in pages("en")[0].parent.glob("*.*")}
    if ENGLISH:
        assert [file.name for file in beside() if place(file).read_bytes() != file.read_bytes()] == []


FIGURE = {"figure": {"caption": "Loss falls."}, "image": {"alt": "A line that falls from left to right."}}
FIRST, PLAIN, SECOND = "# One net\n\nIt has 2 layers.", "print(1)", "The end of it."


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A made-up book of a notebook and a page, in a repository of its own; only English."""
    cells = [new_markdown_cell(FIRST, id="title"), new_code_cell(PLAIN, id="plain", execution_count=1)]
    cells[1].outputs = [new_output("stream", text="1\n")]
    cells.append(new_code_cell("draw()", id="picture", metadata={"mystnb": FIGURE, "tags": ["hide-input"]}))
    cells.append(new_markdown_cell(SECOND, id="end"))
    chapters = tmp_path / "chapters/en"
    chapters.mkdir(parents=True)
    nbformat.write(new_notebook(cells=cells), chapters / "net.ipynb")
    (chapters / "about.md").write_text("# About\n\nA book.\n", encoding="utf-8")
    (chapters / "front.png").write_bytes(b"png")
    monkeypatch.setattr(editions, "ROOT", tmp_path)
    monkeypatch.setattr(editions, "pages", lambda language: [chapters / "net.ipynb", chapters / "about.md"])
    monkeypatch.setattr(editions, "NOT_RENDERED_YET", [])
    commit(tmp_path)
    return tmp_path


def commit(folder):
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=", "commit", "-qm", "a"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def edit(file, cell, text):
    """Another text for a Markdown cell of a notebook."""
    notebook = nbformat.read(file, as_version=4)
    next(c for c in notebook.cells if c.id == cell).source = text
    nbformat.write(notebook, file)


TEXTS = {
    "title": "# 一个网络\n\n它有 2 层。",
    "picture/caption": "损失下降。",
    "picture/alt": "一条从左向右下降的线。",
    "end": "完。",
}


def take(folder, texts, name="net"):
    file = folder / "texts.txt"
    file.write_text("".join(f"%%%% {cell}\n{text}\n\n" for cell, text in texts.items()), encoding="utf-8")
    return main(["take", name, str(file)])


@pytest.fixture
def whole(book):
    """The same with a Chinese edition."""
    assert take(book, TEXTS) == take(book, {"page": "# 关于\n\n一本书。"}, "about") == main([]) == 0
    return book


def chinese(folder):
    return {cell.id: cell for cell in nbformat.read(folder / "chapters/zh/net.ipynb", as_version=4).cells}


def test_code_and_outputs_are_copied_and_texts_are_not(whole):
    english = {cell.id: cell for cell in nbformat.read(whole / "chapters/en/net.ipynb", as_version=4).cells}
    own = chinese(whole)
    assert list(own) == list(english) and own["plain"] == english["plain"]
    assert own["title"].source == TEXTS["title"] and own["picture"].source == "draw()"
    assert own["picture"].metadata.mystnb.image.alt == TEXTS["picture/alt"]
    assert own["picture"].metadata.tags == ["hide-input"]
    page = (whole / "chapters/zh/about.md").read_text(encoding="utf-8")
    assert page.startswith("# 关于\n\n一本书。\n\n<!-- renders ") and page.endswith(" -->\n")
    assert (whole / "chapters/zh/front.png").read_bytes() == b"png"


def test_a_change_of_code_is_copied(whole):
    edit(whole / "chapters/en/net.ipynb", "plain", "print(2)")
    assert main([]) == 0 and chinese(whole)["plain"].source == "print(2)"


def test_a_change_of_text_makes_it_stale_until_it_is_accepted(whole, capsys):
    edit(whole / "chapters/en/net.ipynb", "title", "# One net\n\nIt has 2 wide layers.")
    assert main([]) == 1
    said = capsys.readouterr().out
    assert "net: title: stale" in said and "- It has 2 layers." in said and "+ It has 2 wide layers." in said
    assert chinese(whole)["title"].source == TEXTS["title"]
    assert take(whole, TEXTS) == 1  # the same words again: nobody has looked
    assert main(["accept", "net", "title"]) == main([]) == 0


def test_a_new_text_is_no_longer_stale(whole):
    edit(whole / "chapters/en/net.ipynb", "title", "# One net\n\nIt has 2 wide layers.")
    assert take(whole, {"title": "# 一个网络\n\n它有 2 个宽的层。"}) == main([]) == 0


def test_where_the_history_lacks_the_old_text_the_new_one_is_printed(whole, capsys):
    for layers in (3, 4):
        edit(whole / "chapters/en/net.ipynb", "title", f"# One net\n\nIt has {layers} layers.")
        main(["accept", "net"] if layers == 3 else [])
    assert "    It has 4 layers." in capsys.readouterr().out


def test_a_page_is_stale_too_and_accepted_whole(whole):
    (whole / "chapters/en/about.md").write_text("# About\n\nA small book.\n", encoding="utf-8")
    assert main([]) == 1 and main(["accept", "about"]) == main([]) == 0


def test_what_is_stamped_makes_nothing_stale(whole):
    title = "# One net\n\n{} min to read, {} if PyTorch is new."
    edit(whole / "chapters/en/net.ipynb", "title", title.format(5, 10))
    main(["accept", "net"])
    before = chinese(whole)["title"].metadata.renders
    edit(whole / "chapters/en/net.ipynb", "title", title.format(20, 60))
    main(["accept", "net"])
    assert chinese(whole)["title"].metadata.renders == before


def show(file, numbers):
    """Put a cell on a slide, with what it shows of the text."""
    notebook = nbformat.read(file, as_version=4)
    notebook.cells[0].metadata["slideshow"] = {"slide_type": "slide", "show": numbers}
    nbformat.write(notebook, file)


def test_a_slide_shows_what_the_english_one_does(whole, capsys):
    """A Chinese text may have other sentences; a change of the English slide makes it stale."""
    show(whole / "chapters/en/net.ipynb", "0.0")
    assert main([]) == 1 and "net: title: stale" in capsys.readouterr().out
    given = {**TEXTS, "title": "# 一个网络\n\n这是网络。它有 2 层。", "title/show": "0.1"}
    assert take(whole, given) == main([]) == 0
    assert chinese(whole)["title"].metadata.slideshow == {"slide_type": "slide", "show": "0.1"}
    for numbers, fault in {"0.0": "number lost: 2", "1": "no such block", "0.2": "no such block"}.items():
        assert take(whole, given | {"title/show": numbers}) == 1
        assert f"net: title/show: {fault}" in capsys.readouterr().out


def test_a_missing_text_is_not_filled_in(book, capsys):
    assert take(book, {"title": TEXTS["title"]}) == 1
    own = chinese(book)
    assert "end" not in own and "mystnb" not in own["picture"].metadata
    assert main([]) == 1
    said = capsys.readouterr().out
    assert "net: end: missing" in said and "net: picture: missing" in said and "about" in said


def test_a_text_whose_english_cell_is_gone_is_named(whole, capsys):
    file = whole / "chapters/en/net.ipynb"
    notebook = nbformat.read(file, as_version=4)
    notebook.cells.pop()
    nbformat.write(notebook, file)
    assert main([]) == 1 and "net: end: has no English text" in capsys.readouterr().out
    assert main([]) == 0 and "end" not in chinese(whole)


def test_the_english_texts_are_given_in_the_form_that_is_taken(book, capsys):
    assert main(["give", "net"]) == 0
    file = book / "given.txt"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    given = editions.split(file)
    assert given == {
        "title": FIRST,
        "picture/caption": FIGURE["figure"]["caption"],
        "picture/alt": FIGURE["image"]["alt"],
        "end": SECOND,
    }


WRONG = {
    "no such page": (["accept", "nett"], "NAME must be a page of the book, not 'nett'"),
    "no such cell": (["accept", "net", "titel"], "CELL must be .* not titel"),
    "a cell without text": (["accept", "net", "plain"], "CELL must be .* not plain"),
    "no such file": (["take", "net", "nothing.txt"], "nothing.txt"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_name_is_an_error_that_says_so(whole, capsys, name):
    arguments, message = WRONG[name]
    assert main(arguments) == 1
    assert re.search(message, capsys.readouterr().err)


FILES = {
    "%%%% titel\n# 一\n": "it has no titel",
    "%%%% title\n# 一\n\n%%%% title\n# 二\n": "each once",
    "# 一\n": "'%%%% CELL'",
    "%%%% title\n\n": "must have a text for title",
    "%%%% picture/caption\n损失。\n": "must have a text for picture/alt",
}


@pytest.mark.parametrize("text", FILES)
def test_a_wrong_file_changes_nothing(book, capsys, text):
    (book / "texts.txt").write_text(text, encoding="utf-8")
    assert main(["take", "net", str(book / "texts.txt")]) == 1
    assert FILES[text] in capsys.readouterr().err and not (book / "chapters/zh").exists()


FAULTS = [  # English, Chinese, what is wrong
    ("It is $x^2$.", "它是 $x^3$。", ["formula lost: $x^2$", "formula added: $x^3$"]),
    ("It is $x$.", "它就是 $x$：$x$。", []),
    (r"So $\text{loss} > 0$.", r"所以 $\text{损失} > 0$。", []),
    ("Call `fit`.", "调用它。", ["code lost: `fit`"]),
    ("See [it](mlp.ipynb#dead).", "见[这里](mlp.ipynb#died)。", ["link lost: mlp.ipynb#dead", "link added: mlp"]),
    ("## One\n\nTwo.", "### 一\n\n二。", ["heading lost: ##", "heading added: ###"]),
    ("<details>\n\nA.\n\n</details>", "<details>\n\n甲。", ["tag lost: </details>"]),
    ("It takes 40 of 1,200 steps.", "1200 步里的 4 步。", ["number lost: 40"]),
    ("Twenty of them.", "其中 20 个，共 33 个。", ["number added: 33"]),
    ("Two of 2.", "两个。", []),
    ("A **net**.", "**网络（net）。**它", ["a raw * or _"]),
    ("A net_work.", "网络 net_work。", ["a raw * or _"]),
    ("A *net*.", "一个*网络*。", ["italics"]),
    ("A net.", "一个\n网络。", ["a line ends within a paragraph"]),
    ("It costs.", "价格 $5。", ["a raw $"]),
    ("A net.", "一个 网络。", ["a space between two characters"]),
    ("A net, that is.", "网络,就是它.", ["half-width punctuation", "half-width punctuation"]),
    ("A net (deep).", "网络(深)。", ["a half-width bracket", "a half-width bracket"]),
    ("ReLU is 0 at $x$.", "在 $x$处ReLU 为 0。", ["no space", "no space"]),
    ("Call it **ReLU**.", "叫它**ReLU**。", ["no space"]),
    ("A net, ReLU.", "网络， ReLU。", ["a space beside full-width punctuation"]),
    ("| a | b |\n|---|---|\n| c. | d |", "| 甲 | 乙 |\n|---|---|\n| 丙。 | 丁 |", []),
    ("A net.", "网络 is a stack of layers with a function between them。", ["more than eight English words"]),
    ("[He, 2015](https://a.b), A b.", "[He, 2015](https://a.b)，A b c d e f g h i j k：残差。", []),
    ("Dropout.", "丢弃法在训练时用。", ["丢弃法: the book says 暂退法"]),
    ("Dropout.", "**暂退法**（dropout，很多笔记叫丢弃法）。", []),
    ("Precision.", "单精度的准确率。", []),
]


@pytest.mark.parametrize("english, chinese, found", FAULTS, ids=[chinese for _, chinese, _ in FAULTS])
def test_a_fault_of_a_text_is_found(english, chinese, found):
    said = sorted(parity.faults(english, chinese, "page/cell"))
    assert len(said) == len(found)
    assert all(fault.startswith(start) for fault, start in zip(said, sorted(found), strict=True)), said


def test_a_number_may_come_from_what_a_cell_prints():
    assert list(parity.faults("A table.", "表中 37 行。", "page/cell", "37 rows")) == []


@pytest.mark.parametrize("fonts, missing", [("", True), ("Noto Sans CJK SC", False)])
def test_a_missing_font_is_named(tmp_path, monkeypatch, fonts, missing):
    """Without a Chinese font the PDF would be full of boxes."""
    listing = tmp_path / "fc-list"
    listing.write_text(f"#!/bin/sh\nprintf '%s' '{fonts}'\n", encoding="utf-8")
    listing.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    if missing:
        with pytest.raises(RuntimeError, match="fonts-noto-cjk"):
            needs.chinese()
    else:
        needs.chinese()
