// A network of dense layers that learns, in 64-bit numbers. As in the chapters, rows are examples: Z = H W + b.

/** C (n, q) += A (n, p) B (p, q). A is read with two strides, so that the same loop can multiply by its transpose. */
export function multiply(A, byRow, byColumn, B, C, n, p, q) {
  for (let i = 0; i < n; i++) {
    const c = i * q;
    let k = 0;
    for (; k + 3 < p; k += 4) { // four rows of B at once: each number of C is read and written a quarter as often
      const a = i * byRow + k * byColumn;
      const a0 = A[a], a1 = A[a + byColumn], a2 = A[a + 2 * byColumn], a3 = A[a + 3 * byColumn];
      const b0 = k * q, b1 = b0 + q, b2 = b1 + q, b3 = b2 + q;
      for (let j = 0; j < q; j++) {
        C[c + j] += a0 * B[b0 + j] + a1 * B[b1 + j] + a2 * B[b2 + j] + a3 * B[b3 + j];
      }
    }
    for (; k < p; k++) {
      const a = A[i * byRow + k * byColumn], b = k * q;
      for (let j = 0; j < q; j++) C[c + j] += a * B[b + j];
    }
  }
}

/** C (n, p) = D (n, q) W^T, with W (p, q). */
function multiplyByTransposed(D, W, C, n, q, p) {
  for (let i = 0; i < n; i++) {
    const d = i * q;
    for (let k = 0; k < p; k++) {
      const w = k * q;
      let sum = 0;
      for (let j = 0; j < q; j++) sum += D[d + j] * W[w + j];
      C[i * p + k] = sum;
    }
  }
}

/** The error function, to 15 digits: a series without cancellation near 0, a continued fraction far from it. */
function erf(x) {
  const square = x * x;
  if (square > 36) return Math.sign(x);
  if (square < 9) {
    let term = x, sum = x;
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) sum += term *= (2 * square) / (2 * k + 1);
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-square) * sum;
  }
  const size = Math.abs(x);
  let fraction = size;
  for (let k = 60; k > 0; k--) fraction = size + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-square) / Math.sqrt(Math.PI) / fraction);
}

const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const below = (z) => 0.5 * (1 + erf(z * Math.SQRT1_2)); // the normal distribution function
export const LEAK = 0.1;

/** Each function of z, and its slope from z and h = f(z). */
export const activations = {
  identity: { f: (z) => z, slope: () => 1 },
  step: { f: (z) => (z > 0 ? 1 : 0), slope: () => 0 },
  sigmoid: { f: sigmoid, slope: (z, h) => h * (1 - h) },
  tanh: { f: Math.tanh, slope: (z, h) => 1 - h * h },
  relu: { f: (z) => (z > 0 ? z : z * 0), slope: (z) => (z > 0 ? 1 : 0) }, // z * 0: what is no number stays none
  leaky: { f: (z) => (z > 0 ? z : LEAK * z), slope: (z) => (z > 0 ? 1 : LEAK) },
  elu: { f: (z) => (z > 0 ? z : Math.expm1(z)), slope: (z, h) => (z > 0 ? 1 : h + 1) },
  gelu: { f: (z) => z * below(z), slope: (z) => below(z) + (z * Math.exp(-z * z / 2)) / Math.sqrt(2 * Math.PI) },
};

/** Losses of one example, from row i of outputs O and targets T (n, q); D gets the gradient with respect to O, / n. */
export const losses = {
  squared(O, T, D, i, q, n) { // half squared errors, summed over the outputs
    let sum = 0;
    for (let j = i * q; j < (i + 1) * q; j++) {
      const error = O[j] - T[j];
      D[j] = error / n;
      sum += (error * error) / 2;
    }
    return sum;
  },
  entropy(O, T, D, i, q, n) { // log-sum-exp minus the logit of the right class
    let top = -Infinity, sum = 0, right = 0;
    for (let j = i * q; j < (i + 1) * q; j++) if (O[j] > top) top = O[j];
    for (let j = i * q; j < (i + 1) * q; j++) sum += Math.exp(O[j] - top);
    for (let j = i * q; j < (i + 1) * q; j++) {
      D[j] = (Math.exp(O[j] - top) / sum - T[j]) / n;
      if (T[j]) right += T[j] * O[j];
    }
    return top + Math.log(sum) - right;
  },
};

/** Optimisers: they change the parameters w, given the gradient g and what they remember in v, r and t. */
export const optimizers = {
  sgd({ v }, w, g, rate, { momentum = 0 }) {
    for (let i = 0; i < w.length; i++) {
      v[i] = momentum * v[i] + g[i];
      w[i] -= rate * v[i];
    }
  },
  rmsprop({ r }, w, g, rate) {
    for (let i = 0; i < w.length; i++) {
      r[i] = 0.99 * r[i] + 0.01 * g[i] * g[i];
      w[i] -= (rate * g[i]) / (Math.sqrt(r[i]) + 1e-8);
    }
  },
  adam({ v, r, t }, w, g, rate) {
    const a = 1 - 0.9 ** t, b = 1 - 0.999 ** t; // the bias corrections
    for (let i = 0; i < w.length; i++) {
      v[i] = 0.9 * v[i] + 0.1 * g[i];
      r[i] = 0.999 * r[i] + 0.001 * g[i] * g[i];
      w[i] -= (rate * v[i]) / a / (Math.sqrt(r[i] / b) + 1e-8);
    }
  },
  adamw: (...all) => optimizers.adam(...all), // what differs is the decay, in Net.update
};

