"""Networks run over images, and how good the result is."""

import torch
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.imaging.images import Image, Resized, round8
from faig.networks.adapters import explained


def restore(network: nn.Module, lr: Image) -> Resized:
    """Run a network over one image.

    Args:
        network: takes and returns ``[1, 3, height, width]`` in [0, 1].
        lr: in [0, 1].

    Returns:
        The network's output clipped and rounded to 8 bits, in [0, 1], on the CPU.

    Raises:
        InputError: the network does not take images of this size.
    """
    with torch.no_grad(), explained(lr):
        weight = next(network.parameters())
        return round8(network(lr[None].to(weight))[0]).cpu()


def scale_of(network: nn.Module, probe: int = 16) -> int:
    """How many times larger a network's output is than its input, found by running it on a small gray image.

    Raises:
        InputError: the output is no image of 3 channels, or not enlarged by a whole number; or the input is not left
            as it was.
    """
    gray = torch.full((1, 3, probe, probe), 0.5).to(next(network.parameters()))
    untouched = gray._version
    with torch.inference_mode(), explained(gray):
        output = network(gray)
    if gray._version != untouched:
        raise InputError(
            "the network changes its input in place; give it a copy in your builder: "
            "faig.networks.adapters.adapted(network, lambda forward, x: forward(x.clone()))"
        )
    if not isinstance(output, Tensor):
        raise InputError(
            f"the network returns a {type(output).__name__}, not images; choose one of its outputs in your builder: "
            "faig.networks.adapters.output(network, 0)"
        )
    shape = tuple(output.shape)
    scale = shape[-1] // probe
    if shape != (1, 3, probe * scale, probe * scale) or scale < 1:
        raise InputError(f"the network turns (1, 3, {probe}, {probe}) into {shape}, which is no enlarged RGB image")
    return scale
