"""What a step of a degradation is, and the steps that are no blurs: downsampling, noise and JPEG.

A step is a frozen dataclass that works on batches of images on any device. Its fields are its arguments, with their
ranges and meanings: the parser of `degradation`, the help text and the table in the docs follow from them.
"""

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import MISSING, Field, dataclass
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from faig.common.errors import InputError
from faig.imaging.images import bgr, to_uint8

Batch = Float[Tensor, "*batch channel height width"]
ResizedBatch = Float[Tensor, "*batch channel _ _"]

DOWNSAMPLINGS = ("bilinear", "bicubic", "area")
JPEG_SIDE = 65500  # pixels, of libjpeg


def number(low: float, high: float, meaning: str, default: Any = MISSING, *, white: float = 0) -> Any:
    """A numeric argument of a step: its range, its meaning, its default where it has one, and what others call 1."""
    about = {"low": low, "high": high, "meaning": meaning, "white": white}
    return dataclasses.field(default=default, metadata=about)


@dataclass(frozen=True)
class Step:
    """One thing that is done to images. Its name in specs is the class's, in small letters."""

    def __post_init__(self) -> None:
        """Refuse arguments that make no sense."""
        for index, field in enumerate(dataclasses.fields(self)):
            if "low" in field.metadata:
                label = f"{self.name()} {field.name}" if index else self.name()
                object.__setattr__(self, field.name, _checked(field, getattr(self, field.name), label))

    @classmethod
    def name(cls) -> str:
        """The step's name in specs."""
        return cls.__name__.lower()

    @classmethod
    def usage(cls) -> str:
        """The step's form in specs: ``motion:LENGTH[:ANGLE]``."""
        fields = dataclasses.fields(cls)
        needed = [field.name.upper() for field in fields if field.default is MISSING]
        optional = [f"[:{field.name.upper()}" for field in fields if field.default is not MISSING]
        return ":".join([cls.name(), *needed]) + "".join(optional) + "]" * len(optional)

    def __str__(self) -> str:
        """The step as specs write it; defaults at the end are left out."""
        values = [(getattr(self, field.name), field.default) for field in dataclasses.fields(self)]
        while values and values[-1][0] == values[-1][1]:
            values.pop()
        return ":".join([self.name(), *(str(value).removesuffix(".0") for value, _ in values)])


def _checked(field: "Field[Any]", number: float, label: str) -> float:
    low, high, meaning, white = (field.metadata[key] for key in ("low", "high", "meaning", "white"))
    if not low <= number <= high:
        of_white = f"; {number:g} of {white:g} is {number / white:.2g}" if high < number <= white else ""
        raise InputError(f"{label} {number:g} is outside {low:g} to {high:g} ({meaning}{of_white})")
    if field.type is not int:
        return float(number)
    if number != int(number):
        raise InputError(f"{label} {number:g} is not a whole number ({meaning})")
    return int(number)


class Fixed(Step, ABC):
    """A step that keeps the size of images and is not random."""

    @abstractmethod
    def __call__(self, images: Batch) -> Batch:
        """Apply the step to images in [0, 1]; the result may leave that range."""


