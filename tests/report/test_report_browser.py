"""The report in a real browser: opened from disk, in light and dark, on a phone."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.slow


def slide(slider: Any, value: int) -> None:
    """As a finger does it."""
    slider.evaluate("(it, value) => { it.value = value; it.dispatchEvent(new Event('input')) }", value)


def test_the_line_uncovers_the_other_picture(page):
    pair = page.locator(".pair").first
    left, slider = pair.locator("img.left"), pair.locator("input")
    before = pair.screenshot()
    slide(slider, 100)
    assert slider.get_attribute("aria-valuetext").startswith("100% target network")
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
    kind, _, title = shown.get_attribute("alt").partition(" input: ")
    assert "reverted" in title
    before = figure.locator(".pair").screenshot()
    figure.locator("select[data-side=right]").select_option("ground truth")
    assert shown.get_attribute("alt").startswith(f"{kind} input: ground truth")
    assert figure.locator(".pair").screenshot() != before
    assert figure.locator(".tag.right").inner_text().startswith("ground truth")
    assert figure.locator("img:visible").count() == 2
    figure.locator("select[data-side=left]").select_option("ground truth")
    assert figure.locator("img:visible").count() == 1  # the same on both sides


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
    assert opened.asked_outside == [report.as_uri()]


def test_dark_is_dark_and_follows_a_change(open_report):
    from playwright.sync_api import expect

    opened = open_report(viewport={"width": 1000, "height": 800}, color_scheme="dark")
    dark = opened.back()
    ink = "getComputedStyle(document.querySelector('.plot svg text')).fill"
    light_text = opened.page.evaluate(ink)
    assert sum(map(int, dark[4:-1].split(", "))) < 150
    assert sum(map(int, light_text[4:-1].split(", "))) > 500
    opened.page.emulate_media(color_scheme="light")
    text = opened.page.locator(".plot svg text").first
    expect(text).not_to_have_css("fill", light_text)
    assert (light := opened.back()) != dark
    opened.page.emulate_media(color_scheme="dark", media="print")
    assert opened.back() == light  # paper is white
    assert opened.said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (1440, 900)], ids=["phone", "desktop"])
def test_the_first_screen_says_what_was_found_and_shows_it(open_report, report, size, scheme):
    width, height = size
    opened = open_report(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = opened.page
    sentence, pair = page.locator("h1"), page.locator(".pair").first
    assert sentence.inner_text().startswith("Give 5% of the filters their old weights back, and ")
    for part in (sentence, pair):
        box = part.bounding_box()
        assert 0 <= box["y"] < box["y"] + box["height"] <= height
        assert 0 <= box["x"] < box["x"] + box["width"] <= width
    assert min(pair.bounding_box().values()) > 0
    assert page.evaluate("document.documentElement.scrollWidth") == width
    drawn = page.evaluate(
        "[...document.querySelectorAll('.plot svg')].every(it => it.getBoundingClientRect().height > 100)"
    )
    assert drawn
    assert opened.said == []
    assert opened.asked_outside == [report.as_uri()]


def test_the_line_moves_by_itself_once_until_it_is_touched_and_not_where_motion_is_unwanted(open_report):
    sways = "document.querySelector('.pair').getAnimations().length"
    moving = open_report()
    assert moving.page.evaluate(sways) == 1
    moving.page.locator(".pair input").first.focus()
    moving.page.keyboard.press("ArrowRight")
    assert moving.page.evaluate(sways) == 0
    still = open_report(reduced_motion="reduce")
    assert still.page.evaluate(sways) == 0


def test_a_phone_scrolls_down_only(open_report):
    opened = open_report(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.body.scrollWidth") <= 390
    wide = page.evaluate(
        "Math.max(...[...document.querySelectorAll('.scroll')].map(it => it.scrollWidth - it.clientWidth))"
    )
    assert wide > 0  # tables scroll inside themselves, and their first column stays
    place = "it => it.querySelector('tbody td').getBoundingClientRect().x - it.getBoundingClientRect().x"
    table = page.locator("details", has=page.get_by_text("compare/summary.csv", exact=False)).last.locator(".scroll")
    before = table.evaluate(place)
    table.evaluate("it => { it.scrollLeft = 300 }")
    assert table.evaluate("it => it.scrollLeft") == 300
    assert table.evaluate(place) == before
    assert table.evaluate("it => it.querySelector('tbody td').clientWidth") < 160
    canvas = page.locator("#map canvas").first
    canvas.tap()
    assert page.locator("#filter").inner_text().startswith("conv_first, out ")
    assert opened.said == []
