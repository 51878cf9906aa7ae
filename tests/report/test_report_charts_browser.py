"""Charts of the report in a real browser: drawn in the page's colours, and read by pointer and keys."""

import math
import re

import pandas as pd
import pytest

pytestmark = pytest.mark.slow


def test_every_chart_is_drawn_in_the_pages_colours(page):
    plots = page.locator(".plot")
    assert plots.count() > 20
    marks = "[...document.querySelectorAll('.plot')].map(p => p.querySelectorAll('svg path, svg use').length)"
    assert min(page.evaluate(marks)) > 5
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(it => it.id)")
    assert len(ids) == len(set(ids))
    drawn = page.evaluate("[...document.querySelectorAll('.plot svg')].map(it => it.outerHTML).join('')")
    assert "var(--c0)" in drawn
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?!-)", re.sub(r'"#[^"]*"|url\(#[^)]*\)', "", drawn))  # nor a fixed one


def test_a_point_says_its_numbers_where_one_points_and_by_keys(page, report):
    rows = pd.read_csv(report.parent / "compare" / "summary.csv").query("method == 'faig' and reverted == 'blur'")
    first = rows.sort_values("proportion").iloc[0]
    plot = page.locator(".plot[data-chart=switched-off-blur]")
    plot.scroll_into_view_if_needed()
    told, box = plot.locator("output"), plot.locator("svg").bounding_box()
    assert told.is_hidden()
    points = page.evaluate("JSON.parse(document.getElementById('data').textContent).charts['switched-off-blur']")
    x, y, text = points[0]
    page.mouse.move(box["x"] + x * box["width"] + 3, box["y"] + y * box["height"] - 3)
    assert told.inner_text() == text
    expected = f"faig, share of the filters {100 * first['proportion']:.3g}%: switched off {first['switched_off']:.3g}"
    assert text.startswith(expected.replace("-", "−"))
    page.mouse.move(box["x"], box["y"])
    assert told.is_hidden()
    plot.focus()
    page.keyboard.press("End")
    assert told.inner_text() == points[-1][2]
    page.keyboard.press("ArrowLeft")
    assert told.inner_text() == points[-2][2]
    page.keyboard.press("Escape")
    assert told.is_hidden()
    assert plot.get_attribute("role") == "img"
    assert plot.get_attribute("aria-label").startswith("Switched off: deblurring: switched off against share of")


def test_the_point_that_is_said_is_where_it_is_drawn(page):
    """The places of points come from another transformation than the drawn marks, which `use` elements are."""
    plot = page.locator(".plot[data-chart=retrained-blur]")
    points = page.evaluate("JSON.parse(document.getElementById('data').textContent).charts['retrained-blur']")
    box = plot.locator("svg").bounding_box()
    marks = plot.locator("svg g[id*=line2d] use").evaluate_all(
        "them => them.map(it => it.getBoundingClientRect()).map(b => [b.x + b.width / 2, b.y + b.height / 2])"
    )
    for x, y, _ in points:
        there = (box["x"] + x * box["width"], box["y"] + y * box["height"])
        assert min(math.dist(there, mark) for mark in marks) < 1.5
