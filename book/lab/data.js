// The data sets. Each is drawn by a seed: X (n, d) inputs, T (n, q) targets, and the same for new examples, V.

import { count } from "./page.js";
import { generator, normal, shuffle } from "./random.js";

const FRESH = 500; // examples for validation
export const SPAN = 1.8; // the plane reaches from -SPAN to SPAN

/** A point and its class (0 or 1), as functions of the class and of random numbers. */
const PLANES = {
  lamp(label, random) { // on where the two switches differ
    const first = random() < 0.5 ? -1 : 1, second = label ? -first : first;
    return [first + 0.15 * normal(random), second + 0.15 * normal(random)];
  },
  rings(label, random) {
    const angle = 2 * Math.PI * random(), radius = (label ? 1.2 : 0.5) + 0.12 * normal(random);
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  spiral(label, random) {
    const way = random(), angle = 3 * Math.PI * way + Math.PI * label, radius = 0.15 + 1.35 * way;
    return [radius * Math.cos(angle) + 0.04 * normal(random), radius * Math.sin(angle) + 0.04 * normal(random)];
  },
  moons(label, random) {
    const angle = Math.PI * random(), side = label ? -1 : 1;
    const x = side * (Math.cos(angle) - 0.5), y = side * (Math.sin(angle) - 0.25);
    return [x + 0.2 * normal(random), y + 0.2 * normal(random)];
  },
};

/** Targets that are numbers: where x lies, and the curve without noise. */
export const CURVES = {
  line: { from: -1, to: 2, f: (x) => 2 * x + 1 },
  cubic: { from: -2, to: 2, f: (x) => 5 + 1.2 * x - (3.4 * x ** 2) / 2 + (5.6 * x ** 3) / 6 }, // (4.3)
  wave: { from: -2, to: 2, f: (x) => Math.sin(3 * x) + x / 4 },
};

/** The powers x^i / i! for i = 1 ... degree. */
export function powers(x, degree) {
  const found = [x];
  for (let i = 2; i <= degree; i++) found.push((found[i - 2] * x) / i);
  return found;
}

/** What a data set is: the kind of its picture, and how many inputs and outputs a network needs. */
export function shape({ data, degree }) {
  if (data === "pictures") return { kind: "pictures", d: 196, q: 10 };
  return data in CURVES ? { kind: "curve", d: degree, q: 1 } : { kind: "plane", d: 2, q: 2 };
}

/** Put examples [inputs, targets] into arrays. */
function pack(examples) {
  const flat = (part) => Float64Array.from(examples.flatMap((example) => [...example[part]]));
  return { X: flat(0), T: flat(1), n: examples.length };
}

const oneHot = (label, q) => count(q, (j) => (j === label ? 1 : 0));

/** Draw the data of the settings: { X, T, n, V: { X, T, n } }. pictures: bytes, see readPictures. */
export function draw(settings, seed, pictures) {
  const { data, noise, degree } = settings, { kind, q } = shape(settings), random = generator(seed, 0);
  let example;
  if (kind === "pictures") {
    const pixels = (i) => Array.from(pictures.subarray(1500 + 196 * i, 1696 + 196 * i), (v) => (v / 255 - 0.29) / 0.33);
    const row = (i) => [pixels(i), oneHot(pictures[i], 10)];
    const order = shuffle(count(1000), random);
    example = (i, fresh) => row(fresh ? 1000 + i : order[i]);
  } else if (kind === "curve") {
    const { from, to, f } = CURVES[data];
    example = () => {
      const x = from + (to - from) * random();
      return [powers(x, degree), [f(x) + noise * normal(random)]];
    };
  } else example = (i) => [PLANES[data](i % 2, random), oneHot(i % 2, 2)];
  const many = (n, fresh) => count(n, (i) => example(i, fresh));
  const train = many(Math.min(settings.n, kind === "pictures" ? 1000 : Infinity), false), fresh = many(FRESH, true);
  if (kind !== "curve") { // a share of the labels is wrong: exactly that share
    const wrong = shuffle(train.map((_, i) => i), random).slice(0, Math.round(noise * train.length));
    for (const i of wrong) {
      train[i][1] = oneHot((train[i][1].indexOf(1) + 1 + Math.floor((q - 1) * random())) % q, q);
    }
  }
  return { ...pack(train), V: pack(fresh) };
}

/** The bytes of 1,500 labels and 1,500 pictures of 14 x 14, packed by gzip: the last 500 are for validation. */
export async function readPictures(address = new URL("pictures.bin", import.meta.url)) {
  const { body } = await fetch(address);
  return new Uint8Array(await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}
