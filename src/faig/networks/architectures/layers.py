"""What several architectures are made of."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from faig.common.errors import InputError
from faig.networks.architectures.family import Enlarged, Images

DIV2K_MEAN = (0.4488, 0.4371, 0.4040)  # RGB in [0, 1], of DIV2K's training images; EDSR and RCAN subtract it


class ResidualBlock(nn.Module):
    """``x + scale * conv2(ReLU(conv1(x)))``, without batch norm (BasicSR's ``ResidualBlockNoBN``)."""

    def __init__(self, features: int, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.conv1 = convolution(features, features)
        self.conv2 = convolution(features, features)

    def forward(self, x: Images) -> Images:
        """Return an array of the shape of ``x``."""
        residual = self.conv2(functional.relu(self.conv1(x)))
        return x + (residual if self.scale == 1 else residual * self.scale)


class Upsample(nn.Sequential):
    """A convolution and a pixel shuffle for each factor of the scale (BasicSR's ``Upsample``); nothing at ×1."""

    def __init__(self, scale: int, features: int) -> None:
        layers: list[nn.Module] = []
        for factor in shuffles(scale):
            layers += [convolution(features, features * factor**2), nn.PixelShuffle(factor)]
        super().__init__(*layers)


class Range(nn.Module):
    """The values that a network works on: ``(x - mean) * size``, and back.

    Args:
        mean: by channel, of images in [0, 1].
        size: of the range: 255 where the network was trained on 8-bit values.
    """

    mean: Tensor

    def __init__(self, mean: Sequence[float], size: float) -> None:
        super().__init__()
        self.size = size
        # Public files say it in many ways, BasicSR's not at all: it is no part of the state dict.
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)

    def forward(self, x: Images) -> Images:
        """From [0, 1]."""
        return (x - self.mean) * self.size

    def back(self, x: Enlarged) -> Enlarged:
        """To [0, 1]."""
        return x / self.size + self.mean


class AroundBlocks(nn.Module):
    """What EDSR and RCAN have around their blocks: a range, a skip around all, convolutions and pixel shuffles.

    Args:
        body: the blocks.
        scale: 1, 2, 3, 4 or 8.
        features: channels of every hidden layer at LR size.
        img_range: the size of the range that it works on.
        mean: by channel, of images in [0, 1]; subtracted first, added last. None: DIV2K's for RGB, else none.
        channels: channels of the image.
    """

    def __init__(
        self,
        body: nn.Sequential,
        scale: int,
        features: int,
        img_range: float,
        mean: Sequence[float] | None,
        channels: int,
    ) -> None:
        super().__init__()
        self.range = Range(mean_of(channels, mean), img_range)
        self.conv_first = convolution(channels, features)
        self.body = body
        self.conv_after_body = convolution(features, features)
        self.upsample = Upsample(scale, features)
        self.conv_last = convolution(features, channels)

    def forward(self, x: Images) -> Enlarged:
        """Enlarge ``x`` by the scale."""
        first = self.conv_first(self.range(x))
        out = first + self.conv_after_body(self.body(first))
        return self.range.back(self.conv_last(self.upsample(out)))


def mean_of(channels: int, mean: Sequence[float] | None) -> Sequence[float]:
    """The mean that a network of so many channels subtracts: of DIV2K for RGB, else none, where it is not told."""
    if mean is None:
        return DIV2K_MEAN if channels == len(DIV2K_MEAN) else [0.0] * channels
    if len(mean) != channels:
        raise InputError(f"a mean of {len(mean)} channels for images of {channels}")
    return mean


def convolution(before: int, after: int) -> nn.Conv2d:
    """A 3×3 convolution that keeps the size."""
    return nn.Conv2d(before, after, 3, padding=1)


def shuffles(scale: int) -> tuple[int, ...]:
    """The pixel-shuffle factors, in order, that enlarge by ``scale``: ×4 is twice ×2.

    Raises:
        InputError: for a scale other than 1, 2, 3, 4 or 8.
    """
    try:
        return {1: (), 2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}[scale]
    except (KeyError, TypeError):
        raise InputError(f"scale {scale} is not one of 1, 2, 3, 4, 8") from None


def init_he(conv: nn.Conv2d, factor: float = 1.0) -> nn.Conv2d:
    """He initialisation times a factor, zero bias; returns the convolution."""
    if conv.weight.is_meta:  # only its shape is asked for; to draw for it, torch would load its compiler for seconds
        return conv
    nn.init.kaiming_normal_(conv.weight)
    with torch.no_grad():
        conv.weight.mul_(factor)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv


def init_small(conv: nn.Module) -> None:
    """`init_he` scaled by 0.1: a residual network starts near its skip (as in ESRGAN)."""
    assert isinstance(conv, nn.Conv2d)
    init_he(conv, 0.1)


def small(module: nn.Module) -> nn.Module:
    """A module with all its convolutions begun by `init_small`."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            init_small(layer)
    return module


def init_passing(conv: nn.Module, shuffle: int = 1) -> None:
    """`init_small`, with each channel passed on besides: a chain of such layers begins near the identity (ours).

    Args:
        conv: whose output channels have the input channel of the same number, as far as there is one.
        shuffle: factor of the pixel shuffle that follows; the channels that it makes into one pixel are alike.
    """
    init_small(conv)
    assert isinstance(conv, nn.Conv2d)
    with torch.no_grad():
        for out in range(min(conv.out_channels // shuffle**2, conv.in_channels) * shuffle**2):
            conv.weight[out, out // shuffle**2, conv.kernel_size[0] // 2, conv.kernel_size[1] // 2] += 1
