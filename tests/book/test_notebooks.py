"""The committed chapters as files: structure, tags, names, size. That their outputs hold is nbval's part."""

import ast
import builtins
import re
import statistics
from functools import cache

import nbformat
import pytest

import d2lmini
from book.execute import FOLDED, guessed
from book.homework import names
from book.path import LIMITS, counts, paths, timed, times
from book.toc import ROOT, editions, notebooks, pages, parent
from book.words import words

CHAPTERS = [chapter for language in editions() for chapter in notebooks(language)]
PATHS = [path for language in editions() for path in paths(language)]
MORE = [path for language in editions() for path in notebooks(language, kinds=["more"])]
TAGS = {"setup", "check", "solution", "exercise", "judged", "raises-exception", "hide-input"}
TAGS |= {"nbval-ignore-output"}
# Training that makes of the last bit another digit: the only cells whose numbers are not compared.
CHAOTIC = {"dead-cure", "concise-run", "leak-help", "rates-run", "batchnorm-run"}
CHAOTIC |= {"slider-figure", "optimiser-print", "others-table"}
CHAOTIC |= {"mistake-softmax-solution"}  # at the edge of rounding
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
# What the site would understand and a plain notebook would show as junk.
MARKUP = re.compile(
    r"^(```\{|:::|\{[a-z:]+\}`)|:label:|:numref:|\{(?:eq|ref|numref|cite[a-z:]*|doc|math)\}`", re.M
)
# Paths, which hold user names, and whatever could let somebody in.
PRIVATE = re.compile(
    r"/(?:home|root|Users|tmp|work|usr|opt|var|content)/|[A-Z]:\\\\|site-packages|object at 0x|localhost"
    r"|[\w.]+@[\w-]+\.\w|gh[pousr]_\w{20}|github_pat_|\bhf_\w{20}|\bsk-[\w-]{20}|\bAKIA[A-Z\d]{16}\b|xox[abp]-"
    r"|Bearer |PRIVATE KEY"
)


def each(notebooks):
    """Run a test for each of some notebooks."""
    return pytest.mark.parametrize("path", notebooks, ids=lambda path: f"{path.parent.name}/{path.stem}")


every_notebook = each(CHAPTERS)


@cache
def read(path):
    return nbformat.read(path, as_version=4)


