// Sets of a network's units, and rankings of them: masks of one byte a unit.

/** @typedef {import("./types").Pair} Pair */
/** @typedef {Uint8Array} UnitSet 1 where the unit is in the set */

/** @param {string} text base64 @returns {ArrayBuffer} */
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

/** @param {string} text little-endian uint32 in base64 */
export const indices = (text) => new Uint32Array(bytes(text));
/** @param {string} text little-endian float32 in base64 */
export const scores = (text) => new Float32Array(bytes(text));

/** @param {number} units @param {Iterable<number>} chosen flat indices @returns {UnitSet} */
export function setOf(units, chosen) {
  const set = new Uint8Array(units);
  for (const index of chosen) set[index] = 1;
  return set;
}

/** How many units a share is: rounded down, at least one. @param {number} share @param {number} units */
export const countOf = (share, units) => Math.max(1, Math.floor(share * units + 1e-6));

/** The first units of a ranking. @param {Uint32Array} order best first @param {number} share of all units @param {number} units @returns {UnitSet} */
export const top = (order, share, units) => setOf(units, order.subarray(0, countOf(share, units)));

/** @type {Record<string, (a: number, b: number) => number>} what becomes of a set by another one */
export const OPERATIONS = {
  replace: (_, b) => b,
  add: (a, b) => a | b,
  remove: (a, b) => a & (1 - b),
  common: (a, b) => a & b,
};

/** @param {UnitSet} a @param {UnitSet} b @param {string} operation of OPERATIONS @returns {UnitSet} */
export const combined = (a, b, operation) => a.map((value, at) => OPERATIONS[operation](value, b[at]));

/** @param {UnitSet} set */
export const size = (set) => set.reduce((sum, value) => sum + value, 0);

/** A set as half-open runs of flat indices. @param {UnitSet} set @returns {[number, number][]} */
export function runsOf(set) {
  /** @type {[number, number][]} */
  const runs = [];
  for (let at = 0; at < set.length; at++) {
    if (!set[at]) continue;
    const start = at;
    while (at < set.length && set[at]) at++;
    runs.push([start, at]);
  }
  return runs;
}

/** What `runsOf` made, as a set. @param {[number, number][]} runs @param {number} units @returns {UnitSet} */
export function ofRuns(runs, units) {
  const set = new Uint8Array(units);
  for (const [start, stop] of runs) set.fill(1, Math.max(0, start), Math.min(units, stop));
  return set;
}

/** Runs as a short text: what lies between one and the next, and the length where it is not 1, in base 36. @param {[number, number][]} runs */
export const packRuns = (runs) => runs.map(([start, stop], at) =>
  (start - (at ? runs[at - 1][1] : 0)).toString(36) + (stop - start > 1 ? `-${(stop - start).toString(36)}` : "")).join(".");

/** What `packRuns` made. @param {string} text @returns {[number, number][]} */
export function unpackRuns(text) {
  let end = 0;
  return text.split(".").map((part) => {
    const [gap, length = "1"] = part.split("-");
    const start = end + parseInt(gap, 36);
    end = start + parseInt(length, 36);
    return [start, end];
  });
}

/** The layer of a flat index, and the unit's place in it. @param {Pair} pair @param {number} index */
export function placeOf(pair, index) {
  const number = pair.space.layers.findIndex(([, out, inputs, start]) => index >= start && index < start + out * inputs);
  const [name, , inputs, start] = pair.space.layers[number];
  return { number, name, out: Math.floor((index - start) / inputs), in: (index - start) % inputs };
}

/** As many units, at random, without a repeat. @param {number} count @param {number} units @param {() => number} uniform @returns {UnitSet} */
export function randomSet(count, units, uniform) {
  const set = new Uint8Array(units);
  // Floyd's: each of the last `count` numbers, or the one that it would repeat
  for (let last = units - count; last < units; last++) {
    const drawn = Math.floor(uniform() * (last + 1));
    set[set[drawn] ? last : drawn] = 1;
  }
  return set;
}
