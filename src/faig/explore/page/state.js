// What the visitor set up. All of it stands in the link, after #, as URL-safe base64 of JSON.

import { packRuns, unpackRuns } from "./units.js";

/** @typedef {import("./types").State} State */
/** @typedef {import("./types").Pair} Pair */

/** The first function's degradation alone, at the worst that the pair was trained on. @param {Pair} pair @returns {import("./types").Worse} */
export function worseAtFirst(pair) {
  const worse = { blur: 0, noise: 0, jpeg: /** @type {number | null} */ (null), seed: 0 };
  const first = pair.functions.find(({ trained }) => trained && trained.step in worse)?.trained;
  return first ? { ...worse, [first.step]: first.step === "jpeg" ? first.low : first.high } : worse;
}

/** @param {Pair} pair @param {number} side of the crop, in pixels of the photo @returns {State} */
export function begin(pair, side) {
  const [{ id, width, height }] = pair.examples;
  return {
    input: { photo: id, crop: cropOf(width, height, side, pair.scale), worse: worseAtFirst(pair) },
    change: { way: pair.ways[0], strengths: Object.fromEntries(pair.functions.map(({ name }) => [name, 1])), map: null },
    view: { left: "input", right: "altered" },
  };
}

/** The middle of a photo, four to three, in whole LR pixels. @param {number} width @param {number} height @param {number} side of a square as large @param {number} scale @returns {import("./types").Place} */
export function cropOf(width, height, side, scale) {
  const cut = (/** @type {number} */ wanted, /** @type {number} */ there) => Math.max(scale, scale * Math.floor(Math.min(wanted, there) / scale));
  const w = cut(side * Math.sqrt(4 / 3), width), h = cut(Math.max(side * Math.sqrt(3 / 4), (w * 3) / 4), height);
  return [Math.floor((width - w) / 2), Math.floor((height - h) / 2), w, h];
}

/** How large a crop is run at once: as the network is heavy. @param {Pair} pair @param {"server" | "browser"} kind @returns {number} pixels of the photo */
export function comfortable(pair, kind) {
  const most = kind === "server" ? 256 : 192; // LR pixels a side
  const work = kind === "server" ? 3e10 : 1.2e10; // parameters × LR pixels in about a second
  const side = Math.round(Math.sqrt(work / pair.parameters) / 16) * 16;
  return Math.min(most, Math.max(64, side)) * pair.scale;
}

/** @param {State} state @returns {string} */
export function toLink(state) {
  const { map } = state.change;
  const short = { ...state, change: { ...state.change, map: map && { ...map, units: packRuns(map.units) } } };
  const letters = Array.from(new TextEncoder().encode(JSON.stringify(short)), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {unknown} value @param {number} low @param {number} high */
const within = (value, low, high) => typeof value === "number" && value >= low && value <= high;

/** Whether a link's values are such as the page itself sets. @param {State} state @param {Pair} pair */
function sound({ input: { photo, crop, worse }, change: { way, strengths, map } }, pair) {
  const levels = !worse || (within(worse.blur, 0, 10) && within(worse.noise, 0, 1) && within(worse.seed, 0, 2 ** 53)
    && (worse.jpeg === null || within(worse.jpeg, 1, 100)));
  const names = pair.functions.map(({ name }) => name);
  const turned = names.every((name) => within(strengths[name], 0, 1.5)) && Object.keys(strengths).length === names.length;
  const brushed = !map || (["revert", "strength", "graft", "cut"].includes(map.action) && within(map.strength, 0, 1.5)
    && map.units.flat().every((index) => within(index, 0, pair.space.units)));
  const place = crop === null || (crop.length === 4 && crop.every((length) => Number.isInteger(length) && length >= 0));
  return typeof photo === "string" && place && levels && turned && brushed && (way === "map" ? map !== null : pair.ways.includes(way));
}

/**
 * The state of a link, or null where it is of no such page.
 * @param {string} text what follows # @param {Pair} pair @returns {State | null}
 */
export function ofLink(text, pair) {
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const state = JSON.parse(new TextDecoder().decode(Uint8Array.from(letters, (letter) => letter.charCodeAt(0))));
    if (state.change.map) state.change.map.units = unpackRuns(state.change.map.units);
    return sound(state, pair) && state.view ? state : null;
  } catch {
    return null;
  }
}

/** @typedef {"input" | "change" | "view"} Section */

/** The state, and who wants to know when it changes. */
export class Store {
  /** @type {((section: Section, live: boolean) => void)[]} */
  listeners = [];

  /** @param {State} state */
  constructor(state) { this.state = state; }

  /** @param {(section: Section, live: boolean) => void} listener */
  listen(listener) { this.listeners.push(listener); }

  /**
   * @template {Section} S
   * @param {S} section @param {Partial<State[S]>} values @param {boolean} [live] whether more follows at once: a slider is held
   */
  set(section, values, live = false) {
    this.state = { ...this.state, [section]: { ...this.state[section], ...values } };
    for (const listener of this.listeners) listener(section, live);
  }
}
