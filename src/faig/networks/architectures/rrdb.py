"""RRDBNet, the network of ESRGAN and Real-ESRGAN."""

import math
import re

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from faig.common.errors import InputError
from faig.networks.architectures.family import Enlarged, Family, Images, Read, Weights, count, renamed
from faig.networks.architectures.layers import convolution, small

SLOPE = 0.2  # of every LeakyReLU
RESIDUAL = 0.2  # share of what a block adds
CONVOLUTIONS = 5  # of a dense block

# Of ESRGAN's second version, BSRGAN and KAIR's RRDBNet.
TRUNK_NAMES = {
    r"^RRDB_trunk\.(\d+)\.RDB(\d)\.": r"body.\1.rdb\2.",
    r"^trunk_conv\.": "conv_body.",
    r"^upconv(\d)\.": r"conv_up\1.",
    r"^HRconv\.": "conv_hr.",
}
# Of ESRGAN's first version and KAIR's RRDB, which leaves the second number out where nothing follows a convolution.
# What comes after the blocks is numbered on; see `_tail_names`.
NUMBERED_NAMES = {
    r"^model\.0\.": "conv_first.",
    r"^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.(?:0\.)?(?=weight|bias)": r"body.\1.rdb\2.conv\3.",
    r"^model\.1\.sub\.\d+\.(?=weight|bias)": "conv_body.",
}


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees all before it; a share of the last is added."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        for i in range(CONVOLUTIONS):
            after = features if i == CONVOLUTIONS - 1 else growth
            self.add_module(f"conv{i + 1}", convolution(features + i * growth, after))

    def forward(self, x: Images) -> Images:
        """Return an array of the shape of ``x``."""
        seen = [x]
        for i in range(CONVOLUTIONS - 1):
            out = self.get_submodule(f"conv{i + 1}")(torch.cat(seen, 1))
            seen.append(functional.leaky_relu(out, SLOPE))
        return x + RESIDUAL * self.get_submodule(f"conv{CONVOLUTIONS}")(torch.cat(seen, 1))


class RRDB(nn.Module):
    """Three dense blocks in a row; a share of what they give is added."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(features, growth) for _ in range(3))

    def forward(self, x: Images) -> Images:
        """Return an array of the shape of ``x``."""
        return x + RESIDUAL * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    """Residual-in-residual dense blocks, then ×2 by nearest neighbour and a convolution, as often as the scale asks.

    Args:
        scale: 1, 2, 4, 8, ...
        features: channels between blocks.
        blocks: number of residual-in-residual dense blocks.
        growth: channels that each convolution of a dense block adds.
        channels: channels of the image.
        unshuffle: by how much the image is first made smaller, its pixels becoming channels; None: 4 at ×1, 2 at ×2
            and 1 else, as in Real-ESRGAN. Images are mirrored, without repeating the edge pixel, up to a multiple of
            it, and what comes of that is cut off.

    Source: Wang et al., "ESRGAN", ECCVW 2018, and "Real-ESRGAN", ICCVW 2021; names and order are BasicSR's.
    """

    def __init__(
        self,
        scale: int = 4,
        features: int = 64,
        blocks: int = 23,
        growth: int = 32,
        channels: int = 3,
        unshuffle: int | None = None,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.unshuffle = {1: 4, 2: 2}.get(scale, 1) if unshuffle is None else unshuffle
        doublings = (scale * self.unshuffle).bit_length() - 1
        if scale < 1 or self.unshuffle < 1 or 2**doublings != scale * self.unshuffle:
            raise InputError(f"scale {scale} after unshuffling by {self.unshuffle} is no power of 2")
        self.conv_first = convolution(channels * self.unshuffle**2, features)
        self.body = nn.Sequential(*(small(RRDB(features, growth)) for _ in range(blocks)))
        self.conv_body = convolution(features, features)
        self.upsampler = tuple(f"conv_up{i + 1}" for i in range(doublings))
        for name in self.upsampler:
            self.add_module(name, convolution(features, features))
        self.conv_hr = convolution(features, features)
        self.conv_last = convolution(features, channels)

    def forward(self, x: Images) -> Enlarged:
        """Enlarge ``x`` by the scale."""
        if self.unshuffle == 1:
            return self._enlarged(x)
        height, width = x.shape[-2], x.shape[-1]
        x = functional.pad(x, (0, -width % self.unshuffle, 0, -height % self.unshuffle), mode="reflect")
        out = self._enlarged(functional.pixel_unshuffle(x, self.unshuffle))
        return out[:, :, : height * self.scale, : width * self.scale]

    def _enlarged(self, x: Images) -> Float[Tensor, "batch _ _ _"]:
        first = self.conv_first(x)
        out = first + self.conv_body(self.body(first))
        for name in self.upsampler:
            out = functional.interpolate(out, scale_factor=2, mode="nearest")
            out = functional.leaky_relu(self.get_submodule(name)(out), SLOPE)
        return self.conv_last(functional.leaky_relu(self.conv_hr(out), SLOPE))


def read(weights: Weights) -> Read | None:
    """Read the sizes; see `Family`."""
    if "model.0.weight" in weights:
        known = renamed(weights, NUMBERED_NAMES | _tail_names(weights))
    else:
        known = renamed(weights, TRUNK_NAMES)
    if not {"conv_first.weight", "body.0.rdb1.conv1.weight", "conv_last.weight"} <= known.keys():
        return None
    features, seen = known["conv_first.weight"].shape[:2]
    channels = known["conv_last.weight"].shape[0]
    unshuffle = math.isqrt(seen // channels)
    enlarged = 2 ** count(known, r"conv_up(\d+)\.")
    arguments = {
        "scale": enlarged // unshuffle,
        "features": features,
        "blocks": count(known, r"body\.(\d+)\."),
        "growth": known["body.0.rdb1.conv1.weight"].shape[0],
        "channels": channels,
        "unshuffle": unshuffle,
    }
    return Read(arguments, known)


def _tail_names(weights: Weights) -> dict[str, str]:
    """The layers after the blocks, which are numbered: the last two are ``conv_hr`` and ``conv_last``."""
    numbers = {int(match[1]) for name in weights if (match := re.fullmatch(r"model\.(\d+)\.weight", name))} - {0}
    *enlarging, hr, last = sorted(numbers)
    names = [f"conv_up{i + 1}" for i in range(len(enlarging))] + ["conv_hr", "conv_last"]
    return {
        rf"^model\.{number}\.(?=weight|bias)": f"{name}."
        for number, name in zip([*enlarging, hr, last], names, strict=True)
    }


RRDB_NET = Family("rrdb", RRDBNet, read)
