// Two jobs at once: a place on a square. The sliders say the same to keyboards and screen readers.

import { make } from "./dom.js";
import { clipped } from "./planes.js";
import { capital } from "./words.js";

export class Pad {
  /** @param {import("./types").PairFunction} across @param {import("./types").PairFunction} up @param {number} most @param {string} way in which a map's change becomes one of functions @param {import("./state.js").Store} store */
  constructor(across, up, most, way, store) {
    this.names = [across.name, up.name];
    this.most = most;
    this.store = store;
    this.way = way;
    this.dot = make("span", { class: "dot" });
    this.square = make("div", { class: "pad" }, this.dot,
      make("span", { class: "across" }, `${capital(across.job)} →`), make("span", { class: "up" }, `${capital(up.job)} →`));
    this.element = make("details", { class: "more" }, make("summary", {}, "Two at once"), this.square);
    this.square.setAttribute("aria-hidden", "true");
    this.square.addEventListener("pointerdown", (event) => {
      this.square.setPointerCapture(event.pointerId);
      this.move(event, true);
    });
    this.square.addEventListener("pointermove", (event) => { if (event.buttons) this.move(event, true); });
    this.square.addEventListener("pointerup", (event) => this.move(event, false));
  }

  /** @param {PointerEvent} event @param {boolean} live */
  move(event, live) {
    const box = this.square.getBoundingClientRect();
    const places = [clipped((event.clientX - box.left) / box.width), clipped(1 - (event.clientY - box.top) / box.height)];
    const { change } = this.store.state;
    const values = Object.fromEntries(this.names.map((name, at) => [name, Math.round(100 * this.most * places[at]) / 100]));
    this.store.set("change", { strengths: { ...change.strengths, ...values }, ...(change.way === "map" ? { way: this.way } : {}) }, live);
  }

  render() {
    const [x, y] = this.names.map((name) => this.store.state.change.strengths[name] / this.most);
    Object.assign(this.dot.style, { left: `${100 * x}%`, top: `${100 * (1 - y)}%` });
  }
}
