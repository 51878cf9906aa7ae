// Everything by keyboard.

import { make } from "./dom.js";

/** @typedef {[string, string, () => void]} Key key, meaning, deed */

/** @param {Key[]} keys @returns {HTMLElement} a list of them */
export function keyboard(keys) {
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.closest("input:not([type=range]):not([type=checkbox]):not([type=radio]), select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const found = keys.find(([key]) => key === event.key.toLowerCase());
    if (!found) return;
    event.preventDefault();
    found[2]();
  });
  return make("dl", { class: "keys" }, ...keys.flatMap(([key, meaning]) => [make("dt", {}, make("kbd", {}, key.toUpperCase())), make("dd", {}, meaning)]));
}
