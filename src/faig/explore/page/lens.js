// Every picture eight times larger, at the place under the pointer; a click shows that picture on the right.

import { make } from "./dom.js";
import { clipped } from "./planes.js";
import { PICTURES } from "./words.js";

export const ZOOM = 8;
const SIDE = 16; // pixels of the output in a tile

export class Lens {
  /** @param {HTMLElement} place @param {import("./viewer.js").Viewer} viewer @param {import("./state.js").Store} store */
  constructor(place, viewer, store) {
    this.viewer = viewer;
    this.store = store;
    this.at = { x: 0.5, y: 0.5 };
    /** @type {Map<string, HTMLCanvasElement>} */
    this.tiles = new Map();
    this.row = make("div", { class: "tiles" });
    const note = make("p", { class: "note" }, `×${ZOOM} under the pointer. Arrow keys move it; a click puts the picture on the right.`);
    place.append(this.row, note);
    this.row.addEventListener("keydown", (event) => this.key(event));
    viewer.frame.addEventListener("pointermove", (event) => this.follow(event));
    viewer.frame.addEventListener("pointerdown", (event) => this.follow(event));
    viewer.frame.addEventListener("pointerleave", () => { viewer.mark.hidden = true; });
  }

  /** @param {PointerEvent} event */
  follow(event) {
    const box = this.viewer.frame.getBoundingClientRect();
    this.at = { x: clipped((event.clientX - box.left) / box.width), y: clipped((event.clientY - box.top) / box.height) };
    this.viewer.mark.hidden = false;
    this.render();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const steps = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
    const step = steps[event.key], size = this.viewer.pictures.target;
    if (!step || !size) return;
    event.preventDefault();
    this.at = { x: clipped(this.at.x + (2 * step[0]) / size.width), y: clipped(this.at.y + (2 * step[1]) / size.height) };
    this.viewer.mark.hidden = false;
    this.render();
  }

  /** @param {string} name */
  tile(name) {
    let canvas = this.tiles.get(name);
    if (!canvas) {
      canvas = make("canvas", { width: SIDE * ZOOM, height: SIDE * ZOOM, "aria-hidden": "true" });
      this.tiles.set(name, canvas);
      this.row.append(make("button", { type: "button", onclick: () => this.store.set("view", { right: name }), "data-picture": name },
        canvas, make("span", {}, PICTURES[name])));
    }
    return canvas;
  }

  render() {
    const { pictures, mark } = this.viewer, full = pictures.target;
    if (!full) return;
    for (const name of Object.keys(PICTURES)) {
      const picture = pictures[name];
      if (picture) this.magnify(this.tile(name), picture, SIDE * (picture.width / full.width));
      const button = this.tiles.get(name)?.parentElement;
      if (button) {
        button.hidden = !picture;
        button.setAttribute("aria-pressed", String(this.store.state.view.right === name));
      }
    }
    Object.assign(mark.style, {
      left: `${100 * this.at.x}%`, top: `${100 * this.at.y}%`, width: `${(100 * SIDE) / full.width}%`, height: `${(100 * SIDE) / full.height}%`,
    });
  }

  /** @param {HTMLCanvasElement} canvas @param {ImageData} picture @param {number} side pixels of the picture in a tile */
  magnify(canvas, picture, side) {
    const drawn = canvas.getContext("2d");
    if (!drawn) return;
    const left = Math.round(clampTo(this.at.x * picture.width - side / 2, picture.width - side));
    const top = Math.round(clampTo(this.at.y * picture.height - side / 2, picture.height - side));
    const small = new OffscreenCanvas(side, side);
    small.getContext("2d")?.putImageData(picture, -left, -top);
    drawn.imageSmoothingEnabled = false;
    drawn.clearRect(0, 0, canvas.width, canvas.height);
    drawn.drawImage(small, 0, 0, canvas.width, canvas.height);
  }
}

/** @param {number} value @param {number} most */
const clampTo = (value, most) => Math.max(0, Math.min(most, value));
