// What the visitor set up. All of it stands in the link, after #, as URL-safe base64 of JSON.

/** @typedef {import("./types").State} State */
/** @typedef {import("./types").Pair} Pair */

/** How the worst that a pair was trained on looks. @param {Pair} pair @returns {import("./types").Worse} */
export function worstTrained(pair) {
  const worse = { blur: 0, noise: 0, jpeg: /** @type {number | null} */ (null), seed: 0 };
  for (const { trained } of pair.functions.slice(0, 2)) {
    if (trained && trained.step in worse && trained.step !== "jpeg") worse[/** @type {"blur" | "noise"} */ (trained.step)] = trained.high;
  }
  return worse;
}

/** @param {Pair} pair @param {number} side of the crop, in pixels of the photo @returns {State} */
export function begin(pair, side) {
  const [{ id, width, height }] = pair.examples;
  return {
    input: { photo: id, crop: cropOf(width, height, side, pair.scale), worse: worstTrained(pair) },
    change: { way: pair.ways[0], strengths: Object.fromEntries(pair.functions.map(({ name }) => [name, 1])), map: null },
    view: { left: "input", right: "altered" },
  };
}

/** The middle of a photo, in whole LR pixels. @param {number} width @param {number} height @param {number} side @param {number} scale @returns {import("./types").Place} */
export function cropOf(width, height, side, scale) {
  const [w, h] = [width, height].map((length) => Math.max(scale, Math.min(length, side) - (Math.min(length, side) % scale)));
  return [Math.floor((width - w) / 2), Math.floor((height - h) / 2), w, h];
}

/** How large a crop is run at once: as the network is heavy. @param {Pair} pair @param {"server" | "browser"} kind @returns {number} pixels of the photo */
export function comfortable(pair, kind) {
  const most = kind === "server" ? 256 : 192; // LR pixels a side
  const work = kind === "server" ? 3e10 : 4e9; // parameters × LR pixels in about a second
  const side = Math.round(Math.sqrt(work / pair.parameters) / 16) * 16;
  return Math.min(most, Math.max(64, side)) * pair.scale;
}

/** @param {State} state @returns {string} */
export function toLink(state) {
  const letters = Array.from(new TextEncoder().encode(JSON.stringify(state)), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The state of a link, or null where it is of no such page.
 * @param {string} text what follows # @param {State} otherwise what it starts from @param {Pair} pair @returns {State | null}
 */
export function ofLink(text, otherwise, pair) {
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const { input, change, view } = JSON.parse(new TextDecoder().decode(Uint8Array.from(letters, (letter) => letter.charCodeAt(0))));
    const known = pair.ways.includes(change.way) || change.way === "map";
    const numbers = [...(input.crop ?? []), ...Object.values(change.strengths)].every(Number.isFinite);
    const names = Object.keys(otherwise.change.strengths);
    if (!known || !numbers || !names.every((name) => name in change.strengths)) return null;
    return { input: { ...otherwise.input, ...input }, change: { ...otherwise.change, ...change }, view: { ...otherwise.view, ...view } };
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
