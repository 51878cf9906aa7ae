"""Training data: sub-images, LMDB, damaged files, and patches that depend on nothing but their place in the run."""

import numpy as np
import pytest
import torch

from batches import parts, same
from conftest import training_config
from faig.common.errors import FaigWarning, InputError
from faig.imaging.blurs import RADIUS, Blur
from faig.imaging.degradation import Degradation
from faig.imaging.images import list_images, read_image, round8, write_image
from faig.imaging.steps import Jpeg, Noise, Poisson, downsample
from faig.training.config import DataConfig
from faig.training.data import Batch, Patches, degrade_batch


def test_batches_depend_on_seed_and_iteration_alone(settings):
    data = training_config(settings).data
    first, second = Patches(data, 2, seed=1), Patches(data, 2, seed=1)
    first.batch(0)
    assert same(first.batch(7), second.batch(7))
    assert not torch.equal(first.batch(7).wide, first.batch(8).wide)
    assert not torch.equal(first.batch(7).wide, Patches(data, 2, seed=2).batch(7).wide)


def test_shares_of_a_batch_are_its_parts(settings):
    data = training_config(settings).data.model_copy(update={"batch": 6})
    whole = Patches(data, 2, seed=1).batch(3)
    shares = [Patches(data, 2, seed=1, share=part).batch(3) for part in (slice(0, 2), slice(2, 6))]
    wide, chosen, levels, *drawn = (torch.cat(both) for both in zip(*map(parts, shares), strict=True))
    assert same(whole, Batch(wide, chosen, tuple(drawn), levels))


@pytest.mark.slow
def test_blur_and_noise_are_drawn_independently(tmp_path):
    """A quarter each is clean, blurry, noisy and both; blur is that of the whole image, not of the patch."""
    generator = torch.Generator().manual_seed(0)
    wide = 0.2 + 0.6 * torch.rand(3, 60, 60, generator=generator).round()
    folder = tmp_path / "many"
    folder.mkdir()
    write_image(folder / "one.png", wide)
    drawing = {"gt": folder, "lr_patch": 12, "batch": 400, "degradation": {"blur": 2, "noise": 0.1}}
    data = DataConfig.model_validate(drawing)
    batch = Patches(data, 2, seed=0).batch(0)
    gt, lr = degrade_batch(batch, 2, data.degradation)
    wide = batch.wide.float() / 255
    assert torch.equal(gt, wide[..., RADIUS:-RADIUS, RADIUS:-RADIUS])
    clean = torch.stack([Degradation()(patch, 2) for patch in gt])
    blurred = torch.stack([Degradation()(p, 2) for p in Blur(2.0)(wide)[..., RADIUS:-RADIUS, RADIUS:-RADIUS]])
    off_clean, off_blurred = ((lr - other).square().mean((1, 2, 3)).sqrt() for other in (clean, blurred))
    shares = [
        (off_clean < 0.003).float().mean().item(),
        (off_blurred < 0.003).float().mean().item(),
        ((off_clean > 0.07) & (off_clean < 0.12)).float().mean().item(),
        ((off_blurred > 0.07) & (off_blurred < 0.12)).float().mean().item(),
    ]
    assert shares == pytest.approx([0.25] * 4, abs=0.07)
    assert sum(shares) == pytest.approx(1)


SPECS = {"blur:2+jpeg:30": 0.6, "motion:9:30": 0.4, "noise:0.1": 0.5, "poisson:20+blur:1": 0.5, "jpeg:10": 0.3}


@pytest.mark.parametrize("downsampling", ["bilinear", "bicubic", "area"])
def test_any_degradations_of_patches_are_those_of_images(settings, downsampling):
    """Each patch is what `Degradation` makes of it, with what was drawn for it; the others stay out of it."""
    degradation = {"degrade": SPECS, "downsampling": downsampling}
    data = training_config(settings, data=settings["data"] | {"batch": 24, "degradation": degradation}).data
    patches = Patches(data, 2, seed=0)
    batch = patches.batch(0)
    gt, lr = degrade_batch(batch, 2, data.degradation)
    assert patches.plan.margin == 2 * RADIUS
    assert torch.equal(gt, batch.wide[..., 20:-20, 20:-20].float() / 255)
    combinations = set()
    for place, (patch, chosen) in enumerate(zip(batch.wide.float() / 255, batch.chosen[:, 2:], strict=True)):
        done = [spec for spec, on in zip(SPECS, chosen, strict=True) if on]
        combinations.add(tuple(done))
        image = patch[None]
        for spec in ("blur:2+jpeg:30", "motion:9:30"):
            if spec in done:
                image = Degradation.parse(spec).steps[0](image)
        margin = (image.shape[-1] - 16) // 2
        image = downsample(image[..., margin:-margin, margin:-margin], 2, downsampling)
        gaussian, counted = (part[place : place + 1] for part in batch.drawn)
        if "blur:2+jpeg:30" in done:
            image = Jpeg(30)(image)
        if "noise:0.1" in done:
            image = Noise(0.1)(image, gaussian)
        if "poisson:20+blur:1" in done:
            image = Blur(1)(Poisson(20)(image, counted))
        if "jpeg:10" in done:
            image = Jpeg(10)(image)
        torch.testing.assert_close(lr[place], round8(image)[0], atol=1.1 / 255, rtol=0)
    assert len(combinations) > 8


