// Charts: what a point says is shown where one points at it, and read out where keys go from point to point.
for (const plot of all(".plot")) {
  const points = data.charts[plot.dataset.chart], svg = plot.querySelector("svg"), tip = plot.querySelector("output"), dot = plot.querySelector("i");
  const REACH = 30; // pixels
  let at = -1;
  const tell = (place) => {
    at = place;
    tip.hidden = dot.hidden = place < 0;
    if (place < 0) return;
    const [x, y, told] = points[place];
    tip.textContent = told;
    Object.assign(dot.style, { left: `${100 * x}%`, top: `${100 * y}%` });
    Object.assign(tip.style, x < 0.5 ? { left: `${100 * x}%`, right: "auto" } : { left: "auto", right: `${100 - 100 * x}%` });
    Object.assign(tip.style, y < 0.5 ? { top: `${100 * y}%`, bottom: "auto" } : { top: "auto", bottom: `${100 - 100 * y}%` });
  };
  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    let best = -1, least = REACH;
    points.forEach(([x, y], place) => {
      const far = Math.hypot(box.left + x * box.width - event.clientX, box.top + y * box.height - event.clientY);
      if (far < least) [best, least] = [place, far];
    });
    if (best !== at) tell(best);
  };
  plot.addEventListener("pointermove", nearest);
  plot.addEventListener("pointerdown", nearest);
  plot.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") tell(-1); });
  plot.addEventListener("blur", () => tell(-1));
  plot.addEventListener("keydown", (event) => {
    const last = points.length - 1;
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last, Escape: -1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    tell(event.key === "Escape" ? -1 : Math.min(last, Math.max(0, to)));
  });
}
