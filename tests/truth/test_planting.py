"""Functions that are planted in filters of their own, and what drifts around them."""

import copy
import itertools

import pytest
import torch
from torch import nn
from torch.nn import functional

from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.imaging.cases import CLEAN
from faig.intervention.edit import revert
from faig.truth import disjoint, drift, plant

pytestmark = pytest.mark.slow


def batch(generator: torch.Generator):
    """Three kinds of LR that a network can tell apart, and what they come from."""
    clean = torch.rand(2, 3, 8, 8, generator=generator)
    return functional.interpolate(clean, scale_factor=2), {"blur": clean + 1, "noise": clean - 1, CLEAN: clean}


def test_each_function_is_planted_in_its_own_filters(pair):
    baseline = pair[1]
    space = FilterSpace.of(baseline)
    sets = disjoint(space, ["blur", "noise"], 0.2, seed=3)
    assert not (sets["blur"] & sets["noise"]).mask.any()
    one = batch(torch.Generator().manual_seed(0))
    learned = plant(baseline, sets, itertools.repeat(one), 4, 1e-2)
    alone = plant(baseline, {"blur": sets["blur"]}, itertools.repeat(one), 4, 1e-2)
    moved = [learned, alone]
    change = [{k: v - baseline.get_parameter(k) for k, v in network.named_parameters()} for network in moved]
    first, second = (space.sum_per_unit(part) for part in change)
    known = (sets["blur"] | sets["noise"]).mask
    assert not first[~known].any()
    assert first[known].count_nonzero() > 0.9 * known.sum()
    assert not second[~sets["blur"].mask].any()
    assert second[sets["blur"].mask].count_nonzero() > 0.9 * len(sets["blur"])
    assert all(torch.equal(v, baseline.get_parameter(k)) for k, v in moved[0].named_parameters() if v.ndim == 1)


def planted_well(baseline: nn.Module, limit: float = 0.1):
    """A network with two functions, its sets, and how far outputs are from others, by the baseline's error."""
    gt, lr = one = batch(torch.Generator().manual_seed(0))
    sets = disjoint(FilterSpace.of(baseline), ["blur", "noise"], 0.3)

    def error(network: nn.Module, kind: str, wanted: nn.Module | None = None) -> float:
        with torch.no_grad():
            whole = (baseline(lr[kind]) - gt).square().mean()
            return float((network(lr[kind]) - (wanted(lr[kind]) if wanted else gt)).square().mean() / whole)

    return plant(baseline, sets, itertools.repeat(one), 300, 1e-2, limit=limit), sets, error


def test_each_set_alone_does_its_function_and_nothing_else(pair):
    """Both are done; a set that is reverted takes its own along, and not the other; clean images are kept."""
    planted, sets, error = planted_well(pair[1])
    assert all(error(planted, kind) < 0.45 for kind in sets)
    assert 0 < error(planted, CLEAN, pair[1]) < 0.25
    for off, on in (("blur", "noise"), ("noise", "blur")):
        reverted = revert(planted, pair[1], sets[off])
        assert error(reverted, off, pair[1]) < 0.15
        assert error(reverted, on) < 0.5


def test_less_is_changed_where_less_may_change(pair):
    changes = []
    for limit in (0.02, 2.0):
        planted, _, error = planted_well(pair[1], limit)
        changes.append(error(planted, CLEAN, pair[1]))
    assert changes[0] < 0.6 * changes[1]


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
