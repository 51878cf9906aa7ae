"""The SRCNN-style network of the paper."""

import itertools
import math
import re
from collections.abc import Sequence

from torch import nn

from faig.networks.architectures.family import Enlarged, Family, Images, Read, Weights
from faig.networks.architectures.layers import convolution, init_passing, shuffles

SLOPE = 0.1  # of every LeakyReLU


class SRCNNStyle(nn.Module):
    """A plain chain of convolutions with pixel shuffle near the end and no skip.

    It begins as a network that repeats each pixel (see `init_passing`): without a skip, it would first have to learn to
    let the image through.

    Args:
        scale: 1, 2, 3, 4 or 8.
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
            layers += [convolution(before, after), nn.LeakyReLU(SLOPE)]
        width = widths[-1]
        for factor in shuffles(scale):
            layers += [convolution(width, width * factor**2), nn.PixelShuffle(factor)]
            layers += [nn.LeakyReLU(SLOPE)]
        layers += [convolution(width, width), nn.LeakyReLU(SLOPE)]
        layers += [convolution(width, channels)]
        self.features = nn.Sequential(*layers)
        for conv, follower in itertools.pairwise([*layers, nn.Identity()]):
            if isinstance(conv, nn.Conv2d):
                init_passing(conv, int(follower.upscale_factor) if isinstance(follower, nn.PixelShuffle) else 1)

    def forward(self, x: Images) -> Enlarged:
        """Enlarge ``x`` by the scale."""
        return self.features(x)


def read(weights: Weights) -> Read | None:
    """Read the sizes; see `Family`."""
    numbered = [(int(m[1]), w) for k, w in weights.items() if (m := re.fullmatch(r"features\.(\d+)\.weight", k))]
    convs = [w.shape for _, w in sorted(numbered, key=lambda pair: pair[0])]
    if len(convs) < 4 or any(len(shape) != 4 for shape in convs):
        return None
    # Where a convolution's outputs are not the next one's inputs, a pixel shuffle stands between.
    ratios = [before[0] // max(1, after[1]) for before, after in itertools.pairwise(convs)]
    scale = math.prod(math.isqrt(ratio) for ratio in ratios)
    if scale not in (2, 3, 4, 8):  # a plain chain of that name that enlarges nothing may be anything
        return None
    widths = tuple(shape[0] for shape in convs[: -2 - len(shuffles(scale))])
    return Read({"scale": scale, "widths": widths, "channels": convs[0][1]}, weights) if widths else None


SRCNN_STYLE = Family("srcnn-style", SRCNNStyle, read)