def test_specs_are_drawn_with_their_probabilities(settings):
    data = training_config(settings, data=settings["data"] | {"batch": 500, "degradation": {"degrade": SPECS}}).data
    chosen = Patches(data, 2, seed=0).batch(0).chosen[:, 2:].float()
    assert chosen.mean(0).tolist() == pytest.approx(list(SPECS.values()), abs=0.07)
    assert torch.corrcoef(chosen.T).fill_diagonal_(0).abs().max() < 0.15


@pytest.mark.parametrize(
    ("degradation", "message"),
    [
        ({"degrade": {"blurr:2": 0.5}}, r"'blurr:2', step 1: 'blurr' is not one of .* did you mean blur\?"),
        ({"degrade": {"down:area+blur:2": 0.5}}, "'down:area\\+blur:2': all patches are downsampled in one way"),
        ({"degrade": {"blur:2": 1.5}}, "less than or equal to 1"),
        ({"blur": 40}, "blur 40 is outside 0 to 10"),
    ],
)
def test_degradations_that_make_no_sense(settings, degradation, message):
    with pytest.raises(ValueError, match=message):
        training_config(settings, data=settings["data"] | {"degradation": degradation})


@pytest.mark.filterwarnings("ignore::faig.common.errors.FaigWarning")
def test_patches_smaller_than_asked_for(settings):
    with pytest.raises(InputError, match=r"stripes\d\.png: 36x40 is smaller than a GT patch of 64"):
        Patches(training_config(settings, data=settings["data"] | {"lr_patch": 32}).data, 2, 0).batch(0)


def test_an_image_that_cannot_be_used_is_named_and_left_out(settings, drawn):
    whole = (drawn / "stripes1.png").read_bytes()
    (drawn / "stripes1.png").write_bytes(whole[: len(whole) // 2])
    data = training_config(settings).data.model_copy(update={"batch": 20})
    patches = Patches(data, 2, seed=0)
    with pytest.warns(FaigWarning, match=r"stripes1\.png: is not an image that can be read, or is damaged; left out"):
        first = patches.batch(0)
    again = patches.batch(0)  # known by now: no second warning, the same patches
    assert same(first, again)
    with pytest.raises(InputError, match=r"stripes1\.png: is not an image"):
        Patches(data, 2, seed=0, strict=True)


def test_patches_come_from_the_images_and_mirror_at_the_border(settings, drawn):
    """Every wide patch is somewhere in a mirrored image, turned or not."""
    data = training_config(settings).data
    batch = Patches(data, 2, seed=0).batch(0)
    places = []
    for patch in batch.wide.numpy():
        for path in list_images(drawn).values():
            image = np.pad((read_image(path) * 255).round().byte().numpy(), ((0, 0), (10, 10), (10, 10)), "reflect")
            for turn in range(8):
                view = np.rot90(patch[:, :, ::-1] if turn > 3 else patch, turn % 4, (1, 2))
                windows = np.lib.stride_tricks.sliding_window_view(image, view.shape)[0]
                if (windows == view).all((-1, -2, -3)).any():
                    places.append(path.stem)
    assert len(places) >= data.batch


def test_without_flips_and_turns(settings, drawn):
    ramp = torch.linspace(0, 1, 40).expand(3, 36, 40)
    for path in list_images(drawn).values():
        write_image(path, ramp)
    data = training_config(settings).data.model_copy(update={"batch": 30})
    inner = slice(RADIUS, -RADIUS)
    slopes = Patches(data, 2, seed=0).batch(0).wide[..., inner, inner].float().diff(dim=-1).mean((1, 2, 3))
    assert slopes.sign().unique().tolist() == [-1, 0, 1]
    data = data.model_copy(update={"flip": False, "rotate": False})
    slopes = Patches(data, 2, seed=0).batch(0).wide[..., inner, inner].float().diff(dim=-1).mean((1, 2, 3))
    assert (slopes > 0).all()


def test_images_are_kept_decoded_as_far_as_memory_allows(settings):
    data = training_config(settings).data
    small = data.model_copy(update={"cache_gb": 36 * 40 * 3 * 1.5 / 1e9})
    kept, few = Patches(data, 2, seed=0), Patches(small, 2, seed=0)
    assert all(same(kept.batch(i), few.batch(i)) for i in range(10))
    assert len(kept.kept) == 3
    assert len(few.kept) == 1
