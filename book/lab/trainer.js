// Shares the seeds out among Web Workers and gathers what they measure. The page itself never computes.

import { count } from "./page.js";

export class Trainer {
  constructor(settings, pictures) {
    const seeds = count(settings.seeds, (k) => settings.seed + k);
    const many = Math.min(seeds.length, Math.max(1, navigator.hardwareConcurrency || 1));
    [this.settings, this.busy] = [settings, Promise.resolve()];
    this.runs = seeds.map((seed) => ({ seed, epochs: [] }));
    this.workers = count(many, (k) => {
      const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
      return { worker, first: { settings, seeds: seeds.filter((_, i) => i % many === k), pictures } };
    });
  }

  get epoch() { return Math.max(0, ...this.runs.map((run) => run.epochs.length - 1)); }
  get finished() { return this.epoch >= this.settings.epochs || this.runs.every((run) => run.diverged); }

  /** Train every seed for some epochs, after what was asked before; resolves when all have answered. */
  advance(epochs) {
    return this.busy = this.busy.then(() => Promise.all(this.workers.map((one) => new Promise((resolve, reject) => {
      one.worker.onmessage = ({ data }) => {
        for (const found of data) {
          const run = this.runs.find(({ seed }) => seed === found.seed);
          Object.assign(run, found, { epochs: [...run.epochs, ...found.epochs] });
        }
        resolve();
      };
      one.worker.onerror = reject;
      one.worker.postMessage({ ...one.first, epochs });
      one.first = {};
    }))));
  }

  stop() { for (const { worker } of this.workers) worker.terminate(); }
}
