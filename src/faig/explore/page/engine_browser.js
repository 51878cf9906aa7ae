// The engine of the static page: everything is computed in this browser, by a worker; photos do not leave it.

/** @typedef {import("./types").Engine} Engine */
/** @typedef {import("./types").Pair} Pair */

/** @implements {Engine} */
export class BrowserEngine {
  kind = /** @type {const} */ ("browser");
  downloads = ["png", "comparison", "gif", "csv", "index"];
  actions = /** @type {import("./types").Action[]} */ (["revert", "strength", "graft", "cut"]);
  controlApart = true;
  onprogress = (/** @type {string} */ _line, /** @type {number} */ _share) => {};

  constructor() {
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    /** @type {Map<number, { done: (value: any) => void, failed: (error: Error) => void, early?: (pictures: import("./types").Early) => void }>} */
    this.waiting = new Map();
    this.serial = 0;
    /** @type {Promise<Pair> | null} */
    this.described = null;
    this.worker.addEventListener("message", ({ data: { id, value, error, early } }) => {
      const one = this.waiting.get(id);
      if (early) return one?.early?.(early);
      this.waiting.delete(id);
      if (error === undefined) one?.done(value);
      else one?.failed(new Error(error));
    });
    this.worker.addEventListener("error", (event) => {
      for (const one of this.waiting.values()) one.failed(new Error(`this browser cannot run the page: ${event.message ?? "its worker does not start"}`));
      this.waiting.clear();
    });
  }

  /** @param {string} kind @param {any[]} given @param {(pictures: import("./types").Early) => void} [early] @returns {Promise<any>} */
  send(kind, given = [], early) {
    const id = ++this.serial;
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed, early });
      this.worker.postMessage({ id, kind, arguments: given });
    });
  }

  /** @param {string} kind @param {any[]} given @returns {Promise<any>} */
  ask(kind, ...given) { return this.pair().then(() => this.send(kind, given)); }

  pair() {
    this.described ??= fetch(new URL("pair.json", import.meta.url)).then((answer) => answer.json()).then((pair) => {
      void this.loading(pair);
      return pair;
    });
    return this.described;
  }

  /** The networks and what runs them are fetched while the page is drawn. @param {Pair} pair */
  async loading(pair) {
    this.onprogress("The network is on its way to your browser", 0.3);
    await this.send("pair", [pair]).catch(() => {}); // what is asked next fails too, and says why
    this.onprogress("", 1);
  }

  /** @type {Engine["curves"]} */
  async curves() { return (await this.pair()).curves ?? null; }

  /** @param {Blob} file */
  addPhoto(file) {
    return this.ask("addPhoto", file, `own-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`);
  }

  /** @param {string} id */
  photo(id) { return this.ask("photo", id); }
  /** @param {string} id */
  thumbnail(id) { return new URL(`examples/${encodeURIComponent(id)}-small.png`, import.meta.url).href; }
  /** @type {Engine["prepare"]} */
  prepare(input, early) { return this.pair().then(() => this.send("prepare", [input], early)); }
  /** @type {Engine["alter"]} */
  alter(input, change, full, live) { return this.ask("alter", input, change, full, live); }
  /** @type {Engine["numbers"]} */
  numbers(input, change, control) { return this.ask("numbers", input, change, control); }
  cancel() { void this.send("cancel"); }
  /** @type {Engine["unit"]} */
  unit(index) { return this.ask("unit", index); }
  /** @type {Engine["download"]} */
  download(input, change, kind) { return kind === "gif" ? this.ask("film", input, change) : Promise.reject(new Error("this needs PyTorch: faig explore")); }
  /** @type {Engine["commands"]} */
  commands() { return Promise.reject(new Error("this needs PyTorch: faig explore")); }
}
