"""The page on a phone and a desk, light and dark, moving or not; and the same page before a server."""

import csv
import dataclasses
import time

import pytest
import torch

from explore_client import serving
from explore_page import BROWSER, PATIENCE, Opened
from faig.networks.inference import restore

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="there is no chromium")]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
STEP = 1 / 255 + 1e-6


def brightness(opened):
    colour = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(map(int, colour[4:-1].split(", ")))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [PHONE, {}], ids=["390", "1440"])
def test_it_fits_the_screen_in_its_colours(browser, address, scheme, screen):
    opened = Opened(browser, address, color_scheme=scheme, **screen)
    page = opened.page
    assert (brightness(opened) > 600) == (scheme == "light")
    width = page.viewport_size["width"]
    page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    frame = page.locator(".frame").bounding_box()
    assert frame["y"] + frame["height"] < page.viewport_size["height"]  # with the first slider
    assert page.locator("#strength-blur").bounding_box()["y"] < page.viewport_size["height"]
    opened.slide("#strength-blur", 0)
    assert not torch.equal(opened.picture("altered"), opened.picture("target"))
    assert opened.said == []
    opened.close()


def test_every_control_has_a_name_and_is_reached_by_keys(browser, address):
    opened = Opened(browser, address)
    page = opened.page
    nameless = """() => [...document.querySelectorAll('button, input, select, canvas[tabindex], canvas[role]')]
      .filter(it => !(it.getAttribute('aria-label') || it.labels?.length || it.textContent.trim()
        || it.querySelector('img[alt]'))).map(it => it.outerHTML)"""
    assert page.evaluate(nameless) == []
    page.locator("h1").click()
    page.keyboard.press("1")
    assert page.evaluate("document.activeElement.id") == "strength-blur"
    page.keyboard.press("Home")
    opened.settle()
    assert page.locator("#strength-blur").get_attribute("aria-valuetext") == "off"
    off = opened.picture("altered")
    assert not torch.equal(off, opened.picture("target"))
    page.keyboard.press("r")
    opened.settle()
    assert torch.equal(opened.picture("altered"), opened.picture("target"))
    page.keyboard.press("b")
    assert page.locator(".tag.right").input_value() == "target"
    page.keyboard.press("x")
    assert page.locator(".tag.left").input_value() == "target"
    page.keyboard.press("m")
    for key in ("ArrowDown", "Shift+ArrowRight", "Enter"):
        page.keyboard.press(key)
    opened.settle()
    assert page.locator(".count").inner_text().startswith("2 of ")
    assert "out 1, in 1" in page.locator(".unit-name").inner_text()
    page.wait_for_selector(".kernels canvas")
    assert page.locator(".kernels figcaption").all_inner_texts() == ["baseline", "target", "difference"]
    assert opened.said == []
    opened.close()


def test_the_line_and_the_lens_follow_pointer_and_keys(browser, address):
    opened = Opened(browser, address)
    page = opened.page
    clip = "getComputedStyle(document.querySelector('.over')).clipPath"
    tile = page.locator(".tiles canvas").first
    seen = set()
    for share in (0.2, 0.8):
        box = page.locator(".frame").bounding_box()
        page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        left = float(page.evaluate(clip).rsplit(" ", 1)[1].rstrip("%)"))
        assert left == pytest.approx(100 * share, abs=3)
        seen.add(tile.evaluate("it => it.toDataURL()"))
    page.keyboard.press("l")
    page.keyboard.press("ArrowRight")
    seen.add(tile.evaluate("it => it.toDataURL()"))
    assert len(seen) == 3
    opened.close()


def test_it_moves_by_itself_once(browser, address):
    watch = """window.seen = [];
      setInterval(() => {
        const slider = document.querySelector('#strength-blur');
        if (slider) seen.push(Number(slider.value));
      }, 20);"""
    opened = Opened(browser, address, before=watch, motion=True)
    until = time.monotonic() + 60
    while time.monotonic() < until and not (min(seen := opened.page.evaluate("window.seen")) < 0.1 and seen[-1] == 1):
        opened.page.wait_for_timeout(200)
    assert seen[0] == seen[-1] == 1
    assert min(seen) < 0.1
    opened.settle()
    assert set(opened.page.evaluate("seen.slice(-5)")) == {1}
    opened.close()


def test_who_wants_less_motion_is_shown_none(browser, address):
    opened = Opened(browser, address, before="window.frames = 0; window.requestAnimationFrame = () => { frames++; };")
    assert opened.page.evaluate("frames") == 0
    opened.close()


