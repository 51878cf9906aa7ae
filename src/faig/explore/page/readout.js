// What is known of the unit under the pointer: its kernels, and its rank by every method.

import { make } from "./dom.js";
import { placeOf } from "./units.js";

/** @typedef {import("./types").Matrix} Matrix */

const WAIT = 60; // milliseconds on a unit before it is asked for

/** Blue below zero, orange above. @param {Matrix} matrix @param {number} most the value of full colour */
function picture(matrix, most) {
  const canvas = make("canvas", { width: matrix[0].length, height: matrix.length, role: "img", "aria-label": matrix.map((row) => row.map((value) => value.toFixed(3)).join(" ")).join("; ") });
  const image = new ImageData(matrix[0].length, matrix.length);
  matrix.flat().forEach((value, at) => {
    const share = Math.min(1, Math.abs(value) / most), end = value < 0 ? [0, 114, 178] : [213, 94, 0];
    image.data.set([...end.map((part) => 245 + share * (part - 245)), 255], 4 * at);
  });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

export class Readout {
  timer = 0;
  wanted = -1;

  /** @param {import("./types").Pair} pair @param {import("./types").Engine} engine */
  constructor(pair, engine) {
    this.pair = pair;
    this.engine = engine;
    this.name = make("p", { class: "unit-name" }, "Point at a unit to see its kernels and ranks.");
    this.kernels = make("div", { class: "kernels" });
    this.ranks = make("table");
    this.element = make("div", { class: "readout", "aria-live": "polite" }, this.name, this.kernels, this.ranks);
  }

  /** @param {number} index flat */
  point(index) {
    this.wanted = index;
    const place = placeOf(this.pair, index);
    this.name.textContent = `${place.name}, out ${place.out}, in ${place.in} (${this.pair.space.unit} ${index})`;
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const unit = await this.engine.unit(index).catch(() => null);
      if (unit && this.wanted === index) this.show(unit);
    }, WAIT);
  }

  /** @param {import("./types").Unit} unit */
  show({ kernels, ranks, predicted }) {
    this.kernels.replaceChildren();
    if (kernels) {
      const most = Math.max(...Object.values(kernels).flat(2).map(Math.abs)) || 1;
      for (const [name, matrix] of Object.entries(kernels)) this.kernels.append(make("figure", {}, picture(matrix, most), make("figcaption", {}, name)));
    }
    const rows = Object.entries(ranks).flatMap(([method, functions]) => Object.entries(functions).map(([kind, { rank, score, confidence }]) =>
      make("tr", {}, ...[method, kind, rank ? `#${rank.toLocaleString("en")}` : "no rank", score.toPrecision(2), typeof confidence === "number" ? `confidence ${confidence.toFixed(2)}` : ""].map((text) => make("td", {}, text)))));
    const told = Object.entries(predicted ?? {}).map(([kind, value]) =>
      make("tr", {}, make("td", {}, "reverted alone"), make("td", {}, kind), make("td", { title: "how the loss changes, as predicted" }, "Δ loss"), make("td", {}, `${value > 0 ? "+" : ""}${value.toPrecision(2)}`)));
    const none = make("tr", {}, make("td", {}, "Among the best tenth of no method."));
    this.ranks.replaceChildren(make("tbody", {}, ...(rows.length + told.length ? [...rows, ...told] : [none])));
  }
}
