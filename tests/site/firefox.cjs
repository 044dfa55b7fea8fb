// Drives Firefox over three pages of the built site: firefox.cjs PROGRAM ROOT. Prints what it saw, as JSON.
const puppeteer = require("puppeteer-core");

const [program, root] = process.argv.slice(2);
const seen = { errors: [], foreign: [] };

(async () => {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath: program, headless: true });
  const page = await browser.newPage();
  page.on("console", (said) => ["error", "warning"].includes(said.type()) && seen.errors.push(said.text()));
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("request", (asked) => /^(data|blob):/.test(asked.url()) || asked.url().startsWith(root) || seen.foreign.push(asked.url()));

  await page.setViewport({ width: 390, height: 844 });
  await page.goto(`${root}en/mlp.html`, { waitUntil: "load" });
  const readout = () => page.$eval("figure.d2l-explore figcaption", (said) => said.innerText);
  await page.waitForSelector("figure.d2l-explore input:not([disabled])");
  seen.before = await readout();
  await page.focus("figure.d2l-explore input:not([disabled])");
  await page.keyboard.press("ArrowRight");
  seen.after = await readout();
  seen.chapter = await page.evaluate(() => ({
    formulas: document.querySelectorAll("article .katex").length,
    pictures: [...document.querySelectorAll("article img")].every((img) => img.loading === "lazy" || img.naturalWidth),
    sideways: document.documentElement.scrollWidth - innerWidth,
  }));

  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(`${root}en/lab.html?seeds=3`);
  const ready = "lab.trainer?.settings === lab.settings && lab.trainer.runs.every((run) => run.look) && !lab.playing";
  await page.waitForFunction(ready);
  await page.focus("#lab-step");
  await page.keyboard.press("Enter");
  await page.waitForFunction("lab.trainer.runs.every((run) => run.epochs.length === 2)");
  seen.lab = await page.evaluate("lab.trainer.runs.map((run) => run.epochs.at(-1).valLoss)");

  await page.goto(`${root}en/search.html?q=dead+relu`);
  await page.waitForSelector("#search-results li a");
  seen.search = await page.$eval("#search-results li a", (link) => link.getAttribute("href"));
  await browser.close();
  console.log(JSON.stringify(seen));
})().catch((error) => { console.error(error); process.exit(1); });
