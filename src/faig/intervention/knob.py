"""A knob for functions, between off and the target: by output images, or by weights (ours); and its controls.

Half of a function's weights do not do half of its work, and a network half turned can do worse than both ends: of a
filter set of 1%, half strength is noisier than off. Output images do not have that fault. Where the network with the
function off and the target are averaged pixel by pixel, each step changes the image by an equal amount, there is no
dead zone, and by the convexity of the squared error the loss at no strength exceeds the ends' own average. The price is
one more network to run.

Two knobs need no attribution, and so are the controls of every other: deep network interpolation (`dni`; Wang et al.,
CVPR 2019) mixes all parameters of two networks, `blend` averages their output images. Other prior knobs, AdaFM (He et
al., CVPR 2019), CFSNet (Wang et al., ICCV 2019) and CResMD (He et al., ECCV 2020), train layers for it.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from torch import Tensor, nn

from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.filters.strengths import turned
from faig.intervention.edit import Units, mix, modulate

WAYS = ("images", "weights")


class Averaged(nn.Module):
    """The weighted sum of what several networks make of an image, each clipped to [0, 1].

    Args:
        parts: weights, which add up to 1, and networks of one kind of image and one scale.

    Raises:
        InputError: there are none, or the weights do not add up to 1.
    """

    def __init__(self, parts: Sequence[tuple[float, nn.Module]]) -> None:
        super().__init__()
        self.shares = [share for share, _ in parts]
        if not math.isclose(sum(self.shares), 1, abs_tol=1e-6):
            raise InputError(f"shares of images must add up to 1, and {self.shares} do not")
        self.networks = nn.ModuleList(network for _, network in parts)

    def forward(self, image: Tensor) -> Tensor:
        """The output, in [0, 1] where no share is negative.

        Args:
            image: as the networks take it: ``[1, channel, height, width]`` in [0, 1].
        """
        outputs = (network(image).clamp(0, 1) for network in self.networks)
        return averaged(zip(self.shares, outputs, strict=True))


def averaged(parts: Iterable[tuple[float, Tensor]]) -> Tensor:
    """The weighted sum of output images: shares, which add up to 1, and images of one size, clipped to [0, 1]."""
    first, *rest = (share * output for share, output in parts)
    return sum(rest, first)


def dni(target: nn.Module, baseline: nn.Module, position: float) -> nn.Module:
    """A network all of whose parameters are mixed: at 0 the baseline's, at 1 the target's, both bit for bit.

    Raises:
        InputError: the networks are of different architectures.
    """
    everything = ~FilterSet.of(FilterSpace.of(target, "channel"), [])
    return modulate(target, baseline, everything, position)


def blend(target: nn.Module, baseline: nn.Module, position: float) -> Averaged:
    """The output images of both networks averaged: at 0 the baseline's, at 1 the target's, both bit for bit."""
    return Averaged([(position, target), (1 - position, baseline)])


CONTROLS: dict[str, Callable[[nn.Module, nn.Module, float], nn.Module]] = {"DNI": dni, "blend": blend}


def turn(
    target: nn.Module,
    baseline: nn.Module,
    functions: Mapping[str, Units],
    strengths: Mapping[str, float],
    way: str = WAYS[0],
) -> nn.Module:
    """A network with functions at strengths.

    By ``images``, several functions at once are interpolated between the networks in which each is off or on
    (multilinear: exact wherever every function is off or on); networks that would count for nothing are not run.

    Args:
        target: every function at 1.
        baseline: where the weights of what is off come from.
        functions: by name, the units that do it, or the strengths at which it is off.
        strengths: by name: 0 is off, 1 the target, above 1 overshoots; a function without one stays at 1.
        way: ``images`` or ``weights`` (see `edit.mix`).

    Returns:
        `Averaged`, where a function is between off and on and the way is ``images``; else one network like the target.

    Raises:
        InputError: there is no such way or no such function, or networks and functions do not fit.
    """
    if way not in WAYS:
        raise InputError(f"way {way!r} is not one of {', '.join(WAYS)}", setting="way")
    if unknown := [name for name in strengths if name not in functions]:
        raise InputError(f"strength is given for {unknown[0]}, which is not one of {', '.join(functions)}")
    if way == "weights":
        return mix(target, baseline, turned(functions, strengths))
    parts = [(share, mix(target, baseline, turned(functions, at))) for share, at in ends(functions, strengths)]
    return parts[0][1] if len(parts) == 1 else Averaged(parts)


def ends(functions: Iterable[str], strengths: Mapping[str, float]) -> list[tuple[float, dict[str, int]]]:
    """What is averaged by the way ``images``: of each network its share, and which functions are on.

    Args:
        functions: all names.
        strengths: by name; a function without one stays at 1.

    Returns:
        Shares, which add up to 1 and none of which is 0; and by name 1 for on and 0 for off.
    """
    levels = {name: strengths.get(name, 1.0) for name in functions}
    every = [dict(zip(levels, on, strict=True)) for on in itertools.product((1, 0), repeat=len(levels))]
    shares = [math.prod(levels[name] if on else 1 - levels[name] for name, on in at.items()) for at in every]
    return [(share, at) for share, at in zip(shares, every, strict=True) if share]
