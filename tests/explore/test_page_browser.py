"""The static page in a real browser: what a visitor does, and that it is what PyTorch does."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from PIL import ImageSequence

from explore_page import BROWSER, Opened
from faig import explore
from faig.attribution.files.rankings import read_ranking
from faig.filters import FilterSet
from faig.imaging.images import write_image
from faig.imaging.metrics import psnr
from faig.imaging.photos import photograph
from faig.intervention import edit, knob
from faig.networks.inference import restore

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="there is no chromium")]
PAGE = Path(next(iter(explore.__path__))) / "page"
STEP = 1 / 255 + 1e-6


@pytest.fixture(scope="module")
def opened(browser, address):
    opened = Opened(browser, address)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def _afresh(opened):
    """Every test begins with all strengths at 1, on the first photo."""
    opened.page.evaluate("document.querySelector('#map-none').click()")
    opened.page.locator(".title button").click()
    opened.page.locator("[data-photo=chelsea]").click()
    opened.settle()


def test_a_page_that_is_opened_as_a_file_says_how_to_open_it(opened, browser):
    assert opened.page.locator("#waiting").count() == 0
    page = browser.new_page()
    page.goto((PAGE / "index.html").as_uri())
    assert not page.locator("#waiting").is_visible()  # before its scripts could have come
    page.locator("#waiting").wait_for()
    assert "python -m http.server" in page.locator("#waiting").inner_text()
    page.close()


def test_the_first_screen_says_what_can_be_done(opened):
    assert (
        opened.page.locator("h1").inner_text()
        == "One network does deblurring and denoising. Pull a slider: one job goes."
    )
    assert opened.page.locator("#functions input[type=range]:visible").count() == 2
    lr, target = opened.picture("input"), opened.picture("target")
    assert target.shape[1:] == tuple(2 * side for side in lr.shape[1:])
    assert torch.equal(opened.picture("altered"), target)


def changed(subject, opened, way, strengths):
    """What PyTorch makes of the LR that the page shows."""
    pair = subject.pair
    networks = {
        "images": lambda: pair.turn(subject.units, strengths, "images"),
        "set": lambda: pair.turn(subject.units, strengths, "weights"),
        "DNI": lambda: knob.dni(pair.target, pair.baseline, strengths["blur"]),
        "blend": lambda: knob.blend(pair.target, pair.baseline, strengths["blur"]),
    }
    return restore(networks[way](), opened.picture("input"))


@pytest.mark.parametrize("way", ["images", "set", "DNI", "blend"])
def test_a_strength_does_what_it_does_in_pytorch(opened, subject, way):
    opened.page.evaluate("way => document.querySelector(`input[name=way][value='${way}']`).click()", way)
    if way in ("images", "set"):
        opened.slide("#strength-blur", 0.3)
        opened.slide("#strength-noise", 1.4)
    else:
        opened.slide("#strength-all", 0.3)
    found, expected = opened.picture("altered"), changed(subject, opened, way, {"blur": 0.3, "noise": 1.4})
    assert not torch.equal(found, opened.picture("target"))
    assert float((found - expected).abs().max()) <= STEP
    told = float(opened.page.locator(".quality b").nth(2).inner_text().split()[0])
    assert told == pytest.approx(psnr(found, opened.picture("gt"), border=2), abs=0.006)
    opened.page.evaluate("document.querySelector(\"input[name=way][value='images']\").click()")


def test_both_ends_are_pytorchs(opened, subject):
    lr = opened.picture("input")
    for name in ("target", "baseline"):
        expected = restore(getattr(subject.pair, name), lr)
        assert float((opened.picture(name) - expected).abs().max()) <= STEP


def test_the_sentence_says_what_is_turned(opened):
    opened.slide("#strength-noise", 0)
    line = opened.page.locator("h1").inner_text()
    assert line.startswith("Denoising is off: ")
    assert line.endswith("have their old weights back; deblurring is left alone.")
    opened.slide("#strength-blur", 0.5)
    assert opened.page.locator("h1").inner_text().startswith("Deblurring is at 50% and denoising is off, each through ")


@pytest.mark.parametrize("step", ["blur", "noise", "jpeg"])
def test_each_degradation_changes_the_input(opened, step):
    before = opened.picture("input")
    opened.slide(f"#worse-{step}", {"blur": 4, "noise": 0.2, "jpeg": 80}[step])
    assert float((opened.picture("input") - before).abs().max()) > 0.05
    assert opened.page.locator(f"#worse-{step}").get_attribute("aria-valuetext") != "none"
    opened.slide(f"#worse-{step}", {"blur": 2, "noise": 0, "jpeg": 0}[step])
    assert torch.equal(opened.picture("input"), before)


def test_what_was_trained_on_is_marked(opened):
    notes = opened.page.locator(".level .told").all_inner_texts()
    assert notes == ["trained on 2", "trained on 0.1", "not trained on"]
    assert opened.page.locator(".level .trained").count() == 2


def test_ones_own_photo_dropped_or_chosen(opened, tmp_path):
    image = photograph("coffee")[:, 40:141, 60:200]
    write_image(tmp_path / "own.png", image)
    opened.page.locator("#file").set_input_files(tmp_path / "own.png")
    opened.settle()
    gt = opened.picture("gt")
    assert torch.equal(gt, image[:, :100, :140])
    opened.page.locator("#as-is").check()
    opened.settle()
    assert torch.equal(opened.picture("input"), image[:, :100])
    opened.page.locator("#as-is").uncheck()
    dropped = """() => {
      const file = new File(['no image'], 'text.png', { type: 'image/png' }), data = new DataTransfer();
      data.items.add(file);
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    opened.page.evaluate(dropped)
    opened.page.wait_for_selector("#error:visible")
    assert opened.error == "This file is no image that the browser can read"
    opened.settle()
    assert torch.equal(opened.picture("gt"), gt)


def brush(opened, layer, start, stop):
    """Drag over a layer's panel, from and to shares of its sides."""
    canvas = opened.page.locator("#map canvas").nth(layer)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, stop)]
    opened.page.mouse.move(*places[0])
    opened.page.mouse.down()
    opened.page.mouse.move(*places[1], steps=3)
    opened.page.mouse.up()
    opened.settle()


