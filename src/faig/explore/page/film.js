// An animation from the network to what is set up, and back, as a GIF file.

/** @typedef {import("./types").Change} Change */
/** @typedef {{ name: string, picture: ImageData }} Frame */

const FRAMES = 10; // between the network and the change
const HELD = 5; // frames for which each is shown where there is nothing in between
const DELAY = 120; // milliseconds a frame
const TITLE = 14; // pixels above each picture
const COLOURS = 256;

/** From the network to a change, with names. @param {Change} change @returns {[string, Change][]} */
export function steps(change) {
  const { map, strengths, way } = change;
  const between = (/** @type {number} */ end, /** @type {number} */ share) => 1 + share * (end - 1);
  if (map && way === "map" && (map.action === "graft" || map.action === "cut")) {
    /** @type {[string, Change]} */
    const network = ["target", { way: "set", strengths: {}, map: null }];
    return [...Array(HELD).fill(network), ...Array(HELD).fill([map.action, change])];
  }
  return Array.from({ length: FRAMES + 1 }, (_, at) => at / FRAMES).map((share) => {
    if (map && way === "map") {
      const strength = between(map.action === "strength" ? map.strength : 0, share);
      return [strength.toFixed(2), { ...change, map: { ...map, action: "strength", strength } }];
    }
    const levels = Object.fromEntries(Object.entries(strengths).map(([name, end]) => [name, between(end, share)]));
    return [Object.entries(levels).map(([name, level]) => `${name} ${level.toFixed(2)}`).join(", "), { ...change, strengths: levels }];
  });
}

/** A picture with its name above it, in black on white. @param {Frame} frame */
function framed({ name, picture }) {
  const canvas = new OffscreenCanvas(picture.width, picture.height + TITLE), drawn = canvas.getContext("2d");
  if (!drawn) throw new Error("this browser draws no pictures");
  drawn.fillStyle = "white";
  drawn.fillRect(0, 0, canvas.width, canvas.height);
  drawn.fillStyle = "black";
  drawn.font = "11px system-ui, sans-serif";
  drawn.fillText(name, 2, TITLE - 3, canvas.width - 4);
  drawn.putImageData(picture, 0, TITLE);
  return drawn.getImageData(0, 0, canvas.width, canvas.height);
}

/**
 * Frames of one size there and back, without end.
 * @param {Frame[]} frames @param {any} gifenc the module of that name @returns {Blob}
 */
export function gif(frames, { GIFEncoder, quantize, applyPalette }) {
  const file = GIFEncoder(), there = frames.map(framed);
  for (const { data, width, height } of [...there, ...there.slice(1, -1).reverse()]) {
    const palette = quantize(data, COLOURS);
    file.writeFrame(applyPalette(data, palette), width, height, { palette, delay: DELAY });
  }
  file.finish();
  return new Blob([file.bytes()], { type: "image/gif" });
}
