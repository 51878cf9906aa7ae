"""Learned sets, where the answer is known: only few filters differ."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

import faig
from conftest import nudged, tiny_cases, tiny_network
from faig.attribution.cache import MemoryCache
from faig.attribution.learning import mask
from faig.attribution.learning.mask import LearnedMask
from faig.attribution.learning.method import Lesson
from faig.attribution.methods import MASK
from faig.attribution.options import Options
from faig.attribution.result import Attribution
from faig.common.distributed import ALONE
from faig.common.errors import InputError
from faig.common.progress import silent
from faig.filters import FilterSet, FilterSpace, rank
from faig.imaging.metrics import gradient_map, gray
from faig.intervention.edit import graft
from faig.intervention.effect import switched_off
from killed_cache import Killed, KilledCache

pytestmark = pytest.mark.slow

SHARE = 0.05


class Given:
    """A method whose scores are known."""

    def __init__(self, scores):
        self.scores = scores

    def attribute(self, pair, cases, options, cache, *, processes, track):
        del cases, cache, processes, track
        return Attribution(MASK, pair.space, dict.fromkeys(("blur", "noise"), self.scores), options)


def learned(pair, cases, kind, start, share=SHARE, **how):
    method = dataclasses.replace(MASK, start=dict.fromkeys((True, False), Given(start)), **how)
    return method.attribute(pair, cases, Options(top=share)).scores[kind]


def pair_that_differs_in(indices):
    """Without biases, so that of black images every network makes black ones."""
    baseline = tiny_network().requires_grad_(False)
    for name, weight in baseline.named_parameters():
        if name.endswith("bias"):
            weight.zero_()
    space = FilterSpace.of(baseline)
    chosen = FilterSet.of(space, indices)
    other, generator = copy.deepcopy(baseline), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in (weight for weight in other.parameters() if weight.ndim > 1):
            weight += 0.3 * torch.randn(weight.shape, generator=generator)
    return faig.Pair(target=graft(other, baseline, chosen), baseline=baseline), chosen


@pytest.fixture(scope="module")
def planted():
    """A pair that differs in 5% of its filters, and these."""
    return pair_that_differs_in([53, 59, 60, 95, 102, 125])


@pytest.fixture
def fast(monkeypatch):
    monkeypatch.setattr(mask, "RATE", 1.0)


def blurry(count=2):
    """Cases of blurry images, and of black ones, which no filter changes."""
    return [
        dataclasses.replace(case, lr={"blur": case.lr["blur"], "clean": torch.zeros_like(case.lr["blur"])})
        for case in tiny_cases(count=count)
    ]


@pytest.mark.parametrize("sense", ["revert", "graft"])
@pytest.mark.parametrize("index", [4, 60, 130])
@pytest.mark.usefixtures("fast")
def test_a_mask_finds_the_only_filter_that_differs(sense, index):
    """Although it begins with scores that put it last."""
    pair, chosen = pair_that_differs_in([index])
    start = 1 + ~chosen.mask * torch.rand(len(chosen.mask))
    assert int(rank(learned(pair, blurry(), "blur", start, 1e-6, sense=sense, steps=12))[0]) == index


@pytest.mark.usefixtures("fast")
def test_a_learned_mask_does_better_than_what_it_began_with(planted):
    pair, chosen = planted
    start, cases = torch.rand(len(chosen.space), generator=torch.Generator().manual_seed(0)), blurry()

    def left(order):
        altered = pair.revert(FilterSet.top(chosen.space, order, SHARE))
        lr = cases[0].lr["blur"][None]
        return float((altered(lr) - pair.baseline(lr)).square().mean())

    assert left(rank(learned(pair, cases, "blur", start, steps=20))) < 0.2 * left(rank(start))


@pytest.mark.usefixtures("fast")
def test_a_filter_that_other_inputs_need_is_left_out(planted):
    """With almost the blurry images called clean too, reverting does as much harm as good: nothing is to be gained."""
    pair, chosen = planted
    both = [dataclasses.replace(case, lr=case.lr | {"clean": 0.999 * case.lr["blur"]}) for case in blurry()]
    start = chosen.mask.float() + 0.5
    alone, held = (learned(pair, cases, "blur", start, steps=10)[chosen.mask].sum() for cases in (blurry(), both))
    assert held < alone


@pytest.mark.usefixtures("fast")
def test_what_a_set_does_of_the_whole_job_is_said(planted):
    pair, chosen = planted
    cases = blurry()
    found = pair.attribute(cases, "learned", top=SHARE)
    altered = pair.revert(found.top("blur", SHARE))
    left, total = (np.array([in_map(net, pair, case) for case in cases]) for net in (altered, pair.target))
    assert len(found.top("blur", SHARE)) == len(chosen)
    assert 0.9 < found.reached["blur"] == pytest.approx(switched_off(left, total).value, abs=1e-5)
    assert "does only" not in str(found.distrust)
    assert f"does, of the whole job: blur {found.reached['blur']:.0%}" in repr(found)


def in_map(network, pair, case):
    """Of its output on the blurry image from the baseline's."""
    first, second = (gradient_map(gray(net(case.lr["blur"][None])[0])) for net in (network, pair.baseline))
    return float((first - second).square().mean())


