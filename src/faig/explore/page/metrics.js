// How good a restoration is, and how much an altered network does: the library's measures, in its numbers.

import { gaussian } from "./degrade.js";
import { gray8, part } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */

const SSIM_RADIUS = 5; // of a Gaussian window of σ 1.5, 11×11
const DIFFERS = 0.1; // inputs on which the ends differ less than this share of the most are held to PSNR alone
const ALLOWED = 0.5; // dB under the worse end's

/** @param {Planes} a @param {Planes} b @returns {number} mean squared error over pixels and channels */
export function squaredError(a, b) {
  let sum = 0;
  for (let at = 0; at < a.values.length; at++) sum += (a.values[at] - b.values[at]) ** 2;
  return sum / a.values.length;
}

/** A frame of so many pixels left out. @param {Planes} image @param {number} border */
const inner = (image, border) => part(image, [border, border, image.width - 2 * border, image.height - 2 * border]);

/** In dB, over all channels. @param {Planes} image @param {Planes} gt @param {number} border */
export const psnr = (image, gt, border) => -10 * Math.log10(squaredError(inner(image, border), inner(gt, border)));

/** Over all channels (Gaussian window of σ 1.5, 11×11). @param {Planes} image @param {Planes} gt @param {number} border */
export function ssim(image, gt, border) {
  const [a, b] = [inner(image, border), inner(gt, border)];
  const kernel = gaussian(1.5, SSIM_RADIUS), { width, height, channels } = a, size = width * height;
  let sum = 0, count = 0;
  const c1 = 0.01 ** 2, c2 = 0.03 ** 2;
  for (let channel = 0; channel < channels; channel++) {
    const [x, y] = [a, b].map((one) => Float64Array.from(one.values.subarray(channel * size, (channel + 1) * size)));
    const squares = x.map((value, at) => value * value + y[at] * y[at]), products = x.map((value, at) => value * y[at]);
    const [mx, my, both, cross] = [x, y, squares, products].map((plane) => valid(plane, width, height, kernel));
    for (let at = 0; at < mx.length; at++) {
      const means = mx[at] ** 2 + my[at] ** 2, product = mx[at] * my[at];
      sum += ((2 * product + c1) * (2 * (cross[at] - product) + c2)) / ((means + c1) * (both[at] - means + c2));
    }
    count += mx.length;
  }
  return sum / count;
}

/** A plane filtered where the whole window fits. @param {Float64Array} plane @param {number} width @param {number} height @param {Float64Array} kernel */
function valid(plane, width, height, kernel) {
  const w = width - kernel.length + 1, h = height - kernel.length + 1;
  const rows = new Float64Array(w * height), made = new Float64Array(w * h);
  for (let y = 0; y < height; y++) for (let x = 0; x < w; x++) {
    for (let tap = 0; tap < kernel.length; tap++) rows[y * w + x] += kernel[tap] * plane[y * width + x + tap];
  }
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    for (let tap = 0; tap < kernel.length; tap++) made[y * w + x] += kernel[tap] * rows[(y + tap) * w + x];
  }
  return made;
}

/** Luma rounded to 8 bits. @param {Planes} image @returns {Float64Array} in [0, 1] */
function luma(image) {
  const size = image.width * image.height, { values } = image;
  if (image.channels === 1) return Float64Array.from(values);
  return Float64Array.from({ length: size }, (_, at) =>
    gray8(255 * values[at], 255 * values[size + at], 255 * values[2 * size + at]) / 255);
}

/** Central differences, zero outside. @param {Planes} image */
function gradients(image) {
  const { width, height } = image, plane = luma(image);
  const value = (/** @type {number} */ x, /** @type {number} */ y) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : plane[y * width + x];
  return plane.map((_, at) => {
    const x = at % width, y = Math.floor(at / width);
    return Math.sqrt((value(x + 1, y) - value(x - 1, y)) ** 2 + (value(x, y + 1) - value(x, y - 1)) ** 2 + 1e-6);
  });
}

/** The paper's effect: 1000 × the mean squared difference of gradient maps. @param {Planes} a @param {Planes} b */
export function effect(a, b) {
  const [one, two] = [gradients(a), gradients(b)];
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += (one[at] - two[at]) ** 2;
  return (1000 * sum) / one.length;
}

/**
 * @typedef {object} Outputs of one input
 * @property {Planes | null} gt @property {Planes} target @property {Planes} baseline @property {Planes} altered
 * @typedef {{ between: number, toTarget: number, toBaseline: number }} Distances
 */

/** By gradient maps (`effect`) or pixels (`squaredError`). @param {Outputs} outputs @param {(a: Planes, b: Planes) => number} measure @returns {Distances} */
export const distances = ({ target, baseline, altered }, measure) => ({
  between: measure(target, baseline), toTarget: measure(altered, target), toBaseline: measure(altered, baseline),
});

/** 1 is exactly what the baseline does. @param {Distances} own on a function's own input */
export const off = (own) => 1 - own.toBaseline / own.between;

/** What changes on others, against what the function does. @param {Distances} own @param {Distances[]} others */
export const leak = (own, others) => Math.max(...others.map((other) => other.toTarget)) / own.between;

/**
 * On which inputs a network is no longer what either end is, and how; empty where on none.
 * @param {Record<string, { distances: Distances, psnr: number | null, ends: [number, number] | null }>} inputs
 */
export function wrecked(inputs) {
  const most = Math.max(...Object.values(inputs).map((one) => one.distances.between));
  const reasons = [];
  for (const [name, { distances: { between, toTarget, toBaseline }, psnr: own, ends }] of Object.entries(inputs)) {
    const nearest = Math.min(toTarget, toBaseline), texts = [];
    if (!Number.isFinite(nearest)) texts.push("what it gives is no image");
    else if (between > DIFFERS * most && nearest > between) {
      texts.push(`${(nearest / between).toFixed(1)} times as far from both ends as they are from each other`);
    }
    if (own !== null && ends && Math.min(...ends) - own > ALLOWED) {
      texts.push(`PSNR ${(Math.min(...ends) - own).toFixed(1)} dB under the worse end's`);
    }
    if (texts.length) reasons.push(`on ${name} ${texts.join(", ")}`);
  }
  return reasons.join("; ");
}
