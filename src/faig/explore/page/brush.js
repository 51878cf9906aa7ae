// Choosing units on a layer's panel: by pointer or by keys, in rectangles, rows, columns or whole layers.

/** @typedef {"rectangle" | "rows" | "columns" | "layer"} Shape */
/** @typedef {{ out: number, in: number }} Cell */
/** @typedef {import("./types").Layer} Layer */

/** The units between two cells of a layer. @param {Layer} layer @param {Cell} from @param {Cell} to @param {Shape} shape @returns {number[]} flat indices */
export function unitsBetween([, out, inputs, start], from, to, shape) {
  const all = shape === "layer";
  const rows = all || shape === "columns" ? [0, out - 1] : [Math.min(from.out, to.out), Math.max(from.out, to.out)];
  const columns = all || shape === "rows" ? [0, inputs - 1] : [Math.min(from.in, to.in), Math.max(from.in, to.in)];
  const units = [];
  for (let row = rows[0]; row <= rows[1]; row++) for (let column = columns[0]; column <= columns[1]; column++) units.push(start + row * inputs + column);
  return units;
}

/**
 * @typedef {object} Brushing
 * @property {(cell: Cell) => void} point at a unit
 * @property {(from: Cell, to: Cell) => void} outline what would be chosen
 * @property {(from: Cell, to: Cell, away: boolean) => void} apply
 */

/** Listens to a panel. @param {HTMLCanvasElement} canvas @param {Layer} layer @param {Brushing} does */
export function brushing(canvas, [, out, inputs], does) {
  const within = (/** @type {number} */ value, /** @type {number} */ count) => Math.max(0, Math.min(count - 1, Math.floor(value)));
  /** @type {Cell} */
  let cursor = { out: 0, in: 0 };
  /** @type {Cell | null} */
  let anchor = null;
  const cell = (/** @type {PointerEvent} */ event) => {
    const box = canvas.getBoundingClientRect();
    return { out: within(((event.clientY - box.top) / box.height) * out, out), in: within(((event.clientX - box.left) / box.width) * inputs, inputs) };
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    anchor = cursor = cell(event);
    does.point(cursor);
    does.outline(anchor, cursor);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = cursor;
    cursor = cell(event);
    if (before.out === cursor.out && before.in === cursor.in) return;
    does.point(cursor);
    if (anchor && event.buttons) does.outline(anchor, cursor);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (anchor) does.apply(anchor, cell(event), event.altKey || event.shiftKey);
    anchor = null;
  });
  canvas.addEventListener("pointercancel", () => { anchor = null; });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step) {
      const before = cursor;
      cursor = { out: within(cursor.out + step[0], out), in: within(cursor.in + step[1], inputs) };
      anchor = event.shiftKey ? (anchor ?? before) : null;
      does.point(cursor);
      does.outline(anchor ?? cursor, cursor);
    } else if (event.key === "Enter" || event.key === " ") {
      does.apply(anchor ?? cursor, cursor, event.altKey || event.shiftKey);
    } else return;
    event.preventDefault();
  });
}
