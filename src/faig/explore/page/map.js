// Choosing units by hand or by a method's best, and what is done to them.

import { bar, draw, labelled, make } from "./dom.js";
import { Panels } from "./panels.js";
import { Readout } from "./readout.js";
import { combined, countOf, indices, ofRuns, runsOf, setOf, size, top } from "./units.js";
import { percent } from "./words.js";

/** @typedef {import("./types").Pair} Pair */
/** @typedef {import("./types").Action} Action */

const LEAST = 0.0001; // share of the units at the left of the slider
/** @type {Record<Action, string>} */
const ACTIONS = { revert: "Revert", strength: "Strength", graft: "Graft", cut: "Cut" };
/** @type {Record<Action, string>} */
const MEANINGS = {
  revert: "They get the weights back that they had before the network learned its jobs.",
  strength: "Between those weights and the network’s, and beyond.",
  graft: "Only they have what was learned; all others have their old weights.",
  cut: "Their weights are zero.",
};
/** @type {[string, string][]} */
const OPERATIONS = [["replace", "Choose"], ["add", "Add"], ["remove", "Take away"], ["common", "Keep common"]];

export class MapView {
  away = false;
  share = 0.01;

  /** @param {HTMLElement} place @param {Pair} pair @param {import("./types").Engine} engine @param {import("./state.js").Store} store */
  constructor(place, pair, engine, store) {
    this.pair = pair;
    this.store = store;
    this.method = pair.methods[0]?.name; // none of a pair that only its sets are known of
    this.own = pair.functions[0].name;
    const { units } = pair.space;
    this.most = Math.min(1, indices(pair.methods[0]?.functions[this.own]?.index ?? "").length / units);
    this.chosen = this.ofState();
    this.readout = new Readout(pair, engine);
    this.panels = new Panels(pair, { point: (index) => this.readout.point(index), choose: (found, away) => this.brush(found, away) });
    this.count = make("p", { class: "count", role: "status" });
    this.legends = this.legend();
    this.small = make("canvas", { class: "small", role: "img", "aria-label": "The altered picture, small" });
    const hasAction = (/** @type {string} */ action) => engine.actions.includes(/** @type {Action} */ (action));
    this.actions = bar("action", "What is done to the chosen", Object.entries(ACTIONS).filter(([action]) => hasAction(action)), "revert",
      (action) => this.act({ action: /** @type {Action} */ (action) }, false));
    this.meaning = make("p", { class: "note" });
    this.strength = make("input", { type: "range", min: "0", max: "1.5", step: "0.01", oninput: () => this.act({ strength: Number(this.strength.value) }, true),
      onchange: () => this.act({ strength: Number(this.strength.value) }, false) });
    this.strengthTold = make("output");
    this.strengthRow = labelled("Their strength", this.strength, this.strengthTold);
    place.append(make("h2", { id: "map-title" }, "The map"),
      make("p", { class: "note" }, `Every ${pair.space.unit} of the network is a pixel. Paint over some, or take a method’s best, and see what the picture loses.`),
      make("div", { class: "map-grid" }, make("div", { class: "tools" }, ...this.brushes(), ...(pair.methods.length ? this.best() : []), this.actions.element, this.meaning, this.strengthRow, this.count), make("div", {}, this.legends, this.panels.element), make("div", { class: "beside" }, this.small, this.readout.element)));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    this.render();
  }

  brushes() {
    const all = (/** @type {number} */ value) => () => this.choose(new Uint8Array(this.pair.space.units).fill(value));
    return [
      bar("shape", "Brush", [["rectangle", "Box"], ["rows", "Rows"], ["columns", "Columns"], ["layer", "Layer"]], "rectangle",
        (shape) => { this.panels.shape = /** @type {import("./brush.js").Shape} */ (shape); }).element,
      bar("mode", "What the brush does", [["add", "Add"], ["away", "Take away"]], "add", (mode) => { this.away = mode === "away"; }).element,
      make("div", { class: "buttons" }, make("button", { type: "button", id: "map-none", onclick: all(0) }, "None"),
        make("button", { type: "button", onclick: () => this.choose(this.chosen.map((is) => 1 - is)) }, "All others")),
    ];
  }

