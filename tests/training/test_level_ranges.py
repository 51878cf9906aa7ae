"""Levels that are drawn for each patch: what ranges may say, and that a patch is what its own levels make of it."""

import pytest
import torch

from conftest import training_config
from faig.common.errors import InputError
from faig.imaging.blurs import RADIUS, Anisotropic, Blur
from faig.imaging.images import round8
from faig.imaging.ranges import StepRange, parse_ranges
from faig.imaging.steps import Jpeg, Noise, Poisson, downsample
from faig.training.data import Patches, degrade_batch
from faig.training.loop import train

SPECS = {"blur:0.5..3": 0.5, "anisotropic:1..6:0.5..2:-90..90+noise:0..0.12": 0.5, "poisson:30..1000+jpeg:30..95": 0.5}


def data_of(settings, specs, batch):
    return training_config(settings, data=settings["data"] | {"batch": batch, "degradation": {"degrade": specs}}).data


def test_a_patch_is_what_its_own_levels_make_of_it(settings):
    data = data_of(settings, SPECS, 24)
    patches = Patches(data, 2, seed=0)
    batch = patches.batch(0)
    gt, lr = degrade_batch(batch, 2, data.degradation)
    assert batch.levels.shape == (24, 7)
    assert patches.plan.margin == RADIUS + Anisotropic(6).reach
    for place, (patch, chosen) in enumerate(zip(batch.wide.float() / 255, batch.chosen[:, 2:], strict=True)):
        blur, along, across, angle, noise, photons, quality = batch.levels[place].tolist()
        gaussian, counted = (part[place : place + 1] for part in batch.drawn)
        image = patch[None]
        if chosen[0]:
            image = Blur(0.5 + 2.5 * blur)(image)
        if chosen[1]:
            image = Anisotropic(1 + 5 * along, 0.5 + 1.5 * across, -90 + 180 * angle)(image)
        margin = (image.shape[-1] - 16) // 2
        image = downsample(image[..., margin:-margin, margin:-margin], 2)
        if chosen[1]:
            image = Noise(0.12 * noise)(image, gaussian)
        if chosen[2]:
            image = Jpeg(30 + int(66 * quality))(Poisson(30 + 970 * photons)(image, counted))
        torch.testing.assert_close(lr[place], round8(image)[0], atol=1.1 / 255, rtol=0)
    assert gt.shape == (24, 3, 16, 16)


@pytest.mark.slow
def test_levels_are_uniform_and_ends_of_whole_numbers_are_in(settings):
    levels = Patches(data_of(settings, SPECS, 1000), 2, seed=0).batch(0).levels
    assert float(levels.min()) >= 0
    assert float(levels.max()) < 1
    assert levels.mean(0).tolist() == pytest.approx([0.5] * 7, abs=0.04)
    assert torch.corrcoef(levels.T).fill_diagonal_(0).abs().max() < 0.15
    (jpeg,) = parse_ranges("jpeg:30..32")
    assert [jpeg.at([share]) for share in (0.0, 0.34, 0.67, 0.999)] == [Jpeg(30), Jpeg(31), Jpeg(32), Jpeg(32)]


def test_what_is_no_range_is_drawn_as_ever(settings):
    """Ranges draw their levels last, so that patches without any are those that they were."""
    with_ranges = Patches(data_of(settings, {"blur:2": 0.5, "noise:0..0.1": 0.5}, 8), 2, seed=1).batch(3)
    without = Patches(data_of(settings, {"blur:2": 0.5, "noise:0.1": 0.5}, 8), 2, seed=1).batch(3)
    assert torch.equal(with_ranges.wide, without.wide)
    assert torch.equal(with_ranges.chosen, without.chosen)
    assert torch.equal(with_ranges.drawn[0], without.drawn[0])
    assert without.levels.shape == (8, 0)


@pytest.mark.slow
def test_a_killed_run_on_ranges_ends_with_the_same_weights(settings, tmp_path):
    settings |= {"data": settings["data"] | {"degradation": {"degrade": SPECS}}}

    def die(report):
        if report.iteration == 8:
            raise KeyboardInterrupt

    killed = training_config(settings, out=str(tmp_path / "killed"))
    with pytest.raises(KeyboardInterrupt):
        train(killed, die)
    unbroken = train(training_config(settings, out=str(tmp_path / "unbroken")))
    assert train(killed).read_bytes() == unbroken.read_bytes()


def test_texts_of_ranges():
    assert parse_ranges("blur:2") == [StepRange(Blur(2), Blur(2))]
    assert parse_ranges("blur:0.5..3+noise:.1..0.12") == [
        StepRange(Blur(0.5), Blur(3)),
        StepRange(Noise(0.1), Noise(0.12)),
    ]
    for text, said in {
        "blur:3..1": "'blur:3..1': blur sigma: 3..1 begins above its end",
        "blur:1..40": "blur 40 is outside 0 to 10",
        "blur:1..": "'' is not a number",
        "blur:1..2..3": "'2..3' is not a number",
        "motion:3..9": "motion 4 is not an odd number of pixels",
        "jpeg:30..95.5": "95.5 is not a whole number",
        "blurr:1..2": "did you mean blur",
    }.items():
        with pytest.raises(InputError) as caught:
            parse_ranges(text)
        assert said in str(caught.value)
