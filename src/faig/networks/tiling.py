"""Images of any size by tiles, within a memory budget: what a network makes of them, as of the whole image (ours).

A network of convolutions sees only so far: an output pixel depends on the LR pixels around it, up to the network's
*reach*. So a part of the output needs only that part of the LR image and a frame as wide as the reach. At the image's
own border nothing is added, and the network pads as it always does.
"""

import functools
import itertools
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.common.process import returns_memory
from faig.networks.calls import evaluating, run

MEMORY = 3_000_000_000  # bytes to stay under, where nothing else is said
PROBE = (16, 384)  # LR pixels of the strip on which the reach is found
OFFSETS = (0, 3, 6)  # from the middle of the strip, in LR pixels: where it is spoiled
PROGRAM = 500e6  # bytes of Python and torch themselves
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


def of_one_size(grid: Grid, height: int, width: int, align: int) -> Grid:
    """The tiles with wider frames, so that all are equally large, where that leaves them at multiples of ``align``.

    oneDNN keeps working memory for every size that it has met: a third of a pass's, for each.
    """
    rows = max(tile.framed[1] - tile.framed[0] for tile in grid)
    columns = max(tile.framed[3] - tile.framed[2] for tile in grid)
    corners = [(min(tile.framed[0], height - rows), min(tile.framed[2], width - columns)) for tile in grid]
    if any(side % align for corner in corners for side in corner):
        return grid
    return tuple(
        Tile(tile.own, (top, top + rows, left, left + columns)) for tile, (top, left) in zip(grid, corners, strict=True)
    )


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
class Tiler(ABC):
    """Divides images into tiles for one network.

    Attributes:
        network: whose passes must fit.
        scale: output size / LR size.
        budget: bytes of the whole process on a CPU, of the device on a GPU.
    """

    network: nn.Module
    scale: int
    budget: float | int

    @functools.cached_property
    def reach(self) -> Reach | None:
        """See `reach`; found once, where an image needs tiles."""
        return reach(self.network, self.scale, self.channels)

    @property
    @abstractmethod
    def channels(self) -> int:
        """Of the images that the network takes."""

    @property
    @abstractmethod
    def bytes_per_pixel(self) -> float:
        """What a pass takes per LR pixel."""

    @property
    @abstractmethod
    def held(self) -> float:
        """Bytes that each worker holds whatever the size of a tile is."""

    def peak(self, live: int, compact: float, scattered: float) -> float:
        """Bytes of a pass that has so many at once; the factors are without and with freed memory that stays."""
        on_gpu = next(self.network.parameters()).device.type != "cpu"
        return live * (compact if on_gpu or returns_memory() else scattered)

    def most_pixels(self, workers: int = 1) -> int:
        """How many LR pixels a pass may have, where so many go on at once."""
        return int((self.budget - PROGRAM - workers * self.held) / workers / self.bytes_per_pixel)

    def grid(self, height: int, width: int) -> Grid:
        """The tiles of an LR image of this size: one where it fits the budget.

        Raises:
            InputError: the budget is too small for the network itself, or the image does not fit and the network sees
                too far to be run by tiles.
        """
        most = self.most_pixels()
        if most < LEAST**2:
            least = PROGRAM + self.held + LEAST**2 * self.bytes_per_pixel
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


def reach(network: nn.Module, scale: int, channels: int = 3) -> Reach | None:
    """How far a network sees, found by running it.

    A pixel that is not a number spoils every output that depends on it, even where a weight is zero. Networks that
    work by windows, or at a lower resolution inside, are not alike at every pixel: `Reach.align` is the step at which
    tiles give what the whole image gives, found by trying.

    Returns:
        None for a network whose output depends on the whole image, or that does not take a narrow one.
    """
    with evaluating(network):
        try:
            pixels = max(_spoiled(network, scale, channels, turned, by) for turned in (False, True) for by in OFFSETS)
        except InputError:  # a size that the network does not take
            return None
        if pixels > PROBE[1] // 3:
            return None
        found = (Reach(pixels, step) for step in ALIGNMENTS)
        return next((each for each in found if _tiles_agree(network, scale, channels, each)), None)


