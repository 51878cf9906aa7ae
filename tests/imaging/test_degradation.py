import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from faig.common.errors import InputError
from faig.imaging.blurs import Anisotropic, Blur, Defocus, Motion
from faig.imaging.degradation import STEPS, Degradation, done, named, paper_preset
from faig.imaging.images import list_images, read_image
from faig.imaging.steps import DOWNSAMPLINGS, Down, Jpeg, Noise, Poisson, downsample

BLURS = [Blur(2), Blur(0), Anisotropic(4, 1, 30), Motion(9), Motion(21, -70), Motion(5, 45), Defocus(3.5), Defocus(0)]
DEGRADATIONS = [
    *paper_preset().values(),
    Degradation(blur=1.0, noise=0.2, jpeg=30, downsampling="bicubic"),
    *(Degradation(blur) for blur in BLURS[2:]),
    Degradation(Poisson(30)),
    Degradation(Jpeg(20), downsampling="area"),
    Degradation.parse("anisotropic:3:1:20+noise:0.02+down:bicubic+blur:1+poisson:50+noise:0.1+jpeg:60"),
]


def some_image(height: int, width: int) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(height * width))


def noisy(image: torch.Tensor, step: Noise | Poisson, seed: int = 1) -> torch.Tensor:
    return done(step, image[None], [np.random.default_rng(seed)])[0]


def test_bilinear_has_no_antialiasing():
    image = some_image(12, 24)
    boxes = {s: image.unfold(1, s, s).unfold(2, s, s) for s in (2, 3, 4)}
    torch.testing.assert_close(downsample(image, 2), boxes[2].mean((-1, -2)))
    torch.testing.assert_close(downsample(image, 3), boxes[3][..., 1, 1])
    torch.testing.assert_close(downsample(image, 4), boxes[4][..., 1:3, 1:3].mean((-1, -2)))
    for s, box in boxes.items():
        torch.testing.assert_close(downsample(image, s, "area"), box.mean((-1, -2)))


