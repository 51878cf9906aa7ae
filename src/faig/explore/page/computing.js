// What the browser's engine answers: a photo prepared, altered, measured. It runs in the worker.

import { ends, elsewhere, functionSets, parts } from "./changes.js";
import { degrade, generator, ofSpec, whole } from "./degrade.js";
import { distances, effect, leak, off, psnr, squaredError, ssim, wrecked } from "./metrics.js";
import { steps } from "./film.js";
import { difference, middle, part, toPicture, toPlanes } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {import("./types").Input} Input */
/** @typedef {import("./types").Change} Change */
/** @typedef {import("./metrics.js").Outputs} Outputs */
/** @typedef {() => Promise<void>} Turn awaited before every network that runs; it throws where a newer call came */
/** @typedef {{ name: string, gt: Planes | null, lr: Planes }} Made */

const CONTROLS = 5; // random sets beside every set
const OTHERS = 48; // LR pixels a side of the other inputs

/** @param {Planes} photo @param {import("./types").Place | null} crop @returns {Planes} */
function cropped(photo, crop) {
  if (!crop) return photo;
  const [left, top, width, height] = crop;
  if (!width || !height || left + width > photo.width || top + height > photo.height) {
    throw new Error(`the part ${crop.join(", ")} is not inside the photo of ${photo.width} × ${photo.height} pixels; choose another`);
  }
  return part(photo, crop);
}

export class Computing {
  /** @type {Map<string, Made>} */
  inputs = new Map();

  /**
   * @param {import("./types").Pair} pair
   * @param {() => Promise<import("./networks.js").Networks>} networks which may still be on their way
   * @param {(id: string) => Promise<ImageData>} photo
   */
  constructor(pair, networks, photo) {
    this.pair = pair;
    this.networks = networks;
    this.photo = photo;
    this.sets = functionSets(pair);
    this.total = pair.graph?.strengths ?? pair.space.units;
  }

  /** LR and GT of an input. @param {Input} input @returns {Promise<Made>} */
  async made(input) {
    const name = JSON.stringify(input);
    const known = this.inputs.get(name);
    if (known) return known;
    const photo = toPlanes(await this.photo(input.photo), this.pair.channels);
    const taken = cropped(photo, input.crop);
    const { scale, down } = this.pair;
    const gt = input.worse ? whole(taken, scale) : null;
    const lr = input.worse && gt ? await degrade(gt, input.worse, scale, down) : taken;
    const made = { name, gt, lr };
    if (this.inputs.size >= 12) this.inputs.delete([...this.inputs.keys()][0]);
    this.inputs.set(name, made);
    return made;
  }

  /** The middle of an input, small enough to be run often. @param {Made} made @returns {Made} */
  preview({ name, gt, lr }) {
    const place = middle(lr.width, lr.height, this.pair.preview), { scale } = this.pair;
    const larger = /** @type {import("./types").Place} */ (place.map((value) => value * scale));
    return { name: `preview ${name}`, gt: gt && part(gt, larger), lr: part(lr, place) };
  }

  /** @param {Made} made @param {import("./changes.js").Part[]} network @param {Turn} turn @param {boolean} [keep] */
  async output({ name, lr }, network, turn, keep) {
    return (await this.networks()).average(name, lr, network, turn, keep);
  }

  /** @param {Planes} image @param {Planes | null} gt @param {boolean} [settled] whether there is time for SSIM */
  quality(image, gt, settled = true) {
    const { scale } = this.pair;
    if (!gt || Math.min(gt.width, gt.height) < 2 * scale + 11) return null;
    return { psnr: psnr(image, gt, scale), ssim: settled ? ssim(image, gt, scale) : null };
  }

  /** @param {Input} input @param {Turn} turn @param {(early: import("./types").Early) => void} early @returns {Promise<import("./types").Prepared>} */
  async prepare(input, turn, early) {
    const made = await this.made(input), both = ends(this.total);
    const before = { input: toPicture(made.lr), gt: made.gt && toPicture(made.gt) };
    early(before);
    const target = await this.output(made, [both.target], turn);
    const baseline = await this.output(made, [both.baseline], turn);
    return {
      size: [target.width, target.height],
      lr: [made.lr.width, made.lr.height],
      pictures: { ...before, baseline: toPicture(baseline), target: toPicture(target) },
      numbers: { baseline: this.quality(baseline, made.gt), target: this.quality(target, made.gt) },
    };
  }

  /** @param {Input} input @param {Change} change @param {boolean} full @param {boolean} live @param {Turn} turn @returns {Promise<import("./types").Altered>} */
  async alter(input, change, full, live, turn) {
    const begun = performance.now();
    const all = await this.made(input), made = full ? all : this.preview(all);
    const { scale } = this.pair;
    const altered = await this.output(made, parts(change, this.sets, this.total), turn);
    const target = await this.output(made, [ends(this.total).target], turn);
    const place = full ? [0, 0, all.lr.width, all.lr.height] : middle(all.lr.width, all.lr.height, this.pair.preview);
    return {
      place: /** @type {import("./types").Place} */ (place.map((value) => value * scale)),
      pictures: { altered: toPicture(altered), difference: toPicture(difference(altered, target)) },
      numbers: (full && this.quality(altered, made.gt, !live)) || { psnr: null, ssim: null },
      seconds: (performance.now() - begun) / 1000,
    };
  }

