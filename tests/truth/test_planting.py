"""Functions that are planted in filters of their own, and what drifts around them."""

import copy
import itertools

import pytest
import torch
from torch import nn

from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.imaging.cases import CLEAN
from faig.truth import (
    disjoint,
    drift,
    plant,
)

pytestmark = pytest.mark.slow


def batch(generator: torch.Generator):
    gt = torch.rand(2, 3, 16, 16, generator=generator)
    lr = {kind: torch.rand(2, 3, 8, 8, generator=generator) for kind in ("blur", "noise", CLEAN)}
    return gt, lr


def test_each_function_is_planted_in_its_own_filters(pair):
    baseline = pair[1]
    space = FilterSpace.of(baseline)
    sets = disjoint(space, ["blur", "noise"], 0.2, seed=3)
    assert not (sets["blur"] & sets["noise"]).mask.any()
    one = batch(torch.Generator().manual_seed(0))
    learned = plant(baseline, sets, itertools.repeat(one), 1, 1e-2)
    alone = plant(baseline, {"blur": sets["blur"]}, itertools.repeat(one), 1, 1e-2)
    moved = [learned, alone]
    change = [{k: v - baseline.get_parameter(k) for k, v in network.named_parameters()} for network in moved]
    first, second = (space.sum_per_unit(part) for part in change)
    known = (sets["blur"] | sets["noise"]).mask
    assert not first[~known].any()
    assert first[known].count_nonzero() > 0.9 * known.sum()
    assert not second[~sets["blur"].mask].any()
    assert second[sets["blur"].mask].count_nonzero() > 0.9 * len(sets["blur"])
    assert all(torch.equal(v, baseline.get_parameter(k)) for k, v in moved[0].named_parameters() if v.ndim == 1)


def test_planting_lowers_the_loss(pair):
    baseline, one = pair[1], batch(torch.Generator().manual_seed(0))
    sets = disjoint(FilterSpace.of(baseline), ["blur", "noise"], 0.3)

    def error(network: nn.Module, kind: str) -> float:
        return float((network(one[1][kind]) - one[0]).abs().mean())

    planted = plant(baseline, sets, itertools.repeat(one), 40, 1e-2)
    with torch.no_grad():
        assert all(error(planted, kind) < 0.98 * error(baseline, kind) for kind in sets)


def test_sets_learn_one_after_the_other(pair):
    """The first knows nothing of the second; the second learns on top of the first, which stays as it is."""
    baseline, one = pair[1], batch(torch.Generator().manual_seed(0))
    sets = disjoint(FilterSpace.of(baseline), ["blur", "noise"], 0.3)

    def planted(kinds: list[str], clean: float, start=baseline) -> dict[str, torch.Tensor]:
        chosen = {kind: sets[kind] for kind in kinds}
        return dict(plant(start, chosen, itertools.repeat(one), 5, 1e-2, clean=clean).named_parameters())

    both, first = planted(["blur", "noise"], 0), planted(["blur"], 0)
    careful = planted(["blur", "noise"], 0.5)
    by_itself = planted(["noise"], 0)
    for key, mask in sets["blur"].space.spread(sets["blur"].mask).items():
        assert torch.equal(both[key] * mask, first[key] * mask)
        assert not torch.equal(both[key] * mask, careful[key] * mask)  # it also heard of clean and noisy images
    cleaner = planted(["blur"], 0.5)
    assert any(not torch.equal(first[key], cleaner[key]) for key in first)
    noise = sets["noise"].space.spread(sets["noise"].mask)
    assert any(not torch.equal(both[key] * mask, by_itself[key] * mask) for key, mask in noise.items())


def test_a_set_learns_to_keep_what_was_planted_before(pair):
    """Where there is nothing to learn, the second set stays as it is, although the first has moved the outputs."""
    baseline, one = pair[1], batch(torch.Generator().manual_seed(0))
    sets = disjoint(FilterSpace.of(baseline), ["blur", "noise"], 0.3)
    nothing = FilterSet.of(sets["noise"].space, [])
    first = plant(baseline, sets | {"noise": nothing}, itertools.repeat(one), 5, 1e-2)
    noisy = one[1]["noise"]
    done = first(noisy), one[1] | {CLEAN: noisy}
    both = plant(baseline, sets, itertools.chain(itertools.repeat(one, 5), itertools.repeat(done)), 5, 1e-2)
    assert not torch.equal(first(one[1]["blur"]), baseline(one[1]["blur"]))
    assert all(torch.equal(weight, both.get_parameter(key)) for key, weight in first.named_parameters())


def test_planted_sets_must_be_disjoint_and_fit(pair):
    space = FilterSpace.of(pair[1])
    with pytest.raises(InputError, match="2 sets of 60% of the filters: more than there are"):
        disjoint(space, ["blur", "noise"], 0.6)
    same = FilterSet.of(space, [1, 2])
    with pytest.raises(InputError, match="the sets of blur, noise share filters"):
        plant(pair[1], {"blur": same, "noise": same}, [], 1, 1e-3)


def test_drift_moves_everything_but_what_was_planted_and_leaves_the_start(pair):
    start, one = copy.deepcopy(pair[0]), batch(torch.Generator().manual_seed(0))
    planted = FilterSet.of(FilterSpace.of(start), range(0, 60, 2))
    steps = list(itertools.islice(drift(pair[0], planted, itertools.repeat(one), 0.1), 3))
    assert steps[0] is steps[2]
    still = planted.space.spread(planted.mask)
    for key, weight in steps[0].named_parameters():
        assert torch.equal(pair[0].get_parameter(key), start.get_parameter(key))
        moved = weight != start.get_parameter(key)
        if key in still:
            assert not (moved & still[key]).any()
            assert (moved | still[key]).float().mean() > 0.9
        else:
            assert moved.any()


def test_drift_keeps_what_was_made_of_degraded_images(pair):
    """Nothing moves where clean outputs are right; what clean images ask for is not done where it spoils the others."""
    network, one = pair[0], batch(torch.Generator().manual_seed(0))
    planted = FilterSet.of(FilterSpace.of(network), range(0, 60, 2))
    right = network(one[1][CLEAN]).detach(), one[1]
    moved = next(drift(network, planted, itertools.repeat(right), 0.1))
    assert all(torch.equal(weight, network.get_parameter(key)) for key, weight in moved.named_parameters())
    drifted = next(drift(network, planted, itertools.repeat((right[0] + 0.1, one[1])), 0.1))
    assert not torch.equal(drifted(one[1][CLEAN]), right[0])
    same = (
        (right[0] + 0.1).detach(),
        dict.fromkeys(one[1], one[1][CLEAN]),
    )  # clean images ask for what the others forbid
    *_, drifted = itertools.islice(drift(network, planted, itertools.repeat(same), 0.02), 60)
    assert (drifted(one[1][CLEAN]) - right[0]).abs().mean() < 0.05
