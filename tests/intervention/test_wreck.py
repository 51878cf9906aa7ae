import copy
from dataclasses import astuple

import numpy as np
import pytest
import torch

from conftest import nudged, tiny_network
from faig.imaging.cases import make_cases
from faig.imaging.degradation import Degradation
from faig.intervention.measure import Measurement, Reference, measure, measure_reference
from faig.intervention.summary import summarise
from faig.intervention.wreck import described, wrecked, wrecked_on_photos
from faig.networks.checkpoint import network_metadata
from faig.training.record import drawn, training_of, typical_inputs
from faig.zoo import find, pairs

ENDS = {"blur": 4.0, "noise": 10.0, "clean": 0.5}  # E(target, baseline)


def reference() -> Reference:
    """Target 30 dB everywhere, baseline 27 on degraded images and 30 on clean ones."""
    psnr = {kind: (np.full(2, 30.0), np.full(2, 30.0 if kind == "clean" else 27.0)) for kind in ENDS}
    return Reference([], {}, {}, {kind: np.full(2, apart) for kind, apart in ENDS.items()}, psnr, {}, {})


def measured(**changes: tuple[float, float, float]) -> dict[str, Measurement]:
    """By input: distance to the target, to the baseline, and PSNR; as the target where nothing is given."""
    numbers = {kind: (0.0, apart, 30.0) for kind, apart in ENDS.items()} | changes
    return {
        kind: Measurement(*(np.full(2, each) for each in values), *[np.ones(2)] * 3) for kind, values in numbers.items()
    }


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({}, []),
        ({"blur": (4.0, 0.0, 27.0)}, []),  # exactly the baseline
        ({"blur": (9.0, 3.9, 27.0)}, []),  # far from the target, but near the baseline
        ({"blur": (4.1, 4.1, 28.0)}, ["blur"]),  # a little farther from both than these are from each other
        ({"clean": (0.9, 0.9, 29.6)}, []),  # the ends hardly differ there, and PSNR stands
        ({"clean": (0.0, 0.5, 29.49)}, ["clean"]),  # 0.51 dB under both
        ({"noise": (5.0, 5.0, 26.6)}, []),  # between the two, 0.4 dB under the worse
        ({"blur": (float("nan"), float("nan"), 30.0)}, ["blur"]),
        ({"noise": (90.0, 80.0, 12.0), "blur": (9.0, 9.0, 20.0)}, ["blur", "noise"]),
    ],
)
def test_wrecked_is_beyond_both_ends_or_below_both(changes, where):
    assert sorted(wrecked([measured(**changes)], reference())) == where


def test_seeds_are_averaged_and_reasons_are_words():
    one, other = measured(noise=(0.0, 10.0, 30.0)), measured(noise=(90.0, 80.0, 12.0))
    reasons = wrecked([one, other], reference())
    assert described(reasons) == (
        "on noise 4.5 times as far from both ends as they are from each other, PSNR 6.0 dB under the worse end's"
    )
    assert described({}) == ""


def test_a_measured_network_says_so():
    baseline = tiny_network().requires_grad_(False)
    target, broken = nudged(baseline, size=0.02), copy.deepcopy(baseline)
    broken.conv_last.weight.fill_(3.0)
    cases = make_cases({"a": torch.rand(3, 24, 24)}, {"noise": 0.1}, 2)
    ends = measure_reference(target, baseline, 2, cases)
    for network, bad in ((broken, True), (target, False), (baseline, False)):
        rows = summarise(measure(network, ends, 2), ends)
        assert [bool(row["wrecked"]) for row in rows] == [bad, bad]
        lost = [min(row["ssim_gain"], row["psnr_gain"]) < -0.1 for row in rows]
        assert all(row["ssim_gain_worst"] <= row["ssim_gain"] for row in rows)
        assert lost == [bad, bad] or network is baseline
        assert network is not target or {row["ssim_gain"] for row in rows} == {0}
        assert bool(wrecked_on_photos(network, target, baseline, 2)) == bad


@pytest.mark.parametrize("inputs", [None, {"clean": Degradation(), "jpeg:62": Degradation(jpeg=62)}])
def test_a_wreck_is_told_with_all_inputs_that_were_tried(inputs):
    baseline = tiny_network().requires_grad_(False)
    broken = copy.deepcopy(baseline)
    broken.conv_last.weight.fill_(3.0)
    told = wrecked_on_photos(broken, nudged(baseline, size=0.02), baseline, 2, inputs)
    tried = list(inputs or ("clean", "blur", "noise"))
    assert told.endswith(f" (tried on crops of packaged photos: {', '.join(tried)})")
    assert f"on {tried[-1]} " in told


@pytest.mark.parametrize("pair", pairs())
def test_every_shipped_pair_says_what_to_try(pair):
    """Each step that it was trained on is an input, within its levels; the middle of a single level is that."""
    record = network_metadata(find(f"{pair}/target"))
    steps = drawn(training_of(record))
    inputs = typical_inputs(record)
    assert [name.partition(":")[0] for name in inputs] == ["clean", *dict.fromkeys(step.name() for step in steps)]
    for made in inputs.values():
        for step in made.steps:
            levels = [astuple(end)[0] for end in steps if end.name() == step.name()]
            assert step.name() == "down" or min(levels) <= astuple(step)[0] <= max(levels)


def test_images_that_equal_the_gt_are_no_wreck():
    ends = reference()
    ends.psnr["clean"] = (np.full(2, np.inf), np.full(2, np.inf))
    assert wrecked([measured(clean=(0.0, 0.0, np.inf))], ends) == {}
    assert list(wrecked([measured(clean=(0.0, 0.0, 40.0))], ends)) == ["clean"]
