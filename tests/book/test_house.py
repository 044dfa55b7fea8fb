"""How the house is built: which way its arrows run."""

import ast

from book.toc import ROOT


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


def test_no_two_modules_import_one_another():
    """Take away, again and again, what imports nothing that is left: in a circle, something stays."""
    left = {name: set(imported(file)) - {"book", name} for name, file in modules("book").items() if name != "book"}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert left == {}


def test_the_package_knows_nothing_of_the_book():
    found = {name: [other for other in imported(file) if other.split(".")[0] == "book"]
             for name, file in modules("d2lmini").items()}  # fmt: skip
    assert found and not any(found.values()), found
