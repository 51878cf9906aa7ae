"""Networks that spandrel recognises, with what it puts around them, but without its clipping."""

from types import ModuleType
from typing import TYPE_CHECKING, Any

from torch import nn

from faig.common.errors import InputError, first_line
from faig.networks.adapters import Forward, adapted, padded
from faig.networks.architectures import Weights
from faig.networks.torchvision_stand_in import torchvision_or_stand_in

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

INSTALL = "pip install --no-deps spandrel einops"
CHANNELS = ((1, 1), (3, 3))  # of input and output: gray, or RGB


def by_spandrel(weights: Weights, unknown: str) -> nn.Module:
    """The network that spandrel makes of a state dict, adapted to any size of image; its output is not clipped.

    Args:
        weights: a state dict.
        unknown: the message where spandrel does not know it either, or is not installed.

    Raises:
        InputError: spandrel does not know it or is not installed, or the network is not one from RGB to RGB or from
            gray to gray.
    """
    spandrel = _imported(unknown)
    try:
        loaded = spandrel.ModelLoader().load_from_state_dict(dict(weights))
    except spandrel.UnsupportedModelError:
        raise InputError(f"{unknown}; spandrel does not know it either", setting="arch") from None
    except Exception as error:  # its readers of sizes fail in many ways on what only looks like their network
        raise InputError(f"{unknown} (spandrel fails on it: {first_line(error)})", setting="arch") from None
    name = loaded.architecture.name
    channels = loaded.input_channels, loaded.output_channels
    if not isinstance(loaded, spandrel.ImageModelDescriptor) or channels not in CHANNELS:
        raise InputError(
            f"this is {name}, from {channels[0]} channels to {channels[1]}, and neither RGB to RGB nor gray to gray"
        )
    return _adapted(loaded)


def _imported(unknown: str) -> ModuleType:
    """Spandrel, whatever torchvision is there.

    Raises:
        InputError: it is not installed, or fails.
    """
    try:
        with torchvision_or_stand_in():
            import spandrel
    except ModuleNotFoundError as error:
        if error.name == "spandrel":
            raise InputError(
                f"{unknown}, or install spandrel, which knows many more: {INSTALL}", setting="arch"
            ) from None
        raise InputError(
            f"{unknown}; spandrel, which may know it, needs {error.name}: {INSTALL}", setting="arch"
        ) from None
    except Exception as error:
        raise InputError(
            f"{unknown}; spandrel, which may know it, fails: {first_line(error)}; {INSTALL}", setting="arch"
        ) from None
    return spandrel


def _adapted(loaded: "ImageModelDescriptor[nn.Module]") -> nn.Module:
    # What stands around the network (a noise map, a range, the first of several outputs) is spandrel's private
    # function: its public call clips to [0, 1] too, and gradients would end there.
    around = loaded._call_fn
    network = adapted(loaded.model, lambda forward, x: around(_Called(forward), x.clone()))  # RCAN works in place
    need = loaded.size_requirements
    if need.none:
        return network
    return padded(network, need.multiple_of, minimum=max(1, need.minimum), square=need.square)


class _Called:
    """A network's forward that has the network's attributes."""

    def __init__(self, forward: Forward) -> None:
        self._forward = forward

    def __call__(self, x: Any) -> Any:
        return self._forward(x)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._forward.__self__, name)  # type: ignore[attr-defined]
