// The map: a panel for each layer, a pixel for each unit, a row for each output channel.

import { brushing, unitsBetween } from "./brush.js";
import { make } from "./dom.js";

/** @typedef {import("./types").Pair} Pair */
/** @typedef {import("./brush.js").Cell} Cell */
/** @typedef {[number, number, number]} Rgb */

/** A colour of the page. @param {string} value of CSS @returns {Rgb} */
function rgb(value) {
  const canvas = new OffscreenCanvas(1, 1), drawn = canvas.getContext("2d");
  if (!drawn) return [128, 128, 128];
  drawn.fillStyle = value;
  drawn.fillRect(0, 0, 1, 1);
  const [r, g, b] = drawn.getImageData(0, 0, 1, 1).data;
  return [r, g, b];
}

/** @param {Rgb} a @param {Rgb} b @param {number} share of a @returns {Rgb} */
const mixed = (a, b, share) => /** @type {Rgb} */ (a.map((value, at) => Math.round(share * value + (1 - share) * b[at])));

export class Panels {
  /** @type {import("./brush.js").Shape} */
  shape = "rectangle";

  /**
   * @param {Pair} pair
   * @param {{ point: (index: number) => void, choose: (units: number[], away: boolean) => void }} does
   */
  constructor(pair, does) {
    this.pair = pair;
    this.canvases = pair.space.layers.map((layer) => {
      const [name, out, inputs] = layer;
      const canvas = make("canvas", { width: inputs, height: out, tabIndex: 0, role: "application",
        "aria-label": `Layer ${name}: ${out} outputs by ${inputs} inputs. Arrow keys point at a unit, with Shift they mark more, Enter chooses.` });
      const outline = make("span", { class: "outline", hidden: true, "aria-hidden": "true" });
      const count = make("small");
      const show = (/** @type {Cell} */ from, /** @type {Cell} */ to) => {
        const units = unitsBetween(layer, from, to, this.shape), first = units[0] - layer[3], last = units[units.length - 1] - layer[3];
        const [top, left, bottom, right] = [Math.floor(first / inputs), first % inputs, Math.floor(last / inputs) + 1, (last % inputs) + 1];
        Object.assign(outline.style, { top: `${(100 * top) / out}%`, height: `${(100 * (bottom - top)) / out}%`, left: `${(100 * left) / inputs}%`, width: `${(100 * (right - left)) / inputs}%` });
        for (const other of this.canvases) other.outline.hidden = other.outline !== outline;
      };
      brushing(canvas, layer, {
        point: (cell) => { show(cell, cell); does.point(layer[3] + cell.out * inputs + cell.in); },
        outline: show,
        apply: (from, to, away) => does.choose(unitsBetween(layer, from, to, this.shape), away),
      });
      const figure = make("figure", {}, make("figcaption", {}, make("span", { title: name }, name), count), make("div", { class: "sheet" }, canvas, outline));
      return { canvas, outline, count, figure };
    });
    this.element = make("div", { class: "layers" }, ...this.canvases.map(({ figure }) => figure));
  }

  /**
   * @param {import("./units.js").UnitSet} chosen
   * @param {{ set: import("./units.js").UnitSet, colour: string }[]} tops the best units of each function
   */
  paint(chosen, tops) {
    const style = getComputedStyle(this.element);
    const [rest, text] = ["--rest", "--text"].map((name) => rgb(style.getPropertyValue(name)));
    const inks = tops.map(({ colour }) => rgb(colour));
    this.canvases.forEach(({ canvas, count }, number) => {
      const [, out, inputs, start] = this.pair.space.layers[number];
      const image = new ImageData(inputs, out);
      let chosenHere = 0;
      for (let at = 0; at < out * inputs; at++) {
        const own = tops.findIndex(({ set }) => set[start + at]), is = chosen[start + at];
        const ink = own < 0 ? (is ? text : rest) : is ? inks[own] : mixed(inks[own], rest, 0.4);
        image.data.set([...ink, 255], 4 * at);
        chosenHere += is;
      }
      canvas.getContext("2d")?.putImageData(image, 0, 0);
      count.textContent = chosenHere ? String(chosenHere) : "";
    });
  }
}
