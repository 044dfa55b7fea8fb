// The page: controls, buttons, experiments and the sentence. All training happens in workers, see trainer.js.

import { readPictures } from "./data.js";
import { h } from "./page.js";
import { say } from "./say.js";
import { FIELDS, defaults, idle, parse, write } from "./settings.js";
import { Trainer } from "./trainer.js";
import { Views } from "./views.js";

const { words, presets: PRESETS } = JSON.parse(document.getElementById("lab-data").textContent);
const views = new Views(words), controls = {}, address = new URLSearchParams(location.search);
const reduced = matchMedia("(prefers-reduced-motion: reduce)");
const lab = { settings: null, trainer: null, kept: null, playing: false, preset: "" };
globalThis.lab = lab; // for the console: lab.trainer.runs holds every number that is drawn

const pause = () => { lab.playing = false; render(); };
const button = (text, onclick, more) => h("button", { type: "button", onclick, ...more }, text);
const actions = {
  play: () => (lab.playing ? pause() : play()), step: () => { lab.playing = false; return advance(1); },
  end: () => play(true), again: start, fresh: () => set({ seed: lab.settings.seed + 10 }), keep: () => keep(), project,
};
const buttons = Object.entries(actions).map(([name, act]) => button(words.buttons[name], act, { id: `lab-${name}` }));
const choose = h("select", { id: "lab-preset", onchange: () => openPreset(choose.value) });
const question = h("section", { className: "question", hidden: true }), form = h("form", { className: "controls" });
const error = h("p", { className: "error", role: "alert", hidden: true }), sentence = h("p", { className: "sentence" });
const spoken = h("p", { className: "spoken", role: "status" }); // the sentence when training stops, not all the time

