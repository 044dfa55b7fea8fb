// Epochs a second of the lab's engine and of another one, in turns: node lab.mjs ROUNDS [ENGINE], see lab.py.
// The task of both: the lamp, 400 points, minibatches of 50, a network 2-8-1 with tanh and the squared error.

import { availableParallelism } from "node:os";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { draw } from "../book/lab/data.js";
import { Net } from "../book/lab/engine.js";
import { generator, shuffle } from "../book/lab/random.js";
import { initialise } from "../book/lab/run.js";
import { defaults } from "../book/lab/settings.js";

const EPOCHS = 400;
const { X, T: oneHot, n } = draw(defaults("lamp"), 1), T = Float64Array.from({ length: n }, (_, i) => oneHot[2 * i + 1]);

/** Prepare our network; returns a function that trains it for one epoch. */
function ours() {
  const net = new Net([2, 8, 1], "tanh", "squared"), random = generator(1, 2), rows = Int32Array.from(T, (_, i) => i);
  initialise(net, { start: "xavier" }, generator(1, 1));
  return () => {
    shuffle(rows, random);
    for (let i = 0; i < n; i += 50) net.step(X, T, rows.subarray(i, i + 50), 0.03, {});
  };
}

/** The same of TensorFlow Playground; its targets are -1 and 1, and its output has a tanh as well. */
function theirs({ buildNetwork, forwardProp, backProp, updateWeights, Activations, Errors }) {
  const net = buildNetwork([2, 8, 1], Activations.TANH, Activations.TANH, null, ["x", "y"]);
  const points = Array.from(T, (t, i) => ({ x: [X[2 * i], X[2 * i + 1]], label: 2 * t - 1 }));
  return () => points.forEach(({ x, label }, i) => {
    forwardProp(net, x);
    backProp(net, label, Errors.SQUARE);
    if ((i + 1) % 50 === 0) updateWeights(net, 0.03, 0);
  });
}

/** Epochs for each second of this thread's processor time, which a busy machine does not take away. */
function speed(epoch) {
  const before = process.cpuUsage();
  for (let i = 0; i < EPOCHS; i++) epoch();
  const { user, system } = process.cpuUsage(before);
  return (1e6 * EPOCHS) / (user + system);
}

/** Seconds that some threads take, each for its own network, all at the same time. */
async function together(threads) {
  const workers = Array.from({ length: threads }, () => new Worker(new URL(import.meta.url)));
  const answer = (worker) => new Promise((resolve) => { worker.once("message", resolve); });
  await Promise.all(workers.map(answer));
  const began = performance.now();
  await Promise.all(workers.map((worker) => { worker.postMessage("go"); return answer(worker); }));
  for (const worker of workers) worker.terminate();
  return (performance.now() - began) / 1000;
}

if (isMainThread) {
  const [rounds, engine] = process.argv.slice(2), other = engine && theirs(await import(engine)), own = ours();
  const found = { ours: [], theirs: [], alone: [], together: [], threads: availableParallelism() };
  for (const epoch of other ? [own, other] : [own]) speed(epoch); // the compiler wakes up
  for (let i = 0; i < Number(rounds); i++) {
    found.ours.push(speed(own));
    if (other) found.theirs.push(speed(other));
    found.alone.push(await together(1));
    found.together.push(await together(found.threads));
  }
  console.log(JSON.stringify(found));
} else {
  const epoch = ours();
  speed(epoch);
  parentPort.on("message", () => {
    for (let i = 0; i < 10 * EPOCHS; i++) epoch();
    parentPort.postMessage("done");
  });
  parentPort.postMessage("ready");
}