def code(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def python(cell):
    """The cell's syntax tree; a line magic such as %pip counts as `pass`."""
    return ast.parse(re.sub(r"(?m)^(\s*)%.*$", r"\1pass", cell.source))


def test_there_are_chapters():
    assert CHAPTERS


@every_notebook
def test_file(path):
    nbformat.validate(nbformat.read(path, as_version=4))
    assert path.stat().st_size < 500_000
    assert read(path).metadata.kernelspec == KERNEL
    ids = [cell.id for cell in read(path).cells]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[a-z0-9-]{2,40}", i) for i in ids), ids
    assert all(cell.source.strip() for cell in read(path).cells), "an empty cell"


@every_notebook
def test_it_was_run_once_from_top_to_bottom(path):
    cells = code(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        errors = [output for output in cell.outputs if output.output_type == "error"]
        assert bool(errors) == ("raises-exception" in tags(cell)), cell.id
        assert not any(output.get("name") == "stderr" for output in cell.outputs), cell.id
        assert not PRIVATE.search(str(cell.outputs)), cell.id


@every_notebook
def test_tags(path):
    cells, answers = code(path), guessed(read(path).cells, words(path.parent.name))
    for number, cell in enumerate(read(path).cells):
        assert cell.cell_type == "markdown" or tags(cell) <= TAGS, (cell.id, tags(cell))
        source, output = FOLDED & tags(cell), "solution" in tags(cell) or number in answers
        hidden = {"source_hidden": bool(source), "outputs_hidden": output and "check" not in tags(cell)}
        assert cell.metadata.get("jupyter", {}) == {name: on for name, on in hidden.items() if on}, cell.id
        assert cell.metadata.get("cellView") == ("form" if source else None), cell.id
    assert [cell.id for cell in cells if not tags(cell) and cell.id == "short-code"] == ["short-code"] * (
        path in PATHS
    )
    first = cells[1 if path in PATHS else 0]
    assert "setup" in tags(first), first.id
    if path not in MORE:
        assert not any("setup" in tags(cell) for cell in cells if cell is not first)
        assert sum("check" in tags(cell) for cell in cells) >= 8
        assert sum("solution" in tags(cell) for cell in cells) >= 6


@every_notebook
def test_solutions_are_folded(path):
    """Each stands, with what it prints, under a heading that notebooks shut; nothing else but a check does."""
    notebook, under, shut = read(path), False, []
    for cell in notebook.cells:
        if cell.metadata.get("jp-MarkdownHeadingCollapsed"):
            assert cell.source == f"#### {words(path.parent.name)['solution']}", cell.id
            assert "remove-cell" in tags(cell), cell.id
            shut.append(cell.metadata.id)
            under = True
        elif cell.cell_type == "markdown" and re.search("(?m)^#{1,4} ", cell.source):
            under = False
        else:
            assert ("solution" in tags(cell)) <= under <= bool(tags(cell) & {"solution", "check"}), cell.id
    assert notebook.metadata.get("colab", {}).get("collapsed_sections", []) == shut


@every_notebook
def test_a_judged_cell_changes_no_result(path):
    """What it defines is used nowhere else, and it asserts nothing: the proofs' keys leave it out."""
    for cell in code(path):
        if "judged" in tags(cell):
            assert "\nd2l.practice.mark(" in cell.source and "assert" not in cell.source, cell.id
            bound, _ = names(cell.source)
            rest = [names(other.source) for other in code(path) if "judged" not in tags(other)]
            assert bound.isdisjoint(name for both in rest for some in both for name in some), cell.id


@every_notebook
def test_outputs_are_compared(path):
    """But for those of a few runs, whose claims a check below asserts."""
    ignored = [number for number, cell in enumerate(code(path)) if "nbval-ignore-output" in tags(cell)]
    for number in ignored:
        assert code(path)[number].id in CHAOTIC
        assert any("check" in tags(cell) for cell in code(path)[number + 1 : number + 5]), code(path)[number].id


@every_notebook
def test_a_check_can_fail(path):
    """A cell tagged check asserts, and what it asserts is not a constant."""
    for cell in code(path):
        if "check" in tags(cell):
            asserts = [node.test for node in ast.walk(python(cell)) if isinstance(node, ast.Assert)]
            assert any(not isinstance(test, ast.Constant) for test in asserts), cell.id


@every_notebook
def test_cells_are_short(path):
    sizes = {cell.id: sum(map(bool, map(str.strip, cell.source.splitlines()))) for cell in code(path)}
    assert max(sizes.values()) <= 25
    assert (
        statistics.median(sizes[cell.id] for cell in code(path) if not tags(cell) - {"nbval-ignore-output"}) <= 7
    )


@every_notebook
def test_a_definition_stands_alone(path):
    """One definition in a plain cell, its use in the next; a wrong program and the copy of In short are whole."""
    for cell in code(path):
        if (
            not tags(cell) - {"nbval-ignore-output"}
            and cell.id != "short-code"
            and not cell.id.startswith("mistake-")
        ):
            body = [node for node in python(cell).body if not gives_a_class_a_method(node)]
            defined = [isinstance(node, (ast.FunctionDef, ast.ClassDef)) for node in body]
            assert not any(defined) or len(defined) == 1, cell.id


def gives_a_class_a_method(node):
    """`Var.__matmul__ = matmul`, below the definition of `matmul`."""
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute)


def headings(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    return re.findall(r"(?m)^## (.+)$", text)


@each([path for path in CHAPTERS if path not in MORE])
def test_skeleton(path):
    """The parts of a chapter, in their order: those of a path, or of a chapter that has no page of more yet."""
    parts = ("short", "goals", "bugs", "summary", "exercises", "more")
    old = ("goals", "mistakes", "summary", "exercises", "reading")
    said = words(path.parent.name)["chapter"]
    wanted = [said[part] for part in (parts if path in PATHS else old)]
    assert read(path).cells[0].source.startswith("# ")
    assert [heading for heading in headings(path) if heading in set(wanted)] == wanted


@each(PATHS)
def test_a_path_is_short(path):
    """Words, cells and lines are within the limits; the title has its times; three results are guessed."""
    language, text = path.parent.name, read(path).cells[0].source
    size = counts(ROOT / "chapters/en" / path.name)
    assert {name: size[name] for name, most in LIMITS.items() if size.get(name, 0) > most} == {}
    assert all(re.search(pattern, text) for _, pattern in times(language).values())
    assert timed(text, size, language) == text
    everything = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    assert everything.count(f"**{words(language)['guess']}") >= 3
    assert sum("exercise" in tags(cell) for cell in code(path)) >= 3


def sections(cells):
    """The code cells of each section of a page, by its heading; those before the first one are left out."""
    found = {}
    for cell in cells:
        if cell.cell_type == "markdown":
            for heading in re.findall(r"(?m)^## (.+)$", cell.source):
                found[heading] = []
        elif found:
            found[heading].append(cell)
    return {heading: cells for heading, cells in found.items() if cells}


def unknown(cells):
    """The names that some cells use and none of them binds."""
    used, bound = set(), set(dir(builtins)) | {"__file__"}
    for node in (node for cell in cells for node in ast.walk(python(cell))):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(name.asname or name.name).split(".")[0] for name in node.names}
    return used - bound


@each(MORE)
def test_a_section_of_more_runs_alone(path):
    """Each begins with a cell tagged `setup`, and needs nothing but the page's first cell and its own."""
    assert f"({parent(path)}.ipynb)" in read(path).cells[0].source and sections(read(path).cells)
    for heading, cells in sections(read(path).cells).items():
        assert "setup" in tags(cells[0]), heading
        assert unknown([code(path)[0], *cells]) == set(), heading


def test_a_name_of_another_section_is_found():
    first, second = (nbformat.v4.new_code_cell(source) for source in ("a = 1", "b = a + 1"))
    assert unknown([first, second]) == set() and unknown([second]) == {"a"}


@every_notebook
def test_every_picture_says_what_it_shows(path):
    enough = 30 if path.parent.name == "en" else 15  # a Chinese character says as much as two letters or more
    for cell in code(path):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            assert len(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")) > enough, cell.id


@every_notebook
def test_every_name_of_the_package_exists(path):
    for cell in code(path):
        for node in ast.walk(python(cell)):
            if isinstance(node, ast.Attribute):
                names = ast.unparse(node).split(".")
                if names[0] == "d2l" and all(name.isidentifier() for name in names):
                    thing = d2lmini
                    for name in names[1:]:
                        assert hasattr(thing, name), f"{cell.id}: d2l.{'.'.join(names[1:])}"
                        thing = getattr(thing, name)


@pytest.mark.parametrize("path", [page for language in editions() for page in pages(language)], ids=str)
def test_text_is_plain_markdown(path):
    if path.suffix == ".ipynb":
        texts = {cell.id: cell.source for cell in read(path).cells if cell.cell_type == "markdown"}
    else:
        texts = {path.name: path.read_text(encoding="utf-8")}
    for name, text in texts.items():
        assert not MARKUP.search(text), (name, MARKUP.search(text).group(0))
        assert text.count("$$") % 2 == 0, name


def test_the_setup_cells_are_the_same_up_to_the_imports_of_a_chapter():
    first = [next(cell for cell in code(path) if "setup" in tags(cell)) for path in CHAPTERS]
    heads = {cell.source.split("\n\n")[0] for cell in first}
    assert len(heads) == 1, heads


def test_nothing_lies_beside_the_table_of_contents():
    stray = set((ROOT / "chapters").rglob("*.ipynb")) - set(CHAPTERS)
    assert not [path for path in stray if ".ipynb_checkpoints" not in path.parts]


@pytest.mark.parametrize("language", editions())
def test_the_front_page_has_a_card_for_each_chapter(language):
    text = (ROOT / f"chapters/{language}/index.md").read_text(encoding="utf-8")
    cards = re.findall(r"(?m)^- \[(\d+)\. (.+?)\]\(([\w-]+)\.ipynb\)", text)
    chapters = notebooks(language, kinds=["chapter"])
    assert [(number, stem) for number, _, stem in cards] == [(str(i), c.stem) for i, c in enumerate(chapters, 1)]
    for chapter, (_, title, _) in zip(chapters, cards, strict=True):
        assert read(chapter).cells[0].source.startswith(f"# {title}"), title


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@pytest.mark.parametrize("name", ["README.md", "chapters/en/index.md"])
def test_chapters_are_counted_right(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    chapters = [path.stem for path in notebooks(kinds=["chapter"])]
    counts = [word for word in re.findall(r"\b(\w+) chapters\b", text.lower()) if word in NUMBERS]
    assert counts and set(counts) == {NUMBERS[len(chapters)]}
    for word, stem in re.findall(r"\[(?:the )?(\w+) chapter\]\(([\w-]+)\.ipynb\)", text):
        assert ORDINALS.index(word) == chapters.index(stem), word


@every_notebook
def test_every_mistake_is_on_the_page_of_mistakes(path):
    page = path.with_name("mistakes.md").read_text(encoding="utf-8")
    checks = [cell.id for cell in code(path) if cell.id.startswith("mistake-") and "check" in tags(cell)]
    assert (checks or path in MORE) and [name for name in checks if f"({path.name}#cell-{name})" not in page] == []
