"""Write homework: `make homework` makes a course folder of nbgrader, https://nbgrader.readthedocs.io.

_build/homework/source/NAME/NAME.ipynb is the instructor's notebook of a chapter, release/NAME/NAME.ipynb the
student's, without solutions. nbgrader because its format is a plain notebook that opens in any JupyterLab, because
it grades on the lecturer's own machine, and because project Jupyter keeps it. d2lmini.practice asks and judges.
"""

import os
import re
import shutil
import symtable
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from book.execute import KERNEL
from book.path import exercises, paths, read
from book.toc import ROOT, load
from d2lmini.practice.judge import find

COURSE = ROOT / "_build/homework"
MARK = re.compile(r'(?m)^d2l\.practice\.mark\("([^"]+)", (.+)\)\n?')
STARS = re.compile(r"(?m)^### Exercise \d+ (★+)")
NAMED = re.compile(r"`([a-z]\w+)`")  # the question speaks of `central`
OPENING = """# Homework: {title}

Put your answer in the place of each `None` or `...`, and run the cell below it: it says what kind of mistake is in
it. Then hand in this notebook. The chapter: [{title}]({site}).

`student` is your number. It gives you numbers of your own where an exercise has some."""


def tags(cell):
    return set(cell.metadata.get("tags", []))


def names(source):
    """Return what a cell binds for other cells, and what it takes from them: two sets of names."""
    whole = symtable.symtable(re.sub(r"(?m)^(\s*)%.*$", r"\1pass", source), "cell", "exec")
    bound = {name.get_name() for name in whole.get_symbols() if name.is_assigned() or name.is_imported()}
    tables = [whole]
    for table in tables:  # it grows
        tables += table.get_children()
    used = {name.get_name() for table in tables for name in table.get_symbols()
            if name.is_referenced() and (table is whole or name.is_global())}  # fmt: skip
    return bound, used


def free(source):
    """Return what a cell takes from others; a name that it binds itself, such as that of a loop, is its own."""
    bound, used = names(source)
    return used - bound


def needed(cells, asked):
    """Return the plain cells, in order, without which `asked` (sources) would not run after the setup cell."""
    setup, *others = (cell for cell in cells if cell.id != "short-code")
    found, missing = [], set().union(*map(free, asked)) - names(setup.source)[0]
    for cell in reversed(others):
        bound = names(cell.source)[0]
        if bound & missing:
            found, missing = [cell, *found], (missing - bound) | (free(cell.source) - names(setup.source)[0])
    return [setup, *found]


def graded(name, kind, **more):
    """Return the metadata by which nbgrader knows a cell: to be read, answered or to grade with."""
    flags = {"grade": kind == "grade", "solution": kind == "solution", "locked": kind != "solution", "task": False}
    return {"nbgrader": {"schema_version": 3, "grade_id": name, **flags, **more}}


def reading(name, cells):
    """Return copies of code cells that are run and not filled in."""
    return [new_code_cell(cell.source, metadata=graded(f"{name}-{k}", "read")) for k, cell in enumerate(cells)]


def hidden(code):
    """Return code that the student's notebook lacks."""
    return f"\n\n### BEGIN SOLUTION\n{code.strip()}\n### END SOLUTION"


def asked(cells):
    """Yield (name, question, given, stub, answer, solution) of exercises whose stub and solution call the judge.

    given: the cells between question and stub, such as a picture or the function in which a bug is to be found.
    """
    solved = {name: (MARK.sub("", cell.source), answer) for cell in cells if "solution" in tags(cell)
              for name, answer in MARK.findall(cell.source)}  # fmt: skip
    question, given = "", []
    for cell in cells:
        if STARS.search(cell.source):
            question, given = cell.source, []
        elif cell.cell_type == "code" and not MARK.search(cell.source) and "solution" not in tags(cell):
            given.append(cell)
        for name, answer in MARK.findall(cell.source) if "exercise" in tags(cell) else ():
            if name in solved:
                code, value = solved[name]
                yield name, question, given, MARK.sub("", cell.source), answer, f"{code}\n{answer} = {value}"


def homework(file):
    """Return the instructor's notebook of a chapter (Path of its path)."""
    notebook = read(file)
    start = exercises(notebook, file.parent.name)
    before = [cell for cell in notebook.cells[:start] if cell.cell_type == "code"]
    tasks = list(asked(notebook.cells[start:]))
    title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    site = f"{load('_config.yml')['html']['baseurl']}{file.parent.name}/{file.stem}.html"
    cells = [new_markdown_cell(OPENING.format(title=title, site=site)), new_code_cell("student = 0")]
    sources = [
        text
        for _, question, given, stub, _, solution in tasks
        for text in [*(cell.source for cell in given), stub, solution, *NAMED.findall(question)]
    ]
    cells += reading("given", needed(before, sources))
    for name, question, given, stub, answer, solution in tasks:
        key, stars = name.replace(" ", "-"), STARS.search(question)
        text = re.sub(r"(?s)<details><summary>Solution.*?</details>", "", question[stars.start() :])
        mark = f'assert d2l.practice.mark("{name}", {answer})'
        cells += [
            new_markdown_cell(text.strip(), metadata=graded(f"{key}-question", "read")),
            *reading(f"{key}-given", given),
            new_code_cell(stub.rstrip() + hidden(solution), metadata=graded(key, "solution")),
            new_code_cell(mark, metadata=graded(f"{key}-mark", "grade", points=len(stars.group(1)))),
        ]
        cells += own_numbers(name, key) if find(name).ask else []
    for cell in cells:
        cell.metadata.get("nbgrader", {})["cell_type"] = cell.cell_type
    about = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=about)


def own_numbers(name, key):
    """Return the cells that ask an exercise with numbers of the student's own, for one point."""
    own = f"own_{key}".replace("-", "_")
    problem = f'print(d2l.practice.problem("{name}", student))'
    judge = f'd2l.practice.judge.find("{name}").solve(*d2l.practice.judge.numbers("{name}", student))'
    mark = f'assert d2l.practice.mark("{name}", {own}, seed=student)'
    return [
        new_code_cell(problem, metadata=graded(f"{key}-problem", "read")),
        new_code_cell(f"{own} = None{hidden(f'{own} = {judge}')}", metadata=graded(f"{key}-own", "solution")),
        new_code_cell(mark, metadata=graded(f"{key}-own-mark", "grade", points=1)),
    ]


def course(folder):
    """Return nbgrader's programs for a course folder; they call others that stand beside this Python."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    config = Config()
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.course_id = "d2lmini"
    config.ClearSolutions.code_stub = {"python": ""}  # the stub stands above
    config.NbGrader.logfile = ""
    return NbGraderAPI(config=config)


def main(chosen):
    """Write the notebooks of the chapters named, or of all."""
    shutil.rmtree(COURSE, ignore_errors=True)
    api = course(COURSE)
    for file in paths():
        if chosen and file.stem not in chosen:
            continue
        source = COURSE / f"source/{file.stem}/{file.name}"
        source.parent.mkdir(parents=True)
        nbformat.write(homework(file), source)
        made = api.generate_assignment(file.stem, force=True)
        if not made["success"]:
            raise SystemExit(made["log"])
        print(COURSE / f"release/{file.stem}/{file.name}")


if __name__ == "__main__":
    main(sys.argv[1:])
