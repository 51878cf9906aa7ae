"""Intervals against closed forms, and against what resampling images would give."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from faig.common.statistics import (
    Estimate,
    estimate,
    estimate_mean,
    estimate_share,
    interval,
    interval_columns,
    resample_weights,
    spread_of,
)

Z = 1.959964  # of 95%


def width(found: Estimate) -> float:
    return found.high - found.low


@pytest.mark.slow
def test_the_interval_of_a_mean_is_that_of_the_closed_form():
    sample = np.random.default_rng(0).normal(3, 2, 400)
    half = Z * sample.std() / 20  # of the bootstrap's normal limit: the sample's own spread, over √400
    found = estimate(lambda mean: mean, sample, resamples=20_000)
    assert found.value == pytest.approx(sample.mean())
    assert (found.low, found.high) == pytest.approx((sample.mean() - half, sample.mean() + half), abs=0.03 * half)


@pytest.mark.slow
def test_the_interval_of_crops_is_that_of_the_photos_means():
    """Crops that differ within photos of one size: the interval is that of the mean of the photos' means."""
    rng = np.random.default_rng(1)
    crops = rng.normal(0, 1, (200, 1)) + rng.normal(0, 1, (200, 4))
    photos = [place for place in range(200) for _ in range(4)]
    half = Z * crops.mean(1).std() / 200**0.5
    found = estimate(lambda mean: mean, crops.ravel(), photos=photos, resamples=20_000)
    assert (found.low, found.high) == pytest.approx((crops.mean() - half, crops.mean() + half), abs=0.03 * half)


def test_identical_crops_of_one_photo_do_not_narrow_the_interval():
    sample = np.random.default_rng(2).random(6)
    photos = [name for name in "abcdef" for _ in range(10)]
    whole, crops = estimate_mean(sample), estimate_mean(np.repeat(sample, 10), photos=photos)
    assert (crops.value, crops.low, crops.high) == pytest.approx((whole.value, whole.low, whole.high))
    # What resampling the images would say: ten times as many of them, √10 narrower.
    assert width(estimate_mean(np.repeat(sample, 10))) == pytest.approx(width(whole) / 10**0.5, rel=0.15)


def test_a_photo_counts_as_often_as_it_has_images():
    """Two photos, one with three crops: (1, 1, 1, 5) is drawn as 1, 2 or 5."""
    found = estimate_mean([1.0, 1, 1, 5], photos=["a", "a", "a", "b"])
    assert (found.low, found.value, found.high) == (1, 2, 5)


def test_it_does_not_matter_in_which_order_the_crops_of_photos_stand():
    first = estimate_mean([1.0, 2, 3, 7], photos=["a", "a", "b", "b"])
    assert estimate_mean([1.0, 3, 2, 7], photos=["a", "b", "a", "b"]) == first


def test_a_ratio_of_means_resamples_both_together():
    whole = np.array([1.0, 50, 3, 20])
    found = estimate(lambda part, all_of_it: part / all_of_it, whole / 4, whole)
    assert (found.value, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))
    uneven = estimate(lambda part, all_of_it: part / all_of_it, np.array([1.0, 2, 6]), np.array([2.0, 8, 10]))
    assert uneven.value == pytest.approx(9 / 20)  # of the means, not the mean of ratios
    assert (uneven.low, uneven.high) == pytest.approx((0.25, 0.6))  # the lowest and the highest of a photo alone


def test_one_photo_says_nothing_of_others():
    for photos in (["a"] * 3, [0] * 3):
        found = estimate_mean([1.0, 2, 6], photos=photos)
        assert found.value == 3
        assert np.isnan([found.low, found.high]).all()
    assert np.isnan(estimate_mean([2.0]).low)


def test_the_seed_decides():
    sample = np.random.default_rng(3).random(10)
    assert estimate_mean(sample, seed=1) == estimate_mean(sample, seed=1)
    assert estimate_mean(sample, seed=1) != estimate_mean(sample, seed=2)


def test_what_is_not_known_stays_unknown():
    found = estimate_mean([1.0, np.nan, 2])
    assert np.isnan([found.value, found.low, found.high]).all()


def test_a_statistic_of_samples_in_place_of_means_is_refused():
    """``np.mean`` of the resampled means is one number: an interval without width."""
    with pytest.raises(ValueError, match="it must work elementwise"):
        estimate(np.mean, np.array([1.0, 2, 3]))