def test_the_photo_is_shown_before_the_network_is_there_and_its_absence_is_said(browser, address):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    held = []
    page.route("**/*.wasm", lambda route: held.append(route))
    page.goto(address)
    page.wait_for_selector(".frame:not(.waiting)")
    assert page.locator(".tag.left option").all_inner_texts() == ["input", "ground truth"]
    assert page.locator("body").get_attribute("data-shown") is None
    assert "on its way" in page.locator("#progress").inner_text()
    while not held:
        page.wait_for_timeout(50)
    page.route("**/*.wasm", lambda route: route.abort())  # it is tried once more
    held[0].abort()
    page.wait_for_selector("#error:visible")
    assert page.locator("#error").inner_text().startswith("The network did not arrive, or does not run in this browser")
    assert page.locator("body").get_attribute("data-shown") is None
    page.close()


def test_before_a_server_it_does_the_same(browser, served):
    opened = Opened(browser, f"http://127.0.0.1:{served.client.port}/")
    pair, lr = served.explorer.pair, opened.picture("input")
    assert float((opened.picture("target") - restore(pair.target, lr)).abs().max()) <= STEP
    opened.slide("#strength-blur", 0.4)
    expected = restore(pair.turn(served.explorer.subject.units, {"blur": 0.4}, "images"), lr)
    assert float((opened.picture("altered") - expected).abs().max()) <= STEP
    opened.page.wait_for_selector(".band", state="attached")
    assert "faig restore" in opened.page.locator(".commands").inner_text()
    for value in (0.1, 0.9, 0.2, 0.7):  # each makes the one before useless
        opened.page.locator("#strength-noise").evaluate(
            "(it, v) => { it.value = v; it.dispatchEvent(new Event('change')) }", value
        )
    opened.settle()
    expected = restore(pair.turn(served.explorer.subject.units, {"blur": 0.4, "noise": 0.7}, "images"), lr)
    assert float((opened.picture("altered") - expected).abs().max()) <= STEP
    for name in ("blur", "noise"):  # off: one network, which is a file of weights
        opened.slide(f"#strength-{name}", 0)
    with opened.page.expect_download() as download:
        opened.page.locator("[data-kind=safetensors]").click()
    assert download.value.failure() is None
    assert opened.error == ""
    assert opened.said == []
    assert opened.hosts <= {"127.0.0.1", None, ""}
    opened.close()


def test_what_is_taken_away_before_a_server_is_what_the_lines_beside_it_are_about(browser, served, tmp_path):
    """The scores are known to the server alone; nothing turned is no set."""
    opened = Opened(browser, f"http://127.0.0.1:{served.client.port}/")
    opened.page.locator("[data-kind=csv]").click()
    opened.page.wait_for_selector("#error:visible")
    assert opened.error.startswith("No unit is turned")
    opened.page.locator("[data-operation=replace]").click()
    opened.page.wait_for_selector(".commands:has-text('filters.csv')")
    with opened.page.expect_download() as download:
        opened.page.locator("[data-kind=csv]").click()
    assert download.value.suggested_filename == "filters.csv"
    download.value.save_as(tmp_path / "filters.csv")
    with (tmp_path / "filters.csv").open(encoding="utf-8") as file:
        scores = [float(row["score"]) for row in csv.DictReader(file)]
    assert scores == sorted(scores, reverse=True)
    opened.close()


def test_lines_are_of_what_is_set_while_numbers_are_still_measured(browser, served):
    opened = Opened(browser, f"http://127.0.0.1:{served.client.port}/")
    asked = []
    opened.page.route("**/api/alter", lambda route: asked.append(route))  # none is answered
    opened.page.locator("#strength-blur").evaluate("it => { it.value = 0.3; it.dispatchEvent(new Event('change')) }")
    opened.page.wait_for_selector(".commands:has-text('blur=0.3')")
    assert len(asked) == 1
    opened.close()


def test_a_pair_without_rankings_has_a_map_to_paint_on(browser, subject):
    """As of a sweep, or of learned strengths."""
    with serving(dataclasses.replace(subject, rankings={})) as served:
        opened = Opened(browser, f"http://127.0.0.1:{served.client.port}/")
        assert opened.page.locator("[data-operation]").count() == 0
        opened.page.locator("#map canvas").first.press("Enter")
        opened.settle()
        assert opened.page.locator(".count").inner_text().startswith("1 of ")
        assert (opened.error, opened.said) == ("", [])
        opened.close()


def test_a_function_that_its_filters_hardly_turn_says_so(browser, subject):
    blur = dataclasses.replace(subject.functions["blur"], reached=0.03)
    functions = dict(subject.functions) | {"blur": blur}
    with serving(dataclasses.replace(subject, functions=functions)) as served:
        opened = Opened(browser, f"http://127.0.0.1:{served.client.port}/")
        notes = [row.locator(".note").all_inner_texts() for row in opened.page.locator(".function").all()]
        assert len(notes[0]) == 1
        assert notes[0][0].startswith("Its filters do only 3% of this job: the slider changes little.")
        assert notes[1:] == [[]] * (len(notes) - 1)
        opened.close()