  /** The preview, from the network to a change. @param {Input} input @param {Change} change @param {Turn} turn @returns {Promise<import("./film.js").Frame[]>} */
  async film(input, change, turn) {
    const made = this.preview(await this.made(input)), frames = [];
    for (const [name, step] of steps(change)) {
      frames.push({ name, picture: toPicture(await this.output(made, parts(step, this.sets, this.total), turn)) });
    }
    return frames;
  }

  /** The middle of the photo, taken as GT: clean, and with the degradation of each function alone. @param {Input} input @returns {Promise<Record<string, Made>>} */
  async others({ photo, crop, worse }) {
    const all = toPlanes(await this.photo(photo), this.pair.channels), { scale, down, functions } = this.pair;
    const taken = cropped(all, crop), seed = worse?.seed ?? 0;
    const name = JSON.stringify(["others", photo, crop, seed]);
    const gt = whole(part(taken, middle(taken.width, taken.height, OTHERS * scale)), scale);
    /** @type {Record<string, Made>} */
    const made = {};
    const specs = functions.map((one) => /** @type {[string, string | null]} */ ([one.name, one.degradation]));
    for (const [kind, spec] of [["clean", ""], ...specs]) {
      const levels = spec === null ? null : ofSpec(spec, seed);
      if (kind !== null && levels) made[kind] = { name: `${name} ${kind}`, gt, lr: await degrade(gt, levels, scale, down) };
    }
    return made;
  }

  /**
   * A network's outputs on other inputs, beside the unaltered ones'.
   * @param {Record<string, Made>} made @param {import("./changes.js").Part[]} network @param {Turn} turn @param {boolean} keep
   * @returns {Promise<Record<string, Outputs>>}
   */
  async outputs(made, network, turn, keep) {
    const both = ends(this.total);
    /** @type {Record<string, Outputs>} */
    const found = {};
    for (const [kind, one] of Object.entries(made)) {
      found[kind] = {
        gt: one.gt,
        altered: await this.output(one, network, turn, keep),
        target: await this.output(one, [both.target], turn),
        baseline: await this.output(one, [both.baseline], turn),
      };
    }
    return found;
  }

  /** Off and leak of each function by a measure. @param {Record<string, Outputs>} outputs @param {(a: Planes, b: Planes) => number} measure */
  changed(outputs, measure) {
    const all = Object.fromEntries(Object.entries(outputs).map(([kind, one]) => [kind, distances(one, measure)]));
    const functions = Object.keys(all).filter((kind) => kind !== "clean");
    const elsewhere = (/** @type {string} */ own) => Object.keys(all).filter((kind) => kind !== own).map((kind) => all[kind]);
    return {
      all,
      off: Object.fromEntries(functions.map((kind) => [kind, off(all[kind])])),
      leak: Object.fromEntries(functions.map((kind) => [kind, leak(all[kind], elsewhere(kind))])),
    };
  }

  /** @param {Input} input @param {Change} change @param {boolean} control @param {Turn} turn @returns {Promise<import("./types").Numbers>} */
  async numbers(input, change, control, turn) {
    const made = await this.others(input);
    const outputs = await this.outputs(made, parts(change, this.sets, this.total), turn, true);
    const maps = this.changed(outputs, effect), pixels = this.changed(outputs, squaredError);
    const qualities = Object.fromEntries(Object.entries(outputs).map(([kind, { gt, altered, target, baseline }]) =>
      [kind, [altered, target, baseline].map((image) => this.quality(image, gt, false)?.psnr ?? null)]));
    return {
      off: maps.off, leak: maps.leak, off_pixels: pixels.off, leak_pixels: pixels.leak,
      wrecked: wrecked(Object.fromEntries(Object.entries(qualities).map(([kind, [own, high, low]]) =>
        [kind, { distances: maps.all[kind], psnr: own, ends: high === null || low === null ? null : [high, low] }]))),
      others: Object.entries(outputs).map(([kind, { altered }]) => ({
        input: kind, picture: toPicture(altered), psnr: qualities[kind][0], psnr_target: qualities[kind][1],
      })),
      control: control && Object.keys(made).length ? await this.control(made, change, turn) : null,
    };
  }

  /** What random sets of the same size do. @param {Record<string, Made>} made @param {Change} change @param {Turn} turn */
  async control(made, change, turn) {
    const uniform = generator(1);
    /** @type {ReturnType<Computing["changed"]>[]} */
    const rows = [];
    for (let number = 0; number < CONTROLS; number++) {
      const random = elsewhere(change, this.sets, this.pair.space.units, uniform);
      if (!random) return null;
      const outputs = await this.outputs(made, parts(random.change, random.sets, this.total), turn, false);
      rows.push(this.changed(outputs, effect));
    }
    const band = (/** @type {number[]} */ values) => /** @type {[number, number]} */ ([Math.min(...values), Math.max(...values)]);
    const bands = (/** @type {"off" | "leak"} */ which) =>
      Object.fromEntries(Object.keys(rows[0][which]).map((kind) => [kind, band(rows.map((row) => row[which][kind]))]));
    return { off: bands("off"), leak: bands("leak"), of: `${CONTROLS} random sets of the same size` };
  }
}
