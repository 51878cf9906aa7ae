"""Strengths that are learned: they do what is asked, a killed run goes on, and bad input is one line."""

import pytest
import torch

import faig
from conftest import nudged, tiny_cases, tiny_network
from faig.attribution.cache import MemoryCache
from faig.attribution.learning import descent
from faig.attribution.learning import method as learning_method
from faig.attribution.learning import strengths as learning
from faig.attribution.options import Options
from faig.common.errors import InputError
from faig.filters import Strengths
from faig.imaging.cases import Case
from killed_cache import Killed, KilledCache


@pytest.fixture(scope="module", autouse=True)
def few_steps():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learning, "STEPS", 20)
        patch.setattr(learning, "RATE", 0.1)
        patch.setattr(descent, "KEPT_EVERY", 5)
        yield


@pytest.fixture(scope="module")
def pair():
    """A target whose first convolution does one thing to all images, and whose others hardly changed."""
    baseline = tiny_network()
    return faig.Pair(target=nudged(baseline, seed=1, size=0.02), baseline=baseline, unit="channel")


@pytest.fixture(scope="module")
def cases():
    return tiny_cases(count=2)


@pytest.fixture(scope="module")
def found(pair, cases, few_steps):
    del few_steps
    return pair.attribute(cases, "strengths")


def loss(pair, cases, kind, strengths):
    """Squared errors to the baseline on one input and to the target elsewhere, as learning sees pixels."""
    network, total = pair.revert(strengths), 0.0
    for case in cases:
        for name, lr in case.lr.items():
            goal = (pair.baseline if name == kind else pair.target)(lr[None])
            apart = (pair.baseline(case.lr[kind][None]) - pair.target(case.lr[kind][None])).square().mean()
            weight = learning.OWN if name == kind else 1
            total += weight * float((network(lr[None]) - goal).square().mean() / apart)
    return total


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["blur", "noise"])
def test_they_do_more_of_what_is_asked_than_any_mixture_of_all_weights(pair, cases, found, kind):
    learned = found.function(kind)
    assert isinstance(learned, Strengths)
    assert float(learned.values.min()) >= 0
    assert float(learned.values.max()) <= learning.HIGHEST
    mixtures = [Strengths(pair.space, torch.full((len(pair.space),), share / 10)) for share in range(11)]
    assert loss(pair, cases, kind, learned) < min(loss(pair, cases, kind, mixture) for mixture in mixtures)
    assert found.metadata["passes"] == 20 * 2 * 3 * 2 + 2 * 3  # steps; the goals and what is reached
    assert torch.equal(found.scores[kind], (1 - learned.values).abs())


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_bit(pair, cases, found):
    for after in (1, 3, 6):
        cache = KilledCache(after)
        with pytest.raises(Killed):
            pair.attribute(cases, "strengths", cache=cache)
        again = pair.attribute(cases, "strengths", cache=cache)
        for kind in ("blur", "noise"):
            assert torch.equal(again.strengths[kind].values, found.strengths[kind].values)


@pytest.mark.slow
def test_units_of_layers_that_are_left_out_stay_the_targets(pair, cases):
    found = pair.attribute(cases, "strengths", layers=["conv_last"])
    inside = torch.zeros(len(pair.space), dtype=torch.bool)
    layer = next(layer for layer in pair.space.layers if layer.name == "conv_last")
    inside[layer.start : layer.start + layer.count] = True
    values = found.strengths["noise"].values
    assert bool((values[~inside] == 1).all())
    assert bool((values[inside] != 1).any())


def test_what_cannot_be_learned_is_refused(pair, cases):
    alone = [Case(case.name, case.gt, {"noise": case.lr["noise"]}) for case in cases]
    with pytest.raises(InputError, match="needs inputs that shall stay as they are"):
        pair.attribute(alone, "strengths")
    for option in ({"budget": 100}, {"tolerance": 0.99}, {"objective": "l1"}):
        with pytest.raises(InputError, match="the method strengths has"):
            pair.attribute(cases, "strengths", **option)
    with pytest.raises(InputError, match=r"needs at least .*GB of memory"):
        pair.attribute(cases, "strengths", memory="100MB")


@pytest.mark.slow
def test_another_way_to_learn_finds_nothing_of_the_first(pair, cases, monkeypatch):
    cache = MemoryCache()
    first = pair.attribute(cases, "strengths", cache=cache)
    monkeypatch.setattr(learning, "RATE", 0.01)
    again = pair.attribute(cases, "strengths", cache=cache)
    assert not torch.equal(first.strengths["noise"].values, again.strengths["noise"].values)


@pytest.mark.slow
def test_every_constant_of_the_steps_is_in_their_key(pair, cases, monkeypatch):
    constants, cache, kept = learning.LearnedStrengths.constants, MemoryCache(), []
    for others in (constants, constants, (*constants, "another")):
        monkeypatch.setattr(learning.LearnedStrengths, "constants", others)
        learning.LearnedStrengths().attribute(pair, cases, Options(), cache)
        kept.append(len(vars(cache)["_units"]))
    assert kept == [kept[0], kept[0], 2 * kept[0]]
    assert {*constants} == {learning.MOMENTS, learning.START, learning.OWN, learning.HIGHEST}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["strengths", "learned"])
def test_learned_anew_on_resamples_of_the_photos_it_says_how_sure_it_is(pair, method):
    cases = tiny_cases(count=3)
    alone = pair.attribute(cases, method, top=0.2)
    found = pair.attribute(cases, method, top=0.2, resamples=4)
    assert alone.sampling_errors == {}
    for kind in ("blur", "noise"):
        assert torch.equal(found.scores[kind], alone.scores[kind])
        errors = found.sampling_errors[kind]
        assert errors.size == round(0.2 * len(pair.space))
        assert torch.equal(errors.confidence, (errors.confidence * 4).round() / 4)
        assert float(errors.confidence.sum()) == pytest.approx(errors.size)  # every set has that size
        assert 0 < errors.overlap <= 1
        assert errors.confident == int((errors.confidence == 1).sum())
        table = found.to_frame(kind, errors.size)
        assert table["confidence"].mean() == pytest.approx(errors.overlap)
        assert (table["standard_error"] >= 0).all()
    assert found.passes > 4 * (alone.passes - alone.method.passes_before(cases))


@pytest.mark.slow
def test_a_resample_is_of_the_photos_that_it_drew(pair, monkeypatch):
    """All three images of the one resample are the first photo: what it alone would have taught, is learned."""
    cases = tiny_cases(count=3)
    monkeypatch.setattr(learning_method, "resample_weights", lambda photos, *_: [[3, 0, 0]])
    found = pair.attribute(cases, "strengths", resamples=1, top=0.2)
    alone = pair.attribute([cases[0]] * 3, "strengths", top=0.2)
    for kind in ("blur", "noise"):
        expected = torch.zeros(len(pair.space))
        expected[alone.order(kind)[: found.sampling_errors[kind].size]] = 1
        assert torch.equal(found.sampling_errors[kind].confidence, expected)


def test_resamples_are_of_photos_and_for_what_learns(pair, cases):
    crops = [Case(case.name, case.gt, case.lr, "a photo") for case in cases]
    with pytest.raises(InputError, match="resamples are of photos, and there is one"):
        pair.attribute(crops, "strengths", resamples=2)
    with pytest.raises(InputError, match="faig resamples what it keeps of each image"):
        pair.attribute(cases, "faig", resamples=2)
