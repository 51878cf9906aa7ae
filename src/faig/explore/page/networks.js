// The pair's networks: one graph of ONNX, whose strengths are an input, run by onnxruntime-web on one thread.

import { clipped, planes, round8 } from "./planes.js";

/** @typedef {import("./planes.js").Planes} Planes */
/** @typedef {import("./changes.js").Part} Part */

const KEPT = 400e6; // bytes of outputs

/** Outputs that were used last, by name. */
class Outputs {
  /** @type {Map<string, Planes>} */
  kept = new Map();
  bytes = 0;

  /** @param {string} name */
  get(name) {
    const found = this.kept.get(name);
    if (found) {
      this.kept.delete(name);
      this.kept.set(name, found);
    }
    return found;
  }

  /** @param {string} name @param {Planes} image */
  set(name, image) {
    this.kept.set(name, image);
    this.bytes += image.values.byteLength;
    for (const [oldest, old] of this.kept) {
      if (this.bytes <= KEPT || oldest === name) break;
      this.kept.delete(oldest);
      this.bytes -= old.values.byteLength;
    }
  }
}

export class Networks {
  outputs = new Outputs();

  /** @param {any} runtime the module of onnxruntime-web @param {any} session @param {import("./types").Pair} pair */
  constructor(runtime, session, pair) {
    this.runtime = runtime;
    this.session = session;
    this.scale = pair.scale;
    this.channels = pair.channels;
  }

  /** @param {import("./types").Pair} pair @param {URL} folder of the page @returns {Promise<Networks>} */
  static async load(pair, folder) {
    if (!pair.graph) throw new Error("pair.json names no graph");
    try {
      const runtime = await import(new URL("npm/ort.wasm.bundle.min.mjs", folder).href);
      runtime.env.wasm.numThreads = 1; // more need a host that isolates the page
      runtime.env.wasm.wasmPaths = { wasm: new URL("npm/ort-wasm-simd-threaded.wasm", folder).href };
      const options = { executionProviders: ["wasm"] };
      const session = await runtime.InferenceSession.create(new URL(pair.graph.file, folder).href, options);
      return new Networks(runtime, session, pair);
    } catch (error) {
      const reason = String(error instanceof Error ? error.message : error).split(/[.;\n] /)[0];
      throw new Error(`the network did not arrive, or does not run in this browser (${reason}): load the page again`);
    }
  }

  /** A network's output, clipped to [0, 1], not rounded. @param {Planes} lr @param {Part} part @returns {Promise<Planes>} */
  async run(lr, part) {
    const { Tensor } = this.runtime;
    const image = new Tensor("float32", lr.values, [1, lr.channels, lr.height, lr.width]);
    const strengths = part.strengths(), kept = part.kept?.() ?? new Float32Array(strengths.length).fill(1);
    const each = (/** @type {Float32Array} */ values) => new Tensor("float32", values, [values.length]);
    const { output } = await this.session.run({ image, strength: each(strengths), kept: each(kept) });
    const [, channels, height, width] = output.dims;
    const made = planes(channels, width, height);
    for (let at = 0; at < made.values.length; at++) made.values[at] = clipped(output.data[at]);
    output.dispose();
    return made;
  }

  /**
   * What a change makes of an LR image: outputs averaged by their shares, rounded to 8 bits.
   * @param {string} name of the image: equal names, equal images
   * @param {Planes} lr @param {Part[]} parts
   * @param {() => Promise<void>} turn awaited before every network that runs; it may throw
   * @param {boolean} [keep] the outputs for later calls
   * @returns {Promise<Planes>}
   */
  async average(name, lr, parts, turn, keep = true) {
    const sum = planes(lr.channels, lr.width * this.scale, lr.height * this.scale);
    for (const part of parts) {
      const key = `${name} ${part.name}`;
      let output = keep ? this.outputs.get(key) : undefined;
      if (!output) {
        await turn();
        output = await this.run(lr, part);
        if (keep) this.outputs.set(key, output);
      }
      const { share } = part, { values } = output;
      for (let at = 0; at < values.length; at++) sum.values[at] += share * values[at];
    }
    return round8(sum);
  }
}
