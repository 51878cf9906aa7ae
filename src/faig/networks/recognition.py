"""What network a state dict is of: one of the package's own, under several names, or one that spandrel knows."""

import re
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from faig.common.errors import InputError
from faig.networks.adapters import Forward, adapted, padded
from faig.networks.architectures import Weights, build, recognise

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

# SRResNet as BasicSR named it before 1.0, and KAIR does (MSRResNet1): the same network, other names.
OLD_NAMES = {r"^recon_trunk\.": "body.", r"^HRconv\.": "conv_hr."}


def recognised(weights: Weights) -> tuple[nn.Module, Weights]:
    """The network that has these weights, and the weights under its names.

    Raises:
        InputError: neither the package nor spandrel (where it is installed) knows it.
    """
    known = in_our_names(weights)
    try:
        architecture, arguments = recognise(known)
    except InputError as unknown:
        network = by_spandrel(weights, str(unknown))
        return network, network.state_dict()
    return build(architecture, **arguments), known


def in_our_names(weights: Weights) -> dict[str, Tensor]:
    """A state dict with `OLD_NAMES` replaced."""

    def ours(name: str) -> str:
        for old, new in OLD_NAMES.items():
            name = re.sub(old, new, name)
        return name

    return {ours(name): weight for name, weight in weights.items()}


def by_spandrel(weights: Weights, unknown: str) -> nn.Module:
    """The network that spandrel makes of a state dict, adapted to any size of image; its output is not clipped.

    Args:
        weights: a state dict.
        unknown: the message where spandrel does not know it either, or is not installed.

    Raises:
        InputError: spandrel does not know it or is not installed, or the network is not one from RGB to RGB.
    """
    try:
        import spandrel
    except ModuleNotFoundError as error:
        if error.name == "spandrel":
            raise InputError(
                f"{unknown}, or install spandrel, which knows many more: {INSTALL}", setting="arch"
            ) from None
        raise InputError(
            f"{unknown}; spandrel, which may know it, needs {error.name}: {INSTALL}", setting="arch"
        ) from None
    except (ImportError, RuntimeError) as error:  # a torchvision of another torch
        raise InputError(
            f"{unknown}; spandrel, which may know it, fails: {first_line(error)}; {INSTALL}", setting="arch"
        ) from None
    try:
        loaded = spandrel.ModelLoader().load_from_state_dict(dict(weights))
    except spandrel.UnsupportedModelError:
        raise InputError(f"{unknown} (spandrel does not know it either)", setting="arch") from None
    except Exception as error:  # its readers of sizes fail in many ways on what only looks like their network
        raise InputError(f"{unknown} (spandrel fails on it: {first_line(error)})", setting="arch") from None
    name = loaded.architecture.name
    channels = loaded.input_channels, loaded.output_channels
    if not isinstance(loaded, spandrel.ImageModelDescriptor) or channels != (3, 3):
        raise InputError(f"this is {name}, from {channels[0]} channels to {channels[1]}, and not RGB to RGB")
    return _adapted(loaded)


INSTALL = "see docs/networks.md"


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

    def __call__(self, x: Tensor) -> Any:
        return self._forward(x)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._forward.__self__, name)  # type: ignore[attr-defined]


def first_line(error: BaseException) -> str:
    """The first line of an error's message, or the name of its type."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
