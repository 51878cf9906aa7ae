/**
 * Two pictures and a line between them, which a native range input moves: by finger, mouse and keys, as every device and
 * every screen reader knows it. Style: before_after.css. The markup:
 *
 *   <div class="pair" style="aspect-ratio: 4/3">
 *     <img class="layer left" data-name="target" alt="..."> <img class="layer right" data-name="baseline" alt="...">
 *     <span class="line" aria-hidden="true"></span>
 *     <span class="tag left" aria-hidden="true"></span> <span class="tag right" aria-hidden="true"></span>
 *     <input type="range" min="0" max="100" value="50" aria-label="...">
 *   </div>
 *
 * Layers may be canvases too, and more than two: `show` says which two are seen.
 *
 * @param {HTMLElement} pair
 * @returns {{show: (left: HTMLElement, right: HTMLElement) => void}}
 */
export function beforeAfter(pair) {
  const slider = /** @type {HTMLInputElement} */ (pair.querySelector("input"));
  const layers = /** @type {HTMLElement[]} */ ([...pair.querySelectorAll(".layer")]);
  const sides = ["left", "right"];

  const follow = () => {
    pair.style.setProperty("--at", `${slider.value}%`);
    const [left, right] = sides.map((side) => /** @type {HTMLElement} */ (pair.querySelector(`.tag.${side}`)).textContent);
    slider.setAttribute("aria-valuetext", `${slider.value}% ${left}, ${100 - Number(slider.value)}% ${right}`);
  };
  /** @type {(left: HTMLElement, right: HTMLElement) => void} */
  const show = (...shown) => {
    sides.forEach((side, place) => {
      for (const layer of layers) layer.classList.toggle(side, layer === shown[place]);
      /** @type {HTMLElement} */ (pair.querySelector(`.tag.${side}`)).textContent = shown[place].dataset.name ?? "";
    });
    follow();
  };

  slider.addEventListener("input", follow);
  for (const event of ["pointerdown", "keydown", "input"]) pair.addEventListener(event, () => pair.classList.remove("sways"));
  follow();
  return { show };
}
