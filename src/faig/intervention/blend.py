"""The two knobs that need no attribution, and so the controls of every other: DNI and blend.

DNI (Wang et al., "Deep Network Interpolation for Continuous Imagery Effect Transition", CVPR 2019) mixes all
parameters of two networks; blend averages their output images.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import modulate


class Blend(nn.Module):
    """Both networks' outputs averaged, each clipped to [0, 1] first.

    Args:
        target: an image network.
        baseline: one whose outputs are of the same shape.
        position: the target's share: 0 is the baseline's images, 1 the target's, both bit for bit.
    """

    def __init__(self, target: nn.Module, baseline: nn.Module, position: float) -> None:
        super().__init__()
        self.target, self.baseline, self.position = target, baseline, position

    def forward(self, image: Tensor) -> Tensor:
        """``[image, channel, height, width]`` in [0, 1], as the two networks take it."""
        return torch.lerp(self.baseline(image).clamp(0, 1), self.target(image).clamp(0, 1), self.position)


def dni(target: nn.Module, baseline: nn.Module, position: float) -> nn.Module:
    """A network all of whose parameters are mixed: at 0 the baseline's, at 1 the target's, both bit for bit.

    Raises:
        InputError: the networks are of different architectures.
    """
    everything = ~FilterSet.of(FilterSpace.of(target, "channel"), [])
    return modulate(target, baseline, everything, position)


KNOBS: dict[str, Callable[[nn.Module, nn.Module, float], nn.Module]] = {"DNI": dni, "blend": Blend}