def click(opened, name, value):
    opened.page.evaluate(
        "([name, value]) => document.querySelector(`input[name=${name}][value=${value}]`).click()", [name, value]
    )


def test_a_brushed_map_reverts_what_was_brushed(opened, subject):
    pair = subject.pair
    layer = pair.space.layers[1]
    brush(opened, 1, (0.1, 0.1), (0.6, 0.4))
    grid = [[out, inp] for out in range(2) for inp in range(3)]
    chosen = FilterSet.of(pair.space, [layer.start + out * layer.inputs + inp for out, inp in grid])
    assert opened.page.locator(".count").inner_text().startswith(f"{len(chosen)} of {len(pair.space)} filters")
    lr = opened.picture("input")
    for action, network in (
        ("revert", edit.revert(pair.target, pair.baseline, chosen)),
        ("graft", edit.graft(pair.target, pair.baseline, chosen)),
        ("cut", edit.cut(pair.target, chosen)),
    ):
        click(opened, "action", action)
        opened.settle()
        expected = restore(network, lr)
        assert float((opened.picture("altered") - expected).abs().max()) <= STEP
    click(opened, "action", "strength")
    opened.settle()
    expected = restore(edit.modulate(pair.target, pair.baseline, chosen, 0.5), lr)
    assert float((opened.picture("altered") - expected).abs().max()) <= STEP
    click(opened, "mode", "away")
    click(opened, "shape", "rows")
    brush(opened, 1, (0.1, 0.1), (0.15, 0.1))
    assert opened.page.locator(".count").inner_text().startswith("3 of ")
    click(opened, "mode", "add")
    click(opened, "shape", "layer")
    brush(opened, 0, (0.5, 0.5), (0.5, 0.5))
    assert opened.page.locator(".count").inner_text().startswith(f"{3 + pair.space.layers[0].count} of ")
    click(opened, "shape", "rectangle")


