"""Images of any size: gradients by tiles, exactly, within a memory budget (ours).

A network of convolutions sees only so far: an output pixel depends on the LR pixels around it, up to the network's
*reach*. So the loss of a part of the GT needs only that part of the LR image and a frame as wide as the reach, and
the gradient of the whole is the sum over the parts. At the image's own border nothing is added, and the network pads
as it always does.
"""

import functools
import itertools
import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.common.process import returns_memory
from faig.networks.calls import copied, run
from faig.networks.inference import channels_of, evaluating

PROBE = (16, 384)  # LR pixels of the strip on which the reach is found
OFFSETS = (0, 3, 6)  # from the middle of the strip, in LR pixels: where it is spoiled
BYTES_PROBE = 32  # LR pixels of the side of the image on which bytes are counted
BESIDE_SAVED = 1.2  # peak of a pass / bytes that autograd keeps for the backward pass
SCATTERED = 1.75  # the same where freed memory stays with the process; see `common.process.return_memory`
PROGRAM = 500e6  # bytes of Python and torch themselves
COPIES = 8  # of the weights: both ends of the path, difference, network, gradient, integrals of one image
LEAST = 16  # LR pixels: no side of a tile is shorter
ALIGNMENTS = (1, 2, 4, 8, 16, 32, 64)

Grid = tuple["Tile", ...]


@dataclass(frozen=True)
class Tile:
    """A part of an image: its own pixels, and the frame that they depend on; in LR pixels.

    Attributes:
        own: top, bottom, left, right.
        framed: the same of the part together with its frame.
    """

    own: tuple[int, int, int, int]
    framed: tuple[int, int, int, int]

    def lr(self, image: Tensor) -> Tensor:
        """The framed part of an LR image ``[..., height, width]``."""
        top, bottom, left, right = self.framed
        return image[..., top:bottom, left:right]

    def gt(self, image: Tensor, scale: int) -> Tensor:
        """The tile's own part of a GT image."""
        top, bottom, left, right = (scale * side for side in self.own)
        return image[..., top:bottom, left:right]

    def output(self, image: Tensor, scale: int) -> Tensor:
        """The tile's own part of what the network made of its framed part."""
        (top, bottom, left, right), (above, _, before, _) = self.own, self.framed
        return image[
            ..., scale * (top - above) : scale * (bottom - above), scale * (left - before) : scale * (right - before)
        ]

    @property
    def pixels(self) -> int:
        """LR pixels with the frame."""
        top, bottom, left, right = self.framed
        return (bottom - top) * (right - left)


def whole(height: int, width: int) -> Grid:
    """An LR image of this size as its one tile."""
    return (Tile((0, height, 0, width), (0, height, 0, width)),)


@dataclass(frozen=True)
class Reach:
    """How far a network sees.

    Attributes:
        pixels: an output pixel depends on LR pixels up to so far away.
        align: tiles may begin at multiples of this.
    """

    pixels: int
    align: int


@dataclass(frozen=True)
class Tiler:
    """Divides images into tiles for one network.

    Attributes:
        network: whose passes must fit.
        scale: GT size / LR size.
        budget: bytes of the whole process on a CPU, of the device on a GPU.
    """

    network: nn.Module
    scale: int
    budget: float | int

    @functools.cached_property
    def reach(self) -> Reach | None:
        """See `reach`; found once, where an image needs tiles."""
        return reach(self.network, self.scale)

    @functools.cached_property
    def bytes_per_pixel(self) -> float:
        """What forward and backward pass take per LR pixel."""
        on_gpu = next(self.network.parameters()).device.type != "cpu"
        return (BESIDE_SAVED if on_gpu or returns_memory() else SCATTERED) * saved_bytes(self.network) / BYTES_PROBE**2

    @functools.cached_property
    def _weights(self) -> int:
        return COPIES * sum(weight.numel() * weight.element_size() for weight in self.network.parameters())

    def most_pixels(self, workers: int = 1) -> int:
        """How many LR pixels a pass may have, where so many go on at once."""
        return int((self.budget - PROGRAM - workers * self._weights) / workers / self.bytes_per_pixel)

    def grid(self, height: int, width: int) -> Grid:
        """The tiles of an LR image of this size: one where it fits the budget.

        Raises:
            InputError: the budget is too small for the network itself, or the image does not fit and the network sees
                too far to be run by tiles.
        """
        most = self.most_pixels()
        if most < LEAST**2:
            least = PROGRAM + self._weights + LEAST**2 * self.bytes_per_pixel
            raise InputError(
                f"this network needs at least {least / 1e9:.2f}GB of memory, and may use {self.budget / 1e9:g}GB",
                setting="memory",
            )
        if height * width <= most:
            return whole(height, width)
        grid = self.reach and best_grid(height, width, self.reach, most)
        if not grid:
            needed = self.budget + (height * width - most) * self.bytes_per_pixel
            why = "sees too far for smaller tiles" if self.reach else "depends on the whole image, so tiles will not do"
            raise InputError(
                f"an LR image of {width}x{height} needs {needed / 1e9:.1f}GB of memory, {self.budget / 1e9:g}GB are "
                f"allowed, and the network {why}; allow more, or take smaller images",
                setting="memory",
            )
        return grid


