// What one sees of a run: curves over the epochs, sizes by layer, what each network says, and a table of the seeds.

import { CURVES, SPAN, draw, shape } from "./data.js";
import { count, h } from "./page.js";
import { brief, lines, map, paint, scatter } from "./plot.js";
import { GRID } from "./run.js";

const LAYERED = ["signal", "gradient", "dead"]; // in the last one, shares; in the others, sizes on a scale of tens
const SHOWN = 16; // first-layer units of one network

export class Views {
  constructor(words) {
    this.words = words;
    this.charts = Object.fromEntries(["loss", "accuracy", "curve", ...LAYERED].map((name) => [name, this.chart(name)]));
    [this.title, this.tiles, this.rows] = [h("figcaption"), h("div", { className: "tiles" }), h("tbody")];
    this.says = h("figure", { id: "lab-says" }, this.title, this.tiles);
    const head = Object.values(words.columns).map((name) => h("th", { scope: "col" }, name));
    const table = h("table", {}, h("thead", {}, h("tr", {}, ...head)), this.rows);
    this.kept = h("span", { className: "key kept" });
    const key = (look) => h("span", { className: `key ${look}` }, h("i"), words.keys[look]);
    this.node = h("div", {}, h("p", { className: "keys" }, key("train"), key("val"), this.kept),
      h("div", { className: "views" }, this.says, ...Object.values(this.charts).map(({ node }) => node)),
      h("details", {}, h("summary", {}, words.bySeed), h("div", { className: "wide", tabIndex: 0 }, table)));
  }

  chart(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", this.words.views[name]);
    return { svg, node: h("figure", { id: `lab-${name}` }, h("figcaption", {}, this.words.views[name]), svg) };
  }

  /** Show the runs of a trainer and, beside them, those that were kept: { runs, settings, name }, or null. */
  show({ runs, settings }, kept) {
    const { kind, q } = shape(settings);
    this.kept.replaceChildren(...(kept ? [h("i"), `${this.words.keys.kept}: ${kept.name}`] : []));
    this.byEpoch("Loss", runs, settings, kept);
    this.charts.accuracy.node.hidden = q === 1;
    if (q > 1) this.byEpoch("Accuracy", runs, settings, kept);
    for (const name of LAYERED) this.byLayer(name, runs, settings, kept);
    if (this.drawn !== settings && kind !== "pictures") this.data = draw(settings, settings.seed);
    this.drawn = settings;
    this.curve(runs, settings, this.data, kind);
    this.networks(runs, settings, this.data, kind);
    this.rows.replaceChildren(...runs.map(({ seed, epochs, diverged, look }) => {
      const end = epochs.at(-1), cells = [end.trainLoss, end.valLoss, end.valAccuracy ?? NaN, look.norm].map(brief);
      cells.push(diverged ? this.words.diverged : "");
      return h("tr", {}, h("th", { scope: "row" }, String(seed)), ...cells.map((text) => h("td", {}, text)));
    }));
  }

  byEpoch(name, runs, { epochs }, kept) {
    const of = (some, part, look) => ({
      look, xs: count(Math.max(...some.map((run) => run.epochs.length))),
      runs: some.map((run) => run.epochs.map((epoch) => epoch[part + name])),
    });
    const series = [of(runs, "train", "train"), of(runs, "val", "val")];
    if (kept) series.unshift(of(kept.runs, "val", "kept"));
    const values = series.flatMap((one) => one.runs.flat()).filter((v) => v > 0 && v < Infinity);
    const [low, high] = [Math.min(...values), Math.max(...values)], log = name === "Loss" && high > 30 * low;
    const range = log ? null : [0, name === "Loss" ? high : 1];
    lines(this.charts[name.toLowerCase()].svg, { series, log, range, xName: this.words.epoch, xLast: epochs });
  }

  byLayer(name, runs, { depth }, kept) {
    const { svg, node } = this.charts[name], dead = name === "dead", xs = count(dead ? depth : depth + 1, (l) => l + 1);
    node.hidden = depth < (dead ? 1 : 2);
    if (node.hidden) return;
    const of = (some, look) => ({ look, xs, runs: some.map((run) => run.look[name]) });
    const series = kept?.settings.depth === depth ? [of(kept.runs, "kept"), of(runs, "train")] : [of(runs, "train")];
    lines(svg, { series, log: !dead, range: dead ? [0, 1] : null, xName: this.words.layer });
  }

  curve(runs, { data, degree }, { X, T, n } = {}, kind) {
    const { svg, node } = this.charts.curve;
    node.hidden = kind !== "curve";
    if (node.hidden) return;
    const { from, to, f } = CURVES[data], xs = count(4 * GRID, (i) => from + ((to - from) * i) / (4 * GRID - 1));
    const ys = xs.map(f), [low, high] = [Math.min(...ys), Math.max(...ys)], room = 0.3 * (high - low);
    const found = { look: "val", each: true, xs, runs: runs.map((run) => [...run.look.picture]) };
    const series = [{ look: "truth", xs, runs: [ys] }, found];
    const dots = [{ look: "dot", points: count(n, (i) => [X[i * degree], T[i]]) }];
    lines(svg, { series, dots, range: [low - room, high + room], xName: "x" });
  }

  /** The map of each network over the plane, or its first layer as pictures. */
  networks(runs, settings, data, kind) {
    const dark = document.documentElement.dataset.theme === "dark";
    this.says.hidden = kind === "curve";
    const examples = kind === "plane" ? scatter(data, SPAN, dark) : null;
    this.title.textContent = this.words.views[kind === "plane" ? "says" : "first"];
    while (this.tiles.children.length > runs.length) this.tiles.lastChild.remove();
    for (const [i, { seed, epochs, look }] of runs.entries()) {
      if (!this.tiles.children[i]) this.tiles.append(h("div", {}, h("canvas", { role: "img" }), h("small")));
      const [canvas, name] = this.tiles.children[i].children, { valAccuracy } = epochs.at(-1);
      name.textContent = `${this.words.seed} ${seed}: ${Math.round(100 * valAccuracy)}\u00a0%`;
      canvas.setAttribute("aria-label", name.textContent);
      if (kind === "plane") map(canvas, look.picture, GRID, examples, dark);
      else if (kind === "pictures") weights(canvas, look.picture, settings.depth ? settings.width : 10, dark);
    }
  }
}

/** Paint the weights of some units, each as a picture of 14 x 14. */
function weights(canvas, W, units, dark) {
  const shown = Math.min(SHOWN, units), across = Math.ceil(Math.sqrt(shown)), side = 15 * across - 1;
  const values = new Float32Array(side * (15 * Math.ceil(shown / across) - 1)), top = Math.max(...W.map(Math.abs)) || 1;
  for (let u = 0; u < shown; u++) {
    const corner = 15 * (Math.floor(u / across) * side + (u % across));
    for (let k = 0; k < 196; k++) {
      values[corner + Math.floor(k / 14) * side + (k % 14)] = (2 * W[k * units + u]) / top;
    }
  }
  paint(canvas, values, side, dark);
}
