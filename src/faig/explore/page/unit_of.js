// What is known of one unit: its kernels, from a file that is fetched when it is first asked for, and its ranks.

import { indices, placeOf, scores } from "./units.js";

/** @typedef {import("./types").Pair} Pair */

/** @type {Promise<Float32Array> | null} */
let values = null;
/** @type {Record<string, Record<string, { rank: Map<number, number>, score: Float32Array }>> | null} */
let rankings = null;

/** @param {Pair} pair */
function ranked(pair) {
  rankings ??= Object.fromEntries(pair.methods.map(({ name, functions }) => [name, Object.fromEntries(
    Object.entries(functions).map(([kind, { index, score }]) => {
      const rank = new Map(Array.from(indices(index), (unit, at) => /** @type {[number, number]} */ ([unit, at + 1])));
      return [kind, { rank, score: scores(score) }];
    }))]));
  return rankings;
}

/** @param {Float32Array} all @param {number} start @param {number} rows @param {number} columns */
const matrix = (all, start, rows, columns) =>
  Array.from({ length: rows }, (_, row) => Array.from(all.subarray(start + row * columns, start + (row + 1) * columns)));

/** @param {Pair} pair @param {URL} folder @param {number} index @returns {Promise<import("./types").Unit["kernels"]>} */
async function kernels(pair, folder, index) {
  if (!pair.kernels) return null;
  const { file, layers } = pair.kernels, place = placeOf(pair, index);
  const [rows, columns] = layers[place.number];
  if (!rows) return null;
  values ??= fetch(new URL(file, folder)).then(async (answer) => new Float32Array(await answer.arrayBuffer()));
  values.catch(() => { values = null; });
  const all = await values;
  const count = (/** @type {number} */ number) => layers[number][0] * layers[number][1];
  const before = pair.space.layers.slice(0, place.number)
    .reduce((sum, [, out, inputs], number) => sum + out * inputs * count(number), 0);
  const start = before + (index - pair.space.layers[place.number][3]) * rows * columns;
  const baseline = matrix(all, start, rows, columns), target = matrix(all, all.length / 2 + start, rows, columns);
  const difference = target.map((row, y) => row.map((value, x) => value - baseline[y][x]));
  return { baseline, target, difference };
}

/** @param {Pair} pair @param {URL} folder @param {number} index flat @returns {Promise<import("./types").Unit>} */
export async function unitOf(pair, folder, index) {
  const place = placeOf(pair, index);
  /** @type {import("./types").Unit["ranks"]} */
  const ranks = {};
  for (const [method, functions] of Object.entries(ranked(pair))) {
    for (const [kind, { rank, score }] of Object.entries(functions)) {
      const at = rank.get(index);
      if (at) (ranks[method] ??= {})[kind] = { rank: at, score: score[at - 1] };
    }
  }
  return { layer: place.name, out: place.out, in: place.in, kernels: await kernels(pair, folder, index), ranks, predicted: null };
}
