// The sentence that says what is going on, for everybody and for screen readers.

import { shape } from "./data.js";
import { brief, median } from "./plot.js";

/** Put values into a sentence: "{n} of {all}". */
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export function say({ runs, epoch, settings }, words) {
  const { q } = shape(settings), all = runs.length, last = runs.map((run) => run.epochs.at(-1));
  const lost = runs.filter((run) => run.diverged), fine = runs.filter((run) => !run.diverged);
  const said = [], given = { all, epoch, epochs: settings.epochs, parameters: runs[0].look.parameters };
  const tell = (name, values = {}) => said.push(fill(words[name], { ...given, ...values }));
  tell(epoch ? "epoch" : "ready");
  if (lost.length) tell("diverged", { n: lost.length, first: Math.min(...lost.map((run) => run.epochs.length - 1)) });
  if (!fine.length) return said.join(" ");
  const range = (v, show) => ({ median: show(median(v)), low: show(Math.min(...v)), high: show(Math.max(...v)) });
  tell("loss", range(last.map((e) => e.valLoss).filter(Number.isFinite), brief));
  if (q > 1) {
    const rights = last.map((e) => Math.round(100 * e.valAccuracy));
    tell("right", range(rights, Math.round));
    const level = q > 2 ? 60 : 80, learned = rights.filter((share) => share >= level).length;
    if (epoch) tell("learned", { n: learned, level });
  }
  const over = (part) => median(fine.map(({ epochs: e }) => e.at(-1)[part] / Math.min(...e.map((one) => one[part]))));
  const rise = over("valLoss"), fell = median(fine.map(({ epochs: e }) => e.at(-1).trainLoss / e[0].trainLoss)) < 0.7;
  const jumps = rise > 1.1 && !fell && over("trainLoss") > 1.1;
  if (epoch > 4 && rise > 1.1) tell(jumps ? "jumps" : "overfit", { rise: Math.round(100 * (rise - 1)) });
  const dead = median(fine.flatMap(({ look }) => look.dead));
  if (dead > 0.1) tell("dead", { share: Math.round(100 * dead) });
  const fade = median(fine.map(({ look: { gradient } }) => Math.log10(gradient[0] / gradient.at(-1))));
  if (fade < -3 && !jumps) tell("vanish", { tens: Math.round(-fade) });
  if (fade > 3) tell("explode", { tens: Math.round(fade) });
  if (settings.depth && settings.width > 1 && fine.every(({ look }) => look.apart < 1e-9)) tell("equal");
  return said.join(" ");
}
