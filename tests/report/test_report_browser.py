"""The report in a real browser: opened from disk, in light and dark, on a phone."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faig.report.html.page import write_report

PATIENCE = 120_000  # milliseconds: other work may be going on

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("undrawn"),
]


@pytest.fixture(scope="module")
def report(study_run) -> Path:
    return write_report(study_run)


class Opened:
    """A page, and all that it said and asked for."""

    def __init__(self, browser: Any, report: Path, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(report.as_uri())
        self.page.wait_for_selector(".plot .main-svg")

    def back(self) -> str:
        """The colour behind everything."""
        return self.page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.fixture(scope="module")
def opened(browser, report) -> Iterator[Opened]:
    opened = Opened(browser, report, viewport={"width": 1200, "height": 900}, color_scheme="light")
    yield opened
    opened.context.close()


@pytest.fixture
def page(opened) -> Any:
    return opened.page


def slide(slider: Any, value: int) -> None:
    """As a finger does it."""
    slider.evaluate("(it, value) => { it.value = value; it.dispatchEvent(new Event('input')) }", value)


def test_every_chart_is_drawn_with_its_points(page):
    plots = page.locator(".plot")
    assert plots.count() > 20
    drawn = page.evaluate("[...document.querySelectorAll('.plot')].map(p => p.querySelectorAll('.trace').length)")
    assert min(drawn) >= 1


def test_the_line_uncovers_the_other_picture(page):
    pair = page.locator(".pair").first
    left, slider = pair.locator("img.left"), pair.locator("input")
    before = pair.screenshot()
    slide(slider, 100)
    assert "0%" in left.evaluate("it => getComputedStyle(it).clipPath")
    covered = pair.screenshot()
    assert covered != before
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.input_value() == "99"
    slide(slider, 0)
    assert pair.screenshot() != covered


def test_other_pictures_can_be_chosen(page):
    figure = page.locator(".comparison").nth(1)
    shown = figure.locator("img.right")
    assert shown.get_attribute("alt") == "noisy input: denoising reverted"
    before = shown.get_attribute("src")
    figure.locator("select[data-side=right]").select_option("ground truth")
    assert shown.get_attribute("alt") == "noisy input: ground truth"
    assert shown.get_attribute("src") != before
    assert figure.locator(".tag.right").inner_text() == "ground truth"


def test_strength_changes_the_picture_and_what_is_told(page):
    figure = page.locator(".turned").first
    told = figure.locator(".told")
    before, picture = told.inner_text(), figure.locator(".stack").screenshot()
    assert before.startswith("on blur: ")
    slide(figure.locator("input"), 0)
    assert figure.locator("output").inner_text() == "0"
    assert told.inner_text() != before
    assert figure.locator(".stack").screenshot() != picture
    assert figure.locator("img:visible").get_attribute("data-strength") == "0"
    assert figure.locator("img:visible").count() == 1


def test_a_table_sorts_both_ways_and_is_searched(page):
    table = page.locator("details", has=page.get_by_text("compare/effects.csv", exact=False)).last
    table.evaluate("it => { it.open = true }")
    names = [text.lower() for text in table.locator("thead button").all_inner_texts()]
    column = names.index("effect")

    def keys() -> list[float]:
        cells = table.locator("tbody tr:visible")
        return cells.evaluate_all("(rows, at) => rows.map(row => Number(row.cells[at].dataset.key))", column)

    unsorted = keys()
    head = table.locator("thead button").nth(column)
    head.click()
    assert keys() == sorted(unsorted, reverse=True) != unsorted
    assert table.locator("thead th").nth(column).get_attribute("aria-sort") == "descending"
    head.focus()
    page.keyboard.press("Enter")
    assert keys() == sorted(unsorted)
    method = table.locator("thead button").nth(names.index("method"))
    method.click()
    assert table.locator("tbody tr td").first.inner_text() == "change"
    table.locator("input[type=search]").fill("random")
    assert 0 < len(keys()) < len(unsorted)
    assert all("random" in row for row in table.locator("tbody tr:visible").all_inner_texts())


def test_the_map_tells_of_the_filter_under_pointer_and_keys(page):
    import pandas as pd

    told = page.locator("#filter")
    canvas = page.locator("#map canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.99, box["y"] + box["height"] * 0.01)
    assert told.inner_text().startswith("conv_first, out 0, in 2 (filter 2) — blur: score ")
    canvas.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")
    assert told.inner_text().startswith("conv_first, out 1, in 1 (filter 4) — ")
    run = Path(page.url.removeprefix("file://")).parent
    best = pd.read_csv(run / "compare" / "filters-blur.csv").iloc[0]
    page.locator(f"#map canvas[aria-label^='Layer {best['layer']}:']").focus()
    page.keyboard.press("Home")
    text = told.inner_text()
    assert text.startswith(f"{best['layer']}, out {best['out']}, in {best['in']} (filter {best['index']}) — ")
    assert "rank 1" in text
    score = float(text.split("blur: score ")[1].split(",")[0])
    assert math.isclose(score, best["score"], rel_tol=5e-3)


def test_the_map_colours_as_many_filters_as_are_asked_for(page):
    count = """() => [...document.querySelectorAll('#map figcaption small')]
        .flatMap(it => it.textContent.trim().split(/\\s+/).map(Number)).reduce((a, b) => a + b, 0)"""
    slide(page.locator("#share"), 100)
    whole = page.evaluate(count)
    slide(page.locator("#share"), 0)
    assert page.evaluate(count) == 2 < whole  # one filter of each function
    assert whole == 26  # a tenth of 136, twice


def test_it_said_nothing_and_asked_for_nothing(opened, report):
    assert opened.said == []
    outside = [url for url in opened.asked if not url.startswith("data:")]
    assert outside == [report.as_uri()]


def test_dark_is_dark_and_follows_a_change(browser, report):
    from playwright.sync_api import expect

    opened = Opened(browser, report, viewport={"width": 1000, "height": 800}, color_scheme="dark")
    dark = opened.back()
    ink = "getComputedStyle(document.querySelector('.plot .xtick text')).fill"
    light_text = opened.page.evaluate(ink)
    assert sum(map(int, dark[4:-1].split(", "))) < 150
    assert sum(map(int, light_text[4:-1].split(", "))) > 500
    opened.page.emulate_media(color_scheme="light")
    text = opened.page.locator(".plot .xtick text").first
    expect(text).not_to_have_css("fill", light_text, timeout=PATIENCE)
    assert opened.back() != dark
    assert opened.said == []
    opened.context.close()


def test_a_phone_scrolls_down_only(browser, report):
    opened = Opened(browser, report, viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.body.scrollWidth") <= 390
    wide = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.scroll')].map(it => it.scrollWidth - it.clientWidth))"
    )
    assert wide > 0  # tables scroll inside themselves
    canvas = page.locator("#map canvas").first
    canvas.tap()
    assert page.locator("#filter").inner_text().startswith("conv_first, out ")
    assert opened.said == []
    opened.context.close()
