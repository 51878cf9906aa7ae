"""Networks run over images, and how good the result is."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.imaging.images import ImageLike, Resized, as_image, round8
from faig.imaging.metrics import in_channels
from faig.networks.calls import run

NAMES = {3: "RGB", 1: "gray"}  # images that networks take, by their channels
CHANNELS = tuple(NAMES)  # in the order in which they are tried


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
        network: takes and returns ``[1, channel, height, width]`` in [0, 1].
        lr: a tensor of its channels; or whatever else `images.as_image` takes, a file, a PIL image, an array: that is
            made gray for a gray network, see `metrics.in_channels`.

    Returns:
        The network's output clipped and rounded to 8 bits, in [0, 1], on the CPU.

    Raises:
        InputError: the network does not take the image, changes it, or returns no images.
    """
    image = as_image(lr)
    if not isinstance(lr, Tensor):
        image = in_channels(image, channels_of(network))
    weight = next(network.parameters())
    with evaluating(network):
        output = run(network, image[None].to(weight, copy=True))  # a network may write into what it is given
    return round8(output[0]).cpu()


def scale_of(network: nn.Module, probe: int = 16) -> int:
    """How many times larger a network's output is than its input, found by running it on a small gray image.

    Raises:
        InputError: the output is no image of as many channels, RGB or gray, or not enlarged by a whole number; or see
            `restore`.
    """
    return _probed(network, probe)[1]


def channels_of(network: nn.Module, probe: int = 16) -> int:
    """Of the images that a network takes and gives: 3 for RGB, 1 for gray; found as `scale_of` finds the scale.

    Raises:
        InputError: see `scale_of`.
    """
    return _probed(network, probe)[0]


def _probed(network: nn.Module, probe: int) -> tuple[int, int]:
    """Channels and scale: of RGB if the network takes that, else of gray."""
    rgb, gray = (torch.full((1, channels, probe, probe), 0.5).to(next(network.parameters())) for channels in CHANNELS)
    with evaluating(network):
        try:
            output, image = run(network, rgb), rgb
        except InputError as error:
            try:
                output, image = run(network, gray), gray
            except InputError:
                raise error from None
    shape, channels = tuple(output.shape), image.shape[1]
    scale = shape[-1] // probe
    if shape != (1, channels, probe * scale, probe * scale) or scale < 1:
        raise InputError(
            f"the network turns {tuple(image.shape)} into {shape}, which is no enlarged {NAMES[channels]} image"
        )
    return channels, scale
