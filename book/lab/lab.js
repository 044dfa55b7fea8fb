// The page: controls, buttons, pictures and the sentence. All training happens in workers, see trainer.js.

import { CURVES, SPAN, draw, readPictures, shape } from "./data.js";
import { brief, lines, map, median, paint } from "./plot.js";
import { PRESETS } from "./presets.js";
import { GRID } from "./run.js";
import { say } from "./say.js";
import { FIELDS, defaults, idle, parse, write } from "./settings.js";
import { Trainer } from "./trainer.js";

const root = document.getElementById("lab"), words = JSON.parse(document.getElementById("lab-words").textContent);
const reduced = matchMedia("(prefers-reduced-motion: reduce)"), address = new URLSearchParams(location.search);
const lab = { settings: null, trainer: null, kept: null, playing: false, preset: address.get("preset") ?? "" };
globalThis.lab = lab; // for the console: lab.trainer.runs holds every number that is drawn
let pictures = null;

/** An element with properties and children; `on...` is a listener. */
function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
const button = (name, onclick) => h("button", { type: "button", id: `lab-${name}`, onclick }, words.buttons[name]);
const dark = () => document.documentElement.dataset.theme === "dark";
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const figure = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", words.views[name]);
  return [svg, h("figure", { id: `lab-${name}` }, h("figcaption", {}, words.views[name]), svg)];
};
const charts = Object.fromEntries(["loss", "accuracy", "curve", "signal", "gradient", "dead"].map((name) => [name, figure(name)]));
const error = h("p", { className: "error", role: "alert", hidden: true }), sentence = h("p", { className: "sentence" });
const spoken = h("p", { className: "spoken", role: "status" }), tiles = h("div", { className: "tiles" });
const table = h("tbody"), question = h("section", { className: "question", hidden: true }), keptName = h("span");
const choose = h("select", { id: "lab-preset", onchange: () => openPreset(choose.value) });
const controls = {}, form = h("form", { className: "controls", onsubmit: (event) => event.preventDefault() });
const bar = h("div", { className: "bar" }, ...Object.entries({
  play: () => (lab.playing ? pause() : play()), step: () => pause() && advance(1), end: () => play(true), again: () => start(),
  fresh: () => set({ seed: lab.settings.seed + 10 }), keep, project,
}).map(([name, act]) => button(name, act)));

function buildPage() {
  const option = (id) => h("option", { value: id }, id ? words.presets[id].title : words.free);
  choose.append(...["", ...Object.keys(PRESETS)].map(option));
  for (const group of Object.keys(words.groups)) {
    const fields = Object.entries(FIELDS).filter(([, field]) => field.group === group);
    form.append(h("fieldset", {}, h("legend", {}, words.groups[group]), ...fields.map(([name, field]) => control(name, field))));
  }
  const head = Object.values(words.columns).map((title) => h("th", { scope: "col" }, title));
  const seeds = h("details", {}, h("summary", {}, words.bySeed), h("div", { className: "wide", tabIndex: 0 },
    h("table", {}, h("thead", {}, h("tr", {}, ...head)), table)));
  const keys = h("p", { className: "keys" }, ...["train", "val", "kept"].map((look) =>
    h("span", { className: `key ${look}` }, h("i"), words.keys[look], look === "kept" ? keptName : "")));
  const views = h("div", { className: "views" }, h("figure", { id: "lab-says" }, h("figcaption", {}), tiles),
    ...Object.values(charts).map(([, node]) => node));
  root.replaceChildren(h("label", { className: "pick" }, words.experiment, " ", choose), question, bar, error, sentence, spoken,
    h("div", { className: "desk" }, h("div", {}, keys, views, seeds), form));
}

/** A list of choices, or a slider over the values of a number. */
function control(name, { of, number }) {
  const output = h("output"), id = `lab-set-${name}`, values = [...of];
  const input = number ? h("input", { type: "range", id, min: 0, max: of.length - 1, step: 1 })
    : h("select", { id }, ...of.map((value) => h("option", { value }, words.choices[value] ?? value)));
  input.oninput = () => set({ [name]: number ? values[input.value] : typeof of[0] === "number" ? +input.value : input.value });
  controls[name] = {
    input,
    show(value) {
      if (number && !values.includes(value)) values.push(value) && values.sort((a, b) => a - b);
      if (number) input.max = values.length - 1;
      input.value = number ? values.indexOf(value) : value;
      output.value = number ? (["clip"].includes(name) && !value ? words.off : String(value)) : "";
      input.setAttribute("aria-valuetext", output.value);
    },
  };
  return h("label", { htmlFor: id }, h("span", {}, words.fields[name]), input, output);
}

/** Change some settings: the address follows, and training starts again. */
function set(changes) {
  const data = changes.data && changes.data !== lab.settings.data;
  lab.settings = data ? { ...defaults(changes.data), seeds: lab.settings.seeds } : { ...lab.settings, ...changes };
  return start();
}

