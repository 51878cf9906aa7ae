// The engine behind `faig explore`: PyTorch computes, this asks over HTTP.

/** @typedef {import("./types").Engine} Engine */

/** @param {string} url @returns {Promise<ImageData>} */
async function picture(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(await reason(answer));
  const bitmap = await createImageBitmap(await answer.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), drawn = canvas.getContext("2d");
  if (!drawn) throw new Error("this browser draws no pictures");
  drawn.drawImage(bitmap, 0, 0);
  return drawn.getImageData(0, 0, canvas.width, canvas.height);
}

/** @param {Response} answer */
const reason = (answer) => answer.json().then(({ error }) => String(error), () => `the program answers ${answer.status}`);

const ORDER = ["prepare", "alter", "numbers"];
const STALE = "superseded";

/** What is chosen on the map is sent where it is turned. @param {import("./types").Change} change */
const sent = (change) => (change.way === "map" ? change : { ...change, map: null });

/** @implements {Engine} */
export class ServerEngine {
  kind = /** @type {const} */ ("server");
  downloads = ["png", "comparison", "gif", "csv", "index", "safetensors", "pth", "onnx"];
  actions = /** @type {import("./types").Action[]} */ (["revert", "strength", "graft", "cut"]);
  controlApart = false;
  onprogress = (/** @type {string} */ _line, /** @type {number} */ _share) => {};
  page = crypto.getRandomValues(new Uint32Array(2)).join("-");
  serial = 0;
  /** @type {Set<string>} */
  examples = new Set();

  /** @type {Map<string, AbortController>} what is under way, by kind */
  under = new Map();

  /** Ends what a call of a kind makes useless, and begins it. @param {string} kind @returns {AbortSignal} */
  begin(kind) {
    for (const later of ORDER.slice(ORDER.indexOf(kind))) this.under.get(later)?.abort();
    const control = new AbortController();
    this.under.set(kind, control);
    return control.signal;
  }

  /** @param {string} path @param {unknown} [body] @param {AbortSignal} [signal] @returns {Promise<Response>} */
  async ask(path, body, signal) {
    const sent = body === undefined ? {} : body instanceof Blob ? { method: "POST", body }
      : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal };
    const answer = await fetch(path, sent).catch(() => {
      throw new Error(signal?.aborted ? STALE : "the program does not answer: is faig explore still running?");
    });
    if (!answer.ok) throw new Error(await reason(answer));
    return answer;
  }

  /** @type {Engine["pair"]} */
  async pair() {
    /** @type {import("./types").Pair} */
    const pair = await (await this.ask("/api/pair")).json();
    this.examples = new Set(pair.examples.map(({ id }) => id));
    return pair;
  }

  /** @type {Engine["curves"]} */
  async curves() { return (await this.ask("/api/curves")).json(); }
  /** @type {Engine["photo"]} */
  photo(id) { return picture(this.thumbnail(id)); }
  /** @param {string} id */
  thumbnail(id) { return `/api/${this.examples.has(id) ? "examples" : "photos"}/${encodeURIComponent(id)}.png`; }

  /** @type {Engine["addPhoto"]} */
  async addPhoto(file) {
    const { id } = await (await this.ask("/api/photos", file)).json();
    return { id, picture: await this.photo(id) };
  }

  /** @type {Engine["prepare"]} */
  async prepare(input) {
    const body = { page: this.page, serial: ++this.serial, input, full: true };
    const answer = await (await this.ask("/api/prepare", body, this.begin("prepare"))).json();
    const { input: lr, gt, baseline, target } = answer.pictures;
    const [a, b, c, d] = await Promise.all([picture(lr), gt ? picture(gt) : null, picture(baseline), picture(target)]);
    return { ...answer, pictures: { input: a, gt: b, baseline: c, target: d } };
  }

  /** @type {Engine["alter"]} */
  async alter(input, change, full) {
    const body = { page: this.page, serial: ++this.serial, input, change: sent(change), full };
    const answer = await (await this.ask("/api/alter", body, this.begin("alter"))).json();
    const [altered, difference] = await Promise.all([picture(answer.pictures.altered), picture(answer.pictures.difference)]);
    return { ...answer, pictures: { altered, difference } };
  }

  /** @type {Engine["numbers"]} */
  async numbers(input, change) {
    const body = { page: this.page, serial: ++this.serial, input, change: sent(change), full: false, numbers: true };
    const { numbers } = await (await this.ask("/api/alter", body, this.begin("numbers"))).json();
    const others = await Promise.all(numbers.others.map(async (/** @type {{ picture: string }} */ one) => ({ ...one, picture: await picture(one.picture) })));
    return { ...numbers, others };
  }

  cancel() { this.under.forEach((control) => control.abort()); }
  /** @type {Engine["unit"]} */
  async unit(index) { return (await this.ask(`/api/unit/${index}`)).json(); }
  /** @type {Engine["download"]} */
  async download(input, change, kind) { return (await this.ask("/api/download", { input, change: sent(change), kind })).blob(); }
  /** @type {Engine["commands"]} */
  async commands(input, change) { return (await this.ask("/api/commands", { input, change: sent(change) })).json(); }
}
