"""Networks run over images of any size, whole where they fit memory, and stopped where nobody waits any more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from faig.imaging.images import Image, Resized
from faig.networks.calls import evaluating, run
from faig.networks.tiling import Grid

Check = Callable[[], None]  # raises `Stopped` where the work is not wanted any more


class Stopped(BaseException):
    """The work is not wanted any more. No error, so that whoever catches errors of networks lets it through."""


def never() -> None:
    """Work that is always wanted."""


@contextmanager
def stoppable(network: nn.Module, check: Check) -> Iterator[None]:
    """Have a network ask before each of its layers; it is left as it was."""

    def ask(*_: object) -> None:
        check()

    hooks = [module.register_forward_pre_hook(ask) for module in network.modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def clipped_output(network: nn.Module, lr: Image, grid: Grid, scale: int, check: Check = never) -> Resized:
    """What a network makes of an LR image, in [0, 1] and not rounded, on the CPU.

    Args:
        network: enlarges by the scale.
        lr: of the network's channels.
        grid: the tiles that it is run by.
        scale: output size / LR size.
        check: asked before each layer and each tile.

    Raises:
        InputError: the network does not take the image.
        Stopped: ``check`` says so.
    """
    channels, height, width = lr.shape
    weight, output = next(network.parameters()), torch.empty(0)
    with evaluating(network), stoppable(network, check):
        for tile in grid:
            check()
            part = run(network, tile.lr(lr)[None].to(weight, copy=True))
            part = tile.output(part, scale)[0].clamp(0, 1).cpu()
            if len(grid) == 1:
                return part
            if not output.numel():
                output = torch.empty(channels, height * scale, width * scale, dtype=part.dtype)
            tile.gt(output, scale).copy_(part)
    return output
