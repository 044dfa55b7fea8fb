// The section that is being read.
const sections = [...document.querySelectorAll("article section[id]")];
const current = () => sections.filter((section) => section.getBoundingClientRect().top < innerHeight / 2).pop();

// The link to another edition keeps the place: what the address names, if it is in sight, or the section.
for (const link of document.querySelectorAll(".lang-switch")) link.addEventListener("click", () => {
  const top = document.getElementById(decodeURIComponent(location.hash.slice(1)))?.getBoundingClientRect().top;
  const section = current()?.matches("section section") ? current().id : "";
  link.hash = top > -1 && top < innerHeight ? location.hash : section;
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

// The search page: excerpts of the article alone, each formula once; American spellings of the book's words, too.
if (typeof Search !== "undefined") {
  Search.htmlToText = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const article = page.querySelector("article.bd-article") ?? page.body;
    article.querySelectorAll("script, style, .headerlink, .katex-html, annotation, .d2l-explore").forEach((n) => n.remove());
    return article.textContent;
  };
  const british = (words) => words
    .replace(/\b(regular|initial|optim|normal|general|minim|maxim|random|vector|standard|visual|penal|memor|recogn)iz/gi, "$1is")
    .replace(/\b(neighb|col|behavi)or/gi, "$1our");
  const query = Search.query;
  Search.query = (words, ...rest) => query.call(Search, british(words), ...rest);
}

// Whoever follows a link to a check sees it open.
const unfold = () => {
  const line = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (line?.matches(".proof")) line.firstElementChild.open = true;
};
addEventListener("hashchange", unfold);
unfold();

// The arrows of the table of contents say to screen readers what they open.
for (const arrow of document.querySelectorAll("nav li > details > summary")) {
  arrow.setAttribute("aria-label", arrow.closest("li").querySelector("a").textContent.trim());
}
