// The browser's engine, off the page's own thread. A message is { id, kind, arguments }; each gets one answer.

import { Computing } from "./computing.js";
import { decoded } from "./degrade.js";
import { gif } from "./film.js";
import { Networks } from "./networks.js";
import { unitOf } from "./unit_of.js";

/** A newer call of a kind stops the older ones of that kind and of those after it; a film is stopped by the first alone. */
const ORDER = ["prepare", "alter", "numbers"], FILM = "film";
const OWN = "own-", KEPT = 3; // the visitor's photos
const folder = new URL(".", location.href);
/** @type {Record<string, number>} */
const newest = {};
/** @type {Map<string, Promise<ImageData>>} */
const photos = new Map();
/** @type {import("./types").Pair} told by the first message */
let pair;
/** @type {Computing} from the first message on */
let computing;
/** @type {Promise<Networks> | null} */
let networks = null;
/** @type {Promise<unknown>} */
let queue = Promise.resolve();

/** Lets newer messages in. */
const breathe = () => new Promise((done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => done(undefined);
  port2.postMessage(0);
});

/** @param {number} id @param {string} kind @returns {() => Promise<void>} */
const turn = (id, kind) => async () => {
  await breathe();
  if (ORDER.slice(0, Math.max(1, ORDER.indexOf(kind) + 1)).some((earlier) => (newest[earlier] ?? 0) > id)) throw new Error("superseded");
};

/** @param {string} id of an example or of an upload @returns {Promise<ImageData>} */
function photo(id) {
  let found = photos.get(id);
  if (!found) {
    found = fetch(new URL(`examples/${encodeURIComponent(id)}.png`, folder)).then(async (answer) => {
      if (!answer.ok) throw new Error(`there is no photo ${id}; choose another`);
      return decoded(await answer.blob());
    });
    photos.set(id, found);
    found.catch(() => photos.delete(id));
  }
  return found;
}

/** @param {Blob} file @param {string} id */
async function addPhoto(file, id) {
  const { limits } = pair;
  if (file.size > limits.bytes) {
    throw new Error(`the file has ${(file.size / 1e6).toFixed(0)} MB, and at most ${(limits.bytes / 1e6).toFixed(0)} are taken`);
  }
  const picture = await decoded(file).catch(() => { throw new Error("this file is no image that the browser can read"); });
  const size = picture.width * picture.height;
  if (size > limits.pixels) {
    throw new Error(`${picture.width} × ${picture.height} pixels are more than the ${(limits.pixels / 1e6).toFixed(0)} million that are taken; cut it first`);
  }
  photos.set(id, Promise.resolve(picture));
  const own = [...photos.keys()].filter((name) => name.startsWith(OWN));
  for (const old of own.slice(0, -KEPT)) photos.delete(old);
  return { id, picture };
}

/** The networks, loaded once. */
function load() {
  networks ??= Networks.load(pair, folder);
  networks.catch(() => { networks = null; });
  return networks;
}

/** @param {{ id: number, kind: string, arguments: any[] }} message @returns {Promise<unknown>} */
async function answer({ id, kind, arguments: given }) {
  if (kind === "pair") {
    pair = given[0];
    computing = new Computing(pair, load, photo);
    return load().then(() => null);
  }
  if (kind === "cancel") return null;
  if (kind === "photo") return photo(given[0]);
  if (kind === "addPhoto") return addPhoto(given[0], given[1]);
  if (kind === "unit") return unitOf(pair, folder, given[0]);
  const check = turn(id, kind);
  await check();
  const [input, change, further, live] = given;
  if (kind === "prepare") return computing.prepare(input, check, (early) => postMessage({ id, early }));
  if (kind === "alter") return computing.alter(input, change, further, live, check);
  if (kind === FILM) return gif(await computing.film(input, change, check), await import(new URL("npm/gifenc.esm.js", folder).href));
  return computing.numbers(input, change, further, check);
}

addEventListener("message", ({ data }) => {
  if (ORDER.includes(data.kind)) newest[data.kind] = data.id;
  if (data.kind === "cancel") newest[ORDER[0]] = data.id;
  const work = () => answer(data).then((value) => postMessage({ id: data.id, value }), (error) =>
    postMessage({ id: data.id, error: String(error instanceof Error ? error.message : error) }));
  if (ORDER.includes(data.kind) || data.kind === FILM) queue = queue.then(work);
  else void work();
});
