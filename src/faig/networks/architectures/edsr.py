"""EDSR, and how the files of its authors, and of RCAN's after them, say the range of values that they work on."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from faig.networks.architectures.family import Family, Read, Weights, count, renamed
from faig.networks.architectures.layers import DIV2K_MEAN, AroundBlocks, ResidualBlock

WIDE = 256  # features from which on the authors' networks add only a share of each block
WIDE_SHARE = 0.1

# The authors' names (EDSR-PyTorch), common to EDSR and RCAN but for the blocks.
AUTHORS_NAMES = {
    r"^head\.0\.": "conv_first.",
    r"^tail\.0\.": "upsample.",
    r"^tail\.1\.": "conv_last.",
    r"^body\.\d+\.(?=weight|bias)": "conv_after_body.",
}
BLOCK_NAMES = {r"^body\.(\d+)\.body\.0\.": r"body.\1.conv1.", r"^body\.(\d+)\.body\.2\.": r"body.\1.conv2."}


class EDSR(AroundBlocks):
    """Residual blocks without batch norm and a skip around all of them, then convolutions and pixel shuffles.

    Args:
        scale: 1, 2, 3, 4 or 8.
        features: channels of every hidden layer at LR size.
        blocks: number of residual blocks.
        res_scale: share of what a block adds: 0.1 in the authors' network of 256 features, else 1.
        img_range: the size of the range that it works on.
        mean: by channel, of images in [0, 1]; subtracted first, added last. None: DIV2K's for RGB, else none.
        channels: channels of the image.

    Source: Lim et al., CVPRW 2017; names and order are BasicSR's.
    """

    def __init__(
        self,
        scale: int = 4,
        features: int = 64,
        blocks: int = 16,
        res_scale: float = 1.0,
        img_range: float = 255.0,
        mean: Sequence[float] | None = None,
        channels: int = 3,
    ) -> None:
        blocks_in_turn = nn.Sequential(*(ResidualBlock(features, res_scale) for _ in range(blocks)))
        super().__init__(blocks_in_turn, scale, features, img_range, mean, channels)


def read(weights: Weights) -> Read | None:
    """Read the sizes; see `Family`. What no weight says is taken as in the authors' networks."""
    found = read_common(weights, BLOCK_NAMES)
    if found is None or "body.0.conv1.weight" not in found.weights:
        return None
    wide = found.arguments["features"] >= WIDE
    blocks = count(found.weights, r"body\.(\d+)\.")
    return Read(found.arguments | {"blocks": blocks, "res_scale": WIDE_SHARE if wide else 1.0}, found.weights)


def read_common(weights: Weights, block_names: dict[str, str]) -> Read | None:
    """What EDSR and RCAN have in common: scale, features, channels and the range; the weights in BasicSR's names.

    In the authors' files the range is a convolution of 1×1 whose bias is the mean times the range; in BasicSR's it is
    left to the options, whose default is 255 and DIV2K's mean.
    """
    by_authors = "head.0.weight" in weights
    known = renamed(weights, block_names | AUTHORS_NAMES) if by_authors else dict(weights)
    shifts = {name: known.pop(name) for name in list(known) if name.startswith(("sub_mean.", "add_mean."))}
    if not {"conv_first.weight", "conv_after_body.weight", "conv_last.weight"} <= known.keys():
        return None
    features, channels = known["conv_first.weight"].shape[:2]
    if channels != len(DIV2K_MEAN):
        return None  # of gray ones there are no public files, and no rule for their mean
    values = _shifted(shifts) if by_authors else {}
    if values is None:
        return None
    shuffled = [weight.shape for name, weight in known.items() if name.startswith("upsample.") and weight.ndim == 4]
    scale = math.prod(math.isqrt(after // before) for after, before, *_ in shuffled)
    return Read({"scale": scale, "features": features, "channels": channels} | values, known)


def _shifted(shifts: Weights) -> dict[str, Any] | None:
    """The range and the mean that the authors' ``sub_mean`` and ``add_mean`` say; None where they do something else."""
    if not shifts:
        return {"img_range": 1.0, "mean": [0.0] * len(DIV2K_MEAN)}  # trained without; so spandrel takes it, too
    if set(shifts) != {f"{sign}_mean.{part}" for sign in ("sub", "add") for part in ("weight", "bias")}:
        return None
    bias = shifts["add_mean.bias"].double()
    straight = all(
        torch.equal(shifts[f"{sign}_mean.weight"].flatten(1).float(), torch.eye(len(bias))) for sign in ("sub", "add")
    )
    if not straight or not torch.equal(shifts["sub_mean.bias"].double(), -bias):
        return None
    size = 255.0 if float(bias.max()) > 1 else 1.0
    mean = (bias / size).tolist()
    usual = all(
        abs(ours - theirs) < 5e-4 for ours, theirs in zip(mean, DIV2K_MEAN, strict=True)
    )  # in half precision too
    return {"img_range": size} | ({} if usual else {"mean": mean})


EDSR_NET = Family("edsr", EDSR, read)
