// A photo made worse, as the library does it: Gaussian blur, downsampling, noise, JPEG.
// The noise is drawn by a generator of this page: equal seeds give equal noise here, other noise in Python.

import { part, planes, round8, toPicture, toPlanes } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */

const RADIUS = 10, HELD = 3; // pixels each way that hold a Gaussian up to this σ; a wider one has as many more as it needs

/** @param {number} sigma in pixels @returns {Float64Array} taps that sum to 1, 21 or as many as hold it */
export function gaussian(sigma, radius = Math.max(RADIUS, Math.ceil((sigma * RADIUS) / HELD))) {
  const taps = Float64Array.from({ length: 2 * radius + 1 }, (_, at) => Math.exp(-((at - radius) ** 2) / (2 * sigma ** 2)));
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
}

/** A position on an infinite line as one of `size` pixels, mirrored at its edge pixels. @param {number} at @param {number} size */
function mirrored(at, size) {
  const period = Math.max(1, 2 * (size - 1));
  const inside = ((at % period) + period) % period;
  return Math.min(inside, (period - inside) % period);
}

/** The same with the edge pixels repeated. @param {number} at @param {number} size */
function repeated(at, size) {
  const inside = ((at % (2 * size)) + 2 * size) % (2 * size);
  return Math.min(inside, 2 * size - 1 - inside);
}

/** @typedef {(at: number, size: number) => [number, number][]} Taps positions and weights of an output pixel */

/** Taps of a whole row, in flat arrays. @param {Taps} taps @param {number} outputs @param {number} size of the input */
function flattened(taps, outputs, size) {
  const all = Array.from({ length: outputs }, (_, at) => taps(at, size)), count = all[0]?.length ?? 0;
  return { count, places: Int32Array.from(all.flat(), ([place]) => place), weights: Float64Array.from(all.flat(), ([, weight]) => weight) };
}

/**
 * Each output pixel is a weighted sum of input pixels; along rows first, then along columns.
 * @param {Planes} image @param {Taps} taps @param {number} scale input size / output size
 * @returns {Planes}
 */
function separable(image, taps, scale) {
  const { channels, width, height, values } = image;
  const [w, h] = [width / scale, height / scale];
  const across = flattened(taps, w, width), down = flattened(taps, h, height);
  const rows = new Float32Array(channels * height * w), made = planes(channels, w, h);
  for (let row = 0; row < channels * height; row++) {
    for (let x = 0, tap = 0; x < w; x++) {
      let sum = 0;
      for (const end = tap + across.count; tap < end; tap++) sum += across.weights[tap] * values[row * width + across.places[tap]];
      rows[row * w + x] = sum;
    }
  }
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        let sum = 0;
        for (let tap = y * down.count; tap < (y + 1) * down.count; tap++) sum += down.weights[tap] * rows[(channel * height + down.places[tap]) * w + x];
        made.values[(channel * h + y) * w + x] = sum;
      }
    }
  }
  return made;
}

/** @param {Planes} image @param {number} sigma in pixels @returns {Planes} */
export function blur(image, sigma) {
  if (!sigma) return image;
  const kernel = gaussian(sigma), radius = (kernel.length - 1) / 2;
  return separable(image, (at, size) => Array.from(kernel, (weight, tap) => [mirrored(at + tap - radius, size), weight]), 1);
}

/** Both sides reduced by the scale, which divides them. @param {Planes} image @param {number} scale @param {string} how */
export function downsample(image, scale, how) {
  if (scale === 1) return image;
  /** @type {Record<string, Taps>} */
  const ways = {
    area: (at) => Array.from({ length: scale }, (_, tap) => [at * scale + tap, 1 / scale]),
    bilinear: (at, size) => {
      const center = (at + 0.5) * scale - 0.5, low = Math.floor(center);
      return [[low, 1 - (center - low)], [Math.min(low + 1, size - 1), center - low]];
    },
    bicubic: (at, size) => {
      const center = (at + 0.5) * scale, first = Math.floor(center - 2 * scale + 0.5);
      const weights = Array.from({ length: 4 * scale }, (_, tap) => cubic((first + tap + 0.5 - center) / scale));
      const sum = weights.reduce((a, b) => a + b, 0);
      return weights.map((weight, tap) => [repeated(first + tap, size), weight / sum]);
    },
  };
  return separable(image, ways[how], scale);
}

/** Keys' kernel of a = -0.5, MATLAB's. @param {number} at */
function cubic(at) {
  const x = Math.abs(at);
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
}

/** Numbers in [0, 1), by a seed (mulberry32). @param {number} seed @returns {() => number} */
export function generator(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b9) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Gaussian noise (Box and Muller). @param {Planes} image @param {number} sigma @param {number} seed */
export function noise(image, sigma, seed) {
  if (!sigma) return image;
  const uniform = generator(seed);
  const values = image.values.map((value) => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return value + sigma * radius * Math.cos(2 * Math.PI * uniform());
  });
  return { ...image, values };
}

/** Compressed by the browser's own codec. @param {Planes} image @param {number | null} quality 1 to 100 */
async function jpeg(image, quality) {
  if (!quality) return image;
  const canvas = new OffscreenCanvas(image.width, image.height);
  context(canvas).putImageData(toPicture(image), 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: quality / 100 });
  return toPlanes(await decoded(blob), image.channels);
}

/** The pixels of an image file, turned as the camera says. @param {Blob} file @returns {Promise<ImageData>} */
export async function decoded(file) {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const drawn = context(canvas);
  drawn.drawImage(bitmap, 0, 0);
  bitmap.close();
  const picture = drawn.getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 3; at < picture.data.length; at += 4) picture.data[at] = 255;
  return picture;
}

/** @param {OffscreenCanvas} canvas */
function context(canvas) {
  const drawn = canvas.getContext("2d", { willReadFrequently: true });
  if (!drawn) throw new Error("this browser draws no pictures");
  return drawn;
}

/**
 * The LR image of a GT image, rounded to 8 bits.
 * @param {Planes} gt @param {import("./types").Worse} worse @param {number} scale @param {string} down
 * @returns {Promise<Planes>}
 */
export async function degrade(gt, worse, scale, down) {
  const small = noise(downsample(blur(gt, worse.blur), scale, down), worse.noise, worse.seed);
  return round8(await jpeg(round8(small), worse.jpeg));
}

/** The levels of a text of steps, blur:2+down:bilinear; null where it has others than the page can do. @param {string} spec @param {number} seed @returns {import("./types").Worse | null} */
export function ofSpec(spec, seed) {
  const worse = { blur: 0, noise: 0, jpeg: /** @type {number | null} */ (null), seed };
  for (const step of spec ? spec.split("+") : []) {
    const [name, level] = step.split(":");
    if (name === "down") continue;
    if (name !== "blur" && name !== "noise" && name !== "jpeg") return null;
    worse[name] = Number(level);
  }
  return worse;
}

/** An image cut so that the scale divides its sides. @param {Planes} image @param {number} scale @returns {Planes} */
export const whole = (image, scale) =>
  part(image, [0, 0, image.width - (image.width % scale), image.height - (image.height % scale)]);
