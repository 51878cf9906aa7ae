// Elements, made in a line.

/**
 * An element. Properties are set as they are; `class`, `for`, and names with a dash as attributes; `on…` listens.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Record<string, any>} [properties] @param {(Node | string | null)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) element.style.setProperty(name, value);
    else if (name === "class" || name === "for" || name === "list" || name.includes("-")) element.setAttribute(name, value);
    else Object.assign(element, { [name]: value });
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/** A canvas with a picture on it. @param {HTMLCanvasElement} canvas @param {ImageData} picture */
export function draw(canvas, picture) {
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    Object.assign(canvas, { width: picture.width, height: picture.height });
  }
  canvas.getContext("2d")?.putImageData(picture, 0, 0);
}

/**
 * Radio buttons that look like one bar.
 * @param {string} name @param {string} legend @param {[string, string][]} choices value and label @param {string} chosen
 * @param {(value: string) => void} changed
 */
export function bar(name, legend, choices, chosen, changed) {
  const buttons = choices.map(([value, label]) => make("label", {},
    make("input", { type: "radio", name, value, checked: value === chosen, onchange: () => changed(value) }), make("span", {}, label)));
  const element = make("fieldset", { class: "bar" }, make("legend", {}, legend), ...buttons);
  const choose = (/** @type {string} */ value) => {
    for (const input of element.querySelectorAll("input")) input.checked = input.value === value;
  };
  return { element, choose };
}

/** @param {string} label @param {Node} control @param {Node | null} [after] */
export const labelled = (label, control, after = null) =>
  make("label", { class: "labelled" }, make("span", {}, label), control, after);

/** A file for the visitor to keep. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