async function start() {
  pause();
  const { settings } = lab, unused = idle(settings), query = write(settings);
  for (const [name, { input, show }] of Object.entries(controls)) {
    show(settings[name]);
    input.disabled = Boolean(unused[name]);
  }
  const known = [lab.preset && `preset=${lab.preset}`, query, address.has("project") && "project=1"].filter(Boolean).join("&");
  history.replaceState(null, "", known ? `?${known}` : location.pathname);
  if (settings.data === "pictures") pictures ??= await readPictures();
  lab.trainer?.stop();
  lab.trainer = new Trainer(settings, settings.data === "pictures" ? pictures : null);
  lab.examples = draw(settings, settings.seed, pictures);
  await advance(0);
}

/** Train every seed for some epochs and show it; false when something else was started meanwhile. */
async function advance(epochs) {
  const { trainer } = lab;
  await trainer.advance(epochs);
  if (trainer === lab.trainer) render();
  return trainer === lab.trainer;
}

async function play(quick = reduced.matches) {
  if (lab.trainer.finished) await start();
  const { trainer } = lab, { epochs } = lab.settings;
  let some = Math.ceil(epochs / (quick ? 10 : 100));
  lab.playing = true;
  render();
  while (lab.playing && trainer === lab.trainer && !trainer.finished) {
    const began = performance.now();
    if (!(await advance(some))) return;
    const took = performance.now() - began;
    if (took > 300) some = Math.max(1, some >> 1); // a slow network shows every epoch
    if (!quick) await wait(40 - took);
  }
  if (trainer === lab.trainer) pause();
}

function pause() {
  lab.playing = false;
  render();
  return true;
}

/** Keep this run as a line to compare with. */
function keep() {
  lab.kept = { runs: lab.trainer.runs, settings: lab.settings };
  render();
}

function project() {
  address.has("project") ? address.delete("project") : address.set("project", 1);
  document.body.classList.toggle("lab-project", address.has("project"));
  start();
}

function openPreset(id) {
  [lab.preset, lab.kept] = [id, null];
  const { cases, right, chapter, cell } = PRESETS[id] ?? { cases: [write(lab.settings)] }, said = words.presets[id];
  lab.settings = { ...parse(cases[0]), ...(address.has("seed") && { seed: parse(address).seed }) };
  question.hidden = !said;
  if (said) {
    const answer = h("p", { hidden: true }), letter = (i) => `(${"abc"[i]})`;
    const guesses = said.answers.map((text, i) => h("button", { type: "button", onclick: () => guess(i) }, `${letter(i)} ${text}`));
    const setting = (query, i) => h("button", { type: "button", className: "case", onclick: () => set(parse(`${query}&seed=${lab.settings.seed}`)) }, said.cases[i]);
    const guess = async (i) => {
      guesses.forEach((node, k) => node.classList.toggle("guessed", k === i));
      lab.kept = null;
      for (const [k, query] of cases.entries()) {
        if (k) keep();
        await set(parse(`${query}&seed=${lab.settings.seed}`));
        await play();
        if (!lab.trainer.finished) return;
      }
      answer.textContent = `${i === right ? words.right : words.wrong.replace("{right}", letter(right))} ${said.why}`;
      answer.hidden = false;
    };
    question.replaceChildren(h("p", {}, h("strong", {}, words.guess), " ", said.ask), h("div", { className: "bar" }, ...guesses), answer,
      h("p", { className: "bar" }, ...cases.map(setting), h("a", { href: `${chapter}.html` }, words.chapter)));
  }
  return start();
}

