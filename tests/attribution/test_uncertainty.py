"""What the images at hand say about the ones that are not."""

import math

import pandas as pd
import pytest
import torch

from conftest import nudged, tiny_cases, tiny_network
from faig.attribution.files.rankings import read_ranking, write_ranking
from faig.attribution.files.run_files import report_errors
from faig.attribution.uncertainty import sampling_error
from faig.filters import FilterSpace, rank
from faig.pair import Pair


def drawn(images: int, noise: float, filters: int = 1000, seed: int = 0):
    """Scores of filters whose true score falls with their index, each image with an error of its own."""
    generator = torch.Generator().manual_seed(seed)
    truth = torch.linspace(1, 0, filters)
    return truth + noise * torch.randn(images, filters, generator=generator)


def test_equal_images_leave_no_doubt():
    found = sampling_error(drawn(5, 0.0), 0.01)
    assert (found.overlap, found.confident, found.size) == (1.0, 10, 10)
    assert found.standard_error.abs().max() == pytest.approx(0, abs=1e-6)
    assert found.confidence[:10].tolist() == [1.0] * 10
    assert found.confidence[10:].max() == 0


def test_the_standard_error_is_that_of_the_mean():
    rows = drawn(400, 0.3)
    expected = 0.3 / math.sqrt(400)
    assert sampling_error(rows, 0.01).standard_error.mean() == pytest.approx(expected, rel=0.02)


def test_the_overlap_with_other_images_lies_between():
    low, seen, high = [], [], []
    for seed in range(5):
        rows = drawn(14, 0.2, seed=seed)
        top = set(rows.mean(0).topk(50).indices.tolist())
        found = sampling_error(rows, 0.05)
        low.append(found.halves)
        high.append(found.overlap)
        fresh = drawn(14, 0.2, seed=100 + seed)
        seen.append(len(top & set(fresh.mean(0).topk(50).indices.tolist())) / 50)
    assert sum(low) < sum(seen) - 0.2
    assert sum(high) > sum(seen) + 0.2


def test_more_images_are_surer_and_one_says_nothing():
    few, many = (sampling_error(drawn(n, 0.2), 0.05) for n in (5, 100))
    assert many.overlap > few.overlap
    assert many.confident > few.confident
    assert few.confidence.sum() == pytest.approx(few.size, rel=1e-4)
    one = sampling_error(drawn(1, 0.2), 0.05)
    assert one.standard_error.isnan().all()
    assert math.isnan(one.overlap)
    assert one.confident == 0


def test_crops_of_one_photo_say_no_more_than_the_photo():
    rows = drawn(6, 0.3).double()  # sums of crops are those of photos
    photos = [name for name in "abcdef" for _ in range(4)]
    by_photo, crops = sampling_error(rows, 0.05), sampling_error(rows.repeat_interleave(4, 0), 0.05, photos=photos)
    torch.testing.assert_close(crops.standard_error, by_photo.standard_error, rtol=1e-4, atol=1e-6)
    assert torch.equal(crops.confidence, by_photo.confidence)
    assert (crops.halves, crops.overlap, crops.confident) == (by_photo.halves, by_photo.overlap, by_photo.confident)
    as_if_independent = sampling_error(rows.repeat_interleave(4, 0), 0.05)
    assert as_if_independent.standard_error.mean() < by_photo.standard_error.mean() / 1.8
    assert as_if_independent.halves > by_photo.halves + 0.1


def test_halves_never_share_a_photo():
    """Each photo has top filters of its own: two halves of the photos agree on none."""
    rows = torch.zeros(4, 100)
    for image in range(4):
        rows[image, 10 * (image // 2) : 10 * (image // 2) + 5] = 1.0
    assert sampling_error(rows, 0.05, photos=["a", "a", "b", "b"]).halves == 0
    assert sampling_error(rows, 0.05).halves > 0


def test_crops_of_one_photo_alone_say_nothing():
    unknown = sampling_error(drawn(5, 0.2), 0.05, photos=["a"] * 5)
    assert unknown.standard_error.isnan().all()
    assert unknown.confidence.isnan().all()
    assert math.isnan(unknown.overlap)
    assert math.isnan(unknown.halves)
    assert unknown.confident == 0


def test_the_seed_decides():
    rows = drawn(6, 0.3)
    first, second, third = (sampling_error(rows, 0.05, seed=seed).confidence for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_the_ranking_says_how_sure_it_is(tmp_path):
    space = FilterSpace.of(tiny_network())
    rows = drawn(6, 0.3, filters=len(space))
    doubt = sampling_error(rows, 0.05)
    write_ranking(tmp_path / "f.csv", space, rows.mean(0), doubt)
    table = pd.read_csv(tmp_path / "f.csv")
    assert list(table)[:6] == ["rank", "index", "layer", "out", "in", "score"]
    assert table["confidence"].tolist() == pytest.approx(doubt.confidence[table["index"]].tolist())
    assert table["standard_error"].tolist() == pytest.approx(doubt.standard_error[table["index"]].tolist())
    assert torch.equal(read_ranking(tmp_path / "f.csv", space), rank(rows.mean(0)))


def test_the_log_says_how_many_others_would_find(caplog):
    """In numbers of filters, from what a half finds to what a resample finds."""
    baseline = tiny_network()
    pair = Pair(target=nudged(baseline), baseline=baseline)
    found = pair.attribute(tiny_cases(), "faig", nodes=2)
    errors = found.sampling_errors["blur"]
    low, high = sorted(round(share * errors.size) for share in (errors.halves, errors.overlap))
    with caplog.at_level("INFO", logger="faig"):
        report_errors(found)
    share = f"{100 * errors.size / len(pair.space):.3g}%"
    expected = (
        f"faig, blur: of the top {errors.size} filters ({share}), {low} to {high} would be found again with other"
    )
    assert expected in caplog.text
