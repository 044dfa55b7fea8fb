// Random numbers that a seed decides, the same in every browser. One stream for each purpose: a network's start does
// not change because its minibatches are drawn in another order.

/** A function that returns numbers from 0 to below 1 (the generator sfc32, seeded by a hash of both numbers). */
export function generator(seed, stream) {
  let state = (seed * 0x9e3779b1 + stream * 0x85ebca6b) | 0;
  const hash = () => {
    state = (state + 0x6d2b79f5) | 0;
    let h = Math.imul(state ^ (state >>> 15), 1 | state);
    h = (h + Math.imul(h ^ (h >>> 7), 61 | h)) ^ h;
    return h ^ (h >>> 14);
  };
  let [a, b, c, d] = [hash(), hash(), hash(), 1];
  return () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** A standard normal number, by Box and Muller. */
export const normal = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Put the numbers 0 to n - 1 into a random order. */
export function shuffle(order, random) {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor((i + 1) * random());
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
