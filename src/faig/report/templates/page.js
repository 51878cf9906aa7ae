"use strict";
(() => {
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
        const key = row.cells[place].dataset.key;
        return [number ? Number(key.replace("inf", "Infinity")) : key, row];
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
    const pair = figure.querySelector(".pair"), slider = figure.querySelector("input");
    const choices = all("img", figure.querySelector("template").content);
    slider.addEventListener("input", () => pair.style.setProperty("--at", `${slider.value}%`));
    for (const select of all("select", figure)) select.addEventListener("change", () => {
      const chosen = choices[select.value], shown = pair.querySelector(`img.${select.dataset.side}`);
      shown.src = chosen.src;
      shown.alt = chosen.alt;
      pair.querySelector(`.tag.${select.dataset.side}`).textContent = chosen.dataset.name;
    });
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

  // Charts: plotly draws, the page says in which colours.
  const axis = () => ({ gridcolor: colour("--edge"), zerolinecolor: colour("--edge"), linecolor: colour("--edge"), automargin: true });
  const layout = (chart) => ({
    ...chart.layout,
    xaxis: { ...axis(), ...chart.layout.xaxis },
    yaxis: { ...axis(), ...chart.layout.yaxis },
    font: { color: colour("--text"), size: 12, family: "system-ui, sans-serif" },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 10, r: 12, t: 10, b: 10 },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 11 } },
    hoverlabel: { bgcolor: colour("--card"), bordercolor: colour("--edge"), font: { color: colour("--text") }, namelength: -1 },
    hovermode: "closest",
  });
  const ink = (token) => { // c0, c0/0.15 or text
    const [name, opacity] = token.split("/");
    const hex = colour(`--${name}`);
    return opacity ? hex + Math.round(255 * opacity).toString(16).padStart(2, "0") : hex;
  };
  const traces = (chart) => chart.data.map((trace) => {
    const inked = { ...trace };
    for (const part of ["line", "marker"]) if (trace[part]?.color) inked[part] = { ...trace[part], color: ink(trace[part].color) };
    if (trace.fillcolor) inked.fillcolor = ink(trace.fillcolor);
    if (trace.error_y) inked.error_y = { ...trace.error_y, color: colour("--soft") };
    return inked;
  });
  const draw = (place) => {
    const chart = data.charts[place.dataset.chart];
    Plotly.react(place, traces(chart), layout(chart), { responsive: true, displaylogo: false, displayModeBar: "hover", modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] });
  };
  const drawAll = () => all(".plot").forEach(draw);
  drawAll();
  dark.addEventListener("change", drawAll);

  // The map of all filters.
  if (data.map) {
    const { layers, total } = data.map;
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
    const functions = data.map.functions.map((one, place) => {
      const index = new Uint32Array(bytes(one.index)), rank = new Uint32Array(total);
      index.forEach((filter, at) => { rank[filter] = at + 1; });
      return { name: one.name, index, rank, score: new Float32Array(bytes(one.score)), ink: `--c${place}` };
    });
    const canvases = all("#map canvas"), readout = document.getElementById("filter");
    const share = document.getElementById("share"), told = document.getElementById("share-told");
    const rgb = (name) => {
      const number = parseInt(colour(name).slice(1), 16);
      return [number >> 16, (number >> 8) & 255, number & 255];
    };
    const kept = Math.max(...functions.map((one) => one.index.length));
    const wanted = () => 0.001 * (kept / total / 0.001) ** (share.value / 100); // from a thousandth to all that is kept

    const paint = () => {
      const top = Math.max(1, Math.floor(total * wanted() + 1e-6));
      told.textContent = `${(100 * wanted()).toPrecision(2)}%`;
      share.setAttribute("aria-valuetext", told.textContent);
      const rest = rgb("--rest"), several = rgb("--several"), inks = functions.map((one) => rgb(one.ink));
      canvases.forEach((canvas, place) => {
        const [, out, inputs, start] = layers[place];
        const image = new ImageData(inputs, out), counts = functions.map(() => 0);
        for (let at = 0; at < out * inputs; at++) {
          let ink = rest, hits = 0;
          functions.forEach((one, number) => {
            const rank = one.rank[start + at];
            if (rank && rank <= top) { ink = inks[number]; hits++; counts[number]++; }
          });
          image.data.set(hits > 1 ? several : ink, 4 * at);
          image.data[4 * at + 3] = 255;
        }
        canvas.getContext("2d").putImageData(image, 0, 0);
        canvas.closest("figure").querySelector("small").replaceChildren(...counts.map((count, number) => {
          const told = document.createElement("span");
          told.textContent = `${count} `;
          told.style.color = `var(${functions[number].ink})`;
          return told;
        }));
      });
    };
    const show = (canvas, out, inp) => {
      const [name, outs, inputs, start] = layers[canvas.dataset.layer];
      const filter = start + out * inputs + inp;
      const said = functions.map((one) => {
        const rank = one.rank[filter];
        return rank
          ? `${one.name}: score ${one.score[rank - 1].toPrecision(3)}, rank ${rank}`
          : `${one.name}: score below ${one.score[one.score.length - 1].toPrecision(3)}, rank beyond ${one.index.length}`;
      });
      readout.textContent = `${name}, out ${out}, in ${inp} (filter ${filter}) — ${said.join("; ")}`;
      canvases.forEach((other) => { other.nextElementSibling.hidden = other !== canvas; });
      const cursor = canvas.nextElementSibling;
      Object.assign(cursor.style, { left: `${(100 * inp) / inputs}%`, top: `${(100 * out) / outs}%`, width: `${100 / inputs}%`, height: `${100 / outs}%` });
      canvas.dataset.out = out;
      canvas.dataset.in = inp;
    };
    for (const canvas of canvases) {
      const [, outs, inputs, start] = layers[canvas.dataset.layer];
      const at = (event) => {
        const box = canvas.getBoundingClientRect();
        const place = (offset, size, count) => Math.min(count - 1, Math.max(0, Math.floor((offset / size) * count)));
        show(canvas, place(event.clientY - box.top, box.height, outs), place(event.clientX - box.left, box.width, inputs));
      };
      canvas.addEventListener("pointermove", at);
      canvas.addEventListener("pointerdown", at);
      canvas.addEventListener("keydown", (event) => {
        let out = Number(canvas.dataset.out ?? 0), inp = Number(canvas.dataset.in ?? 0);
        const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
        if (step) {
          out = Math.min(outs - 1, Math.max(0, out + step[0]));
          inp = Math.min(inputs - 1, Math.max(0, inp + step[1]));
        } else if (event.key === "Home") {
          const inside = functions.map((one) => one.index.find((filter) => filter >= start && filter < start + outs * inputs));
          const best = inside.find((filter) => filter !== undefined) ?? start;
          [out, inp] = [Math.floor((best - start) / inputs), (best - start) % inputs];
        } else return;
        event.preventDefault();
        show(canvas, out, inp);
      });
    }
    share.addEventListener("input", paint);
    dark.addEventListener("change", paint);
    paint();
  }
})();