function render() {
  if (!lab.trainer?.runs.every((run) => run.look)) return; // not all workers have answered yet
  const { runs, epoch, settings: s } = lab.trainer, { kind, q } = shape(s), { kept } = lab;
  const series = (pick, look, of, each) => ({ look, each, xs: [...Array(Math.max(...of.map((r) => r.epochs.length))).keys()], runs: of.map((r) => r.epochs.map(pick)) });
  for (const name of ["Loss", "Accuracy"]) {
    const shown = [...(kept ? [series((e) => e[`val${name}`], "kept", kept.runs)] : []), series((e) => e[`train${name}`], "train", runs), series((e) => e[`val${name}`], "val", runs)];
    const values = shown.flatMap((one) => one.runs.flat()).filter((v) => v > 0 && v < Infinity), wide = Math.max(...values) > 30 * Math.min(...values);
    lines(charts[name.toLowerCase()][0], { series: shown, log: name === "Loss" && wide, range: name === "Loss" ? (wide ? null : [0, Math.max(...values)]) : [0, 1],
      xName: words.epoch, xLast: s.epochs });
  }
  charts.accuracy[1].hidden = q === 1;
  charts.curve[1].hidden = kind !== "curve";
  const layered = (pick, of, look) => ({ look, xs: pick(of[0].look).map((_, l) => l + 1), runs: of.map((r) => pick(r.look)) });
  for (const [name, log] of [["signal", true], ["gradient", true], ["dead", false]]) {
    charts[name][1].hidden = s.depth < (name === "dead" ? 1 : 2);
    if (charts[name][1].hidden) continue;
    const old = kept && kept.settings.depth === s.depth ? [layered((look) => look[name], kept.runs, "kept")] : [];
    lines(charts[name][0], { series: [...old, layered((look) => look[name], runs, "val")], log, range: log ? null : [0, 1], xName: words.layer });
  }
  if (kind === "curve") {
    const { from, to, f } = CURVES[s.data], xs = [...Array(4 * GRID).keys()].map((i) => from + ((to - from) * i) / (4 * GRID - 1)), { X, T, n } = lab.examples;
    const ys = xs.map(f), span = Math.max(...ys) - Math.min(...ys);
    lines(charts.curve[0], { xName: "x", range: [Math.min(...ys) - 0.3 * span, Math.max(...ys) + 0.3 * span], dots: [{ look: "dot", points: Array.from({ length: n }, (_, i) => [X[i * s.degree], T[i]]) }],
      series: [{ look: "truth", xs, runs: [ys] }, { look: "val", each: true, xs, runs: runs.map((r) => [...r.look.picture]) }] });
  }
  renderTiles(runs, s, kind);
  table.replaceChildren(...runs.map(({ seed, epochs, diverged, look }) => h("tr", {}, h("th", { scope: "row" }, String(seed)),
    ...[epochs.at(-1).trainLoss, epochs.at(-1).valLoss, epochs.at(-1).valAccuracy ?? NaN, look.norm].map((v) => h("td", {}, brief(v))), h("td", {}, diverged ? words.diverged : ""))));
  sentence.textContent = say(lab.trainer, words.say);
  if (!lab.playing) spoken.textContent = sentence.textContent;
  document.getElementById("lab-play").textContent = lab.playing ? words.buttons.pause : words.buttons.play;
  document.querySelector(".key.kept").hidden = !kept;
  keptName.textContent = kept ? ` (${write(kept.settings).replaceAll("&", ", ") || words.free})` : "";
}

/** The map of each seed, or the first layer of each as pictures. */
function renderTiles(runs, s, kind) {
  const box = tiles.parentElement;
  box.hidden = kind === "curve";
  box.firstChild.textContent = kind === "plane" ? words.views.says : words.views.first;
  const { X, T, n } = lab.examples, points = kind === "plane" ? Array.from({ length: Math.min(n, 400) }, (_, i) => [X[2 * i], X[2 * i + 1], T[2 * i + 1]]) : [];
  while (tiles.children.length > runs.length) tiles.lastChild.remove();
  runs.forEach(({ seed, epochs, look }, i) => {
    if (!tiles.children[i]) tiles.append(h("div", {}, h("canvas", { role: "img" }), h("small")));
    const [canvas, name] = tiles.children[i].children, { valAccuracy } = epochs.at(-1);
    name.textContent = `${words.seed} ${seed}${valAccuracy === null ? "" : ` · ${Math.round(100 * valAccuracy)} %`}`;
    canvas.setAttribute("aria-label", name.textContent);
    if (kind === "plane") map(canvas, look.picture, GRID, points, SPAN, dark());
    else if (kind === "pictures") weights(canvas, look.picture, s);
  });
}

/** The weights of up to 16 first-layer units, each as a picture of 14 x 14. */
function weights(canvas, W, { depth, width }) {
  const units = depth ? width : 10, shown = Math.min(16, units), across = Math.ceil(Math.sqrt(shown)), down = Math.ceil(shown / across);
  const side = 15 * across - 1, values = new Float32Array(side * (15 * down - 1)), largest = Math.max(...W.map(Math.abs)) || 1;
  for (let u = 0; u < shown; u++) for (let k = 0; k < 196; k++) {
    values[(15 * Math.floor(u / across) + Math.floor(k / 14)) * side + 15 * (u % across) + (k % 14)] = (2 * W[k * units + u]) / largest;
  }
  paint(canvas, values, side, dark());
}

function open() {
  buildPage();
  document.body.classList.toggle("lab-project", address.has("project"));
  new MutationObserver(() => render()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  try {
    lab.settings = parse(address);
    choose.value = lab.preset in PRESETS ? lab.preset : "";
    return choose.value ? openPreset(choose.value) : start();
  } catch (wrong) {
    [error.textContent, error.hidden, lab.settings] = [`${words.error} ${wrong.message}`, false, defaults("lamp")];
    return start();
  }
}
lab.ready = open();
