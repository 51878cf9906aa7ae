// Two pictures, one over the other, and a line between them: a native slider as wide as the picture.

import { draw, make } from "./dom.js";
import { PICTURES } from "./words.js";

/** @typedef {import("./types").Picture} Picture */
/** @typedef {Record<string, Picture | null>} Pictures by name, see words.PICTURES */
/** @typedef {"left" | "right"} Side */

export class Viewer {
  /** @param {HTMLElement} place @param {import("./state.js").Store} store */
  constructor(place, store) {
    this.store = store;
    /** @type {Pictures} */
    this.pictures = {};
    this.canvases = { left: make("canvas", { role: "img" }), right: make("canvas", { role: "img" }) };
    this.patch = make("canvas", { class: "patch", "aria-hidden": "true", hidden: true });
    this.slider = make("input", {
      type: "range", min: "0", max: "100", step: "0.5", value: "50", class: "divider",
      "aria-label": "Where the line between the two pictures is", oninput: () => this.split(Number(this.slider.value)),
    });
    this.mark = make("span", { class: "spot", "aria-hidden": "true", hidden: true });
    this.selects = { left: this.select("left"), right: this.select("right") };
    this.over = make("div", { class: "over" }, this.canvases.right, this.patch);
    this.frame = make("div", { class: "frame waiting" }, this.canvases.left, this.over,
      make("span", { class: "line", "aria-hidden": "true" }), this.mark, this.slider, this.selects.left, this.selects.right);
    place.append(this.frame);
    this.split(50);
  }

  /** @param {Side} side */
  select(side) {
    return make("select", {
      class: `tag ${side}`, "aria-label": `Picture on the ${side}`,
      onchange: (/** @type {Event} */ event) =>
        this.store.set("view", { [side]: /** @type {HTMLSelectElement} */ (event.target).value }),
    });
  }

  /** @param {number} at percent of the width */
  split(at) {
    this.slider.value = String(at);
    this.frame.style.setProperty("--at", `${at}%`);
  }

  /** @param {Pictures} pictures what there is; the others stay */
  show(pictures) {
    Object.assign(this.pictures, pictures);
    this.patch.hidden = true;
    this.frame.classList.remove("waiting");
    this.render();
  }

  /** A newer picture of a part, over the right one, while a slider is held. @param {Pictures} pictures @param {import("./types").Place} place in the output */
  preview(pictures, [left, top, width, height]) {
    const right = this.store.state.view.right, picture = pictures[right], full = this.pictures.target;
    if (!picture || !full) return;
    draw(this.patch, picture);
    Object.assign(this.patch.style, {
      left: `${(100 * left) / full.width}%`, top: `${(100 * top) / full.height}%`,
      width: `${(100 * width) / full.width}%`, height: `${(100 * height) / full.height}%`,
    });
    this.patch.hidden = false;
  }

  render() {
    const there = Object.keys(PICTURES).filter((name) => this.pictures[name]);
    if (!there.length) return;
    for (const side of /** @type {Side[]} */ (["left", "right"])) {
      const wanted = this.store.state.view[side];
      const name = there.includes(wanted) ? wanted : side === "right" && there.includes("target") ? "target" : "input";
      const select = this.selects[side];
      select.replaceChildren(...there.map((one) => make("option", { value: one, selected: one === name }, PICTURES[one])));
      const picture = this.pictures[name];
      if (picture) draw(this.canvases[side], picture);
      this.canvases[side].setAttribute("aria-label", `${side}: ${PICTURES[name]}`);
    }
    const size = this.pictures.target ?? this.pictures.gt ?? this.pictures.input;
    if (size) {
      this.frame.style.setProperty("--ratio", String(size.width / size.height));
      this.frame.style.aspectRatio = `${size.width} / ${size.height}`;
    }
  }
}
