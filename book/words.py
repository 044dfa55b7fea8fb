"""The words that the site shows, in every language: book/words.yml holds them, everything else asks here."""

from functools import cache

from book.toc import load


def paths(block, before=""):
    """Yield the name of each word in a block of the file: "status.columns"."""
    for key, value in block.items():
        yield before + key
        if isinstance(value, dict) and key != "searches":
            yield from paths(value, f"{before}{key}.")


def check(blocks):
    """Return the blocks; KeyError names what English has and another language lacks."""
    lacking = [
        f"{language}: {path}"
        for language, block in blocks.items()
        for path in paths(blocks["en"])
        if path not in set(paths(block))
    ]
    if lacking:
        raise KeyError(f"book/words.yml lacks {', '.join(lacking)}")
    return blocks


@cache
def words(language):
    """Return the words of a language, by its short name ("zh") or by Sphinx's ("zh_CN")."""
    blocks = check(load("book/words.yml"))
    return next(block for name, block in blocks.items() if language in (name, block["locale"]))
