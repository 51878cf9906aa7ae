"""Training patches: each one a function of (seed, iteration, place in the batch) alone.

So a resumed run sees the same patches, and so do several processes that share a batch.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from faig.common.errors import FaigWarning, InputError
from faig.imaging.blurs import Blurring, mirror
from faig.imaging.decoding import Pixels, to_image
from faig.imaging.degradation import split
from faig.imaging.images import round8, to_uint8
from faig.imaging.ranges import StepRange
from faig.imaging.steps import Down, Fixed, Random, Step, downsample
from faig.training.config import DataConfig, DegradationConfig
from faig.training.image_sources import open_source

GT = Float[Tensor, "batch 3 gt_height gt_width"]
LR = Float[Tensor, "batch 3 lr_height lr_width"]


@dataclass(frozen=True)
class Applied:
    """A step that may be done to patches.

    Attributes:
        steps: between what it is drawn.
        draw: the number of the draw that says whether it is done.
        levels: which of the numbers that are drawn for a patch are its own.
    """

    steps: StepRange
    draw: int
    levels: slice

    @property
    def reach(self) -> int:
        """Of the widest kernel that a blur may have here, see `Blurring.reach`."""
        return max(step.reach for step in (self.steps.low, self.steps.high) if isinstance(step, Blurring))

    def __call__(self, images: Tensor, batch: "Batch", how: Callable[[Step, Tensor, slice], Tensor]) -> Tensor:
        """What it makes of all patches, in one go where it is the same for all.

        Args:
            images: one of each patch.
            batch: what was drawn.
            how: a step is done to images, those of that part of the batch.
        """
        if not self.steps.arguments:
            return how(self.steps.low, images, slice(None))
        levels = batch.levels[:, self.levels].tolist()
        changed = [
            how(self.steps.at(levels[place]), images[place, None], slice(place, place + 1))
            for place in range(len(images))
        ]
        return torch.cat(changed)


@dataclass(frozen=True)
class Plan:
    """What may be done to patches, in order.

    Attributes:
        before: blurs of the GT.
        after: what is done to the LR.
        probabilities: of the draws.
        levels: how many numbers are drawn for each patch, to choose levels by.
    """

    before: list[Applied]
    after: list[Applied]
    probabilities: list[float]
    levels: int

    @classmethod
    def of(cls, config: DegradationConfig) -> "Plan":
        """Of blur, noise and the specs of a configuration: all blurs of the GT first."""
        before, after, probabilities, levels = [], [], [], 0
        for number, (probability, steps) in enumerate(config.draws()):
            applied = []
            for step in steps:
                count = len(step.arguments)
                applied.append(Applied(step, number, slice(levels, levels + count)))
                levels += count
            on_gt = len(split([step.low for step in steps], Down())[0])
            before += applied[:on_gt]
            after += applied[on_gt:]
            probabilities.append(probability)
        return cls(before, after, probabilities, levels)

    @property
    def margin(self) -> int:
        """GT pixels around a patch that its blurs look at."""
        return sum(blur.reach for blur in self.before)


@dataclass(frozen=True)
class Batch:
    """What is drawn for the patches of one process in one iteration; `degrade_batch` makes GT and LR of it.

    Attributes:
        wide: GT patches with a margin on each side, for the blur kernels.
        chosen: what is done to which patches: of each draw, in the order of `DegradationConfig.draws`.
        drawn: what the random steps drew, in their order.
        levels: in [0, 1), of the arguments that are ranges, in their order.
    """

    wide: UInt8[Tensor, "batch 3 wide wide"]
    chosen: Bool[Tensor, "batch draw"]
    drawn: tuple[Tensor, ...]
    levels: Float[Tensor, "batch level"]

    def pin_memory(self) -> "Batch":
        """The batch in memory that a GPU can copy from without waiting."""
        return self._each(Tensor.pin_memory)

    def to(self, device: torch.device) -> "Batch":
        """The batch on a device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def _each(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        drawn = tuple(change(part) for part in self.drawn)
        return Batch(change(self.wide), change(self.chosen), drawn, change(self.levels))


class Patches(Dataset["Batch | InputError"]):
    """Random GT patches, flipped and turned at random, with the draws of their degradations, by iteration.

    A damaged image, or one smaller than a patch, is left out with a warning, and another is drawn in its place.

    Args:
        config: what to cut from where.
        scale: of the network.
        seed: of the run.
        share: the part of the batch that this process makes.
        strict: check all images at once, and accept no damaged one.

    Raises:
        InputError: there are no images, or ``strict`` is set and one is damaged.
    """

    def __init__(
        self, config: DataConfig, scale: int, seed: int, *, share: slice = slice(None), strict: bool = False
    ) -> None:
        self.config, self.seed, self.strict = config, seed, strict
        self.plan = Plan.of(config.degradation)
        self.places = range(config.batch)[share]
        self.lr_side, self.side = config.lr_patch, config.lr_patch * scale
        try:
            self.source = open_source(config.gt)
        except InputError as error:
            raise InputError(f"data.gt: {error}") from None
        self.kept: dict[int, Pixels] = {}
        self.free = config.cache_gb * 1e9
        self.damaged: set[int] = set()
        for index in range(len(self.source) if strict else 0):
            self._pixels(index)

    def __getitem__(self, iteration: int) -> Batch | InputError:
        """The batch of an iteration; an error is returned, for a worker process would wrap a raised one."""
        try:
            return self.batch(iteration)
        except InputError as error:
            return error

    def batch(self, iteration: int) -> Batch:
        """The batch of an iteration.

        Raises:
            InputError: no image can be used.
        """
        drawn = [self._draw(np.random.default_rng([self.seed, iteration, position])) for position in self.places]
        wide, chosen, random, levels = zip(*drawn, strict=True)
        of_steps = tuple(torch.stack(part) for part in zip(*random, strict=True))
        return Batch(torch.stack(wide), torch.tensor(chosen), of_steps, torch.stack(levels))

    def _draw(self, rng: np.random.Generator) -> tuple[Tensor, list[bool], list[Tensor], Tensor]:
        patch = self._patch(rng)
        chosen = [bool(rng.random() < probability) for probability in self.plan.probabilities]
        shape = (3, self.lr_side, self.lr_side)
        kinds = [applied.steps.low for applied in self.plan.after]
        drawn = [step.draw(rng, shape) for step in kinds if isinstance(step, Random)]
        return patch, chosen, drawn, torch.from_numpy(rng.random(self.plan.levels))

    def _patch(self, rng: np.random.Generator) -> UInt8[Tensor, "3 wide wide"]:
        index = int(rng.integers(len(self.source)))
        while (pixels := self._pixels(index)) is None:
            index = int(rng.integers(len(self.source)))
        margin = self.plan.margin
        ends = [
            mirror(torch.arange(-margin, self.side + margin) + int(rng.integers(size - self.side + 1)), size)
            for size in pixels.shape[:2]
        ]
        cut = torch.from_numpy(pixels[np.ix_(*(end.numpy() for end in ends))]).permute(2, 0, 1)
        turns = int(rng.integers(4)) if self.config.rotate else 0
        flip = bool(rng.integers(2)) and self.config.flip
        patch = torch.rot90(cut, turns, (1, 2))
        return (patch.flip(2) if flip else patch).contiguous()

    def _pixels(self, index: int) -> Pixels | None:
        """An image in 8 bits, or None where it cannot be used."""
        if index in self.damaged:
            return None
        if index in self.kept:
            return self.kept[index]
        try:
            pixels, name = self.source.read(index), self.source.place(index)
            if pixels.dtype != np.uint8:
                pixels = to_uint8(to_image(pixels, name)).permute(1, 2, 0).numpy()
            height, width, _ = pixels.shape
            if min(height, width) < self.side:
                raise InputError(f"{name}: {width}x{height} is smaller than a GT patch of {self.side}")
        except InputError as error:
            self.damaged.add(index)
            if self.strict:
                raise
            if len(self.damaged) == len(self.source):
                raise InputError(f"data.gt: none of its {len(self.source)} images can be used: {error}") from None
            warnings.warn(f"{error}; left out", FaigWarning, stacklevel=2)
            return None
        if pixels.nbytes <= self.free:
            self.free -= pixels.nbytes
            self.kept[index] = pixels
        return pixels


def degrade_batch(batch: Batch, scale: int, config: DegradationConfig) -> tuple[GT, LR]:
    """Make GT and LR of what was drawn, on the device where it lies.

    Args:
        batch: of `Patches`. What is done was drawn independently (the paper: a quarter of the patches each is clean,
            blurry, noisy, both).
        scale: of the network.
        config: what `Patches` drew from.

    Returns:
        Both in [0, 1]; LR rounded to 8 bits.
    """
    plan, chosen, drawn = Plan.of(config), batch.chosen.view(*batch.chosen.shape, 1, 1, 1), iter(batch.drawn)
    wide = batch.wide.float() / 255
    gt = inner(wide, plan.margin)
    image = wide if plan.before else gt
    for blur in plan.before:
        blurred = blur(image, batch, partial(_blurred, blur.reach))
        image = torch.where(chosen[:, blur.draw], blurred, inner(image, blur.reach))
    image = downsample(image, scale, config.downsampling)
    for step in plan.after:
        own = next(drawn) if isinstance(step.steps.low, Random) else None
        image = torch.where(chosen[:, step.draw], step(image, batch, partial(_done, own)), image)
    return gt, round8(image)


def inner(images: Tensor, margin: int) -> Tensor:
    """Images without a frame of so many pixels."""
    height, width = images.shape[-2:]
    return images[..., margin : height - margin, margin : width - margin]


def _blurred(reach: int, step: Step, images: Tensor, part: slice) -> Tensor:  # noqa: ARG001 - nothing is drawn for it
    assert isinstance(step, Blurring)
    return step.valid(inner(images, reach - step.reach))


def _done(drawn: Tensor | None, step: Step, images: Tensor, part: slice) -> Tensor:
    if isinstance(step, Random):
        assert drawn is not None
        return step(images, drawn[part])
    assert isinstance(step, Fixed)
    return step(images)
