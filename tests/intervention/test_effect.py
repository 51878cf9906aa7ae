import numpy as np
import pytest
import torch

from faig.common.errors import InputError
from faig.imaging.metrics import gradient_map, single_channel
from faig.intervention.effect import effect, leak, mean_effect, switched_off


def gray(rows: list[list[float]]) -> torch.Tensor:
    """An RGB image of equal channels."""
    return torch.tensor(rows).expand(3, -1, -1) / 255


def test_effect_by_hand():
    """One white pixel in the middle of 3×3 against black: |G' - G| is about 1 on its four neighbours, else 0."""
    black, dot = gray([[0.0] * 3] * 3), gray([[0, 0, 0], [0, 255.0, 0], [0, 0, 0]])
    step = (1 + 1e-6) ** 0.5 - 1e-3
    assert effect(dot, black) == pytest.approx(1000 * 4 * step**2 / 9, rel=1e-5)
    assert effect(black, black) == 0


def test_gradient_map_pads_with_zero():
    ones = torch.ones(3, 4)
    expected = torch.tensor([[2, 1, 1, 2], [1, 0, 0, 1], [2, 1, 1, 2.0]]).add(1e-6).sqrt()
    torch.testing.assert_close(gradient_map(ones), expected)


def test_gray_is_rounded_luma_and_blue_is_blue():
    image = torch.tensor([200, 100, 50]).view(3, 1, 1) / 255
    luma = round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)
    assert single_channel(image).item() == pytest.approx(luma / 255)
    assert single_channel(image, "blue").item() == pytest.approx(50 / 255)
    with pytest.raises(InputError, match="channel 'red' is not one of gray, blue"):
        single_channel(image, "red")


def test_switched_off_and_leak_by_hand():
    to_baseline, whole = np.array([1.0, 2.0]), np.array([5.0, 10.0])
    assert switched_off(to_baseline, whole).value == pytest.approx(1 - 3 / 15)
    assert switched_off(whole, whole).value == 0
    assert switched_off(0 * whole, whole).value == 1
    others = {"noise": np.array([0.5, 0.1]), "clean": np.array([0.2, 0.7])}
    assert leak(others, whole).value == pytest.approx(0.9 / 15)


def test_ratios_of_proportional_images_are_sure():
    """Images that agree on the ratio give an interval without width: they are resampled jointly."""
    whole = np.array([1.0, 50.0, 3.0, 20.0])
    found = switched_off(whole / 4, whole)
    assert (found.low, found.high) == pytest.approx((0.75, 0.75))


def test_interval_covers_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for trial in range(100):
        found = mean_effect(rng.normal(3, 1, 40), seed=trial)
        hits += found.low <= 3 <= found.high
    assert 86 <= hits <= 100


def test_interval_depends_on_the_seed_alone():
    sample = np.random.default_rng(1).random(10)
    assert mean_effect(sample, seed=1) == mean_effect(sample, seed=1)
    assert mean_effect(sample, seed=1) != mean_effect(sample, seed=2)


def test_crops_of_one_photo_say_no_more_than_the_photo():
    whole, left = np.array([4.0, 8.0, 2.0, 6.0]), np.array([1.0, 3.0, 0.5, 3.0])
    crops = {"whole": np.repeat(whole, 5), "left": np.repeat(left, 5)}
    photos = list(np.repeat(["a", "b", "c", "d"], 5))
    assert mean_effect(crops["left"], photos=photos) == mean_effect(left)
    assert switched_off(crops["left"], crops["whole"], photos=photos) == switched_off(left, whole)
    assert leak({"clean": crops["left"]}, crops["whole"], photos=photos) == leak({"clean": left}, whole)
    assert mean_effect(crops["left"]).high < mean_effect(left).high  # as if they were independent
