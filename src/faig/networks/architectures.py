"""The two networks of the paper, and how to recognise them from their weights alone.

Both take and return RGB images in [0, 1] of shape ``[batch, 3, height, width]`` and enlarge by ``scale``.
Parameter names follow BasicSR, so that its checkpoints load with strict key matching.
"""

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from faig.common.errors import InputError

Images = Float[Tensor, "batch channel height width"]
Enlarged = Float[Tensor, "batch channel _ _"]
Weights = Mapping[str, Tensor]

SLOPE = 0.1  # of every LeakyReLU


class ResidualBlock(nn.Module):
    """``x + conv2(ReLU(conv1(x)))``, without batch norm."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1)
        for conv in (self.conv1, self.conv2):
            init_small(conv)

    def forward(self, x: Images) -> Images:
        """Return an array of the shape of ``x``."""
        return x + self.conv2(functional.relu(self.conv1(x)))


class SRResNet(nn.Module):
    """SRResNet without batch norm (BasicSR's ``MSRResNet``): residual blocks, pixel shuffle, bilinear skip.

    Args:
        scale: 2, 3 or 4.
        features: channels of every hidden layer at LR size.
        blocks: number of residual blocks.
        channels: channels of the image.

    Source: Ledig et al., CVPR 2017, in the form that Xie et al., NeurIPS 2021, used.
    """

    def __init__(self, scale: int = 2, features: int = 64, blocks: int = 16, channels: int = 3) -> None:
        super().__init__()
        self.scale = scale
        self.conv_first = nn.Conv2d(channels, features, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(features) for _ in range(blocks)))
        self.upsampler = tuple(f"upconv{i + 1}" for i in range(len(shuffles(scale))))
        for name, factor in zip(self.upsampler, shuffles(scale), strict=True):
            self.add_module(name, nn.Conv2d(features, features * factor**2, 3, padding=1))
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, channels, 3, padding=1)
        for name in ("conv_first", *self.upsampler, "conv_hr", "conv_last"):
            init_small(self.get_submodule(name))

    def forward(self, x: Images) -> Enlarged:
        """Enlarge ``x`` by the scale."""
        activate = functional.leaky_relu
        out = self.body(activate(self.conv_first(x), SLOPE))
        for name, factor in zip(self.upsampler, shuffles(self.scale), strict=True):
            out = activate(functional.pixel_shuffle(self.get_submodule(name)(out), factor), SLOPE)
        out = self.conv_last(activate(self.conv_hr(out), SLOPE))
        skip = functional.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return out + skip


class SRCNNStyle(nn.Module):
    """A plain chain of convolutions with pixel shuffle near the end and no skip.

    It begins as a network that repeats each pixel (see `init_passing`): without a skip, it would first have to learn to
    let the image through.

    Args:
        scale: 2, 3 or 4.
        widths: output channels of the convolutions at LR size.
        channels: channels of the image.

    Source: Xie et al., NeurIPS 2021 (after Dong et al., ECCV 2014).
    """

    def __init__(
        self, scale: int = 2, widths: Sequence[int] = (64, 128, 128, 128, 128, 128), channels: int = 3
    ) -> None:
        super().__init__()
        self.scale = scale
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise((channels, *widths)):
            layers += [nn.Conv2d(before, after, 3, padding=1), nn.LeakyReLU(SLOPE)]
        width = widths[-1]
        for factor in shuffles(scale):
            layers += [nn.Conv2d(width, width * factor**2, 3, padding=1), nn.PixelShuffle(factor)]
            layers += [nn.LeakyReLU(SLOPE)]
        layers += [nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(SLOPE)]
        layers += [nn.Conv2d(width, channels, 3, padding=1)]
        self.features = nn.Sequential(*layers)
        for conv, follower in itertools.pairwise([*layers, nn.Identity()]):
            if isinstance(conv, nn.Conv2d):
                init_passing(conv, int(follower.upscale_factor) if isinstance(follower, nn.PixelShuffle) else 1)

    def forward(self, x: Images) -> Enlarged:
        """Enlarge ``x`` by the scale."""
        return self.features(x)


def shuffles(scale: int) -> tuple[int, ...]:
    """The pixel-shuffle factors, in order, that enlarge by ``scale``: ×4 is twice ×2.

    Raises:
        InputError: for a scale other than 2, 3 or 4.
    """
    try:
        return {2: (2,), 3: (3,), 4: (2, 2)}[scale]
    except KeyError:
        raise InputError(f"scale {scale} is not one of 2, 3, 4") from None


def init_small(conv: nn.Module) -> None:
    """He initialisation scaled by 0.1, zero bias: a residual network starts near its skip (as in ESRGAN)."""
    assert isinstance(conv, nn.Conv2d)
    if conv.weight.is_meta:  # only its shape is asked for; to draw for it, torch would load its compiler for seconds
        return
    nn.init.kaiming_normal_(conv.weight)
    with torch.no_grad():
        conv.weight.mul_(0.1)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)


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


ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {"srresnet": SRResNet, "srcnn-style": SRCNNStyle}


def build(architecture: str, **arguments: Any) -> nn.Module:
    """Build a network the package knows.

    Args:
        architecture: a key of ``ARCHITECTURES``.
        arguments: passed to its constructor.

    Raises:
        InputError: the name is unknown, or the arguments do not fit.
    """
    if architecture not in ARCHITECTURES:
        raise InputError(f"architecture {architecture!r} is unknown; known: {', '.join(ARCHITECTURES)}")
    try:
        return ARCHITECTURES[architecture](**arguments)
    except InputError:
        raise
    except (TypeError, ValueError, IndexError, RuntimeError) as error:
        raise InputError(f"architecture {architecture!r} with {arguments}: {error}") from None


def recognise(weights: Weights) -> tuple[str, dict[str, Any]]:
    """Name the architecture, and its arguments, that has these weights.

    Args:
        weights: a state dict.

    Returns:
        The name and the arguments for `build`.

    Raises:
        InputError: the keys and shapes are of no known architecture.
    """
    for name, read in (("srresnet", _read_srresnet), ("srcnn-style", _read_srcnn)):
        arguments = read(weights)
        if arguments is None:
            continue
        with torch.device("meta"):
            expected = build(name, **arguments).state_dict()
        if {k: v.shape for k, v in expected.items()} == {k: v.shape for k, v in weights.items()}:
            return name, arguments
    first = next(iter(weights), "none")
    raise InputError(
        f"no known architecture has these {len(weights)} weights (the first key is {first!r}); "
        "give a function that builds the network",
        setting="arch",
    )


def _read_srresnet(weights: Weights) -> dict[str, Any] | None:
    if not {"conv_first.weight", "upconv1.weight", "conv_hr.weight"} <= weights.keys():
        return None
    features, channels = weights["conv_first.weight"].shape[:2]
    blocks = {int(m[1]) for key in weights if (m := re.match(r"body\.(\d+)\.", key))}
    upconvs = [weights[key] for key in weights if re.fullmatch(r"upconv\d+\.weight", key)]
    scale = math.prod(math.isqrt(w.shape[0] // max(1, w.shape[1])) for w in upconvs)
    if scale not in (2, 3, 4):
        return None
    return {"scale": scale, "features": features, "blocks": len(blocks), "channels": channels}


def _read_srcnn(weights: Weights) -> dict[str, Any] | None:
    numbered = [(int(m[1]), w) for k, w in weights.items() if (m := re.fullmatch(r"features\.(\d+)\.weight", k))]
    convs = [w.shape for _, w in sorted(numbered, key=lambda pair: pair[0])]
    if len(convs) < 4 or any(len(shape) != 4 for shape in convs):
        return None
    # Where a convolution's outputs are not the next one's inputs, a pixel shuffle stands between.
    ratios = [before[0] // max(1, after[1]) for before, after in itertools.pairwise(convs)]
    scale = math.prod(math.isqrt(ratio) for ratio in ratios)
    if scale not in (2, 3, 4):
        return None
    widths = tuple(shape[0] for shape in convs[: -2 - len(shuffles(scale))])
    return {"scale": scale, "widths": widths, "channels": convs[0][1]} if widths else None
