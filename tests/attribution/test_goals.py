"""What learning is measured by, against the formula."""

import dataclasses

import numpy as np
import pytest
import torch

from conftest import nudged, tiny_cases, tiny_network
from faig.attribution.integration.path import WeightPath
from faig.attribution.learning.goals import Goals
from faig.imaging.metrics import gradient_map, gray
from faig.intervention.effect import switched_off


@pytest.fixture(scope="module")
def ends():
    baseline = tiny_network()
    return nudged(baseline, size=0.02), baseline


def mean_square(first, second):
    return (first - second).square().mean()


def in_map(first, second):
    return mean_square(gradient_map(gray(first)), gradient_map(gray(second)))


@pytest.mark.parametrize("own", [1.0, 4.0])
@pytest.mark.parametrize("near", [False, True])
def test_the_loss_is_a_share_of_what_altering_everything_does_or_of_the_error(ends, own, near):
    """In pixels, of other inputs, the smaller of the two: of a network that is near the GT, its error."""
    target, baseline = ends
    cases = [dataclasses.replace(case, lr=case.lr | {"blur+noise": case.lr["blur"]}) for case in tiny_cases(count=2)]
    if near:
        cases = [
            dataclasses.replace(case, gt=target(case.lr["clean"][None])[0] + 1e-3 * torch.rand_like(case.gt))
            for case in cases
        ]
    goals = Goals(target, baseline, cases, "blur", own)
    image = torch.rand_like(cases[0].gt)
    high, low = ({name: [net(case.lr[name][None])[0] for case in cases] for name in cases[0].lr} for net in ends)
    map_unit = torch.stack([in_map(*pair) for pair in zip(high["blur"], low["blur"], strict=True)]).mean()
    apart = torch.stack([mean_square(*pair) for pair in zip(high["blur"], low["blur"], strict=True)]).mean()
    errors = {
        name: torch.stack([mean_square(output, case.gt) for output, case in zip(high[name], cases, strict=True)]).mean()
        for name in high
    }
    assert bool(errors["clean"] < apart) is near
    names = ["clean", "blur", "noise"]
    assert [len(examples) for examples in goals.examples] == [3, 3]  # several degradations at once have no goal
    for place, name in enumerate(names):
        goal = (low if name == "blur" else high)[name][0]
        unit = apart if name == "blur" else torch.minimum(errors[name], apart)
        weight = own if name == "blur" else 1
        expected = weight * (in_map(image, goal) / map_unit + mean_square(image, goal) / unit)
        torch.testing.assert_close(goals.loss(image, goals.examples[0][place]), expected)
        assert float(goals.loss(goal, goals.examples[0][place])) == 0


@torch.no_grad()
def test_what_is_reached_is_what_an_effect_calls_switched_off(ends):
    """All of it by the donor, nothing by the receiver, and of the network half-way what the paper's measure says."""
    target, baseline = ends
    cases = tiny_cases(count=3)
    goals = Goals(target, baseline, cases, "noise")
    halfway = WeightPath(target, baseline).move(0.5)
    reached = {network: goals.reached(lambda lr, network=network: network(lr)[0]) for network in (*ends, halfway)}
    assert reached[baseline] == pytest.approx(1, abs=1e-6)
    assert reached[target] == pytest.approx(0, abs=1e-6)
    inputs = [case.lr["noise"][None] for case in cases]
    left, total = (np.array([float(in_map(net(lr)[0], baseline(lr)[0])) for lr in inputs]) for net in (halfway, target))
    assert 0.1 < reached[halfway] == pytest.approx(switched_off(left, total).value, abs=1e-5)


def test_two_networks_that_do_the_same_are_no_division_by_zero(ends):
    target, _ = ends
    goals = Goals(target, target, tiny_cases(count=1), "blur")
    example = goals.examples[0][1]
    assert float(goals.loss(example.output, example)) == 0