def test_sets_are_joined_and_cut_and_what_is_chosen_can_be_read_by_the_library(opened, subject, tmp_path):
    space = subject.pair.space
    opened.page.locator("[data-operation=replace]").click()
    opened.settle()
    file = tmp_path / "units.csv"
    with opened.page.expect_download() as download:
        opened.page.locator("[data-kind=csv]").click()
    download.value.save_as(file)
    blur = FilterSet.of(space, read_ranking(file, space))
    share = len(blur) / len(space)
    assert blur == FilterSet.top(space, subject.rankings["faig"]["blur"].order, share)
    noise = FilterSet.top(space, subject.rankings["faig"]["noise"].order, share)
    opened.page.select_option("#map-function", "noise")
    for operation, expected in (("add", blur | noise), ("remove", blur - noise)):
        opened.page.locator(f"[data-operation={operation}]").click()
        opened.settle()
        assert opened.page.locator(".count").inner_text().startswith(f"{len(expected)} of ")
    opened.page.select_option("#map-function", "blur")


def test_pictures_and_the_index_file_are_taken_away(opened, subject, tmp_path):
    from faig.imaging.images import read_image

    opened.slide("#strength-blur", 0)
    taken = {}
    for kind in ("png", "comparison", "index"):
        with opened.page.expect_download() as download:
            opened.page.locator(f"[data-kind={kind}]").click()
        taken[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(taken[kind])
    altered = opened.picture("altered")
    assert torch.equal(read_image(taken["png"]), altered)
    assert read_image(taken["comparison"]).shape[2] == 5 * altered.shape[2]
    order, own = read_ranking(taken["index"], subject.pair.space), subject.units["blur"]
    assert FilterSet.of(subject.pair.space, order[: len(own)]) == own


def test_a_film_goes_from_the_network_to_what_is_set_and_back(opened, tmp_path):
    opened.slide("#strength-blur", 0)
    with opened.page.expect_download() as download:
        opened.page.locator("[data-kind=gif]").click()
    assert download.value.suggested_filename == "strengths.gif"
    download.value.save_as(tmp_path / "strengths.gif")
    with Pillow.open(tmp_path / "strengths.gif") as film:
        assert (film.format, film.n_frames, film.info["loop"], film.info["duration"]) == ("GIF", 20, 0, 120)
        frames = [np.asarray(frame.convert("RGB"), int)[14:] for frame in ImageSequence.Iterator(film)]  # below a title
    height, width = frames[0].shape[:2]
    whole = [opened.picture(name).permute(1, 2, 0).numpy() * 255 for name in ("target", "altered")]
    top, left = ((side - own) // 2 for side, own in zip(whole[0].shape, (height, width), strict=False))
    ends = [image[top : top + height, left : left + width] for image in whole]
    assert max(abs(frames[at] - end).mean() for at, end in zip((0, 10), ends, strict=True)) < 5  # 256 colours
    moved = np.corrcoef((frames[10] - frames[0]).ravel(), (ends[1] - ends[0]).ravel())[0, 1]
    assert moved > 0.2  # a small change, under what is lost to 256 colours
    assert all((frames[at] == frames[20 - at]).all() for at in range(1, 10))


def test_the_link_restores_everything(opened, browser):
    opened.slide("#worse-noise", 0.05)
    opened.slide("#strength-noise", 0.25)
    opened.show("gt", "altered")
    opened.page.locator("[data-operation=replace]").click()
    opened.settle()
    again = Opened(browser, opened.page.url)
    assert again.page.locator(".count").inner_text() == opened.page.locator(".count").inner_text()
    assert again.page.locator("h1").inner_text() == opened.page.locator("h1").inner_text()
    assert again.page.locator(".tag.left").input_value() == "gt"
    assert again.page.locator("#strength-noise").input_value() == "0.25"
    assert torch.equal(again.picture("input"), opened.picture("input"))
    assert torch.equal(again.picture("altered"), opened.picture("altered"))
    assert again.said == []
    again.close()
    opened.slide("#worse-noise", 0)


def test_nothing_was_said_and_no_other_host_was_asked(opened):
    assert opened.said == []
    assert opened.hosts <= {"127.0.0.1", None, ""}
