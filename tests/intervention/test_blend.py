"""The two knobs that need no attribution: what they are at both ends and between."""

import pytest
import torch
from torch import nn

from faig.intervention.blend import KNOBS, Blend, dni
from faig.networks.inference import restore


@pytest.mark.parametrize("knob", KNOBS)
def test_the_ends_of_a_control_are_the_two_networks(pair, knob):
    target, baseline = pair
    image = torch.rand(3, 11, 14, generator=torch.Generator().manual_seed(0))
    ends = {0.0: restore(baseline, image), 1.0: restore(target, image)}
    assert not torch.equal(ends[0.0], ends[1.0])
    for position, expected in ends.items():
        assert torch.equal(restore(KNOBS[knob](target, baseline, position), image), expected)


def test_dni_mixes_every_parameter(pair):
    target, baseline = pair
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
    assert Blend(Gives(1.8), Gives(0.4), 0.25)(image).unique().item() == pytest.approx(0.25 * 1 + 0.75 * 0.4)
    assert Blend(Gives(0.4), Gives(-3.0), 0.25)(image).unique().item() == pytest.approx(0.25 * 0.4)
