// One training run of one seed: the start, the epochs, and what can be measured of the network.

import { CURVES, SPAN, draw, powers, shape } from "./data.js";
import { Net } from "./engine.js";
import { count } from "./page.js";
import { generator, normal, shuffle } from "./random.js";

export const GRID = 32; // the map has GRID x GRID places, a curve 4 GRID
const LOST = 1000; // a loss so many times that of the start is called diverged

/** By what the rate is multiplied when `share` of the epochs is done. */
export const schedules = {
  held: () => 1,
  linear: (share) => 1 - share,
  cosine: (share) => (1 + Math.cos(Math.PI * share)) / 2,
  warmup: (share) => Math.min(0.1 + 4.5 * share, (1 - share) / 0.8),
};

/** The standard deviation of the starting weights of a layer, from its inputs and outputs. */
export const starts = {
  xavier: (p, q) => Math.sqrt(2 / (p + q)),
  he: (p) => Math.sqrt(2 / p),
  gain: (p, q, scale) => scale / Math.sqrt(p),
  normal: (p, q, scale) => scale,
};

/** Draw the starting weights. The `default` is that of nn.Linear: uniform, biases too. */
export function initialise(net, { start, scale, equal }, random) {
  for (const { p, q, W, b } of net.layers) {
    const limit = 1 / Math.sqrt(p), uniform = () => limit * (2 * random() - 1);
    const draw = start === "default" ? uniform : () => starts[start](p, q, scale) * normal(random);
    for (let i = 0; i < W.length; i++) W[i] = draw();
    for (let j = 0; j < q; j++) b[j] = start === "default" ? uniform() : 0;
  }
  for (const [l, { p, q, W, b }] of equal ? net.layers.entries() : []) {
    const last = l === net.layers.length - 1, from = [...W];
    for (let i = 0; i < p * q; i++) { // every hidden unit is a copy of the first one
      const row = l ? 0 : i - (i % q), column = last ? i % q : 0;
      W[i] = from[row + column] / (l ? Math.sqrt(p) : 1); // equal inputs add up
    }
    if (!last) b.fill(b[0]);
  }
}

const rootMeanSquare = (values, n) => Math.sqrt(values.subarray(0, n).reduce((sum, v) => sum + v * v, 0) / n);

export class Run {
  constructor(settings, seed, pictures) {
    const { d, q } = shape(settings);
    [this.settings, this.seed] = [settings, seed];
    this.data = draw(settings, settings.own ? seed : settings.seed, pictures);
    this.net = new Net([d, ...Array(settings.depth).fill(settings.width), q], settings.act, settings.loss);
    initialise(this.net, settings, generator(seed, 1));
    [this.order, this.masks] = [generator(seed, 2), generator(seed, 3)];
    [this.rows, this.fresh] = [Int32Array.from(count(this.data.n)), Int32Array.from(count(this.data.V.n))];
    const known = this.evaluate(this.data, this.rows, "train");
    this.epochs = [{ ...known, ...this.evaluate(this.data.V, this.fresh, "val") }]; // the start; then one an epoch
    this.diverged = !Number.isFinite(this.epochs[0].valLoss);
  }

  /** Mean loss and accuracy on some examples, without dropout. */
  evaluate({ X, T }, rows, name) {
    const found = { loss: 0, right: 0 };
    for (let i = 0; i < rows.length; i += 100) {
      const some = rows.subarray(i, i + 100);
      this.net.forward(X, some);
      const { loss, right } = this.net.measure(T, some, this.settings.temperature);
      found.loss += loss / rows.length;
      found.right += right / rows.length;
    }
    return { [`${name}Loss`]: found.loss, [`${name}Accuracy`]: this.net.sizes.at(-1) > 1 ? found.right : null };
  }

  /** Draw for each hidden layer which units stay, for n examples. */
  drawMasks(n) {
    const { p, depth, width } = this.settings, size = n * width;
    if (!(this.keep?.[0].length >= size)) this.keep = count(depth, () => new Uint8Array(size));
    for (const mask of this.keep) for (let i = 0; i < size; i++) mask[i] = this.masks() >= p ? 1 : 0;
    return this.keep;
  }