def test_a_resample_takes_as_many_photos_as_there_are_each_with_all_its_images():
    photos = ["b", "a", "b", "c", "b"]
    weights = resample_weights(photos, 500, seed=0)
    assert weights.shape == (500, 5)
    assert (weights[:, [0]] == weights[:, [2, 4]]).all()
    assert (weights[:, [0, 1, 3]].sum(1) == 3).all()
    assert set(weights[:, 1]) == {0, 1, 2, 3}
    assert weights[:, [0, 1, 3]].mean(0) == pytest.approx([1, 1, 1], abs=0.12)
    assert (weights == resample_weights(photos, 500, seed=0)).all()
    assert (weights == resample_weights([1, 0, 1, 2, 1], 500, seed=0)).all()  # names do not matter
    assert resample_weights(["a", "a"], 500, seed=0).shape == (0, 2)


def test_an_interval_is_of_percentiles():
    found = interval(1.0, np.arange(1001.0))
    assert (found.value, found.low, found.high) == (1, 25, 975)
    assert np.isnan(interval(1.0, []).low)


def test_an_estimate_goes_into_a_row_and_comes_back():
    found = Estimate(0.5, 0.4, 0.6)
    row = {"method": "faig"} | found.columns("leak")
    assert row == {"method": "faig", "leak": 0.5, "leak_low": 0.4, "leak_high": 0.6}
    assert tuple(found.columns("leak")) == interval_columns("leak")
    assert Estimate.of_row(row, "leak") == found
    assert Estimate.of_row(pd.Series(row), "leak") == found


def test_an_estimate_reads_well():
    assert str(Estimate(0.51234, 0.4, 0.6)) == "0.512 [0.4, 0.6]"


@pytest.mark.parametrize(("right", "count"), [(32, 32), (0, 7), (45, 60), (1, 2), (59, 60)])
def test_the_interval_of_a_share_is_wilsons(right, count):
    found = estimate_share([1.0] * right + [0.0] * (count - right))
    known = binomtest(right, count).proportion_ci(method="wilson")
    assert found.value == right / count
    # Of photos with one answer each the effective count is one less, where some are right and some wrong.
    tolerance = 1e-9 if right in (0, count) else 1.5 / count**1.5
    assert (found.low, found.high) == pytest.approx((known.low, known.high), abs=tolerance)
    assert found.low <= known.low + 1e-9
    assert found.high >= known.high - 1e-9


def test_all_right_of_32_is_not_certain():
    found = estimate_share([1.0] * 32, photos=[name for name in range(16) for _ in range(2)])
    assert found.low == pytest.approx(0.893, abs=0.001)
    assert found.high == 1
    assert estimate_share([0.0] * 32).low == 0


def test_answers_that_go_wrong_together_count_as_one():
    """Twenty photos with five answers each, all five right or all wrong: as twenty answers would, and not a hundred."""
    right = np.repeat([1.0] * 15 + [0.0] * 5, 5)
    together = estimate_share(right, photos=[photo for photo in range(20) for _ in range(5)])
    alone = estimate_share([1.0] * 15 + [0.0] * 5)
    assert (together.value, together.low, together.high) == pytest.approx((alone.value, alone.low, alone.high))
    assert width(estimate_share(right)) < 0.5 * width(together)


@pytest.mark.parametrize("last", [0.0, 1.0])
def test_answers_never_count_for_more_than_they_are(last):
    """One right and one wrong of nearly every photo: the share hardly varies between photos, less than 16 would."""
    right = [1.0, 0.0] * 7 + [1.0, last]
    found = estimate_share(right, photos=[photo for photo in range(8) for _ in range(2)])
    known = binomtest(int(sum(right)), 16).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


def test_a_share_of_one_photo_says_nothing_of_others():
    found = estimate_share([1.0, 1, 0], photos=["a"] * 3)
    assert found.value == pytest.approx(2 / 3)
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.parametrize(("values", "spread"), [([], np.nan), ([3.0], np.nan), ([1.0, 3.0], 2**0.5), ([2.0, 2.0], 0)])
@pytest.mark.parametrize("kind", [list, np.array])
def test_the_spread_between_seeds_needs_two_of_them(values, spread, kind):
    assert spread_of(kind(values)) == pytest.approx(spread, nan_ok=True)
