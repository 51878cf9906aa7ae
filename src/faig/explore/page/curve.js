// What a function's strength does, as measured: a line above the slider, a dot where the slider is.

export const MEASURES = /** @type {const} */ ({ psnr: "PSNR", noise: "noise left", sharpness: "sharpness" });
/** @typedef {keyof typeof MEASURES} Measure */
/** @typedef {import("./types").Curve} Curve */

const NS = "http://www.w3.org/2000/svg", WIDTH = 300, HEIGHT = 56, EDGE = 5;
const DEAD = 0.02; // of the range of values within a tenth of strength: a step that nobody sees

/** @param {string} tag @param {Record<string, string | number>} attributes */
function svg(tag, attributes) {
  const element = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** The value between two measured strengths. @param {number[]} strengths @param {number[]} values @param {number} at */
export function between(strengths, values, at) {
  const next = Math.max(1, strengths.findIndex((strength) => strength >= at));
  const [low, high] = [strengths[next - 1], strengths[next]];
  const share = Math.min(1, Math.max(0, (at - low) / (high - low)));
  return values[next - 1] + share * (values[next] - values[next - 1]);
}

/** Where turning changes next to nothing. @param {number[]} strengths @param {number[]} values @returns {[number, number][]} */
export function deadZones(strengths, values) {
  const range = Math.max(...values) - Math.min(...values);
  /** @type {[number, number][]} */
  const zones = [];
  for (let at = 1; at < strengths.length; at++) {
    const step = strengths[at] - strengths[at - 1];
    if (Math.abs(values[at] - values[at - 1]) > (DEAD * range * step) / 0.1) continue;
    const last = zones[zones.length - 1];
    if (last && last[1] === strengths[at - 1]) last[1] = strengths[at];
    else zones.push([strengths[at - 1], strengths[at]]);
  }
  return zones.filter(([low, high]) => high - low > 0.15);
}

export class CurveView {
  element = svg("svg", { class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  dot = document.createElement("span");

  /** @param {number} most the slider's end */
  constructor(most) {
    this.most = most;
    this.dot.className = "dot";
  }

  /** @param {Curve} curve @param {Measure} measure @param {number} at strength @returns {number} what was measured there */
  render(curve, measure, at) {
    const { strength } = curve, values = curve[measure], x = (/** @type {number} */ s) => (WIDTH * s) / this.most;
    const low = Math.min(...values), high = Math.max(...values);
    const y = (/** @type {number} */ value) => EDGE + (HEIGHT - 2 * EDGE) * (1 - (value - low) / (high - low || 1));
    const points = strength.map((s, place) => `${x(s)},${y(values[place])}`).join(" ");
    this.element.replaceChildren(
      ...deadZones(strength, values).map(([from, to]) => svg("rect", { class: "dead", x: x(from), y: 0, width: x(to) - x(from), height: HEIGHT })),
      svg("line", { class: "own", x1: x(1), x2: x(1), y1: 0, y2: HEIGHT, "vector-effect": "non-scaling-stroke" }),
      svg("polyline", { points, "vector-effect": "non-scaling-stroke" }));
    const value = between(strength, values, at);
    Object.assign(this.dot.style, { left: `${(100 * at) / this.most}%`, top: `${(100 * y(value)) / HEIGHT}%` });
    return value;
  }
}