def best_grid(height: int, width: int, reach: Reach, most: int) -> Grid | None:
    """The grid with the least frame whose tiles have at most so many LR pixels; None if there is none."""
    best: tuple[int, _Cuts, _Cuts] | None = None
    for rows in itertools.count(_least_parts(height, reach, most // min(width, LEAST))):
        if (y := _cut(height, rows, reach)) is None:
            break
        if best is not None and sum(y.framed) * width >= best[0]:  # more rows have more frame
            break
        if (x := _fewest(width, reach, most // max(y.framed))) is None:
            continue
        if best is None or sum(y.framed) * sum(x.framed) < best[0]:
            best = sum(y.framed) * sum(x.framed), y, x
    if best is None:
        return None
    _, y, x = best
    pairs = itertools.product(itertools.pairwise(y.at), itertools.pairwise(x.at))
    return tuple(_tile(vertical, horizontal, height, width, reach) for vertical, horizontal in pairs)


def _spoiled(network: nn.Module, scale: int, channels: int, turned: bool, offset: int) -> int:
    """Distance, in LR pixels, from a spoiled LR pixel of a strip to the farthest output pixel that it spoils."""
    high, wide = PROBE
    strip = torch.zeros(1, channels, high, wide)
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


def _tiles_agree(network: nn.Module, scale: int, channels: int, reach: Reach) -> bool:
    """Whether a network gives the same output by tiles, cut for this reach, as on the whole image."""
    largest = max(ALIGNMENTS)
    height, width = 32, largest * math.ceil((2 * (reach.pixels + LEAST) + largest) / largest)
    weight = next(network.parameters())
    image = torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(0)).to(weight)
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


def _fewest(length: int, reach: Reach, longest: int) -> _Cuts | None:
    """Into as few parts as have at most so many pixels with their frames; None if there is no such way."""
    least = _least_parts(length, reach, longest)
    for parts in range(least, 4 * least + 8):  # more than the least where cuts are aligned
        cuts = _cut(length, parts, reach)
        if cuts is None or max(cuts.framed) <= longest:
            return cuts
    return None


def _least_parts(length: int, reach: Reach, longest: int) -> int:
    """No fewer parts have at most so many pixels with their frames; more than there can be, where none have."""
    inside = longest - 2 * reach.pixels  # of a part with two frames
    if length <= longest:
        return 1
    return max(2, -(-(length - 2 * reach.pixels) // inside)) if inside > 0 else length


def _cut(length: int, parts: int, reach: Reach) -> _Cuts | None:
    """Into parts that are about equally long with their frames: those at the ends have only one.

    None where a part would be too short.
    """
    middle = (length - 2 * reach.pixels) / parts
    if parts > 1 and middle < LEAST - reach.align:
        return None
    inner = [reach.align * round((reach.pixels + middle * i) / reach.align) for i in range(1, parts)]
    at = [0, *inner, length]
    if any(after - before < LEAST for before, after in itertools.pairwise(at)) and parts > 1:
        return None
    spans = [_framed(before, after, length, reach) for before, after in itertools.pairwise(at)]
    return _Cuts(at, [after - before for before, after in spans])


def _tile(y: tuple[int, int], x: tuple[int, int], height: int, width: int, reach: Reach) -> Tile:
    return Tile((*y, *x), (*_framed(*y, height, reach), *_framed(*x, width, reach)))


def _framed(start: int, end: int, length: int, reach: Reach) -> tuple[int, int]:
    """Where a part begins and ends together with its frame."""
    before = (start - reach.pixels) // reach.align * reach.align
    after = -(-(end + reach.pixels) // reach.align) * reach.align
    return max(0, before), min(length, after)
