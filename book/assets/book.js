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
  const headings = [...article.querySelectorAll("section[id]")];
  let timer;
  addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const here = headings.filter((h) => h.getBoundingClientRect().top < innerHeight / 2).pop();
      const name = (node) => node.querySelector("h1, h2, h3").firstChild.textContent.trim();
      const title = name(article) + (here && here.matches("section section") ? ": " + name(here) : "");
      localStorage.setItem(key, JSON.stringify({ url: location.pathname + (here ? "#" + here.id : ""), title }));
    }, 300);
  }, { passive: true });
})();
