// The map of all filters.
if (data.map) {
  const { layers, total } = data.map;
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const functions = data.map.functions.map((one) => {
    const index = new Uint32Array(bytes(one.index)), rank = new Uint32Array(total);
    index.forEach((filter, at) => { rank[filter] = at + 1; });
    return { name: one.name, index, rank, score: new Float32Array(bytes(one.score)), ink: `--c${one.colour}` };
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
