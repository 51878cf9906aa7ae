"""Networks run over images of any size, whole where they fit memory, and stopped where nobody waits any more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from faig.attribution.integration.tiling import Tiler
from faig.imaging.images import Image, Resized
from faig.networks.calls import run
from faig.networks.inference import evaluating

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


def clipped_output(network: nn.Module, lr: Image, tiler: Tiler, check: Check = never) -> Resized:
    """What a network makes of an LR image, in [0, 1] and not rounded, on the CPU; by tiles where it does not fit.

    Args:
        network: of the tiler's architecture and scale.
        lr: of the network's channels.
        tiler: says how large a part may be.
        check: asked before each layer and each tile.

    Raises:
        InputError: the network does not take the image, or memory does not hold it.
        Stopped: ``check`` says so.
    """
    channels, height, width = lr.shape
    scale, weight = tiler.scale, next(network.parameters())
    with stoppable(tiler.network, check):
        tiles = tiler.grid(height, width)  # may run the network, to see how it can be cut
    whole = torch.empty(0)
    with evaluating(network), stoppable(network, check):
        for tile in tiles:
            check()
            output = run(network, tile.lr(lr)[None].to(weight, copy=True))
            part = tile.output(output, scale)[0].clamp(0, 1).cpu()
            if len(tiles) == 1:
                return part
            if not whole.numel():
                whole = torch.empty(channels, height * scale, width * scale, dtype=part.dtype)
            top, bottom, left, right = (scale * side for side in tile.own)
            whole[:, top:bottom, left:right] = part
    return whole
