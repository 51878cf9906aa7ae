// The photo made worse before the network gets it: a slider a degradation, with what the pair was trained on marked.

import { labelled, make } from "./dom.js";
import { worseAtFirst } from "./state.js";
import { number } from "./words.js";

/** @typedef {import("./types").Pair} Pair */
/** @typedef {"blur" | "noise" | "jpeg"} Step */

/** JPEG's slider is how much is lost: 100 less the quality, 0 none. @type {Record<Step, { label: string, most: number, step: number, text: (value: number) => string, slide: (level: number) => number }>} */
const STEPS = {
  blur: { label: "Blur", most: 6, step: 0.1, text: (value) => (value ? `σ ${number(value, 1)} px` : "none"), slide: (level) => level },
  noise: { label: "Noise", most: 0.3, step: 0.005, text: (value) => (value ? `σ ${number(value, 3)}` : "none"), slide: (level) => level },
  jpeg: { label: "JPEG", most: 95, step: 1, text: (value) => (value ? `quality ${100 - value}` : "none"), slide: (level) => 100 - level },
};

export class WorseView {
  /** @param {HTMLElement} place @param {Pair} pair @param {import("./state.js").Store} store */
  constructor(place, pair, store) {
    this.store = store;
    this.kept = worseAtFirst(pair);
    this.rows = /** @type {Step[]} */ (Object.keys(STEPS)).map((step) => this.row(step, pair));
    this.seed = make("input", { type: "number", min: "0", max: "999999", step: "1", onchange: () => this.move({ seed: Math.max(0, Math.round(Number(this.seed.value)) || 0) }, false) });
    this.again = make("button", { type: "button", class: "quiet", onclick: () => this.move({ seed: (this.store.state.input.worse?.seed ?? 0) + 1 }, false) }, "Other noise");
    this.asIs = make("input", { type: "checkbox", id: "as-is", onchange: () => {
      const { worse } = this.store.state.input;
      if (worse) this.kept = worse;
      this.store.set("input", { worse: this.asIs.checked ? null : this.kept });
    } });
    this.note = make("p", { class: "note" });
    place.append(make("h2", {}, "Make it worse"), ...this.rows.map(({ element }) => element),
      make("div", { class: "seed" }, labelled("Seed", this.seed), this.again),
      make("label", { class: "check" }, this.asIs, make("span", {}, "My photo is the input: leave it as it is")), this.note);
    this.render();
  }

  /** @param {Step} step @param {Pair} pair */
  row(step, pair) {
    const { label, most, step: by } = STEPS[step], id = `worse-${step}`;
    const output = make("output", { for: id });
    const input = make("input", { type: "range", id, min: "0", max: String(most), step: String(by),
      oninput: () => this.slide(step, Number(input.value), true), onchange: () => this.slide(step, Number(input.value), false) });
    const trained = pair.functions.find((one) => one.trained?.step === step)?.trained;
    const places = trained ? [trained.low, trained.high].map((level) => STEPS[step].slide(level) / most).sort((a, b) => a - b) : null;
    const marked = places && make("span", { class: "trained", "--low": `${places[0]}`, "--high": `${places[1]}` });
    const note = trained ? `trained on ${trained.low === trained.high ? trained.low : `${trained.low} to ${trained.high}`}` : "not trained on";
    const element = make("div", { class: "level" }, make("div", { class: "head" }, make("label", { for: id }, label), make("span", { class: "told" }, note), output),
      make("div", { class: "track" }, marked, input));
    return { step, element, input, output };
  }

  /** @param {Step} step @param {number} value of the slider @param {boolean} live */
  slide(step, value, live) {
    this.move({ [step]: step === "jpeg" ? (value ? 100 - value : null) : value }, live);
  }

  /** @param {Partial<import("./types").Worse>} levels @param {boolean} live */
  move(levels, live) {
    this.store.set("input", { worse: { ...(this.store.state.input.worse ?? this.kept), ...levels } }, live);
  }

  render() {
    const { worse } = this.store.state.input;
    for (const { step, input, output } of this.rows) {
      const level = worse?.[step] ?? 0, value = level ? STEPS[step].slide(level) : 0;
      input.value = String(value);
      input.disabled = !worse;
      output.textContent = worse ? STEPS[step].text(value) : "–";
      input.setAttribute("aria-valuetext", output.textContent);
    }
    this.seed.value = String(worse?.seed ?? this.kept.seed);
    this.asIs.checked = !worse;
    this.note.textContent = worse ? "" : "There is no ground truth then, so no PSNR of the picture.";
  }
}
