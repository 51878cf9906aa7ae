"""The page of `faig explore` without a server, in chromium: how soon it shows a picture, how fast a strength is.

    python benchmarks/explore_browser.py

Of the pair in examples/three-degradations, on one thread of WebAssembly; adds to docs/results/explore.json. Seconds of
processor time, of all processes of the browser, stand beside those of the clock: what else runs does not change them.
"""

import functools
import gzip
import http.server
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from faig.explore.explorer import Explorer
from faig.explore.static_page import write_page
from faig.explore.subject import Subject
from faig.imaging.images import write_image
from faig.imaging.photos import busiest_crops, photograph

ROOT = Path(__file__).parents[1]
PAIR = ROOT / "examples" / "three-degradations" / "pair"
RESULTS = ROOT / "docs" / "results" / "explore.json"
DEGRADED = ("blur=2", "noise=0.1", "jpeg=30")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE = 120_000  # milliseconds
CHANGES = 20
OPENED = 3
TICK = os.sysconf("SC_CLK_TCK")
# Seconds of each change of a strength on the preview, by weights: each runs the network once.
CHANGE = """async (count) => {
  const { BrowserEngine } = await import(new URL('engine_browser.js', document.baseURI));
  const engine = new BrowserEngine(), { functions, examples: [{ id, width, height }] } = await engine.pair();
  const worse = { blur: 2, noise: 0.1, jpeg: null, seed: 0 };
  const input = { photo: id, crop: [0, 0, width - width % 2, height - height % 2], worse }, took = [];
  for (let turn = -2; turn < count; turn++) {
    const strengths = Object.fromEntries(functions.map(({ name }) => [name, 1 - (turn + 3) / (2 * count)]));
    const begun = performance.now();
    await engine.alter(input, { way: 'set', strengths, map: null }, false, true);
    if (turn >= 0) took.push((performance.now() - begun) / 1000);
  }
  engine.worker.terminate();
  return took;
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page"
        write_page(Explorer(_subject(Path(folder))), page)
        handler = functools.partial(_Silent, directory=str(page))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            chromium = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=chromium, args=QUIET, timeout=PATIENCE)
            measured = _measured(browser, f"http://127.0.0.1:{server.server_port}/", page)
            browser.close()
            server.shutdown()
    known: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    RESULTS.write_text(json.dumps(known | {"browser": measured}, indent=1) + "\n")
    print(json.dumps(measured, indent=1))


class _Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def _subject(folder: Path) -> Subject:
    """The pair, with filters found on four crops."""
    crops = [crop for name in ("coffee", "astronaut") for crop in busiest_crops(name, photograph(name), 96, 2)]
    (folder / "GT").mkdir()
    for crop in crops:
        write_image(folder / "GT" / f"{crop.name}.png", crop.image)
    networks = [part for role in ("baseline", "target") for part in (f"--{role}", str(PAIR / f"{role}.safetensors"))]
    degraded = [part for one in DEGRADED for part in ("--degrade", one)]
    run = folder / "run"
    command = [
        sys.executable,
        "-m",
        "faig",
        "attribute",
        *networks,
        "--gt",
        str(folder / "GT"),
        *degraded,
        "--out",
        str(run),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return Subject.of_run(run)


def _measured(browser: Browser, address: str, folder: Path) -> dict[str, Any]:
    photos, firsts, works, wires = zip(*(_first_picture(browser, address, folder) for _ in range(OPENED)), strict=True)
    page = _page(browser)
    page.goto(address)
    page.wait_for_selector("body[data-shown=full]")
    page.wait_for_selector(".small-pictures canvas")
    page.wait_for_selector("body:not([data-busy])")
    runs = []
    for count in (CHANGES, 3 * CHANGES):  # what starting takes is the same in both
        before = _processor()
        took = page.evaluate(CHANGE, count)
        runs.append(_processor() - before)
    page.context.close()
    return {
        "pair": "examples/three-degradations",
        "threads": 1,
        "load": os.getloadavg()[0],
        "photo_shown": {"wall": statistics.median(photos), "least": min(photos), "opened": OPENED},
        "first_picture": {
            "wall": statistics.median(firsts),
            "least": min(firsts),
            "cpu": statistics.median(works),
            "opened": OPENED,
        },
        "gzipped_bytes": max(wires),
        "strength_on_preview": {
            "wall": statistics.median(took),
            "least": min(took),
            "cpu": (runs[1] - runs[0]) / (2 * CHANGES),
            "changes": len(took),
        },
    }


def _page(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE)
    return page


def _processor() -> float:
    """Seconds of processor time of all processes that this one has started, and theirs."""
    children: dict[int, list[tuple[int, float]]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended
            continue
        children.setdefault(int(fields[1]), []).append((int(folder.name), sum(map(int, fields[11:13])) / TICK))
    total, left = 0.0, [os.getpid()]
    while left:
        for process, seconds in children.get(left.pop(), []):
            total += seconds
            left.append(process)
    return total


def _first_picture(browser: Browser, address: str, folder: Path) -> tuple[float, float, float, int]:
    """Seconds until the photo, then an output is shown, nothing cached; processor time; gzipped bytes asked for."""
    page, asked = _page(browser), set[str]()
    page.on("request", lambda request: asked.add(urlsplit(request.url).path.lstrip("/") or "index.html"))
    before, begun = _processor(), time.perf_counter()
    page.goto(address)
    page.wait_for_selector(".frame:not(.waiting)")
    photo = time.perf_counter() - begun
    page.wait_for_selector("body[data-shown=full]")
    seconds, work = time.perf_counter() - begun, _processor() - before
    page.context.close()
    files = [folder / name for name in asked if (folder / name).is_file()]
    return photo, seconds, work, sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)


if __name__ == "__main__":
    main()
