"""Pictures of the page of `faig explore`, for README and docs.

    python scripts/screenshots.py

Opens the page of srresnet-x2 before a server in chromium, switches deblurring off, and photographs the first screen on
a desk and on a phone, light and dark, and the map; writes docs/images/explore-*.png of at most 300 kB.
"""

import io
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from faig.explore.explorer import Explorer
from faig.explore.server import Server
from faig.explore.serving import bound, settings
from faig.explore.subject import Subject
from faig.imaging.colours import COLOURS

PAIR = "srresnet-x2"
FOLDER = Path(__file__).parents[1] / "docs" / "images"
MOST = 300_000  # bytes of a picture
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
PATIENCE = 300_000  # milliseconds
OFF = """it => { it.value = 0; for (const kind of ['input', 'change']) it.dispatchEvent(new Event(kind)); }"""


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET, timeout=PATIENCE)
        for scheme in ("light", "dark"):
            for name, screen in (("desk", DESK), ("phone", PHONE)):
                page = opened(browser, address, scheme, screen)
                write(page.screenshot(), f"explore-{name}-{scheme}")
                if (name, scheme) == ("desk", "light"):
                    page.locator("[data-operation=replace]").click()
                    page.locator("#map canvas").nth(30).hover()
                    page.wait_for_selector(".kernels canvas")
                    page.wait_for_selector("body:not([data-busy])")
                    write(page.locator("#map").screenshot(), "explore-map")
                page.context.close()
        browser.close()


@contextmanager
def served() -> Iterator[str]:
    """The pair's page before a server; yields its address."""
    listening = bound("127.0.0.1", 0)
    server = Server(Explorer(Subject.of_pair(PAIR)), "127.0.0.1")
    process = uvicorn.Server(settings(server))
    thread = threading.Thread(target=process.run, args=[[listening]])
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.turns.end()
    process.should_exit = True
    thread.join()
    listening.close()


def opened(browser: Browser, address: str, scheme: str, screen: dict[str, object]) -> Page:
    """The first screen, with the first function off, beside the network as it is."""
    page = browser.new_context(color_scheme=scheme, reduced_motion="reduce", **screen).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.wait_for_selector("body[data-shown=full]")
    page.select_option(".tag.left", "target")
    page.locator("#functions input[type=range]").first.evaluate(OFF)
    page.wait_for_selector(".band", state="attached")
    page.wait_for_selector("#functions .function.known")
    page.wait_for_selector("body:not([data-busy])")
    return page


def write(png: bytes, name: str) -> None:
    """In 256 colours, those of the functions among them, or in fewer, where that is too large."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    fixed = [int(colour[place : place + 2], 16) for colour in COLOURS for place in (1, 3, 5)]
    for colours in (256, 128, 64):
        own = picture.quantize(colours - len(COLOURS), dither=Image.Dither.NONE).getpalette() or []
        palette = Image.new("P", (1, 1))
        palette.putpalette([*fixed, *own][: 3 * colours])
        packed = io.BytesIO()
        picture.quantize(palette=palette, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
        if len(packed.getvalue()) <= MOST:
            (FOLDER / f"{name}.png").write_bytes(packed.getvalue())
            print(f"{name}: {len(packed.getvalue())} bytes, {colours} colours")
            return
    raise SystemExit(f"{name}: {len(packed.getvalue())} bytes are more than {MOST}")


if __name__ == "__main__":
    main()