function build() {
  choose.append(h("option", { value: "" }, words.free));
  for (const id of Object.keys(PRESETS)) choose.append(h("option", { value: id }, words.presets[id].title));
  for (const [group, title] of Object.entries(words.groups)) {
    const fields = Object.entries(FIELDS).filter(([, field]) => field.group === group);
    form.append(h("fieldset", {}, h("legend", {}, title), ...fields.map(([name, field]) => control(name, field))));
  }
  const pick = h("label", { className: "pick" }, `${words.experiment} `, choose);
  document.getElementById("lab").replaceChildren(pick, question, h("div", { className: "bar" }, ...buttons), error,
    sentence, spoken, h("div", { className: "desk" }, views.node, form));
  document.body.classList.toggle("lab-project", address.has("project"));
  new MutationObserver(render).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

/** A list of choices, or a slider over the values of a number. */
function control(name, { of, number }) {
  const id = `lab-set-${name}`, output = h("output"), values = [...of];
  const options = number ? [] : of.map((value) => h("option", { value }, words.choices[value]));
  const input = number ? h("input", { type: "range", id, min: 0 }) : h("select", { id }, ...options);
  input.oninput = () => set({ [name]: number ? values[input.value] : of[input.selectedIndex] });
  controls[name] = (value, unused) => {
    if (number && !values.includes(value)) values.push(value); // an address may hold any number
    if (number) input.max = values.sort((a, b) => a - b).length - 1;
    input.value = number ? values.indexOf(value) : value;
    output.value = !number ? "" : name === "clip" && !value ? words.off : String(value);
    if (number) input.setAttribute("aria-valuetext", output.value);
    input.disabled = Boolean(unused);
  };
  return h("label", { htmlFor: id }, h("span", {}, words.fields[name]), input, output);
}

/** Change some settings; other data bring their own first values. */
function set(changes) {
  const other = changes.data && changes.data !== lab.settings.data;
  lab.settings = other ? { ...defaults(changes.data), seeds: lab.settings.seeds } : { ...lab.settings, ...changes };
  return start();
}

/** Begin anew with the settings: controls and address follow, workers get new networks. */
async function start() {
  const { settings } = lab, unused = idle(settings);
  lab.playing = false;
  for (const [name, show] of Object.entries(controls)) show(settings[name], unused[name]);
  const parts = [lab.preset && `preset=${lab.preset}`, write(settings), address.has("project") && "project=1"];
  history.replaceState(null, "", `?${parts.filter(Boolean).join("&")}`);
  if (settings.data === "pictures") lab.pictures ??= await readPictures();
  if (settings !== lab.settings) return; // while the pictures came, something else was chosen
  lab.trainer?.stop();
  lab.trainer = new Trainer(settings, settings.data === "pictures" ? lab.pictures : null);
  await advance(0);
}

/** Train every seed for some epochs and show it; false when something else was started meanwhile. */
async function advance(epochs) {
  const { trainer } = lab;
  await trainer.advance(epochs);
  render();
  return trainer === lab.trainer;
}

/** Train to the last epoch, slowly enough to watch, or quickly. */
async function play(quick = reduced.matches) {
  if (lab.trainer.finished) await start();
  const { trainer } = lab;
  let some = Math.ceil(lab.settings.epochs / (quick ? 10 : 100));
  lab.playing = true;
  while (lab.playing && !trainer.finished) {
    const began = performance.now();
    if (!(await advance(some))) return;
    const took = performance.now() - began;
    if (took > 300) some = Math.max(1, some >> 1); // a slow network shows every epoch
    if (!quick) await new Promise((next) => setTimeout(next, 40 - took));
  }
  if (trainer === lab.trainer) pause();
}

/** Keep this run as a line to compare with. */
function keep(name = write(lab.settings).replaceAll("&", ", ") || words.free) {
  lab.kept = { ...lab.trainer, name };
  render();
}

function project() {
  const on = document.body.classList.toggle("lab-project"), rest = location.search.replace(/.project=1/, "") || "?";
  on ? address.set("project", 1) : address.delete("project");
  history.replaceState(null, "", rest + (on ? "&project=1" : ""));
}

/** Show an experiment of a chapter: its question first. query: settings other than its own. */
function openPreset(id, query = PRESETS[id]?.cases[0]) {
  Object.assign(lab, { preset: id, kept: null, settings: query === undefined ? lab.settings : parse(query) });
  choose.value = id;
  question.hidden = !id;
  if (id) ask(PRESETS[id], words.presets[id]);
  return start();
}

function ask({ cases, right, chapter, cell }, said) {
  const answer = h("p", { className: "answer", hidden: true }), letter = (i) => `(${"abc"[i]})`;
  const use = (query) => set(parse(`${query}&seed=${lab.settings.seed}`)); // the seeds stay
  const guess = async (i) => {
    guesses.forEach((node, k) => node.classList.toggle("guessed", k === i));
    Object.assign(lab, { kept: null, cases: [] });
    for (const [k, query] of cases.entries()) {
      if (k) keep(said.cases[k - 1]);
      Object.assign(answer, { hidden: false, textContent: `${k + 1}/${cases.length}: ${said.cases[k]} …` });
      await use(query);
      await play();
      if (!lab.trainer.finished || lab.cases.push(lab.trainer.runs) <= k) return void (answer.hidden = true);
    }
    answer.textContent = `${i === right ? words.right : words.wrong.replace("{right}", letter(right))} ${said.why}`;
  };
  const guesses = said.answers.map((text, i) => button(`${letter(i)} ${text}`, () => guess(i)));
  const settings = cases.map((query, i) => button(said.cases[i], () => use(query), { className: "case" }));
  const back = h("a", { href: `${chapter}.html#${cell}` }, words.chapter);
  question.replaceChildren(h("p", {}, h("strong", {}, words.guess), ` ${said.ask}`),
    h("div", { className: "bar" }, ...guesses), answer, h("p", { className: "bar" }, words.runs, ...settings, back));
}

function render() {
  if (!lab.trainer?.runs.every((run) => run.look)) return; // not all workers have answered yet
  views.show(lab.trainer, lab.kept);
  sentence.textContent = say(lab.trainer, words.say);
  if (!lab.playing) spoken.textContent = sentence.textContent;
  buttons[0].textContent = lab.playing ? words.buttons.pause : words.buttons.play;
}

build();
try {
  const settings = parse(address), id = address.get("preset") ?? "", own = write({ ...settings, seed: 1 });
  if (id && !(id in PRESETS)) throw new Error(`preset: ${id} (${Object.keys(PRESETS).join(", ")})`);
  openPreset(id, id && !own ? `${PRESETS[id].cases[0]}&seed=${settings.seed}` : address);
} catch (wrong) {
  Object.assign(error, { textContent: `${words.error} ${wrong.message}`, hidden: false });
  openPreset("", "");
}
