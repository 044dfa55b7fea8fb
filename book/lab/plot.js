// Drawings: lines with bands as SVG, maps and weights on a canvas. Nothing here trains.

import { count } from "./page.js";

const [W, H, LEFT, BOTTOM, TOP] = [340, 210, 44, 34, 10];
const put = (x) => +x.toFixed(1);

export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b), middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A number in at most five letters. */
export function brief(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size && (size < 0.001 || size >= 10000)) return value.toExponential(0).replace("e+", "e");
  return String(+value.toPrecision(2));
}

/** Round values for an axis. */
function ticks(from, to, log, least = 0) {
  if (log) {
    const [low, high] = [Math.ceil(from - 1e-9), Math.floor(to + 1e-9)];
    const step = Math.max(1, Math.ceil((high - low) / 5));
    return count(Math.floor((high - low) / step) + 1, (i) => low + step * i);
  }
  const rough = (to - from) / 4 || 1, ten = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max([1, 2, 5, 10].map((k) => k * ten).find((width) => width >= rough), least);
  const first = Math.ceil(from / step - 1e-9), last = Math.floor(to / step + 1e-9);
  return count(last - first + 1, (i) => (first + i) * step);
}

/**
 * Draw lines into an svg element. series: [{ look, xs, runs }], where a run has a value for each x or null. Shown are
 * the median, a band from lowest to highest, and with `each` every run. dots: [{ look, points }]. range: of y, or null.
 */
export function lines(svg, { series, dots = [], range = null, log = false, xName, xLast = null }) {
  const scale = (y) => (log ? Math.log10(y) : y), fine = (y) => y !== null && Number.isFinite(scale(y));
  const xs = series.flatMap((one) => one.xs).concat(xLast ?? []), x0 = Math.min(...xs), x1 = Math.max(...xs, x0 + 1e-9);
  const ys = series.flatMap(({ runs }) => runs.flat()).filter(fine).map(scale);
  let [y0, y1] = range ?? [Math.floor(Math.min(...ys)), Math.ceil(Math.max(...ys))];
  if (!(y1 - y0 > 1e-9)) [y0, y1] = ys.length ? [y0 - 0.5, y1 + 0.5] : [0, 1];
  const X = (x) => put(LEFT + ((W - LEFT - 8) * (x - x0)) / (x1 - x0));
  const inside = (y) => Math.min(Math.max(scale(y), y0), y1);
  const Y = (y) => put(H - BOTTOM - ((H - BOTTOM - TOP) * (inside(y) - y0)) / (y1 - y0));
  const path = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${X(x)} ${Y(y)}`).join("");
  const text = (x, y, anchor, name) => `<text x="${x}" y="${y}" text-anchor="${anchor}">${name}</text>`;
  const dot = (look, [x, y]) => `<circle class="${look}" cx="${X(x)}" cy="${Y(y)}" r="2.4"/>`;
  const drawn = [text((W + LEFT) / 2, H - 3, "middle", xName)];
  for (const tick of ticks(y0, y1, log)) {
    const value = log ? 10 ** tick : tick, y = Y(value), name = log && Math.abs(tick) > 2 ? `1e${tick}` : brief(value);
    drawn.push(`<path class="grid" d="M${LEFT} ${y}H${W - 8}"/>`, text(LEFT - 5, y + 4, "end", name));
  }
  const least = xs.every(Number.isInteger) ? 1 : 0;
  for (const tick of ticks(x0, x1, false, least)) drawn.push(text(X(tick), H - BOTTOM + 15, "middle", String(tick)));
  for (const { look, points } of dots) drawn.push(...points.map((point) => dot(look, point)));
  for (const { look, xs: at, runs, each } of series) {
    const columns = at.map((x, i) => [x, runs.map((run) => run[i]).filter(fine)]).filter(([, ys]) => ys.length);
    if (!columns.length) continue;
    const edge = (pick) => columns.map(([x, some]) => [x, pick(...some)]), middle = edge((...some) => median(some));
    const band = [...edge(Math.min), ...edge(Math.max).reverse()];
    if (runs.length > 1) drawn.push(`<path class="band ${look}" d="${path(band)}Z"/>`);
    const whole = (run) => `<path class="thin ${look}" d="${path(at.map((x, i) => [x, run[i]]))}"/>`;
    if (each) drawn.push(...runs.map(whole));
    if (middle.length === 1) drawn.push(dot(look, middle[0]));
    else drawn.push(`<path class="line ${look}" d="${path(middle)}"/>`);
  }
  svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
  svg.innerHTML = drawn.join("");
}

const SIDES = [[0, 114, 178], [213, 94, 0]]; // blue for the first class and below zero, vermilion for the other side

/** Paint values from -1 to 1, size x size, each as one pixel of the canvas. */
export function paint(canvas, values, columns, dark) {
  const image = new ImageData(columns, values.length / columns), pixels = image.data.fill(255), ground = dark ? 24 : 255;
  for (let i = 0; i < values.length; i++) {
    const full = SIDES[values[i] > 0 ? 1 : 0], part = 0.85 * Math.min(1, Math.abs(values[i]));
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = ground + (full[c] - ground) * part;
  }
  [canvas.width, canvas.height] = [columns, image.height];
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** Examples of two classes as dots on a transparent ground, from -span to span. */
export function scatter({ X, T, n }, span, dark, size = 200) {
  const sheet = new OffscreenCanvas(size, size), pen = sheet.getContext("2d"), at = (v) => (size * (v / span + 1)) / 2;
  pen.strokeStyle = dark ? "#181818" : "#fff";
  for (let k = 0; k < Math.min(n, 400); k++) {
    const x = at(X[2 * k]), y = at(-X[2 * k + 1]), label = T[2 * k + 1];
    pen.beginPath();
    if (label) pen.arc(x, y, 2.4, 0, 7);
    else pen.rect(x - 2.2, y - 2.2, 4.4, 4.4);
    pen.fillStyle = `rgb(${SIDES[label]})`;
    pen.fill();
    pen.stroke();
  }
  return sheet;
}

/** The map of one network, from the chances that it gives, with the examples over it. */
export function map(canvas, says, columns, examples, dark) {
  const small = new OffscreenCanvas(columns, columns), pen = canvas.getContext("2d"), size = examples.width;
  canvas.width = canvas.height = size;
  paint(small, says.map((chance) => 2 * chance - 1), columns, dark);
  pen.drawImage(small, 0, 0, size, size);
  pen.drawImage(examples, 0, 0);
}
