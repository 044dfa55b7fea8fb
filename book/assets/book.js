// The section that is being read: the first whose heading is below the header and in the upper half of the window (at the
// end of the page, anywhere in it), or else the last one before. The switch has what the address names among them.
const sections = [...document.querySelectorAll("article section[id]")];
const current = (...named) => {
  const place = (node) => node.getBoundingClientRect().top;
  const header = document.querySelector(".bd-header-article").getBoundingClientRect().bottom;
  const end = scrollY + innerHeight > document.documentElement.scrollHeight - 2;
  const low = end ? innerHeight : innerHeight / 2;
  const seen = [...sections, ...named].filter((node) => place(node) >= header - 1 && place(node) < low);
  return seen.sort((a, b) => place(a) - place(b))[0] ?? sections.filter((section) => place(section) < low).pop();
};

// The link to another edition keeps the place.
for (const link of document.querySelectorAll(".lang-switch")) link.addEventListener("click", () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const here = current(...(named?.closest("article") ? [named] : []));
  link.hash = here && here !== sections[0] ? here.id : "";
});

// The front page offers to go on where you stopped reading. The place is kept in this browser alone.
(() => {
  const key = "d2lmini-place-" + document.documentElement.lang;
  const article = document.querySelector("article");
  const go_on = document.getElementById("go-on");
  if (go_on) {
    const place = JSON.parse(localStorage.getItem(key) || "null");
    if (!place) return;
    const link = Object.assign(document.createElement("a"), { href: place.url, textContent: place.title });
    go_on.append(link);
    go_on.hidden = false;
    return;
  }
  if (!article || !document.querySelector("div.cell")) return;
  let timer;
  addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const here = current();
      const name = (node) => [...node.querySelector("h1, h2, h3").childNodes]
        .filter((part) => !part.matches?.(".headerlink")).map((part) => part.textContent).join("").trim();
      const title = name(article) + (here && here.matches("section section") ? ": " + name(here) : "");
      localStorage.setItem(key, JSON.stringify({ url: location.pathname + (here ? "#" + here.id : ""), title }));
    }, 300);
  }, { passive: true });
})();

// On narrow windows the theme's button looks for the search field in the sidebar, which is out of sight.
addEventListener("click", (event) => {
  const dialog = document.getElementById("pst-search-dialog");
  const field = document.querySelector(".bd-sidebar-primary .bd-search input");
  if (!dialog || !event.target.closest?.(".search-button__button")) return;
  if (field && field.getBoundingClientRect().right > 0) return;
  event.stopImmediatePropagation();
  dialog.showModal();
  dialog.querySelector("input").focus();
}, true);

