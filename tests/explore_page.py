"""The page of `faig explore` in a real browser: served by a plain file server, opened, pulled, read."""

import base64
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import torch

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE = 120_000  # milliseconds: other work may be going on
# The pixels of a canvas, as text: RGBA, row by row.
READ = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data, width, height } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let text = ''; for (const byte of data) text += String.fromCharCode(byte);
  return [btoa(text), width, height];
}"""


@contextmanager
def file_server(folder: Path) -> Iterator[str]:
    """Serve a folder as any host of files does; yields its address."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=QUIET, timeout=PATIENCE)
        yield browser
        browser.close()


class Opened:
    """A page that has shown its first picture, and all that it said and asked for."""

    def __init__(self, browser: Any, address: str, *, before: str = "", motion: bool = False, **options: Any) -> None:
        options = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"} | options
        self.context = browser.new_context(
            reduced_motion="no-preference" if motion else "reduce", accept_downloads=True, **options
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.add_init_script(before)
        self.said: list[str] = []
        self.hosts: set[str | None] = set()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).hostname))
        self.page.goto(address)
        self.page.wait_for_selector("body[data-shown=full]")
        self.settle()

    def close(self) -> None:
        self.context.close()

    def settle(self) -> None:
        """Wait until nothing is computed, nor about to be."""
        self.page.wait_for_selector("body:not([data-busy])")
        self.page.wait_for_timeout(400)  # numbers begin when it was quiet for a while
        self.page.wait_for_selector("body:not([data-busy])")

    def slide(self, slider: str, value: float) -> None:
        """As a finger does it: held, and let go."""
        self.page.locator(slider).evaluate(
            """(it, value) => {
              it.value = value;
              for (const kind of ['input', 'change']) it.dispatchEvent(new Event(kind));
            }""",
            value,
        )
        self.settle()

    def show(self, left: str, right: str) -> None:
        """Choose the two pictures."""
        for side, name in (("left", left), ("right", right)):
            self.page.select_option(f".tag.{side}", name)

    def picture(self, name: str) -> torch.Tensor:
        """A picture that the page shows, ``[3, height, width]`` in [0, 1]."""
        self.show(name, "altered")
        text, width, height = self.page.locator(".frame > canvas").evaluate(READ)
        pixels = np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
        assert (pixels[..., 3] == 255).all()
        return torch.from_numpy(pixels[..., :3].copy()).permute(2, 0, 1).float() / 255

    def module(self, name: str, body: str, *given: Any) -> Any:
        """What a function body makes of a module of the page (``m``) and arguments (``a``)."""
        return self.page.evaluate(
            f"async a => {{ const m = await import(new URL('{name}', document.baseURI)); {body} }}", list(given)
        )

    @property
    def error(self) -> str:
        return self.page.locator("#error").inner_text() if self.page.locator("#error").is_visible() else ""
