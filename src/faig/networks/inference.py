"""Networks run over images of any size: those that are too large for the memory by tiles."""

import functools
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from faig.common.errors import InputError
from faig.imaging.images import ImageLike, Resized, as_image, to_uint8
from faig.imaging.metrics import in_channels
from faig.networks.calls import evaluating, run
from faig.networks.tiling import MEMORY, Grid, Tiler, of_one_size, whole

NAMES = {3: "RGB", 1: "gray"}  # images that networks take, by their channels
CHANNELS = tuple(NAMES)  # in the order in which they are tried
SMALL = 128**2  # LR pixels: no image of so few needs tiles
BYTES_PROBE = 48  # LR pixels of the side of the image on which bytes are counted
BESIDE_LIVE = 2.6  # peak of a pass / bytes of the tensors that are there at once
SCATTERED = 3.0  # the same where freed memory stays with the process; see `common.process.return_memory`

Pixels8 = UInt8[Tensor, "channel _ _"]


def restore(network: nn.Module, lr: ImageLike, *, memory: float | None = None) -> Resized:
    """Run a network over one image, in evaluation mode; the network is left as it was.

    Args:
        network: takes and returns ``[1, channel, height, width]`` in [0, 1].
        lr: a tensor of its channels; or whatever else `images.as_image` takes, a file, a PIL image, an array: that is
            made gray for a gray network, see `metrics.in_channels`.
        memory: bytes to stay under: of the process on a CPU, of the device on a GPU. Larger images are run by tiles.
            Where none are named, 3 GB, but for networks that tiles will not do for: these run over the whole image.

    Returns:
        The network's output clipped and rounded to 8 bits, in [0, 1], on the CPU.

    Raises:
        InputError: the network does not take the image, changes it, or returns no images; or see `Tiler.grid`.
    """
    pixels, dtype = _restored(network, lr, memory)
    return pixels.to(dtype) / 255


def restored_pixels(network: nn.Module, lr: ImageLike, *, memory: float | None = None) -> Pixels8:
    """As `restore`, but as the 8-bit values themselves, in a quarter of the memory."""
    return _restored(network, lr, memory)[0]


def _restored(network: nn.Module, lr: ImageLike, memory: float | None) -> tuple[Pixels8, torch.dtype]:
    """The pixels, and the type of the output that they are of."""
    image = as_image(lr)
    if not isinstance(lr, Tensor):
        image = in_channels(image, channels_of(network))
    weight = next(network.parameters())
    grid, scale = _grid(network, image, memory)
    with evaluating(network):
        for tile in grid:  # a network may write into what it is given
            output = run(network, tile.lr(image)[None].to(weight, copy=True))[0]
            if len(grid) == 1:
                return to_uint8(output).cpu(), output.dtype
            if tile is grid[0]:
                channels, (height, width) = len(output), image.shape[1:]
                pixels = torch.empty(channels, scale * height, scale * width, dtype=torch.uint8)
            tile.gt(pixels, scale).copy_(to_uint8(tile.output(output, scale)))
            dtype = output.dtype
            del output  # or it would be there beside the next one
    return pixels, dtype


def _grid(network: nn.Module, image: Tensor, memory: float | None) -> tuple[Grid, int]:
    """The tiles of an image, and the scale where there are several."""
    height, width = image.shape[1:]
    if height * width <= SMALL:
        return whole(height, width), 1
    scale = scale_of(network)
    tiler = ForwardTiler(network, scale, MEMORY if memory is None else memory, image)
    try:
        grid = tiler.grid(height, width)
        return of_one_size(grid, height, width, tiler.reach.align if tiler.reach else 1), scale
    except InputError:
        if memory is not None:
            raise
        return whole(height, width), scale


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


@dataclass(frozen=True)
class ForwardTiler(Tiler):
    """For a forward pass over parts of an image.

    Attributes:
        image: the whole image; it and its output are held beside the tile.
    """

    image: Tensor

    @property
    def channels(self) -> int:
        """Of the image."""
        return len(self.image)

    @functools.cached_property
    def bytes_per_pixel(self) -> float:
        """What a forward pass takes per LR pixel."""
        return self.peak(live_bytes(self.network), BESIDE_LIVE, SCATTERED) / BYTES_PROBE**2

    @functools.cached_property
    def held(self) -> float:
        """The weights, the image, and its output in 8 bits."""
        weights = sum(weight.numel() * weight.element_size() for weight in self.network.parameters())
        return weights + self.image.numel() * (self.image.element_size() + self.scale**2)


class _Live(TorchDispatchMode):
    """Counts the bytes of the tensors that operations make.

    Attributes:
        most: of those that were there at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._sizes: dict[StorageWeakRef, int] = {}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._sizes[StorageWeakRef(tensor.untyped_storage())] = tensor.untyped_storage().nbytes()
        self._sizes = {storage: size for storage, size in self._sizes.items() if not storage.expired()}
        self.most = max(self.most, sum(self._sizes.values()))
        return made


def live_bytes(network: nn.Module, side: int = BYTES_PROBE) -> int:
    """Bytes of the tensors that are there at once as a network runs over one square LR image, at most.

    Raises:
        InputError: the network does not take it.
    """
    channels = channels_of(network)
    with evaluating(network), _Live() as live:  # the image itself is one of them
        run(network, torch.rand(1, channels, side, side).to(next(network.parameters())))
    return live.most