def test_a_set_that_is_too_small_for_its_function_says_so():
    pair = faig.Pair(target=nudged(tiny_network(), size=0.02), baseline=tiny_network())
    found = pair.attribute(tiny_cases(count=2), "learned", top="1%")
    assert max(found.reached.values()) < 0.5
    shares = " and ".join(f"{max(share, 0):.0%} ({kind})" for kind, share in found.reached.items())
    assert found.distrust == (
        f"what was learned does only {shares} of what altering everything does, on the images it was learned on"
    )


def test_the_method_begins_with_signed_and_says_what_it_cost(planted):
    pair, _ = planted
    cases, cache = tiny_cases(count=3), MemoryCache()
    found = pair.attribute(cases, "learned", top="5%", cache=cache)
    begun = pair.attribute(cases, "signed", nodes=mask.NODES, cache=cache)
    assert found.function("blur", "5%") == found.top("blur", "5%")  # a set, no strengths
    assert not torch.equal(found.scores["noise"], begun.scores["noise"])
    inputs, images, functions = 3, 3, 2
    steps = mask.STEPS * images * inputs  # fewer images than a step would take
    assert found.metadata["passes"] == images * inputs * mask.NODES + functions * (steps + 5)
    assert begun.metadata["passes"] == images * inputs * mask.NODES


def test_a_killed_run_goes_on_to_the_bit(planted):
    pair, _ = planted
    whole = pair.attribute(tiny_cases(count=2), "learned", top="5%")
    for after in (1, 5, 8):
        cache = KilledCache(after)
        with pytest.raises(Killed):
            pair.attribute(tiny_cases(count=2), "learned", top="5%", cache=cache)
        again = pair.attribute(tiny_cases(count=2), "learned", top="5%", cache=cache)
        assert all(torch.equal(again.scores[kind], whole.scores[kind]) for kind in ("blur", "noise"))


def test_units_of_layers_that_are_left_out_are_not_in_the_mask(planted):
    pair, _ = planted
    found = pair.attribute(tiny_cases(count=1), "learned", top="5%", layers=["conv_last"])
    chosen = found.top("blur", "5%")
    layers = {chosen.space.layer_of(index).name for index in chosen.mask.nonzero().flatten().tolist()}
    assert layers == {"conv_last"}


def test_learning_depends_on_its_seed_alone(planted):
    pair, _ = planted
    one, again, other = (
        pair.attribute(tiny_cases(count=6), "learned", seed=seed).scores["noise"] for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_what_cannot_be_learned_is_said(planted):
    pair, _ = planted
    alone = [dataclasses.replace(case, lr={"blur": case.lr["blur"]}) for case in tiny_cases()]
    with pytest.raises(InputError, match="needs inputs that shall stay as they are"):
        pair.attribute(alone, "learned")
    with pytest.raises(InputError, match="sense 'delete' is not one of revert, graft"):
        LearnedMask(start={}, sense="delete")


@pytest.mark.parametrize(("sense", "end"), [("revert", "target"), ("graft", "baseline")])
def test_what_is_in_no_unit_stays_that_of_the_network_that_is_altered(sense, end):
    """Biases here: a graft is the baseline but for the mask, a revert the target."""
    baseline = tiny_network().requires_grad_(False)
    pair = faig.Pair(target=nudged(baseline), baseline=baseline)
    cases, start = tiny_cases(count=1), torch.rand(len(pair.space))
    method = dataclasses.replace(MASK, start=dict.fromkeys((True, False), Given(start)), sense=sense)
    lesson = Lesson(pair, cases, "blur", Options(), None, MemoryCache(), {})
    network = method.begin(lesson, ALONE, silent).network
    network.turn(torch.full((len(pair.space),), 1.0 if sense == "revert" else 0.0))
    lr = cases[0].lr["blur"][None]
    torch.testing.assert_close(network(lr), getattr(pair, end)(lr)[0])
