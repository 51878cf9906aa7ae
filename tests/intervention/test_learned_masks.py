"""Learned masks, where the answer is known: only few filters differ."""

import copy
import dataclasses

import pytest
import torch

from conftest import tiny_cases, tiny_network
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace, rank
from faig.intervention.edit import graft, revert
from faig.intervention.learned_masks import Learning, learn

SHARE = 0.05


def pair_that_differs_in(indices):
    baseline = tiny_network().requires_grad_(False)
    space = FilterSpace.of(baseline)
    chosen = FilterSet.of(space, indices)
    other, generator = copy.deepcopy(baseline), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in other.parameters():
            weight += 0.3 * torch.randn(weight.shape, generator=generator)
    return graft(other, baseline, chosen), baseline, chosen


@pytest.fixture(scope="module")
def planted():
    """A pair that differs in 5% of its filters, and these."""
    return pair_that_differs_in([53, 59, 60, 95, 102, 125])


def blurry(count=2):
    return [dataclasses.replace(case, lr={"blur": case.lr["blur"]}) for case in tiny_cases(count=count)]


@pytest.mark.parametrize("sense", ["revert", "graft"])
@pytest.mark.parametrize("index", [4, 60, 130])
def test_a_mask_finds_the_only_filter_that_differs(sense, index):
    """Although it begins with scores that put it last."""
    target, baseline, chosen = pair_that_differs_in([index])
    start = 1 + ~chosen.mask * torch.rand(len(chosen.mask))
    scores = learn(target, baseline, blurry(), "blur", start, Learning(sense, 1e-6, steps=12, rate=1.0, together=2))
    assert int(rank(scores)[0]) == index


def test_a_learned_mask_does_better_than_what_it_began_with(planted):
    target, baseline, chosen = planted
    start, cases = torch.rand(len(chosen.space), generator=torch.Generator().manual_seed(0)), blurry()
    scores = learn(target, baseline, cases, "blur", start, Learning("revert", SHARE, steps=20, rate=1.0, together=2))

    def left(order):
        altered = revert(target, baseline, FilterSet.top(chosen.space, order, SHARE))
        lr = cases[0].lr["blur"][None]
        return float((altered(lr) - baseline(lr)).square().mean())

    assert left(rank(scores)) < 0.2 * left(rank(start))


def test_a_filter_that_other_inputs_need_is_left_out(planted):
    """With the blurry images called clean too, reverting does as much harm as good: nothing is to be gained."""
    target, baseline, chosen = planted
    both = [dataclasses.replace(case, lr=case.lr | {"clean": case.lr["blur"]}) for case in blurry()]
    how = Learning("revert", SHARE, steps=10, rate=1.0, together=2)
    start = chosen.mask.float() + 0.5
    alone, held = (learn(target, baseline, cases, "blur", start, how)[chosen.mask].sum() for cases in (blurry(), both))
    assert held < alone


def test_learning_depends_on_its_seed_alone(planted):
    target, baseline, chosen = planted
    start = torch.rand(len(chosen.space), generator=torch.Generator().manual_seed(0))
    one, again, other = (
        learn(target, baseline, tiny_cases(), "noise", start, Learning(steps=3, together=1, seed=seed))
        for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_what_cannot_be_learned_is_said(planted):
    target, baseline, chosen = planted
    with pytest.raises(InputError, match="no images with the degradation 'jpeg'"):
        learn(target, baseline, tiny_cases(), "jpeg", torch.rand(len(chosen.space)), Learning())
    with pytest.raises(InputError, match="sense 'delete' is not one of revert, graft"):
        Learning("delete")
