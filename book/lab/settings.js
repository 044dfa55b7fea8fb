// What can be set, and how it stands in the address of the page: lab.html?data=lamp&depth=2.

import { CURVES } from "./data.js";
import { activations, losses, optimizers } from "./engine.js";
import { count } from "./page.js";
import { schedules, starts } from "./run.js";

const RATES = [-4, -3, -2, -1, 0, 1].flatMap((t) => [1, 1.5, 2, 3, 4, 5, 7].map((k) => +(k * 10 ** t).toPrecision(2)));
const choice = (group, value, of) => ({ group, value, of });
const number = (group, value, of, from = 0, to = 1e6) => ({ group, value, of, from, to, number: true });

/** Every setting: its group on the page, its first value, and what a reader can choose. Addresses may hold others. */
export const FIELDS = {
  data: choice("data", "lamp", ["lamp", "rings", "spiral", "moons", ...Object.keys(CURVES), "pictures"]),
  n: number("data", 400, [10, 20, 30, 50, 100, 200, 300, 400, 500, 1000], 2, 2000),
  noise: number("data", 0, [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5], 0, 10),
  degree: number("data", 1, count(12, (i) => i + 1), 1, 12),
  own: choice("data", 0, [0, 1]),
  depth: number("network", 1, count(33), 0, 32),
  width: number("network", 8, [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128], 1, 256),
  act: choice("network", "relu", Object.keys(activations)),
  start: choice("network", "default", ["default", ...Object.keys(starts)]),
  scale: number("network", 1, [0, 0.01, 0.1, 0.3, 0.5, 0.71, 1, 1.41, 2, 3, 4, 5, 10], 0, 100),
  equal: choice("network", 0, [0, 1]),
  loss: choice("training", "entropy", Object.keys(losses)),
  opt: choice("training", "sgd", Object.keys(optimizers)),
  rate: number("training", 0.5, RATES, 1e-6, 1000),
  momentum: number("training", 0, [0, 0.5, 0.8, 0.9, 0.95, 0.99], 0, 0.999),
  schedule: choice("training", "held", Object.keys(schedules)),
  batch: number("training", 50, [1, 2, 5, 10, 20, 32, 50, 64, 100, 200, 500, 1000], 1, 2000),
  epochs: number("training", 40, [5, 10, 20, 30, 40, 60, 80, 100, 200, 300, 500, 1000], 1, 5000),
  clip: number("training", 0, [0, 0.1, 0.3, 1, 3, 10], 0, 1e6),
  decay: number("brakes", 0, [0, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3], 0, 100),
  p: number("brakes", 0, [0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], 0, 1),
  temperature: number("brakes", 1, [0.5, 0.7, 1, 1.5, 2, 2.5, 3, 4, 5], 0.01, 100),
  seeds: number("seeds", 5, count(10, (i) => i + 1), 1, 10),
  seed: number("", 1, [], 0, 1e9),
};
const WHOLE = ["n", "degree", "depth", "width", "batch", "epochs", "seeds", "seed", "own", "equal"];
const NUMBERS = { n: 50, noise: 0.1, loss: "squared", rate: 0.1, batch: 10 };
const OWN = { // first values that other data ask for
  pictures: { n: 1000, width: 64, batch: 64, rate: 0.1, epochs: 10 },
  ...Object.fromEntries(Object.keys(CURVES).map((data) => [data, NUMBERS])),
};

/** The first values for some data. */
export function defaults(data) {
  const first = Object.entries(FIELDS).map(([name, { value }]) => [name, value]);
  return { ...Object.fromEntries(first), ...OWN[data], data };
}

/** Which settings change nothing, given the others. */
export function idle(s) {
  const curve = s.data in CURVES;
  return { degree: !curve, loss: curve, temperature: curve || s.loss === "squared", momentum: s.opt !== "sgd",
    scale: !["gain", "normal"].includes(s.start), width: !s.depth, act: !s.depth, equal: !s.depth, p: !s.depth };
}

/** The settings that an address holds. What it lacks has its first value; Error names what makes no sense. */
export function parse(query) {
  const given = new Map(new URLSearchParams(query)), data = given.get("data") ?? "lamp", settings = defaults(data);
  for (const [name, { of, from, to, number }] of Object.entries(FIELDS)) {
    if (!given.has(name)) continue;
    const text = given.get(name), value = number || typeof of[0] === "number" ? Number(text) : text;
    const whole = !WHOLE.includes(name) || Number.isInteger(value);
    if (number ? !(text !== "" && value >= from && value <= to && whole) : !of.includes(value)) {
      throw new Error(`${name}: ${text} (${number ? `${from} – ${to}` : of.join(", ")})`);
    }
    settings[name] = value;
  }
  if (data in CURVES) settings.loss = "squared";
  return settings;
}

/** The shortest address of some settings: what has its first value is left out. */
export function write(settings) {
  const first = { ...defaults(settings.data), data: "lamp" };
  const changed = Object.keys(FIELDS).filter((name) => settings[name] !== first[name]);
  return new URLSearchParams(changed.map((name) => [name, settings[name]])).toString();
}