def reach(network: nn.Module, scale: int) -> Reach | None:
    """How far a network sees, found by running it.

    A pixel that is not a number spoils every output that depends on it, even where a weight is zero. Networks that
    work by windows, or at a lower resolution inside, are not alike at every pixel: `Reach.align` is the step at which
    tiles give what the whole image gives, found by trying.

    Returns:
        None for a network whose output depends on the whole image, or that does not take a narrow one.
    """
    with evaluating(network):
        try:
            pixels = max(_spoiled(network, scale, turned, by) for turned in (False, True) for by in OFFSETS)
        except InputError:  # a size that the network does not take
            return None
        if pixels > PROBE[1] // 3:
            return None
        found = (Reach(pixels, step) for step in ALIGNMENTS)
        return next((each for each in found if _tiles_agree(network, scale, each)), None)


def best_grid(height: int, width: int, reach: Reach, most: int) -> Grid | None:
    """The grid with the least frame whose tiles have at most so many LR pixels; None if there is none."""
    rows, columns = (_ways_to_cut(length, reach) for length in (height, width))
    fitting = [
        (sum(y.framed) * sum(x.framed), y, x)
        for y, x in itertools.product(rows, columns)
        if max(y.framed) * max(x.framed) <= most
    ]
    if not fitting:
        return None
    _, y, x = min(fitting, key=lambda way: way[0])
    pairs = itertools.product(itertools.pairwise(y.at), itertools.pairwise(x.at))
    return tuple(_tile(vertical, horizontal, height, width, reach) for vertical, horizontal in pairs)


def saved_bytes(network: nn.Module, side: int = BYTES_PROBE) -> int:
    """Bytes that autograd keeps for the backward pass of one square LR image.

    Raises:
        InputError: the network does not take it.
    """
    network = copied(network).eval().requires_grad_(True)
    weights = {weight.untyped_storage().data_ptr() for weight in network.parameters()}
    sizes: dict[int, int] = {}  # bytes by address: several tensors may share a storage

    def count(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    image = torch.rand(1, channels_of(network), side, side).to(next(network.parameters()))
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        output = run(network, image)
    del output  # until here the graph holds them, so no address comes twice
    return sum(sizes.values())


def _spoiled(network: nn.Module, scale: int, turned: bool, offset: int) -> int:
    """Distance, in LR pixels, from a spoiled LR pixel of a strip to the farthest output pixel that it spoils."""
    high, wide = PROBE
    strip = torch.zeros(1, channels_of(network), high, wide)
    column = wide // 2 + offset
    strip[..., column] = float("nan")
    weight = next(network.parameters())
    output = run(network, (strip.mT if turned else strip).to(weight))
    spoiled: Bool[Tensor, " wide"] = (output.mT if turned else output).isnan().flatten(0, 2).any(0)
    columns = spoiled.nonzero().flatten()
    if not len(columns):
        return 0
    first, last = int(columns[0]) // scale, int(columns[-1]) // scale
    return max(column - first, last - column)


def _tiles_agree(network: nn.Module, scale: int, reach: Reach) -> bool:
    """Whether a network gives the same output by tiles, cut for this reach, as on the whole image."""
    largest = max(ALIGNMENTS)
    height, width = 32, largest * math.ceil((2 * (reach.pixels + LEAST) + largest) / largest)
    weight = next(network.parameters())
    image = torch.rand(1, channels_of(network), height, width, generator=torch.Generator().manual_seed(0)).to(weight)
    cuts = [0, reach.align * math.ceil((width // 2 + 1) / reach.align), width]
    try:
        output = run(network, image)
        for left, right in itertools.pairwise(cuts):
            tile = _tile((0, height), (left, right), height, width, reach)
            part = tile.output(run(network, tile.lr(image)), scale)
            same = tile.gt(output, scale)
            if part.shape != same.shape or not torch.allclose(part, same, rtol=1e-4, atol=1e-5):
                return False
    except InputError:  # a size that the network does not take
        return False
    return True


@dataclass(frozen=True)
class _Cuts:
    """One side of an image, cut."""

    at: list[int]
    framed: list[int]


def _ways_to_cut(length: int, reach: Reach) -> list[_Cuts]:
    """Into 1, 2, 3 ... parts that are about equally long with their frames: those at the ends have only one."""
    ways = []
    for parts in range(1, max(1, length // LEAST) + 1):
        middle = (length - 2 * reach.pixels) / parts
        inner = [reach.align * round((reach.pixels + middle * i) / reach.align) for i in range(1, parts)]
        at = [0, *inner, length]
        if any(after - before < LEAST for before, after in itertools.pairwise(at)) and parts > 1:
            break
        spans = [_framed(before, after, length, reach) for before, after in itertools.pairwise(at)]
        ways.append(_Cuts(at, [after - before for before, after in spans]))
    return ways


def _tile(y: tuple[int, int], x: tuple[int, int], height: int, width: int, reach: Reach) -> Tile:
    return Tile((*y, *x), (*_framed(*y, height, reach), *_framed(*x, width, reach)))


def _framed(start: int, end: int, length: int, reach: Reach) -> tuple[int, int]:
    """Where a part begins and ends together with its frame."""
    before = (start - reach.pixels) // reach.align * reach.align
    after = -(-(end + reach.pixels) // reach.align) * reach.align
    return max(0, before), min(length, after)
