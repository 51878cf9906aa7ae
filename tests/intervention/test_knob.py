"""Knobs: exact at both ends, even in between, several functions at once."""

import pytest
import torch
from torch import nn

import faig
from conftest import nudged, tiny_network
from faig.common.errors import InputError
from faig.filters import FilterSet, Strengths
from faig.filters.strengths import turned
from faig.intervention.edit import mix
from faig.intervention.knob import CONTROLS, Averaged, blend, dni
from faig.networks.inference import channels_of, restore, scale_of

IMAGE = torch.rand(3, 9, 11, generator=torch.Generator().manual_seed(3))


@pytest.fixture(scope="module")
def pair():
    baseline = tiny_network()
    return faig.Pair(target=nudged(baseline), baseline=baseline)


@pytest.fixture(scope="module")
def functions(pair):
    values = torch.rand(len(pair.space), generator=torch.Generator().manual_seed(5))
    return {"blur": FilterSet.of(pair.space, range(0, len(pair.space), 2)), "noise": Strengths(pair.space, values)}


def outputs(pair, functions):
    """By which functions are on, the image of the network in which the others are off."""
    return {
        (blur, noise): restore(
            mix(pair.target, pair.baseline, turned(functions, {"blur": blur, "noise": noise})), IMAGE
        )
        for blur in (0, 1)
        for noise in (0, 1)
    }


@pytest.mark.parametrize("blur", [0, 1])
@pytest.mark.parametrize("noise", [0, 1])
def test_where_every_function_is_off_or_on_it_is_that_network(pair, functions, blur, noise):
    network = pair.turn(functions, {"blur": blur, "noise": noise})
    assert not isinstance(network, Averaged)
    assert torch.equal(restore(network, IMAGE), outputs(pair, functions)[blur, noise])


def test_images_go_from_off_to_the_target_in_equal_steps(pair, functions):
    off, on = outputs(pair, functions)[1, 0], restore(pair.target, IMAGE)
    for strength in (0.25, 0.5, 0.75, 1.5):
        network = pair.turn(functions, {"noise": strength})
        assert len(network.networks) == 2
        image = (off + strength * (on - off)).clamp(0, 1)
        torch.testing.assert_close(restore(network, IMAGE), image, rtol=0, atol=1.01 / 255)  # of 8 bits


def test_several_functions_are_interpolated_between_all_networks(pair, functions):
    images, at = outputs(pair, functions), {"blur": 0.25, "noise": 0.6}
    shares = {(0, 0): 0.75 * 0.4, (1, 0): 0.25 * 0.4, (0, 1): 0.75 * 0.6, (1, 1): 0.25 * 0.6}
    image = sum(share * images[ends] for ends, share in shares.items())
    torch.testing.assert_close(restore(pair.turn(functions, at), IMAGE), image, rtol=0, atol=1.5 / 255)


def test_weights_are_turned_where_asked_for(pair, functions):
    at = {"blur": 0.25, "noise": 0.6}
    mixed = mix(pair.target, pair.baseline, turned(functions, at))
    assert torch.equal(restore(pair.turn(functions, at, "weights"), IMAGE), restore(mixed, IMAGE))


def test_what_is_averaged_is_a_network_as_others_are(pair, functions):
    network = pair.turn(functions, {"blur": 0.5})
    assert (scale_of(network), channels_of(network)) == (pair.scale, pair.channels)
    training = network.training
    restore(network, IMAGE)
    assert network.training is training


def test_what_cannot_be_turned_is_refused(pair, functions):
    with pytest.raises(InputError, match="way 'both' is not one of images, weights"):
        pair.turn(functions, {"blur": 0.5}, "both")
    with pytest.raises(InputError, match="strength is given for jpeg, which is not one of blur, noise"):
        pair.turn(functions, {"jpeg": 0.5})
    with pytest.raises(InputError, match="must add up to 1"):
        Averaged([(0.5, pair.target), (0.4, pair.baseline)])


@pytest.mark.parametrize("knob", CONTROLS)
def test_the_ends_of_a_control_are_the_two_networks(pair, knob):
    target, baseline = pair.target, pair.baseline
    image = torch.rand(3, 11, 14, generator=torch.Generator().manual_seed(0))
    ends = {0.0: restore(baseline, image), 1.0: restore(target, image)}
    assert not torch.equal(ends[0.0], ends[1.0])
    for position, expected in ends.items():
        assert torch.equal(restore(CONTROLS[knob](target, baseline, position), image), expected)


def test_dni_mixes_every_parameter(pair):
    target, baseline = pair.target, pair.baseline
    mixed = dict(dni(target, baseline, 0.25).named_parameters())
    for (name, high), low in zip(target.named_parameters(), baseline.parameters(), strict=True):
        torch.testing.assert_close(mixed[name], 0.25 * high + 0.75 * low)


def test_a_blend_averages_images_that_are_clipped_first():
    class Gives(nn.Module):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.value = nn.Parameter(torch.tensor(value))

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image * 0 + self.value

    image = torch.zeros(1, 3, 2, 2)
    assert blend(Gives(1.8), Gives(0.4), 0.25)(image).unique().item() == pytest.approx(0.25 * 1 + 0.75 * 0.4)
    assert blend(Gives(0.4), Gives(-3.0), 0.25)(image).unique().item() == pytest.approx(0.25 * 0.4)