def imresize_weights(size: int, scale: int) -> np.ndarray:
    """MATLAB's antialiased bicubic as a matrix, by its definition: Keys' kernel stretched by the scale."""
    matrix = np.zeros((size // scale, size))
    for row in range(size // scale):
        centre = (row + 0.5) * scale - 0.5
        taps = np.arange(np.floor(centre - 2 * scale), np.ceil(centre + 2 * scale) + 1).astype(int)
        x = np.abs(taps - centre) / scale
        near = 1.5 * x**3 - 2.5 * x**2 + 1
        far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
        weights = np.where(x <= 1, near, np.where(x <= 2, far, 0))
        mirrored = taps % (2 * size)
        np.add.at(matrix[row], np.minimum(mirrored, 2 * size - 1 - mirrored), weights / weights.sum())
    return matrix


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(5, 11), (1, 2), (16, 9)])
def test_bicubic_is_matlabs(scale, height, width):
    image = some_image(height * scale, width * scale)
    rows, columns = imresize_weights(height * scale, scale), imresize_weights(width * scale, scale)
    expected = np.einsum("ij,cjk,lk->cil", rows, image.double().numpy(), columns)
    np.testing.assert_allclose(downsample(image, scale, "bicubic"), expected, atol=1e-5)


@pytest.mark.parametrize("how", DOWNSAMPLINGS)
@pytest.mark.parametrize("blur", BLURS, ids=str)
def test_a_constant_stays(how, blur):
    flat = torch.full((3, 24, 36), 100 / 255)
    made = Degradation(blur, downsampling=how)(flat, 3)
    torch.testing.assert_close(made, torch.full((3, 8, 12), 100 / 255))


def test_noise_depends_on_seed_and_name_alone():
    gray, noise = torch.full((3, 60, 50), 0.5), Degradation(noise=0.1)
    first = noise(gray, 1, seed=1, name="a")
    assert torch.equal(first, noise(gray, 1, seed=1, name="a"))
    for other in ({"seed": 2, "name": "a"}, {"seed": 1, "name": "b"}):
        both = torch.stack([first, noise(gray, 1, **other)]).flatten(1)
        assert abs(torch.corrcoef(both)[0, 1]) < 0.05
    # By hand, as known answers were made: one generator an image.
    rng = np.random.default_rng(np.random.SeedSequence([1, *b"a"]))
    expected = gray + 0.1 * torch.from_numpy(rng.standard_normal((3, 60, 50), dtype=np.float32))
    torch.testing.assert_close(first, (expected.clamp(0, 1) * 255).round() / 255)


@pytest.mark.parametrize("step", [Noise(0.1), Poisson(25)], ids=str)
@pytest.mark.parametrize("level", [0.2, 0.5, 1.0])
def test_noise_has_the_mean_and_spread_that_it_says(step, level):
    added = noisy(torch.full((3, 160, 150), level), step) - level
    spread = 0.1 if isinstance(step, Noise) else (level / 25) ** 0.5
    assert added.mean().item() == pytest.approx(0, abs=0.003)
    assert added.std().item() == pytest.approx(spread, rel=0.02)


def test_poisson_counts_photons_and_leaves_black_black():
    counts = noisy(some_image(21, 34) - 0.2, Poisson(10)) * 10
    torch.testing.assert_close(counts, counts.round(), rtol=0, atol=1e-5)
    assert (noisy(torch.full((3, 5, 4), -0.1), Poisson(10)) == 0).all()


def test_noise_twice_is_drawn_twice():
    gray = torch.full((3, 90, 80), 0.5)
    twice = Degradation(Noise(0.1), Noise(0.1))(gray, 1, name="a") - 0.5
    assert twice.std().item() == pytest.approx(0.1 * 2**0.5, rel=0.03)


@pytest.mark.parametrize("degradation", DEGRADATIONS, ids=str)
class TestEvery:
    def test_gives_8_bit_values(self, degradation):
        made = degradation(some_image(30, 42), 3, seed=4, name="x")
        assert made.shape == (3, 10, 14)
        torch.testing.assert_close(made * 255, (made * 255).round(), atol=1e-4, rtol=0)
        assert 0 <= made.min() <= made.max() <= 1

    def test_depends_on_its_input_seed_and_name_alone(self, degradation):
        image = some_image(26, 34)
        kept = image.clone()
        first, again = (degradation(image, 2, seed=4, name="x") for _ in range(2))
        assert torch.equal(first, again)
        assert torch.equal(image, kept)
        random = any(isinstance(step, Noise | Poisson) for step in degradation.steps)
        assert torch.equal(first, degradation(image, 2, seed=5, name="x")) != random
        assert torch.equal(first, degradation(image, 2, seed=4, name="y")) != random

    def test_a_batch_is_its_images_one_by_one(self, degradation):
        images = torch.stack(
            [some_image(26, 34), some_image(34, 26).transpose(1, 2), some_image(2, 442).view(3, 26, 34)]
        )
        names = ["x", "y", "x"]
        made = degradation.batch(images, 2, seed=4, names=names)
        for one, image, name in zip(made, images, names, strict=True):
            assert torch.equal(one, degradation(image, 2, seed=4, name=name))

    def test_is_told_and_read_back(self, degradation):
        assert Degradation.parse(str(degradation), "bicubic") == degradation

    def test_steps_are_done_in_order(self, degradation):
        image = some_image(26, 34)
        rng = np.random.default_rng(np.random.SeedSequence([4, *b"x"]))
        by_hand = image[None]
        for step in degradation.steps:
            by_hand = step(by_hand, 2) if isinstance(step, Down) else done(step, by_hand, [rng])
        expected = (by_hand[0].clamp(0, 1) * 255).round() / 255
        torch.testing.assert_close(degradation(image, 2, seed=4, name="x"), expected)


def test_jpeg_loses_more_at_lower_quality():
    image = Blur(1.0)(some_image(40, 56))
    errors = [(Jpeg(quality)(image) - image).square().mean().item() for quality in (5, 50, 95)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < errors[0] / 5


def test_where_downsampling_stands():
    """After the blurs that come first, unless it is told."""

    def told(spec: str) -> str:
        return str(Degradation.parse(spec, "area"))

    assert told("blur:2+motion:5:30+noise:0.1") == "blur:2+motion:5:30+down:area+noise:0.1"
    assert told("noise:0.1+blur:2") == "down:area+noise:0.1+blur:2"
    assert told("jpeg:60") == "down:area+jpeg:60"
    assert told("down+blur:1") == "down:area+blur:1"
    assert told("jpeg:60+down:bicubic+jpeg:30") == "jpeg:60+down:bicubic+jpeg:30"


def test_several_at_once():
    """What each does to the GT comes before what each does to the LR, in their order."""
    noise, blur = Degradation(noise=0.1), Degradation(Blur(2))
    assert Degradation.together([noise, blur]) == Degradation(blur=2, noise=0.1)
    assert Degradation.together([], "bicubic") == Degradation(downsampling="bicubic")
    assert str(Degradation.together([Degradation(Jpeg(60)), noise])) == "down:bilinear+jpeg:60+noise:0.1"
    with pytest.raises(InputError, match="down:bilinear and down:area cannot be done together"):
        Degradation.together([noise, Degradation(downsampling="area")])


def test_levels_and_steps_are_one():
    assert Degradation(blur=2, noise=0.1, jpeg=60) == Degradation(Blur(2), Noise(0.1), Jpeg(60))
    assert Degradation(blur=0, noise=0) == Degradation() == Degradation(Down("bilinear"))
    assert named("blur", 2.0) == Degradation(blur=2)
    assert named("jpeg", 60.0, "area") == Degradation(jpeg=60, downsampling="area")
    assert named("anything", "jpeg:60+down:area") == Degradation(Jpeg(60), Down("area"))


def arguments(field: dataclasses.Field) -> st.SearchStrategy:
    if field.type is str:
        return st.sampled_from(DOWNSAMPLINGS)
    low, high = field.metadata["low"], field.metadata["high"]
    if field.name == "length":
        return st.integers(low // 2, (high - 1) // 2).map(lambda half: 2 * half + 1)
    return st.integers(low, high) if field.type is int else st.floats(low, high)


def steps(kinds) -> st.SearchStrategy:
    return st.one_of([st.builds(kind, *map(arguments, dataclasses.fields(kind))) for kind in kinds])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(steps(kind for kind in STEPS.values() if kind is not Down), max_size=5), steps([Down]), st.integers(0, 5)
)
def test_any_degradation_is_told_and_read_back(some, down, place):
    degradation = Degradation(*some[:place], down, *some[place:])
    assert Degradation.parse(str(degradation)) == degradation


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ({"blur": -1}, "blur -1 is outside"),
        ({"blur": 11}, "blur 11 is outside 0 to 10"),
        ({"noise": 25}, "noise 25 is outside 0 to 1"),
        ({"jpeg": 0}, "jpeg 0 is outside 1 to 100"),
        ({"downsampling": "nearest"}, "downsampling 'nearest' is not one of bilinear, bicubic, area"),
        ({"noise": float("nan")}, "noise nan is outside"),
    ],
)
def test_levels_that_make_no_sense(levels, message):
    with pytest.raises(InputError, match=message):
        Degradation(**levels)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("blur:2+blurr:3", r"'blur:2\+blurr:3', step 2: 'blurr' is not one of blur, .*; did you mean blur\?"),
        ("fog", "step 1: 'fog' is not one of .* jpeg$"),
        ("", "'', step 1: '' is not one of"),
        ("blur:2+", r"'blur:2\+', step 2: '' is not one of"),
        ("blur", "step 1: expected blur:SIGMA, not blur$"),
        ("noise:0.1+motion:9:30:4", r"step 2: expected motion:LENGTH\[:ANGLE\], not motion:9:30:4"),
        ("jpeg:9+noise:x", "step 2: 'x' is not a number"),
        ("jpeg:60.5", "step 1: 60.5 is not a whole number"),
        ("motion:8", "motion 8 is not an odd number of pixels"),
        ("anisotropic:3:1:400", "anisotropic angle 400 is outside -180 to 180"),
        ("down:near", "step 1: downsampling 'near' is not one of"),
        ("down+blur:2+down:area", r"'down\+blur:2\+down:area': down is there twice"),
    ],
)
def test_specs_that_cannot_be_read(spec, message):
    with pytest.raises(InputError, match=message):
        Degradation.parse(spec)


