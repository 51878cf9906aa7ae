"""Pictures on the page and in strips: which part of an image, pixel by pixel, and of which strengths."""

import base64
import dataclasses
import io
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faig.common.errors import InputError
from faig.report.figures.pictures import LIMIT, SIDES, busiest_part, part_of, pictures
from faig.report.figures.strips import SHOWN, draw_strips, guide_of, shown_in_a_strip
from faig.report.figures.teaser import draw_teaser, teaser_caption
from faig.report.html.page import write_report
from faig.results.reader import Results
from faig.results.table import write_table
from faig.results.tables import IMAGES, STRENGTHS


@pytest.fixture
def photo(tmp_path):
    """A flat image of 600x400, all noise where x is 256 to 511 and y 0 to 255."""
    pixels = np.full((400, 600, 3), 128, dtype=np.uint8)
    pixels[:256, 256:512] = np.random.default_rng(0).integers(0, 256, (256, 256, 3))
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def decoded(uri: str) -> Image.Image:
    kind, data = uri.split(",")
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


def test_the_busiest_part_is_shown_pixel_by_pixel(photo):
    [picture] = pictures({"photo": photo}, photo)
    assert (picture.width, picture.height) == (256, 256)
    box = busiest_part(photo)
    assert box == (256, 0, 512, 256)
    assert decoded(picture.uri).tobytes() == Image.open(photo).crop(box).tobytes()


def test_all_of_a_small_image_is_shown_and_the_same_part_of_all(photo, tmp_path):
    Image.new("RGB", (600, 400), "red").save(tmp_path / "red.png")
    shown = pictures({"red": tmp_path / "red.png", "photo": photo}, photo)
    assert [decoded(one.uri).size for one in shown] == [(256, 256), (256, 256)]
    assert decoded(shown[1].uri).tobytes() == decoded(pictures({"": photo}, photo)[0].uri).tobytes()
    Image.new("RGB", (31, 7)).save(tmp_path / "small.png")
    assert busiest_part(tmp_path / "small.png") == (0, 0, 31, 7)
    assert busiest_part(photo, 100)[0] in (300, 400)  # of a grid of squares


@pytest.mark.parametrize("count", [1, 20])
def test_less_is_shown_of_pictures_that_are_too_large_together(photo, count):
    made = pictures({str(number): photo for number in range(count)}, photo, share=0.5)
    assert sum(len(picture.uri) for picture in made) <= 0.5 * LIMIT
    assert made[0].width in SIDES
    assert (made[0].width == SIDES[0]) == (count == 1)


def test_a_file_that_is_no_image_or_another_size_is_named(photo, tmp_path):
    (tmp_path / "broken.png").write_text("no image")
    with pytest.raises(InputError, match=r"broken\.png: is not an image that can be read"):
        part_of(tmp_path / "broken.png", (0, 0, 1, 1))
    Image.new("RGB", (300, 400)).save(tmp_path / "other.png")
    with pytest.raises(InputError, match=r"other\.png: is 300x400, another size"):
        pictures({"photo": photo, "other": tmp_path / "other.png"}, photo)


@given(st.sets(st.integers(0, 60)))
def test_a_strip_has_the_ends_and_the_target_and_few_others(tenths):
    strengths = sorted(place / 20 for place in tenths | {0, 20})
    shown = shown_in_a_strip(strengths)
    assert len(shown) == min(SHOWN, len(strengths))
    assert shown == sorted(set(shown))
    assert {0.0, 1.0, strengths[-1]} <= set(shown) <= set(strengths)


@pytest.mark.slow
def test_strips_show_the_busiest_part_at_the_target(photo, tmp_path):
    folder = (tmp_path / STRENGTHS.name).parent
    (folder / "blur").mkdir(parents=True)
    rows = []
    for step in range(9):
        shutil.copy(photo, folder / "blur" / f"{step / 5:.2f}.png")
        rows.append({"functions": "blur", "input": "blur", "strength": step / 5, "file": f"blur/{step / 5:.2f}.png"})
    write_table(tmp_path, STRENGTHS, rows)
    (tmp_path / "any.csv").write_text("a\n1\n")
    assert guide_of(Results.of(tmp_path).sweeps()["blur"]).name == "1.00.png"
    draw_strips(tmp_path)
    with Image.open(folder / "blur.png") as strip:
        assert strip.size == (SHOWN * 256, 256 + 14)
        assert np.asarray(strip)[14:, :256].std() > 50
    with Image.open(folder / "blur.gif") as animation:
        assert (animation.size, animation.n_frames) == ((256, 270), 16)
    (folder / "blur" / "1.00.png").unlink()
    with pytest.raises(InputError, match=r"pictures\.csv: lists 'blur/1\.00\.png', and that is not there"):
        Results.of(tmp_path).sweeps()


@pytest.mark.slow
def test_the_teaser_is_of_the_busiest_part_too(photo, study_run, tmp_path):
    run = shutil.copytree(study_run, tmp_path / "study")
    for file in (run / "figures" / "teaser").glob("*.png"):
        shutil.copy(photo, file)
    picture = np.asarray(Image.open(draw_teaser(run)).convert("RGB")).astype(float)
    grey = (abs(picture - 128).max(axis=2) < 2).mean()
    assert grey < 0.1  # of the photo most is flat


@pytest.mark.slow
def test_a_caption_says_what_was_measured(study_run):
    """Pictures of 20 to 29 dB: the target's are the second of five for each input."""
    shots = Results.of(study_run).shots("")
    assert teaser_caption(shots) == (
        "Deblurring reverted changes PSNR by +1.00 dB on the blurry input and by +1.00 dB on the noisy input. "
        "Denoising reverted changes PSNR by +2.00 dB on the blurry input and by +2.00 dB on the noisy input. "
        "That is against the target, on this one image."
    )
    assert teaser_caption([dataclasses.replace(shot, psnr=float("nan")) for shot in shots]) == ""


@pytest.mark.slow
@pytest.mark.usefixtures("undrawn")
def test_saved_images_are_compared_where_there_is_no_teaser(study_run, tmp_path):
    run = shutil.copytree(study_run / "compare", tmp_path / "run")
    picture = next((study_run / "figures" / "teaser").glob("*.png"))
    networks = [("target", "", None, ""), ("baseline", "", None, ""), ("grafted", "faig", 0.01, "blur")]
    networks += [
        ("reverted", "faig", 0.3, "blur"),
        ("reverted", "faig", 0.05, "blur"),
        ("reverted", "ig", 0.01, "blur"),
    ]
    rows = []
    for number, (intervention, method, proportion, function) in enumerate(networks):
        (run / "images" / f"n{number}").mkdir(parents=True)
        shutil.copy(picture, run / "images" / f"n{number}" / "first.png")
        numbers = {"proportion": proportion, "seed": 0 if method else None}
        row = {"intervention": intervention, "method": method, "function": function, "input": "blur"}
        rows.append(row | numbers | {"folder": f"n{number}"})
    write_table(run, IMAGES, rows)
    shots = Results.of(run).shots("faig")
    assert [(shot.input, shot.shown, shot.function, shot.file.parent.name) for shot in shots] == [
        ("blur", "target", "", "n0"),
        ("blur", "baseline", "", "n1"),
        ("blur", "reverted", "blur", "n4"),
    ]
    page = write_report(run).read_text(encoding="utf-8")
    assert 'alt="blurry input: deblurring reverted"' in page
