// What the visitor takes away: pictures, the set, the altered network, lines of code, and the link.

import { make, save } from "./dom.js";
import { functionSets } from "./changes.js";
import { ofRuns, placeOf } from "./units.js";
import { PICTURES } from "./words.js";

/** @typedef {import("./types").Pair} Pair */
/** @typedef {import("./types").Engine} Engine */
/** @typedef {import("./viewer.js").Pictures} Pictures */

/** Label and file name of each kind. @type {Record<string, [string, string]>} */
const KINDS = {
  png: ["Picture", "altered.png"],
  comparison: ["Comparison", "comparison.png"],
  gif: ["Film over strength", "strengths.gif"],
  csv: ["Chosen units as a table", "filters.csv"],
  index: ["Chosen units as an index file", "index.txt"],
  safetensors: ["Altered network (.safetensors)", "altered.safetensors"],
  pth: ["Altered network (.pth)", "altered.pth"],
  onnx: ["Altered network (ONNX)", "altered.onnx"],
};
const TITLE = 22; // pixels above each picture of a comparison

/** @param {OffscreenCanvas} canvas */
const png = (canvas) => canvas.convertToBlob({ type: "image/png" });

/** @param {ImageData} picture */
function onCanvas(picture) {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d")?.putImageData(picture, 0, 0);
  return canvas;
}

/** All pictures but the difference side by side, each with its name. @param {Pictures} pictures @returns {Promise<Blob>} */
function comparison(pictures) {
  const there = ["input", "baseline", "target", "altered", "gt"].flatMap((name) => { const picture = pictures[name]; return picture ? [{ name, picture }] : []; });
  const { width, height } = there[1].picture;
  const sheet = new OffscreenCanvas(width * there.length, height + TITLE), drawn = sheet.getContext("2d");
  if (!drawn) throw new Error("this browser draws no pictures");
  drawn.fillStyle = "white";
  drawn.fillRect(0, 0, sheet.width, sheet.height);
  drawn.fillStyle = "black";
  drawn.font = "14px system-ui, sans-serif";
  there.forEach(({ name, picture }, at) => {
    drawn.fillText(PICTURES[name], at * width + 4, TITLE - 7, width - 8);
    drawn.imageSmoothingEnabled = false;
    drawn.drawImage(onCanvas(picture), at * width, TITLE, width, height);
  });
  return png(sheet);
}

export class Away {
  /**
   * @param {HTMLElement} place @param {Pair} pair @param {Engine} engine @param {import("./state.js").Store} store
   * @param {() => Pictures} pictures @param {(message: string) => void} say
   */
  constructor(place, pair, engine, store, pictures, say) {
    this.pair = pair;
    this.engine = engine;
    this.store = store;
    this.pictures = pictures;
    this.commands = make("div", { class: "commands" });
    const buttons = engine.downloads.filter((kind) => kind in KINDS).map((kind) => make("button", { type: "button", "data-kind": kind,
      onclick: () => this.take(kind).catch((error) => say(error instanceof Error ? error.message : String(error))) }, KINDS[kind][0]));
    place.append(make("h2", { id: "away-title" }, "Take away"), make("div", { class: "buttons" }, ...buttons), this.commands);
    if (engine.kind === "browser") this.commands.append(make("p", { class: "note" }, "The altered network itself comes from the program: "), make("pre", {}, make("code", {}, pair.command)));
  }

  /** The units that are turned: those of the map, or of the functions that are not at 1. */
  turned() {
    const { change } = this.store.state, { units } = this.pair.space;
    if (change.way === "map" && change.map) return Array.from(ofRuns(change.map.units, units).entries()).filter(([, is]) => is).map(([at]) => at);
    if (change.way !== "images" && change.way !== "set") throw new Error("all weights are turned: there is no set to take away");
    const moved = Object.entries(functionSets(this.pair)).filter(([name]) => (change.strengths[name] ?? 1) !== 1);
    if (!moved.length) throw new Error("no unit is turned: pull a slider or choose some on the map first");
    const all = new Set(moved.flatMap(([, set]) => Array.from(set.entries()).filter(([, is]) => is).map(([at]) => at)));
    return [...all].sort((a, b) => a - b);
  }

  /** @param {string} kind @returns {Promise<Blob>} */
  async made(kind) {
    const { input, change } = this.store.state, { altered } = this.pictures();
    const chosen = kind === "csv" || kind === "index" ? this.turned() : []; // which says so where there is no set
    if (this.engine.kind === "server") return this.engine.download(input, change, kind);
    if (kind === "png" && altered) return png(onCanvas(altered));
    if (kind === "comparison") return comparison(this.pictures());
    if (kind === "index") { // the paper's files hold every unit: these first
      const is = new Set(chosen);
      const rest = Array.from({ length: this.pair.space.units }, (_, index) => index).filter((index) => !is.has(index));
      return new Blob([[...chosen, ...rest].map((index) => `${index}\n`).join("")], { type: "text/plain" });
    }
    if (kind === "csv") {
      const { unit } = this.pair.space, has = { out: unit !== "layer", in: unit === "filter" };
      const rows = chosen.map((index, at) => { const place = placeOf(this.pair, index); return `${at + 1},${index},${place.name},${has.out ? place.out : ""},${has.in ? place.in : ""},\n`; });
      return new Blob(["rank,index,layer,out,in,score\n", ...rows], { type: "text/csv" });
    }
    return this.engine.download(input, change, kind);
  }

  /** @param {string} kind */
  async take(kind) { save(await this.made(kind), KINDS[kind][1]); }

  /** The lines that do the same, where the engine knows them. */
  async render() {
    if (this.engine.kind === "browser") return;
    const { input, change } = this.store.state;
    const told = await this.engine.commands(input, change).catch(() => ({})); // why is said where the picture is asked for
    if (input !== this.store.state.input || change !== this.store.state.change) return;
    this.commands.replaceChildren(...Object.values(told).map((text) => make("pre", {}, make("code", {}, text))));
  }
}