  /** Which colour is whose. */
  legend() {
    return make("p", { class: "legend" }, ...this.pair.functions.map(({ job, colour }) =>
      make("span", { class: "function", ...(colour ? { "--ink": colour } : {}) }, `best for ${job}`)), "pale: not chosen");
  }

  best() {
    const option = (/** @type {string} */ value, /** @type {string} */ label) => make("option", { value }, label);
    const method = make("select", { id: "map-method", onchange: () => { this.method = method.value; this.paint(); } }, ...this.pair.methods.map(({ name }) => option(name, name)));
    const own = make("select", { id: "map-function", onchange: () => { this.own = own.value; this.paint(); } }, ...this.pair.functions.map(({ name, job }) => option(name, job)));
    const slider = make("input", { type: "range", id: "map-share", min: "0", max: "100", step: "0.5",
      value: String((100 * Math.log(this.share / LEAST)) / Math.log(this.most / LEAST)), oninput: () => {
        this.share = LEAST * (this.most / LEAST) ** (Number(slider.value) / 100);
        this.told();
        this.paint();
      } });
    this.slider = slider;
    this.shareTold = make("output");
    this.told();
    return [make("fieldset", { class: "best" }, make("legend", {}, "A method’s best"),
      make("div", { class: "pairs" }, labelled("by", method), labelled("for", own)), labelled("Share", slider, this.shareTold),
      make("div", { class: "buttons" }, ...OPERATIONS.map(([operation, label]) =>
        make("button", { type: "button", "data-operation": operation, onclick: () => this.choose(combined(this.chosen, this.topOf(this.own), operation)) }, label))))];
  }

  told() {
    if (this.shareTold) this.shareTold.textContent = `${percent(this.share)} (${countOf(this.share, this.pair.space.units).toLocaleString("en")})`;
    this.slider?.setAttribute("aria-valuetext", percent(this.share));
  }

  /** @param {string} name of a function */
  topOf(name) {
    const ranking = this.pair.methods.find((one) => one.name === this.method)?.functions[name], { units } = this.pair.space;
    return ranking ? top(indices(ranking.index), this.share, units) : new Uint8Array(units);
  }

  ofState() {
    const { map, way } = this.store.state.change, { units } = this.pair.space;
    return map && way === "map" ? ofRuns(map.units, units) : new Uint8Array(units);
  }

  /** @param {number[]} found @param {boolean} other whether a key turns adding into taking away */
  brush(found, other) {
    this.choose(combined(this.chosen, setOf(this.pair.space.units, found), this.away !== other ? "remove" : "add"));
  }

  /** @param {import("./units.js").UnitSet} set */
  choose(set) {
    this.chosen = set;
    if (size(set)) this.act({ units: runsOf(set) }, false);
    else this.store.set("change", { way: this.pair.ways[0], map: null });
  }

  /** @param {Partial<import("./types").MapChange>} values @param {boolean} live */
  act(values, live) {
    const { map } = this.store.state.change;
    const next = { action: /** @type {Action} */ ("revert"), strength: 0.5, units: /** @type {[number, number][]} */ ([]), ...map, ...values };
    if (next.units.length) this.store.set("change", { way: "map", map: next }, live);
    else this.actions.choose("revert"); // nothing is chosen yet
  }

  /** The altered picture stays in view. @param {import("./types").Picture} picture */
  show(picture) { draw(this.small, picture); }

  paint() {
    const inks = [...this.legends.children].map((one) => getComputedStyle(one).getPropertyValue("--shade"));
    this.panels.paint(this.chosen, this.pair.functions.map(({ name }, at) => ({ set: this.topOf(name), colour: inks[at] })));
  }

  render() {
    this.chosen = this.ofState();
    const { map, way } = this.store.state.change, count = size(this.chosen), { units, unit } = this.pair.space;
    this.count.textContent = count ? `${count.toLocaleString("en")} of ${units.toLocaleString("en")} ${unit}s (${percent(count / units)})`
      : `No ${unit} is chosen.`;
    const action = way === "map" && map ? map.action : "revert";
    this.actions.choose(action);
    this.meaning.textContent = MEANINGS[action];
    this.strengthRow.hidden = action !== "strength";
    this.strength.value = String(map?.strength ?? 0.5);
    this.strengthTold.textContent = percent(map?.strength ?? 0.5);
    this.paint();
  }

}
