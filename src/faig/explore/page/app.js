// The page: which engine computes, and which part shows what.

import { Away } from "./away.js";
import { byId, make } from "./dom.js";
import { BrowserEngine } from "./engine_browser.js";
import { ServerEngine } from "./engine_server.js";
import { Functions } from "./functions.js";
import { introduce } from "./intro.js";
import { keyboard } from "./keys.js";
import { Lens } from "./lens.js";
import { MapView } from "./map.js";
import { NumbersView, Others } from "./numbers.js";
import { Photo } from "./photo.js";
import { Recompute } from "./recompute.js";
import { begin, comfortable, ofLink, Store, toLink } from "./state.js";
import { Viewer } from "./viewer.js";
import { sentence } from "./words.js";
import { WorseView } from "./worse.js";

const LONG = 700; // milliseconds after which work is said to be under way

/** @param {string} message */
function say(message) {
  const place = byId("error");
  place.hidden = !message;
  place.textContent = message ? message.charAt(0).toUpperCase() + message.slice(1) : "";
}

/** @param {string} line @param {number} share */
function progress(line, share) {
  const place = byId("progress");
  place.textContent = line;
  place.style.setProperty("--share", String(share));
}

/** The engine that the page was written for. @returns {import("./types").Engine} */
function engineOf() {
  const named = document.querySelector('meta[name="engine"]')?.getAttribute("content");
  return named === "browser" ? new BrowserEngine() : new ServerEngine();
}

/** @param {import("./types").Pair} pair @param {import("./types").Engine} engine @param {number} side */
async function stateOf(pair, engine, side) {
  const otherwise = begin(pair, side), linked = location.hash.length > 1;
  const found = linked ? ofLink(location.hash.slice(1), pair) : null;
  if (linked && !found) say("this link is of another page or pair; the page starts afresh");
  if (found && !pair.examples.some(({ id }) => id === found.input.photo)) {
    const kept = engine.kind === "server" && (await engine.photo(found.input.photo).catch(() => null));
    if (!kept) {
      say("the photo of this link was someone’s own and is not in it; an example stands in");
      found.input = { ...found.input, photo: otherwise.input.photo, crop: otherwise.input.crop };
    }
  }
  return found ?? otherwise;
}

/** Long work is said to be under way, and can be stopped. @param {() => void} stop */
function patience(stop) {
  const cancel = byId("cancel");
  cancel.addEventListener("click", stop);
  let timer = 0;
  return (/** @type {boolean} */ busy) => {
    document.body.toggleAttribute("data-busy", busy);
    clearTimeout(timer);
    if (busy) timer = setTimeout(() => { cancel.hidden = false; document.body.toggleAttribute("data-long", true); }, LONG);
    else { cancel.hidden = true; document.body.toggleAttribute("data-long", false); }
  };
}

async function main() {
  byId("waiting").remove();
  const engine = engineOf();
  engine.onprogress = progress;
  const pair = await engine.pair(), side = comfortable(pair, engine.kind);
  byId("pair").textContent = pair.name;
  document.title = `${pair.name} · faig explore`;
  const store = new Store(await stateOf(pair, engine, side));

  const viewer = new Viewer(byId("viewer"), store), lens = new Lens(byId("lens"), viewer, store);
  const functions = new Functions(byId("functions"), pair, store);
  const others = new Others(byId("others"), pair), numbers = new NumbersView(byId("numbers"), pair);
  const photo = new Photo(byId("photo"), pair, engine, store, side, say), worse = new WorseView(byId("worse"), pair, store);
  const map = new MapView(byId("map"), pair, engine, store);
  const away = new Away(byId("away"), pair, engine, store, () => viewer.pictures, say);
  let ends = /** @type {import("./types").Prepared["numbers"] | null} */ (null), introduced = location.hash.length > 1;

  const work = new Recompute(engine, store, {
    early: (pictures) => viewer.show({ ...pictures, baseline: null, target: null, altered: null, difference: null }),
    prepared(prepared) {
      ends = prepared.numbers;
      viewer.show({ ...prepared.pictures, altered: prepared.pictures.target, difference: null });
      numbers.renderQuality(ends, null);
      lens.render();
    },
    altered(altered, full) {
      if (full) {
        viewer.show(altered.pictures);
        map.show(altered.pictures.altered);
      } else viewer.preview(altered.pictures, altered.place);
      numbers.renderQuality(ends, full ? altered.numbers : null);
      lens.render();
      document.body.dataset.shown = full ? "full" : "preview";
      if (introduced) return;
      introduced = true;
      const [{ name }] = pair.functions;
      void introduce((at) => viewer.split(at), (value, live) => store.set("change", { strengths: { ...store.state.change.strengths, [name]: value } }, live));
    },
    numbers(found, working) {
      others.render(found);
      numbers.render(found, working);
    },
    busy: patience(() => {
      engine.cancel();
      say("stopped: the picture is not of what is set now; change anything to go on");
    }),
    failed: say,
  });

  store.listen((section, live) => {
    const { change } = store.state;
    if (section !== "view") say("");
    if (section === "view") {
      viewer.render();
      lens.render();
    }
    if (section === "change") {
      functions.render();
      byId("sentence").textContent = sentence(pair, change);
      if (!live) byId("said").textContent = sentence(pair, change); // read aloud once the slider is let go
      if (!live) map.render();
      void work.change(live);
    }
    if (section === "input") {
      photo.render();
      worse.render();
      functions.render();
      if (!live) void work.input();
    }
    if (!live) history.replaceState(null, "", linkOf(store.state));
    if (!live && section !== "view") void away.render();
  });

  const share = byId("share");
  share.addEventListener("click", async () => {
    await navigator.clipboard.writeText(new URL(linkOf(store.state), location.href).href).then(
      () => { share.textContent = "Copied"; }, () => { share.textContent = "It is in the address bar"; });
    setTimeout(() => { share.textContent = "Copy link"; }, 2000);
  });
  const toggle = () => store.set("view", { right: store.state.view.right === "altered" ? "target" : "altered" });
  byId("footer").append(make("p", {}, `${pair.name}: ×${pair.scale}, ${pair.parameters.toLocaleString("en")} parameters, ${pair.space.units.toLocaleString("en")} ${pair.space.unit}s. faig ${pair.version}.`),
    keyboard([
      ["b", "altered or the network", toggle],
      ["x", "swap the pictures", () => store.set("view", { left: store.state.view.right, right: store.state.view.left })],
      ["d", "the difference", () => store.set("view", { right: store.state.view.right === "difference" ? "altered" : "difference" })],
      ["r", "all strengths back", () => functions.reset()],
      ["l", "to the lens", () => /** @type {HTMLElement | null} */ (byId("lens").querySelector("button"))?.focus()],
      ["m", "to the map", () => byId("map").querySelector("canvas")?.focus()],
      ...pair.functions.slice(0, 9).map(({ job }, at) => /** @type {import("./keys.js").Key} */ ([String(at + 1), `to ${job}`, () => functions.rows[at].input.focus()])),
    ]));
  byId("sentence").textContent = sentence(pair, store.state.change);
  void away.render();
  await work.input();
  functions.tell(await engine.curves());
}

/** @param {import("./types").State} state */
const linkOf = (state) => `#${toLink(state)}`;

addEventListener("hashchange", () => location.reload()); // another link was pasted
main().catch((error) => say(error instanceof Error ? error.message : String(error)));
