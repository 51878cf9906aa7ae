// A slider for each job of the network, the measured curve above it, and what it is that is turned.

import { position } from "./changes.js";
import { CurveView, MEASURES } from "./curve.js";
import { bar, make } from "./dom.js";
import { Pad } from "./pad.js";
import { capital, inputName, percent, WAYS } from "./words.js";

/** @typedef {import("./types").Pair} Pair */
/** @typedef {import("./curve.js").Measure} Measure */

export const MOST = 1.5; // strength: beyond the network's own
const UNIT = { psnr: " dB", noise: "", sharpness: "" };

export class Functions {
  /** @param {HTMLElement} place @param {Pair} pair @param {import("./state.js").Store} store */
  constructor(place, pair, store) {
    this.pair = pair;
    this.store = store;
    /** @type {Measure} */
    this.measure = "psnr";
    /** @type {import("./types").Curves | null} */
    this.curves = null;
    this.rows = pair.functions.map((one) => this.row(one.name, capital(one.job), one.colour, one.hardly));
    this.whole = this.row(null, "The whole network");
    this.ways = bar("way", "What is turned", pair.ways.map((way) => [way, WAYS[way]?.[0] ?? way]), store.state.change.way,
      (way) => this.choose(way));
    this.meaning = make("p", { class: "note" });
    this.measures = bar("measure", "The curve", Object.entries(MEASURES), this.measure, (value) => {
      this.measure = /** @type {Measure} */ (value);
      this.render();
    });
    const reset = make("button", { type: "button", class: "quiet", onclick: () => this.reset() }, "Back to 100%");
    this.pad = pair.functions.length > 1 ? new Pad(pair.functions[0], pair.functions[1], MOST, pair.ways[0], store) : null;
    place.append(make("div", { class: "title" }, make("h2", {}, "Strength"), reset),
      ...this.rows.map(({ element }) => element), this.whole.element, ...(this.pad ? [this.pad.element] : []),
      make("details", { class: "more" }, make("summary", {}, "How it is turned"), this.ways.element, this.meaning,
        this.measures.element));
    this.render();
  }

  /** @param {string | null} name of the function; null: all of them at once @param {string} label @param {string} [colour] @param {number | null} [hardly] */
  row(name, label, colour, hardly = null) {
    const id = `strength-${name ?? "all"}`;
    const output = make("output", { for: id });
    const move = (/** @type {boolean} */ live) => this.move(name, Number(input.value), live);
    const input = make("input", { type: "range", id, min: "0", max: String(MOST), step: "0.01", oninput: () => move(true), onchange: () => move(false) });
    const view = name ? new CurveView(MOST) : null, told = make("span", { class: "told" });
    const plot = view && make("div", { class: "plot" }, /** @type {any} */ (view.element), view.dot);
    const ticks = make("div", { class: "ticks", "aria-hidden": "true" }, make("span", {}, "off"), make("span", {}, "as trained"), make("span", {}, `${100 * MOST}%`));
    const lacking = name && `The picture is not ${inputName(name, this.pair)}: make it so`;
    const add = lacking ? make("button", { type: "button", class: "quiet add", onclick: () => this.worsen(name) }, lacking) : null;
    const warning = hardly === null ? null : make("p", { class: "note" },
      `Its filters do only ${percent(Math.max(hardly, 0))} of this job: the slider changes little. “How it is turned” has ways that change more.`);
    const element = make("div", { class: "function", ...(colour ? { "--ink": colour } : {}) },
      make("div", { class: "head" }, make("label", { for: id }, label), told, output), plot, input, ticks, warning, add);
    return { name, element, input, output, view, told, add };
  }

  /** @param {string | null} name @param {number} value @param {boolean} live */
  move(name, value, live) {
    const { change } = this.store.state;
    const strengths = name ? { ...change.strengths, [name]: value }
      : Object.fromEntries(Object.keys(change.strengths).map((one) => [one, value]));
    this.store.set("change", { strengths, ...(change.way === "map" ? { way: this.pair.ways[0] } : {}) }, live);
  }

  /** @param {string} way */
  choose(way) {
    const { strengths } = this.store.state.change, whole = way === "DNI" || way === "blend";
    const at = position(this.store.state.change);
    this.store.set("change", { way, strengths: whole ? Object.fromEntries(Object.keys(strengths).map((name) => [name, at])) : strengths });
  }

  /** The step of a function that the picture does not show: its slider changes little there. @param {string | null} name */
  missing(name) {
    const { worse } = this.store.state.input, trained = this.pair.functions.find((one) => one.name === name)?.trained;
    return trained && worse && trained.step in worse && !worse[/** @type {"blur"} */ (trained.step)] ? trained : null;
  }

  /** @param {string | null} name of a function whose degradation the picture lacks */
  worsen(name) {
    const { worse } = this.store.state.input, trained = this.missing(name);
    if (trained && worse) this.store.set("input", { worse: { ...worse, [trained.step]: trained.step === "jpeg" ? trained.low : trained.high } });
  }

  /** @param {import("./types").Curves | null} curves as measured */
  tell(curves) {
    this.curves = curves;
    this.render();
  }

  reset() {
    const { change } = this.store.state;
    this.store.set("change", { strengths: Object.fromEntries(Object.keys(change.strengths).map((name) => [name, 1])),
      way: change.way === "map" ? this.pair.ways[0] : change.way });
  }

  render() {
    const { way, strengths } = this.store.state.change, whole = way === "DNI" || way === "blend";
    for (const row of [...this.rows, this.whole]) {
      const value = row.name ? strengths[row.name] : position(this.store.state.change);
      row.element.hidden = whole === (row.name !== null);
      row.element.classList.toggle("unused", way === "map");
      if (row.add) row.add.hidden = !this.missing(row.name);
      row.input.value = String(value);
      row.input.setAttribute("aria-valuetext", value === 0 ? "off" : percent(value));
      row.output.textContent = value === 0 ? "off" : percent(value);
      const curve = row.name && (this.curves?.[row.name]?.[way === "set" ? "set" : "images"] ?? null);
      const at = row.view && curve ? row.view.render(curve, this.measure, value) : null;
      row.element.classList.toggle("known", at !== null);
      row.told.textContent = at === null ? "" : `${MEASURES[this.measure]} ${at.toFixed(this.measure === "psnr" ? 1 : 2)}${UNIT[this.measure]}`;
    }
    if (this.pad) {
      this.pad.element.hidden = whole;
      this.pad.render();
    }
    this.ways.choose(way);
    this.meaning.textContent = way === "map" ? "What is chosen on the map is turned." : capital(WAYS[way]?.[1] ?? "") + ".";
  }
}
