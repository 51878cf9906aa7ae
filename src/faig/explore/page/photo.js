// Which photo: an example, or one's own, dropped, pasted, chosen or taken; and which part of it.

import { CropBox } from "./crop.js";
import { make } from "./dom.js";
import { cropOf } from "./state.js";

/** @typedef {import("./types").Pair} Pair */
/** @typedef {import("./types").Engine} Engine */

const LARGER = 3; // than what takes about a second: the most that a browser is given

export class Photo {
  /**
   * @param {HTMLElement} place @param {Pair} pair @param {Engine} engine @param {import("./state.js").Store} store
   * @param {number} side of a crop at first @param {(message: string) => void} say what went wrong
   */
  constructor(place, pair, engine, store, side, say) {
    this.pair = pair;
    this.engine = engine;
    this.store = store;
    this.side = side;
    this.say = say;
    this.crop = new CropBox(store, pair.scale, engine.kind === "browser" ? LARGER * side : Infinity);
    this.examples = make("div", { class: "examples" }, ...pair.examples.map((one) =>
      make("button", { type: "button", "data-photo": one.id, title: `${one.title} (${one.credit})`, onclick: () => this.choose(one.id) },
        make("img", { src: engine.thumbnail(one.id), alt: one.title, loading: "lazy" }))));
    const file = (/** @type {Record<string, string>} */ more) => make("input", {
      type: "file", accept: "image/*", ...more,
      onchange: (/** @type {Event} */ event) => {
        const input = /** @type {HTMLInputElement} */ (event.target);
        if (input.files?.[0]) void this.add(input.files[0]);
        input.value = "";
      },
    });
    place.append(make("h2", {}, "Photo"), this.examples,
      make("div", { class: "own" },
        make("label", { class: "button" }, file({ id: "file" }), make("span", {}, "Your own photo…")),
        make("label", { class: "button camera" }, file({ capture: "environment" }), make("span", {}, "Take one"))),
      make("p", { class: "note" }, engine.kind === "browser"
        ? "Or drop or paste one. It stays in your browser: nothing is uploaded."
        : "Or drop or paste one. It goes to the program on this machine alone."),
      this.crop.element);
    this.listen();
    this.render();
    void this.overview();
  }

  listen() {
    const body = document.body;
    body.addEventListener("dragover", (event) => { event.preventDefault(); body.classList.add("dropping"); });
    body.addEventListener("dragleave", (event) => { if (!event.relatedTarget) body.classList.remove("dropping"); });
    body.addEventListener("drop", (event) => {
      event.preventDefault();
      body.classList.remove("dropping");
      this.taken(event.dataTransfer?.files[0]);
    });
    body.addEventListener("paste", (event) => {
      const file = event.clipboardData?.files[0];
      if (file) this.taken(file);
    });
  }

  /** @param {File | undefined} file */
  taken(file) {
    if (file) void this.add(file);
    else this.say("what was dropped is no file; save the picture first, then drop it");
  }

  /** @param {Blob} file */
  async add(file) {
    try {
      const { id, picture } = await this.engine.addPhoto(file);
      this.use(id, picture.width, picture.height);
      this.crop.show(picture);
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} id */
  choose(id) {
    const found = this.pair.examples.find((one) => one.id === id);
    if (!found) return;
    this.use(id, found.width, found.height);
    void this.overview();
  }

  /** @param {string} photo @param {number} width @param {number} height */
  use(photo, width, height) {
    this.store.set("input", { photo, crop: cropOf(width, height, this.side, this.pair.scale) });
  }

  /** The whole photo, for the crop box. */
  async overview() {
    const { photo } = this.store.state.input;
    try {
      const picture = await this.engine.photo(photo);
      if (this.store.state.input.photo === photo) this.crop.show(picture);
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
    }
  }

  render() {
    for (const button of this.examples.children) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-photo") === this.store.state.input.photo));
    }
    this.crop.render();
  }
}
