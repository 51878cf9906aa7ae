"""Adapters: networks that pad, crop, want sizes of a kind or return several outputs, made fit for what follows.

Each gives a copy of a network that does something around its own ``forward``. Nothing is wrapped in another module, so
layers and weights keep their names, and rankings and files of the network stay usable.
"""

import copy
import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from faig.common.errors import InputError

Forward = Callable[[Tensor], Any]
Around = Callable[[Forward, Tensor], Tensor]


@dataclass
class _Adapted:
    """A network's ``forward`` with something around it."""

    forward: Forward
    around: Around

    def __call__(self, x: Tensor) -> Tensor:
        return self.around(self.forward, x)


def adapted(network: nn.Module, around: Around) -> nn.Module:
    """A copy of a network that gives ``around(forward, x)`` where it gave ``forward(x)``.

    Example: ``adapted(network, lambda forward, x: forward(x * 255) / 255)`` for a network of other values.

    Args:
        network: any; adapted ones too.
        around: takes the network's own ``forward`` and images ``[batch, channel, height, width]``, and returns images.
    """
    network = copy.deepcopy(network)
    network.forward = _Adapted(network.forward, around)
    return network


def padded(network: nn.Module, multiple: int, *, minimum: int = 1, square: bool = False) -> nn.Module:
    """A network that takes only sizes divisible by ``multiple``, made to take any.

    Images are mirrored at the right and at the bottom, without repeating the edge pixel; where that is too little, the
    last one is repeated. What the network makes of the added pixels is cut off again.

    Args:
        network: enlarges by a whole number.
        multiple: of both sides, in LR pixels.
        minimum: of both sides, in LR pixels.
        square: whether both must be equal.
    """
    return adapted(network, functools.partial(_pad, multiple=multiple, minimum=minimum, square=square))


def framed(network: nn.Module, margin: int) -> nn.Module:
    """A network that gives less than it is given, as unpadded convolutions do: images get a mirrored frame first.

    Args:
        network: whose output lacks ``margin`` LR pixels on each side.
        margin: in LR pixels; smaller than the image.
    """
    return adapted(network, functools.partial(_frame, margin=margin))


def cropped(network: nn.Module, scale: int) -> nn.Module:
    """A network that pads its input and leaves the rest in its output: that is cut off at the right and the bottom.

    Args:
        network: whose output is larger than it should be.
        scale: how many times larger than the input it should be.
    """
    return adapted(network, functools.partial(_crop, scale=scale))


def output(network: nn.Module, which: int | str) -> nn.Module:
    """A network that returns several outputs, made to return one of them.

    Args:
        network: returns a tuple, a list or a dictionary.
        which: the index or the key of the one.
    """
    return adapted(network, functools.partial(_pick, which=which))


@contextmanager
def explained(lr: Tensor) -> Iterator[None]:
    """Run a network over images ``[..., channel, height, width]`` in this block: where it fails on them, say so.

    Raises:
        InputError: it does.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        channels, height, width = lr.shape[-3:]
        kind = {1: "a gray", 3: "an RGB"}.get(channels, f"a {channels}-channel")
        first = (str(error).strip().splitlines() or ["no reason given"])[0]
        way_out = (
            "if it wants sizes of a kind, adapt it in your builder: faig.networks.adapters.padded(network, multiple)"
        )
        if re.search(r"to have \d+ channels", first):  # torch, of a convolution
            way_out = "make images of its channels: make_cases(..., channels=channels_of(network))"
        raise InputError(f"the network does not take {kind} image of {width}x{height} ({first}); {way_out}") from error


def _pad(forward: Forward, x: Tensor, *, multiple: int, minimum: int, square: bool) -> Tensor:
    height, width = x.shape[-2:]
    tall, wide = (_side(side, multiple, minimum) for side in (height, width))
    if square:
        tall = wide = max(tall, wide)
    mirrored = min(wide - width, width - 1), min(tall - height, height - 1)
    x = functional.pad(x, (0, mirrored[0], 0, mirrored[1]), "reflect")
    x = functional.pad(x, (0, wide - x.shape[-1], 0, tall - x.shape[-2]), "replicate")
    y = forward(x)
    scale = y.shape[-1] // wide
    return y[..., : scale * height, : scale * width]


def _side(side: int, multiple: int, minimum: int) -> int:
    least = max(side, minimum)
    return least + -least % multiple


def _frame(forward: Forward, x: Tensor, *, margin: int) -> Tensor:
    return forward(functional.pad(x, (margin,) * 4, "reflect"))


def _crop(forward: Forward, x: Tensor, *, scale: int) -> Tensor:
    return forward(x)[..., : scale * x.shape[-2], : scale * x.shape[-1]]


def _pick(forward: Forward, x: Tensor, *, which: Any) -> Tensor:
    return forward(x)[which]
