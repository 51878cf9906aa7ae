"""How good a restoration is, and what the effect looks at: PSNR, SSIM, luma, gradient maps."""

import torch
from jaxtyping import Float
from torch import Tensor

from faig.common.errors import InputError
from faig.imaging.images import Image, ImageLike, as_image, as_restored

CHANNELS = ("gray", "blue")
LUMA = (0.299, 0.587, 0.114)  # Rec. 601
WINDOW = 11  # pixels a side, of SSIM
BAND = 512  # rows

Plane = Float[Tensor, "channel height width"]


def gray(image: Image) -> Float[Tensor, "height width"]:
    """Rec. 601 luma of RGB, not rounded; a gray image's one channel as it is."""
    if len(image) == 1:
        return image[0]
    return torch.einsum("c,chw->hw", torch.tensor(LUMA, dtype=torch.float64).to(image), image)


def in_channels(image: Image, channels: int) -> Float[Tensor, "_ height width"]:
    """An image as a network of so many channels takes it (see `inference.channels_of`).

    Args:
        image: RGB or gray, in [0, 1].
        channels: 1: RGB is made gray, see `single_channel`; 3: gray is repeated.

    Raises:
        InputError: the image has neither 1 nor so many channels.
    """
    if len(image) == channels:
        return image
    if channels == 1:
        return single_channel(image)[None]
    if len(image) != 1:
        raise InputError(f"an image of {len(image)} channels cannot be made one of {channels}")
    return image.repeat(channels, 1, 1)


def single_channel(image: Image, channel: str = "gray") -> Float[Tensor, "height width"]:
    """One channel of an 8-bit image in [0, 1].

    Args:
        image: RGB or gray, of 8-bit values.
        channel: ``gray`` is Rec. 601 luma rounded to 8 bits again, of a gray image the image itself; ``blue`` is what
            the published script took.

    Raises:
        InputError: the channel is neither, or the image is gray and has no blue.
    """
    if channel == "blue":
        if len(image) == 1:
            raise InputError("a gray image has no blue channel; measure on channel gray", setting="channel")
        return image[2]
    if channel != "gray":
        raise InputError(f"channel {channel!r} is not one of {', '.join(CHANNELS)}")
    if len(image) == 1:
        return image[0]
    bands = image.split(BAND, dim=1)  # large images: in double precision a few rows at a time
    return torch.cat([gray(band.double() * 255).round().to(image.dtype) / 255 for band in bands])


def gradient_map(plane: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """``sqrt(dx² + dy² + 1e-6)``, central differences ``[-1, 0, 1]``, zero padding."""
    padded = torch.nn.functional.pad(plane, (1, 1, 1, 1))
    dx = padded[1:-1, 2:] - padded[1:-1, :-2]
    dy = padded[2:, 1:-1] - padded[:-2, 1:-1]
    return torch.sqrt(dx.square() + dy.square() + 1e-6)


def luma(image: Float[Tensor, "3 height width"]) -> Float[Tensor, "1 height width"]:
    """Y of YCbCr as MATLAB's ``rgb2ycbcr`` gives it, in [16/255, 235/255], in one channel ``[1, height, width]``."""
    red, green, blue = image
    return ((16 + 65.481 * red + 128.553 * green + 24.966 * blue) / 255)[None]


def psnr(image: ImageLike, gt: ImageLike, *, border: int = 0) -> float:
    """PSNR in dB over all channels, a frame of ``border`` pixels left out; infinite where they are equal.

    Args:
        image: a tensor ``[channel, height, width]``, or whatever else `images.as_image` takes; clipped to [0, 1].
        gt: the same, of the same size, in [0, 1].
        border: the field leaves out ``scale`` pixels.

    Raises:
        InputError: the sizes differ, or are too small; or see `images.as_image` and `images.as_restored`.
    """
    from skimage.metrics import peak_signal_noise_ratio  # slow to import

    ours, truth = _compared(image, gt, border)
    if torch.equal(ours, truth):
        return float("inf")
    return float(peak_signal_noise_ratio(truth.numpy(), ours.numpy(), data_range=1.0))


def ssim(image: ImageLike, gt: ImageLike, *, border: int = 0) -> float:
    """SSIM over all channels (Gaussian window of σ 1.5, 11×11), a frame of ``border`` pixels left out; see `psnr`."""
    from skimage.metrics import structural_similarity  # slow to import

    ours, truth = _compared(image, gt, border)
    return float(
        structural_similarity(
            truth.numpy(),
            ours.numpy(),
            data_range=1.0,
            channel_axis=0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )


def check_comparable(image: Image, border: int, name: str = "") -> None:
    """Raise InputError for an image that is too small to compare: a frame of ``border`` pixels is left out."""
    _, height, width = image.shape
    if min(height, width) < 2 * border + WINDOW:
        described = f"{name}: {width}x{height}" if name else f"an image of {width}x{height}"
        raise InputError(f"{described} is too small to compare: {2 * border + WINDOW} pixels a side")


def _compared(image: ImageLike, gt: ImageLike, border: int) -> tuple[Plane, Plane]:
    values = [as_restored(image), as_image(gt)]
    if not (isinstance(image, Tensor) and isinstance(gt, Tensor)):
        values = [in_channels(value, min(map(len, values))) for value in values]  # files are read as RGB
    ours, truth = values
    if ours.shape != truth.shape:
        raise InputError(f"an image of {tuple(ours.shape)} cannot be compared with one of {tuple(truth.shape)}")
    check_comparable(ours, border)
    _, height, width = ours.shape
    first, second = (
        value[:, border : height - border, border : width - border].double().cpu() for value in (ours, truth)
    )
    return first, second