export class Net {
  /** sizes: of inputs, hidden layers, outputs. All parameters stand in one array, the weights before the biases. */
  constructor(sizes, activation = "relu", loss = "entropy") {
    this.sizes = sizes;
    this.activation = activations[activation];
    this.loss = losses[loss];
    const pairs = sizes.slice(1).map((q, l) => [sizes[l], q]);
    this.weights = pairs.reduce((sum, [p, q]) => sum + p * q, 0); // how many
    const total = pairs.reduce((sum, [, q]) => sum + q, this.weights);
    [this.w, this.g] = [new Float64Array(total), new Float64Array(total)];
    this.memory = { v: new Float64Array(total), r: new Float64Array(total), t: 0 };
    let w = 0, b = this.weights;
    this.layers = pairs.map(([p, q]) => {
      const part = (all) => ({ W: all.subarray(w, w + p * q), b: all.subarray(b, b + q) });
      const layer = { p, q, ...part(this.w), gradient: part(this.g) };
      w += p * q;
      b += q;
      return layer;
    });
    this.room = 0;
  }

  /** Make room for n examples. A = f(Z) is what units say, H what dropout lets through, D the gradient at Z. */
  reserve(n) {
    if (n <= this.room) return;
    this.room = n;
    [this.X, this.T] = [new Float64Array(n * this.sizes[0]), new Float64Array(n * this.sizes.at(-1))];
    for (const layer of this.layers) for (const name of "ZAHD") layer[name] = new Float64Array(n * layer.q);
  }

  /** Compute the outputs of the examples `rows` of X. keep: for each hidden layer zeros and ones, if p > 0. */
  forward(X, rows, keep = null, p = 0) {
    const n = rows.length, d = this.sizes[0], { f } = this.activation;
    this.reserve(n);
    let H = this.X;
    for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) H[i * d + j] = X[rows[i] * d + j];
    this.layers.forEach((layer, l) => {
      const { Z, A, W, b, q } = layer;
      for (let i = 0; i < n; i++) for (let j = 0; j < q; j++) Z[i * q + j] = b[j];
      multiply(H, layer.p, 1, W, Z, n, layer.p, q);
      if (l === this.layers.length - 1) return;
      for (let i = 0; i < n * q; i++) A[i] = f(Z[i]);
      H = A;
      if (keep) {
        const louder = p < 1 ? 1 / (1 - p) : 0;
        for (let i = 0; i < n * q; i++) layer.H[i] = A[i] * keep[l][i] * louder;
        H = layer.H;
      }
    });
    return this.layers.at(-1).Z;
  }

  /** Loss and right answers, summed over the examples of the last forward pass; leaves the gradient at the outputs. */
  measure(T, rows, temperature = 1) {
    const n = rows.length, { Z, D, q } = this.layers.at(-1), wanted = this.T;
    let loss = 0, right = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < q; j++) wanted[i * q + j] = T[rows[i] * q + j];
    if (temperature !== 1) for (let i = 0; i < n * q; i++) Z[i] /= temperature;
    for (let i = 0; i < n; i++) {
      loss += this.loss(Z, wanted, D, i, q, n);
      let said = i * q, label = i * q;
      for (let j = i * q; j < (i + 1) * q; j++) {
        if (Z[j] > Z[said]) said = j;
        if (wanted[j] > wanted[label]) label = j;
      }
      if (said === label) right++;
    }
    return { loss, right };
  }

  /** Compute all gradients of the mean loss, from the last layer to the first. */
  backward(n, keep = null, p = 0) {
    const { slope } = this.activation, louder = p < 1 ? 1 / (1 - p) : 0;
    this.g.fill(0);
    for (let l = this.layers.length - 1; l >= 0; l--) {
      const layer = this.layers[l], before = this.layers[l - 1], { D, q } = layer, { W, b } = layer.gradient;
      const H = !before ? this.X : keep ? before.H : before.A;
      multiply(H, 1, layer.p, D, W, layer.p, n, q); // H^T D
      for (let i = 0; i < n; i++) for (let j = 0; j < q; j++) b[j] += D[i * q + j];
      if (!before) return;
      multiplyByTransposed(D, layer.W, before.D, n, q, layer.p);
      if (keep) for (let i = 0; i < n * layer.p; i++) before.D[i] *= keep[l - 1][i] * louder;
      for (let i = 0; i < n * layer.p; i++) before.D[i] *= slope(before.Z[i], before.A[i]);
    }
  }

  /** Move the parameters. options: optimizer, momentum, decay (of weights, not of biases), clip (0: not at all). */
  update(rate, options) {
    const { w, g, weights, memory } = this, { optimizer = "sgd", decay = 0, clip = 0 } = options;
    if (clip) {
      let square = 0;
      for (let i = 0; i < g.length; i++) square += g[i] * g[i];
      const factor = Math.min(1, clip / Math.sqrt(square));
      for (let i = 0; i < g.length; i++) g[i] *= factor;
    }
    if (optimizer === "adamw") for (let i = 0; i < weights; i++) w[i] *= 1 - rate * decay;
    else if (decay) for (let i = 0; i < weights; i++) g[i] += decay * w[i];
    memory.t++;
    optimizers[optimizer](memory, w, g, rate, options);
  }

  /** One step on a minibatch: forward, loss, backward, update. Returns the loss and the right answers, summed. */
  step(X, T, rows, rate, options, keep = null) {
    this.forward(X, rows, keep, options.p);
    const found = this.measure(T, rows);
    this.backward(rows.length, keep, options.p);
    this.update(rate, options);
    return found;
  }
}