class Random(Step, ABC):
    """A random step: what is drawn depends on a generator alone, so that every device sees the same."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Tensor:
        """Draw what the step needs for one image of that shape, on the CPU."""

    @abstractmethod
    def __call__(self, images: Batch, drawn: Tensor) -> Batch:
        """Apply the step to images in [0, 1], with what was drawn for each; the result is not clipped."""


@dataclass(frozen=True)
class Down(Step):
    """Downsampling by the scale: bilinear without antialiasing (the paper's), bicubic with it (MATLAB's), or area."""

    how: str = "bilinear"

    def __post_init__(self) -> None:
        """Refuse an unknown way of downsampling."""
        if self.how not in DOWNSAMPLINGS:
            raise InputError(f"downsampling {self.how!r} is not one of {', '.join(DOWNSAMPLINGS)}")

    def __str__(self) -> str:
        """Always in full: in a spec ``down`` alone means what the command says."""
        return f"down:{self.how}"

    def __call__(self, images: Batch, scale: int) -> ResizedBatch:
        """See `downsample`."""
        return downsample(images, scale, self.how)


@dataclass(frozen=True)
class Noise(Random):
    """Gaussian noise."""

    sigma: float = number(0, 1, "σ, a share of full intensity", white=255)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Tensor:
        """Standard normal numbers."""
        return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))

    def __call__(self, images: Batch, drawn: Tensor) -> Batch:
        """Add the noise to the images; not clipped."""
        return images + self.sigma * drawn.to(images)


@dataclass(frozen=True)
class Poisson(Random):
    """Poisson noise: photons are counted."""

    photons: float = number(1, 1e6, "at full intensity; fewer are noisier")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Tensor:  # noqa: ARG002
        """A seed: how many numbers counting takes depends on the image."""
        return torch.tensor(rng.integers(2**63))

    def __call__(self, images: Batch, drawn: Tensor) -> Batch:
        """Draw counts, as a share of the full count, on the CPU, image by image."""
        flat = images.reshape(-1, *images.shape[-3:])
        means = (flat.clamp(min=0).double() * self.photons).cpu().numpy()
        seeds = drawn.reshape(-1).tolist()
        counts = [np.random.default_rng(seed).poisson(mean) for seed, mean in zip(seeds, means, strict=True)]
        return (torch.from_numpy(np.stack(counts)) / self.photons).to(images).reshape(images.shape)


@dataclass(frozen=True)
class Jpeg(Fixed):
    """JPEG compression."""

    quality: int = number(1, 100, "quality")

    def __call__(self, images: Batch) -> Batch:
        """Compress images in [0, 1], rounded to 8 bits first, and decode them.

        By OpenCV's codec, image by image on the CPU: kornia's, made to have gradients, gives other values than files
        hold.

        Raises:
            InputError: a side is longer than JPEG files may have.
        """
        height, width = images.shape[-2:]
        if max(height, width) > JPEG_SIDE:
            raise InputError(f"an LR image of {width}x{height}: no side of a JPEG has more than {JPEG_SIDE}; cut it")
        pixels = to_uint8(images).reshape(-1, *images.shape[-3:]).permute(0, 2, 3, 1).cpu().numpy()
        decoded = []
        for image in pixels:
            ok, data = cv2.imencode(".jpg", bgr(image), [cv2.IMWRITE_JPEG_QUALITY, self.quality])
            assert ok
            back = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB if image.shape[-1] > 1 else cv2.IMREAD_GRAYSCALE)
            assert back is not None
            decoded.append(torch.from_numpy(back.reshape(image.shape).transpose(2, 0, 1)))
        return (torch.stack(decoded).to(images) / 255).reshape(images.shape)


def downsample(image: Batch, scale: int, how: str = "bilinear") -> ResizedBatch:
    """Reduce both sides by ``scale``, which must divide them.

    Args:
        image: any range.
        scale: 1 or more; at 1 nothing is done.
        how: ``bilinear``, without antialiasing, as in the paper's code (at ×2 the mean of 2×2 pixels); ``bicubic``,
            antialiased, the same as MATLAB's ``imresize``; or ``area``, the mean of each square.
    """
    if scale == 1:
        return image
    if how == "bilinear":
        return _interpolate(image, scale, mode="bilinear", align_corners=False, antialias=False)
    if how == "area":
        return _interpolate(image, scale, mode="area")
    # torch's antialiased bicubic has MATLAB's kernel, but renormalises at the border where MATLAB mirrors the
    # image (edge pixel repeated). The kernel reaches 2 LR pixels, so 3 mirrored ones push the border out of sight.
    margin = 3
    for axis in (-2, -1):
        size = image.shape[axis]
        position = torch.arange(-margin * scale, size + margin * scale, device=image.device)
        position = position.remainder(2 * size)
        image = image.index_select(axis, torch.minimum(position, 2 * size - 1 - position))
    small = _interpolate(image, scale, mode="bicubic", align_corners=False, antialias=True)
    return small[..., margin:-margin, margin:-margin]


def _interpolate(image: Batch, scale: int, **how: object) -> ResizedBatch:
    flat = image.reshape(-1, 1, *image.shape[-2:])
    size = (image.shape[-2] // scale, image.shape[-1] // scale)
    flat = functional.interpolate(flat, size=size, **how)  # type: ignore[arg-type]
    return flat.reshape(*image.shape[:-2], *flat.shape[-2:])
