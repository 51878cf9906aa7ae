"""A real browser, and a report opened in it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from faig.report.html.page import write_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE = 120_000  # milliseconds: other work may be going on


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if BROWSER is None:
        pytest.skip("there is no chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    sync_api.expect.set_options(timeout=PATIENCE)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=QUIET, timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(study_run, undrawn) -> Path:  # noqa: ARG001 - it is there before the page is written
    return write_report(study_run)


class Opened:
    """A page, and all that it said and asked for."""

    def __init__(self, context: Any, report: Path) -> None:
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(report.as_uri())
        self.page.wait_for_selector(".plot svg")

    @property
    def asked_outside(self) -> list[str]:
        """Addresses of requests, but for what is in the page itself."""
        return [url for url in self.asked if not url.startswith("data:")]

    def back(self) -> str:
        """The colour behind everything."""
        return self.page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.fixture(scope="module")
def open_report(browser, report) -> Iterator[Callable[..., Opened]]:
    """Opens the report; takes the options of a browser's context."""
    contexts = []

    def open_it(**options: Any) -> Opened:
        contexts.append(browser.new_context(**options))
        return Opened(contexts[-1], report)

    yield open_it
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def opened(open_report) -> Opened:
    return open_report(viewport={"width": 1200, "height": 900}, color_scheme="light", reduced_motion="reduce")


@pytest.fixture
def page(opened) -> Any:
    return opened.page
