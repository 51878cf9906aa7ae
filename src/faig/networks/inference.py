"""Networks run over images, and how good the result is."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.imaging.images import Image, Resized, round8
from faig.networks.adapters import explained

Plane = Float[Tensor, "channel height width"]


def restore(network: nn.Module, lr: Image) -> Resized:
    """Run a network over one image.

    Args:
        network: takes and returns ``[1, 3, height, width]`` in [0, 1].
        lr: in [0, 1].

    Returns:
        The network's output clipped and rounded to 8 bits, in [0, 1], on the CPU.

    Raises:
        InputError: the network does not take images of this size.
    """
    with torch.no_grad(), explained(lr):
        weight = next(network.parameters())
        return round8(network(lr[None].to(weight))[0]).cpu()


def luma(image: Image) -> Float[Tensor, "1 height width"]:
    """Y of YCbCr as MATLAB's ``rgb2ycbcr`` gives it, in [16/255, 235/255], in one channel ``[1, height, width]``."""
    red, green, blue = image
    return ((16 + 65.481 * red + 128.553 * green + 24.966 * blue) / 255)[None]


def psnr(image: Plane, gt: Plane, *, border: int) -> float:
    """PSNR in dB over all channels, a frame of ``border`` pixels left out; infinite where they are equal.

    Args:
        image: in [0, 1].
        gt: the same shape.
        border: the field leaves out ``scale`` pixels.
    """
    from skimage.metrics import peak_signal_noise_ratio  # slow to import

    ours, truth = _inner(image, border), _inner(gt, border)
    if torch.equal(ours, truth):
        return float("inf")
    return float(peak_signal_noise_ratio(truth.numpy(), ours.numpy(), data_range=1.0))


def ssim(image: Plane, gt: Plane, *, border: int) -> float:
    """SSIM over all channels (Gaussian window of σ 1.5, 11×11), a frame of ``border`` pixels left out."""
    from skimage.metrics import structural_similarity  # slow to import

    ours, truth = _inner(image, border), _inner(gt, border)
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


def _inner(image: Plane, border: int) -> Tensor:
    _, height, width = image.shape
    if min(height, width) < 2 * border + 11:
        raise InputError(f"an image of {width}x{height} is too small to compare: {2 * border + 11} pixels a side")
    return image[:, border : height - border, border : width - border].double().cpu()


def scale_of(network: nn.Module, probe: int = 16) -> int:
    """How many times larger a network's output is than its input, found by running it on a small gray image.

    Raises:
        InputError: the output is no image of 3 channels, or not enlarged by a whole number; or the input is not left
            as it was.
    """
    gray = torch.full((1, 3, probe, probe), 0.5).to(next(network.parameters()))
    untouched = gray._version
    with torch.inference_mode(), explained(gray):
        output = network(gray)
    if gray._version != untouched:
        raise InputError(
            "the network changes its input in place; give it a copy in your builder: "
            "faig.networks.adapters.adapted(network, lambda forward, x: forward(x.clone()))"
        )
    if not isinstance(output, Tensor):
        raise InputError(
            f"the network returns a {type(output).__name__}, not images; choose one of its outputs in your builder: "
            "faig.networks.adapters.output(network, 0)"
        )
    shape = tuple(output.shape)
    scale = shape[-1] // probe
    if shape != (1, 3, probe * scale, probe * scale) or scale < 1:
        raise InputError(f"the network turns (1, 3, {probe}, {probe}) into {shape}, which is no enlarged RGB image")
    return scale
