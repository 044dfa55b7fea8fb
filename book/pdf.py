"""Print each edition to a PDF: `python -m book.pdf`. The next build puts it on the site."""

import re
import shutil
import sys
import zlib

from playwright.sync_api import sync_playwright

from book.build import PDF, SITE, build_edition
from book.needs import browser, chinese
from book.toc import ROOT, editions, load
from book.words import words

# Solutions go to the end, numbered in each chapter, with a link in their place; what else is folded is shown. A
# figure with sliders says where they move.
GATHER = """
([words, base]) => {
  let page;
  for (const node of document.querySelectorAll("article span[id^=document-], figure.d2l-explore")) {
    if (node.matches("span")) { page = node.id.slice("document-".length); continue; }
    const address = `${base}${page}.html#${node.closest("div.cell").id}`;
    node.querySelector("figcaption").insertAdjacentHTML("afterend", `<p><a href="${address}">${address}</a></p>`);
  }
  // Between two chapters, where the page before is full, the empty span would take a page of its own.
  document.querySelectorAll("article span[id^=document-]").forEach(span => span.nextElementSibling?.prepend(span));
  const end = document.createElement("section");
  end.id = "answers";
  end.innerHTML = `<h2>${words.solutions}</h2>`;
  let before, chapters = 0, number;
  const folded = "details.solution, article details:not(.hide, .guess, .proof > *)";
  document.querySelectorAll(folded).forEach(details => {
    const box = document.createElement("div");
    const chapter = details.closest(".toctree-wrapper > section").querySelector("h1, h2, h3");
    if (chapter !== before) box.append(Object.assign(document.createElement("h3"), {
      textContent: [...chapter.childNodes].filter(n => !n.matches?.("a")).map(n => n.textContent).join("")
    }));
    number = chapter === before ? number + 1 : 1;
    chapters += chapter !== before;
    before = chapter;
    const id = `answer-${chapters}-${number}`;
    box.insertAdjacentHTML("beforeend", `<h4 id="${id}">${words.solution} ${number}</h4>`);
    box.append(...[...details.childNodes].filter(node => node.nodeName !== "SUMMARY"));
    end.append(box);
    const link = Object.assign(document.createElement("p"), {
      innerHTML: `<a href="#${id}">${words.solution} ${number}</a>`
    });
    details.replaceWith(link);
  });
  document.querySelectorAll("details").forEach(details => { details.open = true; });
  document.querySelector("article").append(end);
}
"""
STYLE = """
.toctree-wrapper > section, #answers { break-before: page }
article details:not(.proof) > summary, #jb-print-toc h2 { display: none !important }
article table, article .pst-scrollable-table-container { break-inside: auto !important }
"""
FOOTER = (
    '<div style="width: 100%; font-size: 8px; text-align: center">'
    'd2lmini &middot; <span class="pageNumber"></span> / <span class="totalPages"></span></div>'
)


def blank(pdf):
    """Return the numbers of pages with nothing but a footer, of a tagged PDF (bytes) as Chromium writes it."""
    places = {found[1]: found.end() for found in re.finditer(rb"(?m)^(\d+) 0 obj\b", pdf)}
    found = []
    for number, name in enumerate(re.findall(rb"/Contents (\d+) 0 R", pdf), 1):
        start = pdf.index(b"stream", places[name]) + len(b"stream\n")
        drawn = pdf[start : pdf.index(b"endstream", start)]
        if b"FlateDecode" in pdf[places[name] : start]:
            drawn = zlib.decompressobj().decompress(drawn)
        found += [number] if b"BDC" not in drawn else []  # what is drawn is tagged, but not the footer
    return found


def write_pdf(language, target):
    """Print an edition from one long page, with an outline and page numbers; returns whether it came out well."""
    folder = PDF / language
    if not build_edition(language, "singlehtml", folder):
        return False
    page_file = folder / "index.html"
    with sync_playwright() as playwright:
        tab = playwright.chromium.launch(executable_path=browser(), args=["--no-sandbox"]).new_page()
        tab.emulate_media(media="print", color_scheme="light", reduced_motion="reduce")
        tab.goto(page_file.as_uri(), wait_until="load", timeout=600_000)
        tab.evaluate(GATHER, [words(language), f"{load('_config.yml')['html']['baseurl']}{language}/"])
        tab.add_style_tag(content=STYLE)
        margin = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
        tab.pdf(
            path=target, format="A4", outline=True, tagged=True, margin=margin, print_background=True, scale=0.75,
            display_header_footer=True, header_template="<span></span>", footer_template=FOOTER,
        )  # fmt: skip
    if empty := blank(target.read_bytes()):
        print(f"{target.relative_to(ROOT)} has blank pages: {empty}", file=sys.stderr)
    return not empty


def main():
    """Write the PDFs and put them on the site, if it is built; returns the exit status."""
    failed = False
    for language in editions():
        file = PDF / f"d2lmini-{language}.pdf"
        try:
            if language == "zh":
                chinese()
        except RuntimeError as error:
            print(f"{file.relative_to(ROOT)} is not written: {error}", file=sys.stderr)
            failed = True
            continue
        if not write_pdf(language, file):
            return 1
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1e6:.1f} MB")
        if (SITE / language).exists():
            shutil.copy(file, SITE / language / "d2lmini.pdf")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
