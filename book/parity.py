"""What a Chinese text must have in common with the English one, and how it is set."""

import re
from collections import Counter
from functools import cache

from markdown_it import MarkdownIt

from book.toc import ROOT, load

ENGLISH = r"(?:[A-Za-z][A-Za-z'’-]*[ ,.]+){8}[A-Za-z]+"
HAN, FULL = "\u3400-\u9fff", "，。：；？！“”（）《》、"
MATH = re.compile(r"\$\$.+?\$\$|\$(?!\s)[^$\n]+?\$", re.S)
CODE = re.compile(r"```.*?```|`+[^`\n]+`+", re.S)
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(r"\[[^][]*\]\(https?:[^)\s]+\)(?:，[“A-Za-z ,:'’?-]+)?|“[^”]*”")  # a paper, a message: as it is
TAG = re.compile(r"</?[a-z][^>]*>")
SHARED = {  # how a text is written: what both editions have, one for one
    "formula": lambda text: [plain(formula) for formula in MATH.findall(CODE.sub("", text))],
    "code": lambda text: CODE.findall(MATH.sub("", text)),
    "link": lambda text: [re.sub(r"/[a-z]+(?=/lab\.html)", "", link) for link in LINK.findall(text)],
    "tag": TAG.findall,
    "heading": lambda text: re.findall(r"(?m)^#+(?= )", CODE.sub("", text)),
}
STRICT = {"link", "tag", "heading"}  # a text may repeat a formula or a name instead of saying "it"
SET = {  # what no Chinese text has, in words without code and formulas: these are ` and $ here
    "a space between two characters": f"[{HAN}] +[{HAN}]",
    "half-width punctuation": f"[{HAN}][,;:?!.](?=[\\s{HAN}]|$)",
    "a half-width bracket": f"[{HAN}][()]|[()][{HAN}]",
    "no space between a character and what is not one": f"(?<=[{HAN}])[A-Za-z0-9$`]|[A-Za-z0-9%$`](?=[{HAN}])",
    "a space beside full-width punctuation": f"[{FULL}] +[^ |]|[^ |] +[{FULL}]",
}


def plain(formula):
    """Return a formula without spaces and without the words in it, which are translated."""
    return re.sub(r"\\(text|mbox|textbf)\{[^{}]*\}", r"\\text{}", re.sub(r"\s+", "", formula))


def prose(text):
    """Return the words of a text: code becomes `, a formula $, a link its text."""
    text = MATH.sub("$", CODE.sub("`", text))
    return TAG.sub("", LINK.sub("]", text))


def numbers(text):
    """Return the numbers in the words of a text."""
    text = LINK.sub("]", CODE.sub(" ", MATH.sub(" ", text)))
    return {number.replace(",", "") for number in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)}


@cache
def rules():
    """Return what book/editions.yml says."""
    return load("book/editions.yml")


@cache
def alternatives():
    """Return the names that the glossary has in brackets: {another name: the term, ...}."""
    found = {}
    for row in (ROOT / "chapters/en/glossary.md").read_text(encoding="utf-8").splitlines():
        if term := re.match(r"\|[^|]+\| ([^|（]+)（([^|]+)） \|", row):
            others = [other for other in term[2].split("、") if re.search(f"[{HAN}]", other)]
            found |= {other: term[1] for other in others if other not in term[1]}
    return found


def lost(english, chinese):
    """Yield what only one of two texts has."""
    for name, find in SHARED.items():
        there, here = Counter(find(english)), Counter(find(chinese))
        yield from (f"{name} lost: {each}" for each in there - here)
        more = here - there if name in STRICT else here.keys() - there.keys()
        yield from (f"{name} added: {each}" for each in more)


def miscounted(english, chinese, printed):
    """Yield the numbers that only one of two texts has, not as words either, and that nothing prints."""
    there, here, words = numbers(english), numbers(chinese), rules()
    for number in sorted(there - here):
        if not any(numeral in chinese for numeral in words["numerals"].get(number, "")):
            yield f"number lost: {number}"
    for number in sorted(here - there - numbers(printed)):
        word = words["number_words"].get(number)
        if float(number) > 12 and not (word and re.search(rf"(?i)\b{word}", english)):
            yield f"number added: {number}"


def raw(text):
    """Yield signs of Markdown that a reader would see, and lines that end within a paragraph."""
    for token in MarkdownIt("commonmark").enable("table").parse(MATH.sub("$", TAG.sub("", text))):
        for child in token.children or []:
            if child.type == "text" and re.search(r"[*_]", child.content):
                yield f"a raw * or _: {child.content}"
            if child.type == "em_open":
                yield f"italics: {token.content}"
            if child.type == "softbreak":
                yield f"a line ends within a paragraph: {token.content}"


def misset(text):
    """Yield where the typography is wrong."""
    words = re.sub(r"(?m)^ *(#+|[-*>]|\d+\.) +|[*]{2}", "", prose(text))  # without bullets and stars
    for fault, pattern in SET.items():
        for found in re.finditer(pattern, words):
            yield f"{fault}: …{words[max(0, found.start() - 8) : found.end() + 8]}…"
    own = re.sub("|".join(rules()["messages"]), "", NAMED.sub("", text))
    for found in re.finditer(ENGLISH, prose(own)):
        yield f"more than eight English words: {found[0]}"
    if "$" in MATH.sub("", CODE.sub("", text)):
        yield "a raw $"


def misnamed(text, name):
    """Yield the other names of the book's terms: book/editions.yml says where they may stand."""
    words = prose(text)
    for rule in rules()["allowed"]:
        if name.startswith(rule.get("in", "")):
            for allowed in rule["words"]:
                words = re.sub(allowed, " ", words)
    for other, term in alternatives().items():
        if other in words.replace(term, ""):
            yield f"{other}: the book says {term}"


def faults(english, chinese, name, printed=""):
    """Yield what is wrong with a Chinese text; `name` is "page/cell", `printed` the page's code and outputs."""
    yield from lost(english, chinese)
    yield from miscounted(english, chinese, printed)
    yield from raw(chinese) if not name.endswith("/alt") else ()  # which is no Markdown
    yield from misset(chinese)
    yield from misnamed(chinese, name)
