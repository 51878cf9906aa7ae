// What has to be computed again when something changes, and in which order: pictures first, numbers when it is quiet.

/** @typedef {import("./types").Engine} Engine */
/** @typedef {import("./types").Prepared} Prepared */
/** @typedef {import("./types").Altered} Altered */
/** @typedef {import("./types").Numbers} Numbers */
/**
 * @typedef {object} Shown
 * @property {(pictures: import("./types").Early) => void} early
 * @property {(prepared: Prepared) => void} prepared
 * @property {(altered: Altered, full: boolean) => void} altered
 * @property {(numbers: Numbers, working: boolean) => void} numbers
 * @property {(busy: boolean) => void} busy
 * @property {(message: string) => void} failed
 */

const QUICK = 0.15; // seconds: a full picture that follows the slider
const QUIET = 250; // milliseconds without a change before numbers are computed
const STALE = "superseded"; // what an engine says of work that a newer call made useless

export class Recompute {
  seconds = Infinity; // of the last full picture
  running = 0;
  /** @type {{ live: boolean } | null} a change that waits for the preview before it */
  waiting = null;
  previewing = false;
  prepared = false;
  preparing = false;
  serial = 0;
  timer = 0;

  /** @param {Engine} engine @param {import("./state.js").Store} store @param {Shown} shown */
  constructor(engine, store, shown) {
    this.engine = engine;
    this.store = store;
    this.shown = shown;
  }

  /** @template T @param {Promise<T>} work @returns {Promise<T | null>} null where it is stale or has failed */
  async guarded(work) {
    this.shown.busy(++this.running > 0);
    try {
      return await work;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const stale = message === STALE || (error instanceof Error && error.name === "AbortError");
      if (!stale) this.shown.failed(message);
      return null;
    } finally {
      this.shown.busy(--this.running > 0);
    }
  }

  /** Another photo, crop or degradation. */
  async input() {
    const serial = ++this.serial;
    clearTimeout(this.timer);
    this.prepared = false;
    this.preparing = true;
    const prepared = await this.guarded(this.engine.prepare(this.store.state.input, (pictures) => {
      if (serial === this.serial) this.shown.early(pictures);
    }));
    if (serial !== this.serial) return;
    this.preparing = false;
    if (!prepared) return; // stopped or failed, which was said: the next change tries again
    this.prepared = true;
    this.seconds = Infinity;
    this.shown.prepared(prepared);
    await this.change(false);
  }

  /** Another strength, way or set. @param {boolean} live whether a slider is held */
  async change(live) {
    clearTimeout(this.timer);
    if (!this.prepared) {
      if (!live && !this.preparing) await this.input();
      return;
    }
    const full = !live || this.seconds < QUICK;
    if (this.previewing) { // one after the other, so that a held slider shows every one that is done
      this.waiting = { live };
      return;
    }
    this.previewing = live;
    const { input, change } = this.store.state;
    const altered = await this.guarded(this.engine.alter(input, change, full, live));
    this.previewing = false;
    const next = this.waiting;
    this.waiting = null;
    const current = this.store.state.input === input;
    if (altered && current) {
      if (full && this.store.state.change === change) this.seconds = altered.seconds;
      this.shown.altered(altered, full);
    }
    if (next) await this.change(next.live);
    else if (altered && current && this.store.state.change === change) this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.numbers(), QUIET);
  }

  async numbers() {
    const { input, change } = this.store.state;
    const turned = change.way === "map" || Object.values(change.strengths).some((level) => level !== 1);
    for (const control of turned && this.engine.controlApart ? [false, true] : [turned]) {
      const numbers = await this.guarded(this.engine.numbers(input, change, control));
      if (!numbers || this.store.state.input !== input || this.store.state.change !== change) return;
      this.shown.numbers(numbers, turned && !control);
    }
  }
}
