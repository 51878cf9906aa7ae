// What the change does, in numbers, beside what random sets of the same size do; and the other inputs in small.

import { draw, make } from "./dom.js";
import { capital, inputName, number } from "./words.js";

/** @typedef {import("./types").Pair} Pair */
/** @typedef {import("./types").Numbers} Numbers */

/** The other inputs: small pictures that stay in view. */
export class Others {
  /** @param {HTMLElement} place @param {Pair} pair */
  constructor(place, pair) {
    this.pair = pair;
    this.row = make("div", { class: "small-pictures" });
    this.title = make("h2", {}, "Other inputs");
    place.append(this.title, this.row);
    this.element = place;
  }

  /** @param {Numbers | null} numbers */
  render(numbers) {
    this.element.hidden = !numbers?.others.length;
    this.row.replaceChildren(...(numbers?.others ?? []).map((one) => {
      const canvas = make("canvas", { role: "img", "aria-label": `${inputName(one.input, this.pair)} input, altered network` });
      draw(canvas, one.picture);
      const loss = one.psnr !== null && one.psnr_target !== null ? one.psnr - one.psnr_target : null;
      const told = loss === null ? "" : `${loss < -0.005 ? "−" : "+"}${Math.abs(loss).toFixed(2)} dB`;
      return make("figure", {}, canvas, make("figcaption", {}, make("span", {}, inputName(one.input, this.pair)), make("b", {}, told)));
    }));
  }
}

/** Rows of the table: key, name, meaning. @type {["off" | "leak", string, string][]} */
const RATIOS = [
  ["off", "switched off", "1 is exactly what the network did before it learned the job"],
  ["leak", "leak", "what changes on the other inputs, against what the job does"],
];

export class NumbersView {
  /** @param {HTMLElement} place @param {Pair} pair */
  constructor(place, pair) {
    this.pair = pair;
    this.quality = make("div", { class: "quality" });
    this.wrecked = make("p", { class: "wrecked", role: "status", hidden: true });
    this.bars = make("div", { class: "bars" });
    this.note = make("p", { class: "note" });
    place.append(make("h2", { id: "numbers-title" }, "Numbers"), this.wrecked, this.quality, this.bars, this.note);
  }

  /** @param {import("./types").Prepared["numbers"] | null} ends @param {import("./types").Altered["numbers"] | null} own */
  renderQuality(ends, own) {
    const cell = (/** @type {string} */ name, /** @type {import("./types").Altered["numbers"] | null} */ one) =>
      make("div", {}, make("span", {}, name), make("b", {}, `${number(one?.psnr, 2)} dB`), make("span", {}, `SSIM ${number(one?.ssim, 4)}`));
    this.quality.hidden = !ends?.target;
    if (ends) this.quality.replaceChildren(cell("baseline", ends.baseline), cell("the network", ends.target), cell("altered", own));
  }

  /** @param {Numbers | null} numbers @param {boolean} working whether the random sets are still to come */
  render(numbers, working) {
    this.wrecked.hidden = !numbers?.wrecked;
    this.wrecked.textContent = numbers?.wrecked ? `Wrecked: ${numbers.wrecked}.` : "";
    const functions = numbers ? this.pair.functions.filter(({ name }) => name in numbers.off) : [];
    this.bars.replaceChildren(...functions.map((one) => make("div", { class: "function", ...(one.colour ? { "--ink": one.colour } : {}) },
      make("h3", {}, capital(one.job)),
      ...RATIOS.map(([which, label, meaning]) => this.ratio(/** @type {Numbers} */ (numbers), one.name, which, label, meaning)))));
    this.note.textContent = !functions.length
      ? ""
      : `Measured on the middle of this photo, taken as ground truth. ● gradient maps, ○ pixels. ${this.control(numbers, working)}`;
  }

  /** @param {Numbers | null} numbers @param {boolean} working */
  control(numbers, working) {
    if (numbers?.control) return `Grey: ${numbers.control.of}.`;
    if (working) return "Random sets of the same size are being measured…";
    return Object.values(numbers?.off ?? {}).every((value) => value === 0) ? "Nothing is turned yet." : "All of the network is turned alike, so no random set compares.";
  }

  /** @param {Numbers} numbers @param {string} name @param {"off" | "leak"} which @param {string} label @param {string} meaning */
  ratio(numbers, name, which, label, meaning) {
    const maps = numbers[which][name], pixels = numbers[/** @type {"off_pixels"} */ (`${which}_pixels`)][name];
    const band = numbers.control?.[which][name];
    const at = (/** @type {number} */ value) => `${100 * Math.min(1, Math.max(0, value))}%`;
    const grey = band && make("span", { class: "band", "--low": at(band[0]), "--high": at(band[1]) });
    const texts = band ? `, random ${number(band[0], 2)} to ${number(band[1], 2)}` : "";
    return make("div", { class: `ratio ${which}`, title: meaning },
      make("span", {}, label), make("span", { class: "rail", "aria-hidden": "true" }, grey ?? null,
        make("i", { class: "pixels", "--at": at(pixels) }), make("i", { class: "maps", "--at": at(maps) })),
      make("b", {}, number(maps, 2)), make("span", { class: "told" }, `pixels ${number(pixels, 2)}${texts}`));
  }
}
