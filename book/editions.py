"""Keep the Chinese edition in step with the English one.

    python -m book.editions                           copy code and outputs; list what is missing, stale or wrong
    python -m book.editions give NAME                 print the English texts of a page, each below "%%%% CELL"
    python -m book.editions take NAME FILE            put Chinese texts, from a file of that form, into the edition
    python -m book.editions accept NAME [CELL ...]    say that Chinese texts render what the English ones say now

A Chinese text stores the hash of the English text that it renders. It is missing where it is not there, and stale
where the English text has changed since. No text is ever filled in from the English edition.
"""

import copy
import difflib
import hashlib
import re
import subprocess
import sys
from pathlib import Path

from book import parity
from book.path import times
from book.stamp import patterns
from book.texts import chosen, parse, parts, printed, put, read, split, write, written
from book.toc import ROOT, load, pages

NOT_RENDERED_YET = load("book/editions.yml")["not_rendered_yet"]


def digest(cell):
    """Return what identifies the texts of an English cell; what `make stamp` writes into them does not count."""
    text = "\n".join(parts(cell).values())
    for stamped in (*patterns(load("_config.yml")), *(pattern for _, pattern in times("en").values())):
        text = re.sub(stamped, "", text)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def merged(english, own):
    """Return a Chinese page with the texts of `own` (cells by id); the rest is that of the English one."""
    made, cells = copy.deepcopy(english), []
    for cell in made.cells:
        mine, texts = own.get(cell.id), parts(cell)
        if mine and mine.cell_type == cell.cell_type and texts:
            put(cell, (texts | {part: text for part, text in parts(mine).items() if part in texts}).values())
            cell.metadata["renders"] = mine.metadata.get("renders", "")
            cells.append(cell)
        elif cell.cell_type == "code":
            cell.metadata.pop("mystnb", None)
            cells.append(cell)
    made.cells = cells
    return made


def english(name):
    """Return the English page (Path) of that name; ValueError where there is none."""
    names = {page.stem: page for page in pages("en")}
    if name not in names:
        raise ValueError(f"NAME must be a page of the book, not {name!r}: {', '.join(names)}")
    return names[name]


def place(file):
    """Return where the Chinese edition has a file (Path) of the English one."""
    return ROOT / "chapters/zh" / file.name


def faults(page, source, chinese):
    """Yield (name of a text, what is wrong with it) of a page, by its name and two notebooks."""
    own, shown = written(chinese), printed(source)
    for name, cell in written(source).items():
        if name not in own:
            yield name, "missing"
        elif own[name].metadata.get("renders") != digest(cell):
            yield name, "stale"
        else:
            said = parts(own[name])
            for part, text in parts(cell).items():
                mine = said[part]
                if part.endswith("/show"):
                    try:
                        text, mine = chosen(cell.source, text), chosen(own[name].source, mine)
                    except (IndexError, ValueError):
                        yield part, f"no such block or sentence: {mine}"
                        continue
                yield from ((part, fault) for fault in parity.faults(text, mine, f"{page}/{part}", shown))
    yield from ((name, "has no English text any more") for name in own.keys() - written(source).keys())


def git(*arguments):
    """Return what git says, "" where it has nothing to say."""
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, encoding="utf-8").stdout


def before(page, name, stored):
    """Return the English text that a hash identifies, from the history of its page; "" where it is not found."""
    file = page.relative_to(ROOT).as_posix()
    for commit in git("log", "--format=%H", "--", file).split():
        text = git("show", f"{commit}:{file}")
        cell = written(parse(text, page.suffix)).get(name) if text else None
        if cell and digest(cell) == stored:
            return "\n".join(parts(cell).values())
    return ""


def report(page, source, chinese):
    """Print what is wrong with a page, and how the English text of a stale one changed; returns how much it is."""
    found = list(faults(page.stem, source, chinese))
    for name, fault in found:
        print(f"{page.stem}: {name}: {fault}")
        if fault == "stale":
            now = "\n".join(parts(written(source)[name]).values()).splitlines()
            old = before(page, name, written(chinese)[name].metadata.get("renders")).splitlines()
            print(*(f"    {line}" for line in (difflib.ndiff(old, now) if old else now)), sep="\n")
    return len(found)


def bring():
    """Bring the whole edition in step and print what is not right; returns the exit status."""
    wrong, absent = 0, [page.stem for page in pages("en") if not place(page).exists()]
    for page in (page for page in pages("en") if page.stem not in absent):
        source, chinese = read(page), read(place(page))
        wrong += report(page, source, chinese)
        write(merged(source, written(chinese)), place(page))
    for file in beside() if len(absent) < len(pages("en")) else ():
        place(file).write_bytes(file.read_bytes())
    if absent != NOT_RENDERED_YET:
        print(f"book/editions.yml must say not_rendered_yet: [{', '.join(absent)}]")
    print(f"{wrong} texts to mend, {len(absent)} pages not rendered yet")
    return int(wrong > 0 or absent != NOT_RENDERED_YET)


def beside():
    """Return the files (Path) beside the English pages, such as pictures: both editions have them."""
    return [file for file in (ROOT / "chapters/en").iterdir() if file.suffix in (".png", ".py")]


def take(name, file):
    """Put the texts of a file (Path) into the edition; returns how much is wrong with the page.

    A text that is there already, word for word, is not thereby accepted.
    """
    page, given = english(name), split(file)
    whole, own = read(page), written(read(place(page)))
    source = written(whole)
    known = {part for cell in source.values() for part in parts(cell)}
    if unknown := [part for part in given if part not in known]:
        raise ValueError(f"FILE must name texts of {page.name}; it has no {', '.join(unknown)}")
    for cell in source.values():
        old = parts(own[cell.id]) if cell.id in own else {}
        new = {part: given.get(part, old.get(part)) for part in parts(cell)}
        if given.keys() & new.keys() and new != old:
            if empty := [part for part, said in new.items() if not said]:
                raise ValueError(f"FILE must have a text for {', '.join(empty)}")
            own[cell.id] = rendering(cell, list(new.values()))
    made = merged(whole, own)
    write(made, place(page))
    return report(page, whole, made)


def rendering(cell, said):
    """Return an English cell with Chinese texts."""
    made = copy.deepcopy(cell)
    made.metadata["renders"] = digest(cell)
    put(made, said)
    return made


def accept(name, chosen):
    """Note that Chinese texts of a page, those of the cells named or all, render the present English ones."""
    page = english(name)
    whole, own = read(page), written(read(place(page)))
    source = written(whole)
    if unknown := [cell for cell in chosen if cell not in source or cell not in own]:
        raise ValueError(f"CELL must be a text that both editions of {page.name} have, not {', '.join(unknown)}")
    for cell in chosen or own.keys() & source.keys():
        own[cell].metadata["renders"] = digest(source[cell])
    write(merged(whole, own), place(page))


def main(arguments):
    """Do what the arguments say; returns the exit status."""
    try:
        match arguments:
            case []:
                return bring()
            case ["give", name]:
                for cell in written(read(english(name))).values():
                    print(*(f"%%%% {part}\n{text}\n" for part, text in parts(cell).items()), sep="\n")
            case ["take", name, file]:
                return int(take(name, Path(file)) > 0)
            case ["accept", name, *cells]:
                accept(name, cells)
            case _:
                print(__doc__)
                return 2
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
