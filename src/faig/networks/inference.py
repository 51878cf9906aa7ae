"""Networks run over images, and how good the result is."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from faig.common.errors import InputError
from faig.imaging.images import ImageLike, Resized, as_image, round8
from faig.networks.calls import run


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Have a network in evaluation mode, without gradients; afterwards every module is in the mode it was in.

    Statistics that it keeps of a batch are left alone so, and nothing is left to chance.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def restore(network: nn.Module, lr: ImageLike) -> Resized:
    """Run a network over one image, in evaluation mode; the network is left as it was.

    Args:
        network: takes and returns ``[1, 3, height, width]`` in [0, 1].
        lr: a tensor, or whatever `images.as_image` takes: a file, a PIL image, an array.

    Returns:
        The network's output clipped and rounded to 8 bits, in [0, 1], on the CPU.

    Raises:
        InputError: the network does not take the image, changes it, or returns no images.
    """
    image = as_image(lr)
    weight = next(network.parameters())
    with evaluating(network):
        output = run(network, image[None].to(weight, copy=True))  # a network may write into what it is given
    return round8(output[0]).cpu()


def scale_of(network: nn.Module, probe: int = 16) -> int:
    """How many times larger a network's output is than its input, found by running it on a small gray image.

    Raises:
        InputError: the output is no image of 3 channels, or not enlarged by a whole number; or see `restore`.
    """
    gray = torch.full((1, 3, probe, probe), 0.5).to(next(network.parameters()))
    with evaluating(network):
        output = run(network, gray)
    shape = tuple(output.shape)
    scale = shape[-1] // probe
    if shape != (1, 3, probe * scale, probe * scale) or scale < 1:
        raise InputError(f"the network turns (1, 3, {probe}, {probe}) into {shape}, which is no enlarged RGB image")
    return scale