// The search page: each page once, at the section that fits best; American spellings of the book's words, too. Sphinx
// finds the pages; what they say is read here, each formula once.
if (typeof Search !== "undefined") {
  const NOT_READ = "script, style, .headerlink, .copybtn, .katex-html, annotation, .d2l-explore";
  const british = (words) => words
    .replace(/\b(regular|initial|optim|normal|general|minim|maxim|random|vector|standard|visual|penal|memor|recogn)iz/gi, "$1is")
    .replace(/\b(neighb|col|behavi)or/gi, "$1our");
  const squeeze = (text) => text.replace(/\s+/g, " ").trim();

  // What a page holds, [{id, title, text}, ...]: its sections, each without those below it, and the rows of the glossary.
  const sections = (html) => {
    const article = new DOMParser().parseFromString(html, "text/html").querySelector("article.bd-article");
    article?.querySelectorAll(NOT_READ).forEach((node) => node.remove());
    const found = [];
    for (const part of [...(article?.querySelectorAll("section[id], td[id^=term-]") ?? [])].reverse()) {
      const whole = part.closest("tr") ?? part;
      const title = part.matches("td") ? part : part.querySelector("h1, h2, h3, h4");
      found.unshift({ id: part.id, title: squeeze(title?.textContent ?? ""), text: squeeze(whole.textContent) });
      whole.remove();
    }
    return found;
  };

  // How well a section fits: all words before some, in the title before in the text, together before apart.
  const rate = ({ title, text }, stems, query) => {
    const share = (where) => stems.filter((stem) => stem.test(where)).length / stems.length;
    const has = (where) => where.toLowerCase().includes(query);
    return 100 * share(text) + 40 * share(title) + 20 * has(text) + 40 * has(title) + 50 * (title.toLowerCase() === query);
  };

  const entry = (page, part, stems, text) => {
    const item = document.createElement("li"), excerpt = document.createElement("p");
    const link = Object.assign(document.createElement("a"), { href: page.address, textContent: page.title });
    item.append(link);
    if (part) {
      const hits = stems.map((stem) => text.match(stem)).filter(Boolean);
      const at = Math.max(0, Math.min(...hits.map((hit) => hit.index)) - 80);
      const marks = hits.map((hit) => hit[0].toLowerCase()).join(" ");
      if (part.title !== page.title) link.textContent += " > " + part.title;
      link.href += (marks && "?highlight=" + encodeURIComponent(marks)) + "#" + part.id;
      excerpt.className = "context";
      excerpt.textContent = (at ? "…" : "") + text.slice(at, at + 240) + (text.length > at + 240 ? "…" : "");
      item.append(excerpt);
    }
    return item;
  };

  Search.query = async (asked) => {
    const output = Search.output, parsed = Search._parseQuery(british(asked));
    localStorage.removeItem("sphinx_highlight_terms");  // or the next page, whichever it is, offers to hide its marks
    const query = parsed[0].toLowerCase().trim();
    const stems = [...parsed[1]].map((stem) =>
      new RegExp("(?<![a-z0-9_])" + _escapeRegExp(stem).replace(/i$/, "[iy]") + "[a-z0-9_]*", "i"));
    const names = [...new Set(Search._performSearch(...parsed).reverse().map((result) => result[0]))];
    const words = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;
    const titles = Object.fromEntries(Search._index.docnames.map((name, i) => [name, words(Search._index.titles[i])]));
    const read = async (name, rank) => {
      const page = { title: titles[name], address: name + DOCUMENTATION_OPTIONS.LINK_SUFFIX };
      const local = location.protocol === "file:";  // there a script reads no other file
      const parts = local || !stems.length ? [] : sections(await (await fetch(page.address)).text());
      const rated = parts.map((part) => [rate(part, stems, query), part]);
      const [score, best] = rated.reduce((a, b) => (b[0] > a[0] ? b : a), [0, null]);
      return { score: score - rank, item: entry(page, best, stems, best?.text ?? "") };
    };
    const found = await Promise.all(names.map(read));
    output.replaceChildren(...found.sort((a, b) => b.score - a.score).map(({ item }) => item));
    _finishSearch(found.length);
  };
}

// Whoever follows a link to a check sees it open.
const unfold = () => {
  const line = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (line?.matches(".proof")) line.firstElementChild.open = true;
};
addEventListener("hashchange", unfold);
unfold();

// A term and the number of an equation show what they stand for, to who points at them or arrives by keyboard.
(() => {
  const box = Object.assign(document.createElement("div"), { className: "peek", id: "peek", hidden: true });
  const pages = new Map();
  let wanted;
  const read = (path) => {
    if (!pages.has(path)) pages.set(path, fetch(path).then((answer) => answer.text())
      .then((text) => new DOMParser().parseFromString(text, "text/html")));
    return pages.get(path);
  };
  const hide = () => {
    wanted?.removeAttribute("aria-describedby");
    wanted = undefined;
    box.hidden = true;
  };
  const show = async (link) => {
    hide();
    wanted = link;
    const here = link.pathname === location.pathname;
    if (!here && location.protocol === "file:") return;  // there a script reads no other file
    const place = (here ? document : await read(link.pathname)).getElementById(link.hash.slice(1));
    if (!place || wanted !== link) return;
    const shown = (place.closest("tr")?.lastElementChild ?? place).cloneNode(true);
    shown.querySelectorAll(".headerlink").forEach((node) => node.remove());
    box.replaceChildren(...shown.childNodes);
    document.body.append(box);
    box.hidden = false;
    const at = link.getBoundingClientRect(), left = Math.min(at.left, document.body.clientWidth - box.offsetWidth - 16);
    Object.assign(box.style, { top: `${at.bottom + scrollY + 6}px`, left: `${Math.max(8, left)}px` });
    link.setAttribute("aria-describedby", "peek");
  };
  for (const link of document.querySelectorAll("article a.term, article a.reference[href*='#equation-']")) {
    for (const arrival of ["mouseenter", "focus"]) link.addEventListener(arrival, () => show(link));
    for (const leaving of ["mouseleave", "blur"]) link.addEventListener(leaving, hide);
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
})();

// The arrows of the table of contents say to screen readers what they open.
for (const arrow of document.querySelectorAll("nav li > details > summary")) {
  arrow.setAttribute("aria-label", arrow.closest("li").querySelector("a").textContent.trim());
}
