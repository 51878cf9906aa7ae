const data = JSON.parse(document.getElementById("data").textContent);
const all = (selector, place = document) => [...place.querySelectorAll(selector)];
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const dark = matchMedia("(prefers-color-scheme: dark)");

// Tables: a click on a heading sorts by it, a second one the other way round.
for (const table of all("table.sortable")) {
  const heads = all("th", table), body = table.tBodies[0];
  heads.forEach((head, place) => head.firstElementChild.addEventListener("click", () => {
    const number = head.classList.contains("number");
    const down = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : number;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = [...body.rows].map((row) => {
      const cell = row.cells[place];
      return [number ? Number(cell.dataset.key.replace("inf", "Infinity")) : cell.textContent, row];
    });
    const order = (a, b) => (number ? (a === b ? 0 : a - b) : a.localeCompare(b));
    keyed.sort(([a], [b]) => (down ? order(b, a) : order(a, b)));
    body.append(...keyed.map(([, row]) => row));
  }));
}
for (const field of all("[data-search]")) {
  const rows = all("tbody tr", field.closest("details"));
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}

// Two pictures with a line between them.
for (const figure of all(".comparison")) {
  const pair = figure.querySelector(".pair"), layers = all(".layer", pair), line = beforeAfter(pair);
  const chosen = all("select", figure);
  for (const select of chosen) select.addEventListener("change", () => line.show(...chosen.map((one) => layers[one.value])));
}

// A picture for each strength.
for (const figure of all(".turned")) {
  const slider = figure.querySelector("input"), images = all("img", figure);
  slider.addEventListener("input", () => {
    images.forEach((image, place) => { image.hidden = place !== Number(slider.value); });
    const shown = images[slider.value];
    figure.querySelector("output").textContent = shown.dataset.strength;
    figure.querySelector(".told").textContent = shown.dataset.told;
    slider.setAttribute("aria-valuetext", shown.dataset.strength);
  });
}