@pytest.mark.parametrize(
    ("name", "level", "message"),
    [
        ("fog", 1.0, "degradation fog=1: 'fog' is not one of blur, .*; or give what is done: noise:0.05"),
        ("blur", 40.0, "degradation blur=40: blur 40 is outside 0 to 10"),
        ("old", "blu:2", r"degradation old=blu:2: 'blu:2', step 1: 'blu' is not one of .* did you mean blur\?"),
        ("down", 2.0, r"degradation down=2: write down:area"),
    ],
)
def test_names_that_cannot_be_read(name, level, message):
    with pytest.raises(InputError, match=message):
        named(name, level)


def test_the_docs_list_every_step():
    text = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", text, re.MULTILINE))
    for kind in STEPS.values():
        usage = kind.usage()
        assert usage in rows, usage
        for field in dataclasses.fields(kind):
            if "low" in field.metadata:
                low, high = field.metadata["low"], field.metadata["high"]
                assert f"{low:,g} to {high:,g}" in rows[usage], (usage, field.name)
                if field.default is not dataclasses.MISSING:
                    assert f"({field.default:g})" in rows[usage], (usage, field.name)


def test_against_the_known_answers(oracle):
    for name, path in list_images(oracle / "GTmod12").items():
        gt = read_image(path)
        blurry = paper_preset()["blur"](gt, 2, name=name)
        assert torch.equal(blurry, read_image(oracle / "Blur2_LRbicx2" / f"{name}.png"))
        # A mean of four 8-bit values often lies between two: which way it is rounded is left to float arithmetic.
        clean = paper_preset()["clean"](gt, 2, name=name) - read_image(oracle / "Linear_LRbicx2" / f"{name}.png")
        assert clean.abs().max() < 1.01 / 255
