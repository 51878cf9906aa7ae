// The part of a photo that is worked on: a box on an overview, moved by pointer or arrow keys, sized by a slider.

import { draw, labelled, make } from "./dom.js";
import { cropOf } from "./state.js";

/** @typedef {import("./types").Place} Place */

export class CropBox {
  /** @param {import("./state.js").Store} store @param {number} scale @param {number} most side of a square as large as the largest part */
  constructor(store, scale, most) {
    this.most = most;
    this.store = store;
    this.scale = scale;
    this.size = { width: 0, height: 0 };
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.box = make("button", { type: "button", class: "box", "aria-label": "Part of the photo: arrow keys move it" });
    this.overview = make("div", { class: "overview" }, this.canvas, this.box);
    this.range = make("input", { type: "range", min: "32", step: "2", oninput: () => this.resize(Number(this.range.value), true),
      onchange: () => this.resize(Number(this.range.value), false) });
    this.told = make("output");
    this.element = make("details", { class: "more" }, make("summary", {}, "Part of the photo"), this.overview, labelled("Size", this.range, this.told));
    this.box.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] }[event.key];
      if (!step) return;
      event.preventDefault();
      const [left, top] = this.place();
      this.move(left + step[0], top + step[1], false);
    });
    this.overview.addEventListener("pointerdown", (event) => {
      this.overview.setPointerCapture(event.pointerId);
      this.point(event, true);
    });
    this.overview.addEventListener("pointermove", (event) => { if (event.buttons) this.point(event, true); });
    this.overview.addEventListener("pointerup", (event) => this.point(event, false));
  }

  /** @returns {Place} */
  place() { return this.store.state.input.crop ?? [0, 0, this.size.width, this.size.height]; }

  /** @param {PointerEvent} event @param {boolean} live */
  point(event, live) {
    const box = this.overview.getBoundingClientRect(), [, , width, height] = this.place();
    const x = ((event.clientX - box.left) / box.width) * this.size.width, y = ((event.clientY - box.top) / box.height) * this.size.height;
    this.move(Math.round(x - width / 2), Math.round(y - height / 2), live);
  }

  /** @param {number} left @param {number} top @param {boolean} live */
  move(left, top, live) {
    const [, , width, height] = this.place();
    const inside = (/** @type {number} */ value, /** @type {number} */ most) => Math.max(0, Math.min(most, value));
    this.set([inside(left, this.size.width - width), inside(top, this.size.height - height), width, height], live);
  }

  /** About the same middle. @param {number} side @param {boolean} live */
  resize(side, live) {
    const [left, top, width, height] = this.place();
    const [, , w, h] = cropOf(this.size.width, this.size.height, side, this.scale);
    const at = (/** @type {number} */ middle, /** @type {number} */ length, /** @type {number} */ most) => Math.max(0, Math.min(most - length, Math.round(middle - length / 2)));
    this.set([at(left + width / 2, w, this.size.width), at(top + height / 2, h, this.size.height), w, h], live);
  }

  /** Only the box follows while it is moved: the networks run when it is let go. @param {Place} crop @param {boolean} live */
  set(crop, live) {
    if (!live && crop.join() === this.before) return;
    if (!live) this.before = crop.join();
    this.store.set("input", { crop }, live);
  }

  /** @param {ImageData} picture of the whole photo */
  show(picture) {
    this.size = { width: picture.width, height: picture.height };
    draw(this.canvas, picture);
    this.range.max = String(Math.min(this.most, Math.max(picture.width, picture.height)));
    this.overview.style.aspectRatio = `${picture.width} / ${picture.height}`;
    this.before = this.store.state.input.crop?.join() ?? "";
    this.render();
  }

  render() {
    if (!this.size.width) return;
    const [left, top, width, height] = this.place();
    Object.assign(this.box.style, {
      left: `${(100 * left) / this.size.width}%`, top: `${(100 * top) / this.size.height}%`,
      width: `${(100 * width) / this.size.width}%`, height: `${(100 * height) / this.size.height}%`,
    });
    this.range.value = String(Math.sqrt(width * height));
    this.told.textContent = `${width} × ${height}`;
  }
}
