// What the visitor set up, as networks: which strengths each unit has, and which outputs are averaged.

import { indices, ofRuns, randomSet, runsOf, setOf, size } from "./units.js";

/** @typedef {import("./types").Change} Change */
/** @typedef {import("./types").Pair} Pair */
/** @typedef {import("./units.js").UnitSet} UnitSet */
/**
 * A network, and its share of the output.
 * @typedef {object} Part
 * @property {number} share @property {string} name equal names, equal networks @property {() => Float32Array} strengths
 * @property {() => Float32Array} [kept] 0 for units that are cut
 */

export const TARGET = "target", BASELINE = "baseline";

/** The set that turns each function. @param {Pair} pair @returns {Record<string, UnitSet>} */
export const functionSets = (pair) =>
  Object.fromEntries(Object.entries(pair.sets).map(([name, text]) => [name, setOf(pair.space.units, indices(text))]));

/** The one of two strengths that is farther from 1; of two equally far, the lower. @param {number} a @param {number} b */
function farther(a, b) {
  const [da, db] = [Math.abs(1 - a), Math.abs(1 - b)];
  return da === db ? Math.min(a, b) : da > db ? a : b;
}

/**
 * Functions at strengths, by weights.
 * @param {number} total how many strengths the graph has
 * @param {Record<string, UnitSet>} sets @param {Record<string, number>} levels
 * @returns {Float32Array}
 */
function turned(total, sets, levels) {
  const strengths = new Float32Array(total).fill(1);
  for (const [name, set] of Object.entries(sets)) {
    const level = levels[name] ?? 1;
    if (level !== 1) set.forEach((is, at) => { if (is) strengths[at] = farther(strengths[at], level); });
  }
  return strengths;
}

/** All units alike. @param {number} total @param {number} level @returns {Part["strengths"]} */
const uniform = (total, level) => () => new Float32Array(total).fill(level);

/** The unaltered networks. @param {number} total @returns {Record<string, Part>} */
export const ends = (total) => ({
  [TARGET]: { share: 1, name: TARGET, strengths: uniform(total, 1) },
  [BASELINE]: { share: 1, name: BASELINE, strengths: uniform(total, 0) },
});

/** Where one slider turns the whole network: the first strength below 1, else the first above. @param {Change} change */
export function position(change) {
  const levels = Object.values(change.strengths);
  return levels.find((level) => level < 1) ?? levels.find((level) => level > 1) ?? 1;
}

/**
 * The networks of a change: their outputs, each clipped, are averaged by their shares.
 * @param {Change} change @param {Record<string, UnitSet>} sets of the functions @param {number} total strengths of the graph
 * @returns {Part[]}
 */
export function parts(change, sets, total) {
  const both = ends(total), at = position(change);
  const level = JSON.stringify(change.strengths);
  switch (change.way) {
    case "images": return corners(change, sets, total);
    case "set": return [{ share: 1, name: `set ${level}`, strengths: () => turned(total, sets, change.strengths) }];
    case "DNI": return [{ share: 1, name: `DNI ${at}`, strengths: uniform(total, at) }];
    case "blend": return [{ ...both[TARGET], share: at }, { ...both[BASELINE], share: 1 - at }].filter((one) => one.share);
    case "map": return [brushed(change, total)];
    default: throw new Error(`no way ${change.way}`);
  }
}

/** Multilinear between the networks in which each function is off or on. @param {Change} change @param {Record<string, UnitSet>} sets @param {number} total @returns {Part[]} */
function corners(change, sets, total) {
  const names = Object.keys(sets);
  const found = [];
  for (let corner = 0; corner < 2 ** names.length; corner++) {
    const at = Object.fromEntries(names.map((name, bit) => [name, corner & (1 << bit) ? 0 : 1]));
    const share = names.reduce((product, name) => {
      const level = change.strengths[name] ?? 1;
      return product * (at[name] ? level : 1 - level);
    }, 1);
    const off = names.filter((name) => !at[name]);
    if (share) found.push({ share, name: off.length ? `off ${off.join(" ")}` : TARGET, strengths: () => turned(total, sets, at) });
  }
  return found;
}

/** @param {Change} change of the map @param {number} total @returns {Part} */
function brushed({ map }, total) {
  if (!map) throw new Error("nothing is chosen on the map");
  const { action, strength, units } = map, [elsewhere, here] = { revert: [1, 0], strength: [1, strength], graft: [0, 1], cut: [1, 0] }[action];
  const values = () => {
    const made = new Float32Array(total).fill(elsewhere);
    ofRuns(units, total).forEach((is, at) => { if (is) made[at] = here; });
    return made;
  };
  const made = { share: 1, name: JSON.stringify(map), strengths: values };
  return action === "cut" ? { ...made, strengths: uniform(total, 1), kept: values } : made;
}

/**
 * The same change by random units, as many as it turns; null where it turns all of the network alike.
 * @param {Change} change @param {Record<string, UnitSet>} sets @param {number} units @param {() => number} uniform
 * @returns {{ change: Change, sets: Record<string, UnitSet> } | null}
 */
export function elsewhere(change, sets, units, uniform) {
  const random = (/** @type {UnitSet} */ set) => randomSet(size(set), units, uniform);
  if (change.map && change.way === "map") {
    return { sets, change: { ...change, map: { ...change.map, units: runsOf(random(ofRuns(change.map.units, units))) } } };
  }
  if (change.way !== "images" && change.way !== "set") return null;
  return { change, sets: Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, random(set)])) };
}
