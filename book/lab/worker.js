// Trains some of the seeds, away from the page: it gets settings and seeds once, then numbers of epochs.

import { Run } from "./run.js";

let runs = [];

onmessage = ({ data: { settings, seeds, pictures, epochs } }) => {
  if (settings) runs = seeds.map((seed) => new Run(settings, seed, pictures));
  postMessage(runs.map((run) => {
    const before = settings ? 0 : run.epochs.length;
    for (let e = 0; e < epochs; e++) run.epoch();
    return { seed: run.seed, epochs: run.epochs.slice(before), diverged: run.diverged, look: run.look() };
  }));
};
