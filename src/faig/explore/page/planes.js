// Images as planes of float32 in [0, 1], channel after channel, as networks take them; and pictures made of them.

/** @typedef {import("./types").Picture} Picture */
/** @typedef {{ channels: number, width: number, height: number, values: Float32Array }} Planes */

/**
 * @param {number} channels @param {number} width @param {number} height @param {Float32Array} [values]
 * @returns {Planes}
 */
export const planes = (channels, width, height, values) =>
  ({ channels, width, height, values: values ?? new Float32Array(channels * width * height) });

/** Rec. 601 luma of 8-bit values, rounded to 8 bits again. @param {number} r @param {number} g @param {number} b */
export const gray8 = (r, g, b) => Math.round(0.299 * r + 0.587 * g + 0.114 * b);

/**
 * A picture as planes.
 * @param {Picture} picture @param {number} channels 3, or 1: gray
 * @returns {Planes}
 */
export function toPlanes(picture, channels) {
  const { width, height, data } = picture, size = width * height;
  const made = planes(channels, width, height);
  for (let at = 0; at < size; at++) {
    if (channels === 1) made.values[at] = gray8(data[4 * at], data[4 * at + 1], data[4 * at + 2]) / 255;
    else for (let channel = 0; channel < 3; channel++) made.values[channel * size + at] = data[4 * at + channel] / 255;
  }
  return made;
}

/** Planes as a picture: clipped, rounded to 8 bits. @param {Planes} image @returns {Picture} */
export function toPicture(image) {
  const { channels, width, height, values } = image, size = width * height;
  const picture = new ImageData(width, height);
  for (let at = 0; at < size; at++) {
    for (let channel = 0; channel < 3; channel++) {
      picture.data[4 * at + channel] = Math.round(255 * clipped(values[(channels === 1 ? 0 : channel * size) + at]));
    }
    picture.data[4 * at + 3] = 255;
  }
  return picture;
}

/** What planes are after being written to an 8-bit file and read back. @param {Planes} image @returns {Planes} */
export const round8 = (image) =>
  ({ ...image, values: image.values.map((value) => Math.round(255 * clipped(value)) / 255) });

/** @param {number} value */
export const clipped = (value) => (value < 0 ? 0 : value > 1 ? 1 : value);

/** A part of planes. @param {Planes} image @param {import("./types").Place} place @returns {Planes} */
export function part(image, [left, top, width, height]) {
  const made = planes(image.channels, width, height);
  for (let channel = 0; channel < image.channels; channel++) {
    for (let row = 0; row < height; row++) {
      const from = (channel * image.height + top + row) * image.width + left;
      made.values.set(image.values.subarray(from, from + width), (channel * height + row) * width);
    }
  }
  return made;
}

/**
 * The middle of an image, at most so many pixels a side.
 * @param {number} width @param {number} height @param {number} side
 * @returns {import("./types").Place}
 */
export function middle(width, height, side) {
  const [w, h] = [Math.min(side, width), Math.min(side, height)];
  return [Math.floor((width - w) / 2), Math.floor((height - h) / 2), w, h];
}

/** Ten times how two images differ; gray 128 is equal. @param {Planes} a @param {Planes} b @returns {Planes} */
export const difference = (a, b) =>
  ({ ...a, values: a.values.map((value, at) => 128 / 255 + 10 * (value - b.values[at])) });
