"""What filters do: groups, overlaps and profiles, by hand and at random."""

import pytest
import torch

from faig.analysis.sharing import grouping, profiles
from faig.attribution.raw_scores import RawScores


def raw(**score: list[list[float]]) -> RawScores:
    """Raw scores by degradation, ``[image][filter]``."""
    rows = {kind: torch.tensor(values) for kind, values in score.items()}
    return RawScores([str(i) for i in range(len(next(iter(rows.values()))))], rows)


# Ten filters; the top 20% are two of each. 0 is in all three sets, 1 in blur's, 2 in the two others'.
BY_HAND = raw(
    blur=[[9.0, 8, 1, 1, 1, 1, 1, 1, 1, 1]] * 3,
    noise=[[9.0, 1, 8, 1, 1, 1, 1, 1, 1, 1]] * 3,
    jpeg=[[90.0, 10, 80, 10, 10, 10, 10, 10, 10, 10]] * 3,
    clean=[[0.0, 0, 0, 0, 0, 0, 0, 0, 0, 1]] * 3,
)


def test_groups_by_hand():
    found = grouping(BY_HAND, 0.2)
    assert {group.functions: group.filters for group in found.groups if group.filters} == {
        (): 7,
        ("blur",): 1,
        ("noise", "jpeg"): 1,
        ("blur", "noise", "jpeg"): 1,
    }
    assert {group.functions: group.kind for group in found.groups}[("noise", "jpeg")] == "shared"
    assert {kind: share.value for kind, share in found.kinds.items()} == pytest.approx(
        {"neutral": 0.7, "specific": 0.1, "shared": 0.2}
    )
    assert found.overlaps["blur", "noise"].value == 0.5
    assert found.overlaps["noise", "jpeg"].value == 1
    assert found.overlaps["jpeg", "jpeg"].value == 1
    for share in (*found.kinds.values(), *found.overlaps.values()):
        assert share.low == pytest.approx(share.value) == pytest.approx(share.high)  # all images agree


def test_profiles_are_multiples_of_the_mean_filter():
    found = profiles(BY_HAND)
    assert found.shape == (3, 10)  # clean is no degradation
    torch.testing.assert_close(found.mean(1), torch.ones(3))
    torch.testing.assert_close(found[2], found[1])  # ten times the scores: the same profile
    assert found[0, 0].item() == pytest.approx(9 / 2.5)


def test_what_holds_for_any_scores():
    generator = torch.Generator().manual_seed(0)
    scores = {kind: torch.rand(6, 4000, generator=generator) for kind in ("blur", "noise", "jpeg", "dark")}
    found = grouping(RawScores([str(i) for i in range(6)], scores), 0.1, seed=3)
    assert sum(group.filters for group in found.groups) == 4000
    assert sum(group.by_chance for group in found.groups) == pytest.approx(1)
    assert sum(share.value for share in found.kinds.values()) == pytest.approx(1)
    for one, other in found.overlaps:
        assert found.overlaps[one, other] == found.overlaps[other, one]  # the sets are of one size
        inside = sum(group.filters for group in found.groups if {one, other} <= set(group.functions))
        assert inside == round(found.overlaps[one, other].value * 400)
    for group in found.groups:  # independent scores: what chance gives, within four standard deviations
        spread = (4000 * group.by_chance * (1 - group.by_chance)) ** 0.5
        assert abs(group.filters - 4000 * group.by_chance) < 4 * spread + 1
        assert group.share.low <= group.share.high


def test_crops_of_one_photo_say_no_more_than_the_photo():
    generator = torch.Generator().manual_seed(1)
    scores = {kind: torch.rand(4, 3000, generator=generator).double() for kind in ("blur", "noise")}
    whole = grouping(RawScores(list("abcd"), scores), 0.1)
    repeated = {kind: rows.repeat_interleave(3, 0) for kind, rows in scores.items()}
    names, photos = [str(i) for i in range(12)], [name for name in "abcd" for _ in range(3)]
    crops, apart = (grouping(RawScores(names, repeated, photos=labels), 0.1) for labels in (photos, names))
    assert (crops.kinds, crops.overlaps) == (whole.kinds, whole.overlaps)
    narrow, wide = (found.overlaps["blur", "noise"] for found in (apart, whole))
    assert narrow.high - narrow.low < wide.high - wide.low
    alone = grouping(RawScores(names, repeated, photos=["a"] * 12), 0.1)
    assert all(share.low != share.low for share in alone.kinds.values())  # NaN


def test_one_image_has_no_interval():
    found = grouping(raw(blur=[[3.0, 1.0]], noise=[[1.0, 2.0]]), 0.5)
    assert found.overlaps["blur", "noise"].value == 0
    assert all(share.low != share.low for share in found.kinds.values())  # NaN
