"""Blurs: kernels that sum to 1, of 21×21 taps (the paper's) or as many as they need, with mirrored borders."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache

import cv2
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from faig.common.errors import InputError
from faig.imaging.steps import Batch, Fixed, ResizedBatch, number

Kernel = Float[Tensor, "taps taps"]

TAPS = 21  # of a kernel, a side, where these hold it
RADIUS = TAPS // 2
HELD = 3.0  # σ of the widest Gaussian that they hold: with RADIUS / HELD σ each way, 0.3% of it is lost
WIDEST = 10.0  # σ
KEPT = 64  # kernels, as tensors: levels that are drawn are many
PARTS = 11  # of a pixel, each way, where the disc of a defocus cuts it


class Blurring(Fixed):
    """A blur: images are mirrored outward without repeating the edge pixel."""

    @property
    def reach(self) -> int:
        """Pixels that the kernel reaches each way."""
        return RADIUS

    @abstractmethod
    def kernel(self) -> Kernel:
        """``2 reach + 1`` weights a side that sum to 1, in double precision."""

    def valid(self, images: Batch) -> ResizedBatch:
        """The blur where the whole kernel fits: ``height - 2 reach`` × ``width - 2 reach``; any range."""
        kernel = _kernel_on(self, images.dtype, images.device)
        flat = images.reshape(-1, 1, *images.shape[-2:])
        flat = functional.conv2d(flat, kernel[None, None])  # not turned: each kernel is its own point reflection
        return flat.reshape(*images.shape[:-2], *flat.shape[-2:])

    def __call__(self, images: Batch) -> Batch:
        """Blur images of any range and size."""
        return self.valid(reflect(images, self.reach))


@dataclass(frozen=True)
class Blur(Blurring):
    """Gaussian blur."""

    sigma: float = number(0, WIDEST, "σ in pixels")

    @property
    def reach(self) -> int:
        """See `reach_of`."""
        return reach_of(self.sigma)

    def kernel(self) -> Kernel:
        """See `gaussian_kernel`."""
        line = gaussian_kernel(self.sigma)
        return line[:, None] * line

    def valid(self, images: Batch) -> ResizedBatch:
        """As `Blurring.valid`, in two passes."""
        line = _line_on(self.sigma, images.dtype, images.device)
        flat = images.reshape(-1, 1, *images.shape[-2:])
        flat = functional.conv2d(flat, line.view(1, 1, -1, 1))
        flat = functional.conv2d(flat, line.view(1, 1, 1, -1))
        return flat.reshape(*images.shape[:-2], *flat.shape[-2:])


@dataclass(frozen=True)
class Anisotropic(Blurring):
    """Gaussian blur that is longer one way than the other."""

    sigma: float = number(0.2, WIDEST, "σ along, in pixels")
    across: float = number(0.2, WIDEST, "σ across, in pixels", 1.0)
    angle: float = number(-180, 180, "of the long way, in degrees, counterclockwise from the right", 0.0)

    @property
    def reach(self) -> int:
        """See `reach_of`."""
        return reach_of(max(self.sigma, self.across))

    def kernel(self) -> Kernel:
        """A Gaussian of that covariance at the pixels' centres: turned as a formula, for resampling would widen it."""
        turn = torch.tensor(self.angle, dtype=torch.float64).deg2rad()
        down, right = _offsets(2 * self.reach + 1)
        along = right * turn.cos() - down * turn.sin()
        aside = right * turn.sin() + down * turn.cos()
        weights = (-((along / self.sigma) ** 2 + (aside / self.across) ** 2) / 2).exp()
        return weights / weights.sum()


@dataclass(frozen=True)
class Motion(Blurring):
    """Blur along a line, as a camera makes it that moves."""

    length: int = number(3, TAPS, "pixels, an odd number")
    angle: float = number(-180, 180, "in degrees, counterclockwise from the right", 0.0)

    def __post_init__(self) -> None:
        """Refuse even lengths too."""
        super().__post_init__()
        if self.length % 2 == 0:
            raise InputError(f"motion {self.length} is not an odd number of pixels")

    def kernel(self) -> Kernel:
        """A line of one pixel's width, turned about its middle with bilinear interpolation, as kornia does it."""
        turn = torch.tensor(self.angle, dtype=torch.float64).deg2rad()
        down, right = _offsets(self.length)
        places = torch.stack([right * turn.cos() - down * turn.sin(), right * turn.sin() + down * turn.cos()], -1)
        level = torch.zeros(1, 1, self.length, self.length, dtype=torch.float64)
        level[..., self.length // 2, :] = 1
        places = places[None] / (self.length // 2)  # the outer pixels' centres are at -1 and 1
        kernel = functional.grid_sample(level, places, align_corners=True)[0, 0]
        return functional.pad(kernel / kernel.sum(), [(TAPS - self.length) // 2] * 4)


@dataclass(frozen=True)
class Defocus(Blurring):
    """Blur by a disc, as a lens makes it that is out of focus."""

    radius: float = number(0, RADIUS, "in pixels")

    def kernel(self) -> Kernel:
        """The share of each pixel that the disc covers, from 11×11 parts of it."""
        down, right = (offset / PARTS for offset in _offsets(TAPS * PARTS))
        inside = (down**2 + right**2 <= self.radius**2).double()
        weights = functional.avg_pool2d(inside[None], PARTS)[0]
        return weights / weights.sum()


def reach_of(sigma: float) -> int:
    """Pixels that a Gaussian kernel reaches each way: the paper's 10, and beyond σ = 3 as many more as hold it."""
    return max(RADIUS, math.ceil(sigma * RADIUS / HELD))


def gaussian_kernel(sigma: float, taps: int | None = None) -> Float[Tensor, " taps"]:
    """The 1-D Gaussian whose outer product with itself is the blur kernel; sums to 1.

    Args:
        sigma: in pixels of the image it is applied to; 0 changes nothing.
        taps: odd; None for those of `reach_of`.
    """
    taps = 2 * reach_of(sigma) + 1 if taps is None else taps
    sigma = max(sigma, 1e-3)  # OpenCV chooses for itself below 0, and divides by it
    return torch.from_numpy(cv2.getGaussianKernel(taps, sigma, cv2.CV_64F)[:, 0].copy())


def reflect(image: Batch, margin: int) -> ResizedBatch:
    """Mirror the image outward by ``margin`` without repeating the edge pixel; also where it is smaller."""
    for axis in (-2, -1):
        size = image.shape[axis]
        position = torch.arange(-margin, size + margin, device=image.device)
        image = image.index_select(axis, mirror(position, size))
    return image


def mirror(position: Int64[Tensor, " position"], size: int) -> Int64[Tensor, " position"]:
    """Positions on an infinite line as positions of an image of ``size`` pixels, mirrored at its edge pixels."""
    period = max(1, 2 * (size - 1))
    position = position.remainder(period)
    return torch.minimum(position, (period - position).remainder(period))


def _offsets(side: int) -> tuple[Tensor, Tensor]:
    """How far each of side×side pixels is below and to the right of the middle one, in double precision."""
    line = torch.arange(side, dtype=torch.float64) - side // 2
    down, right = torch.meshgrid(line, line, indexing="ij")
    return down, right


@lru_cache(KEPT)
def _line_on(sigma: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    return gaussian_kernel(sigma).to(device, dtype)


@lru_cache(KEPT)
def _kernel_on(blur: Blurring, dtype: torch.dtype, device: torch.device) -> Tensor:
    return blur.kernel().to(device, dtype)
