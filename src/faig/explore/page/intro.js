// The page moves by itself once, so that one sees what can be moved; a touch stops it, and so does the wish for less motion.

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {number} from @param {number} to @param {number} milliseconds @param {(value: number) => void} step @param {AbortSignal} stopped */
const glide = (from, to, milliseconds, step, stopped) => new Promise((done) => {
  const begun = performance.now();
  const frame = (/** @type {number} */ now) => {
    if (stopped.aborted) return done(false);
    const share = Math.min(1, Math.max(0, (now - begun) / milliseconds));
    step(from + (to - from) * (share * share * (3 - 2 * share)));
    if (share < 1) requestAnimationFrame(frame);
    else done(true);
  };
  requestAnimationFrame(frame);
});

/** @param {(percent: number) => void} split the line @param {(strength: number, live: boolean) => void} turn the first function */
export async function introduce(split, turn) {
  if (STILL.matches) return;
  const stop = new AbortController(), { signal } = stop;
  for (const event of ["pointerdown", "keydown", "wheel", "touchstart"]) addEventListener(event, () => stop.abort(), { once: true, passive: true });
  await glide(50, 12, 700, split, signal);
  await glide(12, 50, 900, split, signal);
  await glide(1, 0, 1100, (value) => turn(Math.round(100 * value) / 100, true), signal);
  await new Promise((done) => setTimeout(done, signal.aborted ? 0 : 500));
  await glide(0, 1, 900, (value) => turn(Math.round(100 * value) / 100, true), signal);
  if (!signal.aborted) turn(1, false);
}
