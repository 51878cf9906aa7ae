"""What is done to an image: blur on the GT, downsampling, noise and JPEG on the LR, in this order.

The paper's preset (×2): Gaussian blur of 21×21 taps with σ = 2 GT pixels; bilinear downsampling without
antialiasing; Gaussian noise of σ = 0.1 of [0, 1]; each folder rounded to 8 bits and clipped.
"""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor
from torch.nn import functional

from faig.errors import InputError
from faig.images import Image, Resized, round8, to_uint8

Batch = Float[Tensor, "*batch channel height width"]
ResizedBatch = Float[Tensor, "*batch channel _ _"]

TAPS = 21  # of the blur kernel, a side
RADIUS = TAPS // 2
DOWNSAMPLINGS = ("bilinear", "bicubic")


def gaussian_kernel(sigma: float, taps: int = TAPS) -> Float[Tensor, " taps"]:
    """The 1-D Gaussian whose outer product with itself is the blur kernel; sums to 1.

    Args:
        sigma: in pixels of the image it is applied to.
        taps: odd.
    """
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


def blur_valid(image: Batch, sigma: float) -> ResizedBatch:
    """Gaussian blur where the whole kernel fits: ``height - 20`` × ``width - 20``.

    Args:
        image: any range.
        sigma: in pixels of ``image``.
    """
    kernel = _kernel_on(sigma, image.dtype, image.device)
    flat = image.reshape(-1, 1, *image.shape[-2:])
    flat = functional.conv2d(flat, kernel.view(1, 1, -1, 1))
    flat = functional.conv2d(flat, kernel.view(1, 1, 1, -1))
    return flat.reshape(*image.shape[:-2], *flat.shape[-2:])


@cache
def _kernel_on(sigma: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    return gaussian_kernel(sigma).to(device, dtype)


def gaussian_blur(image: Batch, sigma: float) -> Batch:
    """Gaussian blur with a 21×21 kernel and mirrored borders; ``sigma`` in pixels of ``image``."""
    return blur_valid(reflect(image, RADIUS), sigma)


def downsample(image: Batch, scale: int, how: str = "bilinear") -> ResizedBatch:
    """Reduce both sides by ``scale``, which must divide them.

    Args:
        image: any range.
        scale: 1 or more.
        how: ``bilinear``, without antialiasing, as in the paper's code (at ×2 the mean of 2×2 pixels), or
            ``bicubic``, antialiased, the same as MATLAB's ``imresize``.

    Raises:
        InputError: ``how`` is unknown.
    """
    if how == "bilinear":
        return _interpolate(image, scale, mode="bilinear", align_corners=False, antialias=False)
    if how != "bicubic":
        raise InputError(f"downsampling {how!r} is not one of {', '.join(DOWNSAMPLINGS)}")
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


def add_noise(image: Image, sigma: float, *, seed: int, name: str) -> Image:
    """Add Gaussian noise that depends on the seed and the image's name alone.

    Args:
        image: in [0, 1]; the result is not clipped.
        sigma: standard deviation, of [0, 1].
        seed: not negative.
        name: the image's name, without folder and suffix.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, *name.encode()]))
    noise = rng.standard_normal(tuple(image.shape), dtype=np.float32)
    return image + sigma * torch.from_numpy(noise).to(image)


def jpeg(image: Image, quality: int) -> Image:
    """What is left of an image after JPEG compression; ``image`` in [0, 1], quality 1 to 100."""
    pixels = np.ascontiguousarray(to_uint8(image).cpu().numpy().transpose(1, 2, 0))
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert ok
    back = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
    assert back is not None
    return torch.from_numpy(back.transpose(2, 0, 1)).to(image) / 255


@dataclass(frozen=True)
class Degradation:
    """How an LR image is made from a GT image. The default is a clean one.

    Attributes:
        blur: σ of the Gaussian in GT pixels; 0 is none.
        noise: σ of the Gaussian noise on the LR, of [0, 1]; 0 is none.
        jpeg: quality from 1 to 100; None is none.
        downsampling: ``bilinear`` (the paper's preset) or ``bicubic`` (antialiased).
    """

    blur: float = 0.0
    noise: float = 0.0
    jpeg: int | None = None
    downsampling: str = "bilinear"

    def __post_init__(self) -> None:
        """Refuse levels that make no sense."""
        if not 0 <= self.blur <= RADIUS:
            raise InputError(f"blur {self.blur:g} is outside 0 to {RADIUS} pixels, what {TAPS} taps can hold")
        if not 0 <= self.noise <= 1:
            raise InputError(f"noise {self.noise:g} is outside 0 to 1 (a share of full intensity)")
        if self.jpeg is not None and not 1 <= self.jpeg <= 100:
            raise InputError(f"jpeg {self.jpeg} is outside 1 to 100")
        if self.downsampling not in DOWNSAMPLINGS:
            raise InputError(f"downsampling {self.downsampling!r} is not one of {', '.join(DOWNSAMPLINGS)}")

    def __call__(self, gt: Image, scale: int, *, seed: int = 0, name: str = "") -> Resized:
        """Make the LR image, rounded to 8 bits.

        Args:
            gt: in [0, 1]; ``scale`` divides its sides.
            scale: 1 or more.
            seed: of the noise.
            name: of the image: images of different names get different noise.
        """
        image = gaussian_blur(gt, self.blur) if self.blur else gt
        image = downsample(image, scale, self.downsampling)
        if self.noise:
            image = add_noise(image, self.noise, seed=seed, name=name)
        if self.jpeg is not None:
            image = jpeg(image, self.jpeg)
        return round8(image)


def paper_preset() -> dict[str, Degradation]:
    """The paper's degradations by name; ``clean`` is none."""
    return {"clean": Degradation(), "blur": Degradation(blur=2.0), "noise": Degradation(noise=0.1)}
