// What the page says of what was set up, in plain sentences.

import { indices, ofRuns, size } from "./units.js";
import { position } from "./changes.js";

/** @typedef {import("./types").Pair} Pair */
/** @typedef {import("./types").Change} Change */

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** @param {number} share */
export const percent = (share) => `${share > 0 && share < 0.1 ? Number((100 * share).toPrecision(2)) : Math.round(100 * share)}%`;
/** @param {number | null | undefined} value @param {number} digits */
export const number = (value, digits) => (value === null || value === undefined || Number.isNaN(value) ? "–" : Number.isFinite(value) ? value.toFixed(digits) : "∞");
/** @param {string[]} words */
export const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`);

/** Names of pictures, for people. @type {Record<string, string>} */
export const PICTURES = {
  input: "input", gt: "ground truth", baseline: "baseline", target: "the network", altered: "altered", difference: "difference ×10",
};

/** @type {Record<string, [string, string]>} name and meaning */
export const WAYS = {
  images: ["Its filters", "the images of the network with the job off and on are mixed: even steps"],
  set: ["Its filters' weights", "the weights of the job's filters are mixed: one network"],
  DNI: ["All weights", "every weight is mixed (DNI): no filters need to be found"],
  blend: ["Two images", "the images of both networks are mixed: no filters need to be found"],
};

/** Names of inputs, for people. @param {string} kind @param {Pair} pair */
export function inputName(kind, pair) {
  if (kind === "clean") return "clean";
  const known = { blur: "blurry", noise: "noisy", jpeg: "compressed" };
  return known[/** @type {"blur"} */ (pair.functions.find(({ name }) => name === kind)?.trained?.step ?? kind)] ?? kind;
}

/** The one sentence of the first screen. @param {Pair} pair @param {Change} change */
export function sentence(pair, change) {
  const { units, unit } = pair.space;
  if (change.way === "map") return ofMap(change, units, unit);
  if (change.way === "DNI" || change.way === "blend") {
    const at = percent(position(change)), what = change.way === "DNI" ? "Every weight" : "The picture";
    return `${what} is ${at} the network’s, the rest is from before it learned its jobs.`;
  }
  const jobs = pair.functions.map(({ name, job }) => ({ name, job, at: change.strengths[name] ?? 1 }));
  const moved = jobs.filter(({ at }) => at !== 1), still = jobs.filter(({ at }) => at === 1);
  if (!moved.length) return `One network does ${list(jobs.map(({ job }) => job))}. Pull a slider: one job goes.`;
  const share = moved.reduce((most, { name }) => Math.max(most, indices(pair.sets[name]).length / units), 0);
  const said = moved.map(({ job, at }) => `${job} is ${at === 0 ? "off" : `at ${percent(at)}`}`);
  const how = moved.every(({ at }) => at === 0) && moved.length === 1
    ? `: ${percent(share)} of the ${unit}s have their old weights back` : `, ${moved.length > 1 ? "each " : ""}through ${percent(share)} of the ${unit}s`;
  const rest = still.length ? `; ${list(still.map(({ job }) => job))} ${still.length > 1 ? "are" : "is"} left alone` : "";
  return `${capital(list(said))}${how}${rest}.`;
}

/** @param {Change} change @param {number} units @param {string} unit */
function ofMap(change, units, unit) {
  if (!change.map) return "";
  const count = size(ofRuns(change.map.units, units));
  const which = `${count.toLocaleString("en")} of ${units.toLocaleString("en")} ${unit}s (${percent(count / units)})`;
  return {
    revert: `${which} have their old weights back.`,
    strength: `${which} are at ${percent(change.map.strength)}.`,
    graft: `${which} are the network’s; all others are from before it learned its jobs.`,
    cut: `${which} are cut.`,
  }[change.map.action];
}