  /** Train for one epoch. The training loss is the mean over its minibatches, each before the step it leads to. */
  epoch() {
    const { settings: s, net, data, rows } = this, done = this.epochs.length - 1;
    if (this.diverged || done >= s.epochs) return;
    const rate = s.rate * schedules[s.schedule](done / s.epochs);
    const options = { optimizer: s.opt, momentum: s.momentum, decay: s.decay, clip: s.clip, p: s.p };
    let loss = 0, right = 0;
    shuffle(rows, this.order);
    for (let i = 0; i < data.n; i += s.batch) {
      const some = rows.subarray(i, i + s.batch), keep = s.p && s.depth ? this.drawMasks(some.length) : null;
      const found = net.step(data.X, data.T, some, rate, options, keep);
      loss += found.loss / data.n;
      right += found.right / data.n;
    }
    const after = { trainLoss: loss, trainAccuracy: net.sizes.at(-1) > 1 ? right : null };
    this.epochs.push({ ...after, ...this.evaluate(data.V, this.fresh, "val") });
    this.diverged = !(this.epochs.at(-1).valLoss <= LOST * this.epochs[0].valLoss);
  }

  /** Sizes in every layer, dead units, the norm of the weights, and the picture of what the network says. */
  look() {
    const { net, data, settings: s } = this, some = count(Math.min(300, data.n)), n = some.length;
    net.forward(data.X, some);
    net.measure(data.T, some);
    net.backward(n);
    const hidden = net.layers.slice(0, -1), [first] = net.layers;
    let apart = 0;
    first.W.forEach((w, i) => { apart = Math.max(apart, Math.abs(w - first.W[i - (i % first.q)])); });
    return {
      parameters: net.w.length,
      signal: net.layers.map(({ Z, q }) => rootMeanSquare(Z, n * q)),
      gradient: net.layers.map(({ D, q }) => n * rootMeanSquare(D, n * q)), // of one example: D is divided by n
      dead: hidden.map((layer) => this.dead(layer, n)),
      norm: rootMeanSquare(net.w, net.weights) * Math.sqrt(net.weights),
      apart, // the largest difference between the first unit's weights and another's
      picture: this.picture(s),
    };
  }

  /** The share of a layer's units whose slope is 0 for each of the n examples of the last forward pass. */
  dead({ Z, A, q }, n) {
    let dead = 0;
    for (let j = 0; j < q; j++) {
      let i = j;
      while (i < n * q && this.net.activation.slope(Z[i], A[i]) === 0) i += q;
      if (i >= n * q) dead++;
    }
    return dead / q;
  }

  /** The chance of the second class over the plane, the outputs over a curve's inputs, or the first layer's weights. */
  picture(s) {
    const { kind, q } = shape(s), net = this.net;
    if (kind === "pictures") return Float32Array.from(net.layers[0].W);
    const size = kind === "plane" ? GRID ** 2 : 4 * GRID, { from, to } = CURVES[s.data] ?? {}, X = [];
    const at = (k) => SPAN * ((2 * k + 1) / GRID - 1);
    for (let i = 0; i < size; i++) {
      if (kind === "curve") X.push(...powers(from + ((to - from) * i) / (size - 1), s.degree));
      else X.push(at(i % GRID), -at(Math.floor(i / GRID)));
    }
    const places = Float64Array.from(X), found = new Float32Array(size);
    for (let i = 0; i < size; i += 128) {
      const O = net.forward(places, count(128, (k) => i + k));
      for (let k = 0; k < 128; k++) {
        const o = (j) => O[k * q + j] / s.temperature;
        found[i + k] = kind === "curve" ? o(0) : s.loss === "squared" ? o(1) : 1 / (1 + Math.exp(o(0) - o(1)));
      }
    }
    return found;
  }
}
