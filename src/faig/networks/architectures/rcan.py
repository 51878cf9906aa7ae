"""RCAN: residual groups with channel attention."""

from collections.abc import Sequence

from torch import nn

from faig.networks.architectures.edsr import read_common
from faig.networks.architectures.family import Family, Images, Read, Weights, count
from faig.networks.architectures.layers import AroundBlocks, convolution

# The authors' names of what is in a group.
GROUP_NAMES = {
    r"^body\.(\d+)\.body\.(\d+)\.body\.([02])\.": r"body.\1.residual_group.\2.rcab.\3.",
    r"^body\.(\d+)\.body\.(\d+)\.body\.3\.conv_du\.0\.": r"body.\1.residual_group.\2.rcab.3.attention.1.",
    r"^body\.(\d+)\.body\.(\d+)\.body\.3\.conv_du\.2\.": r"body.\1.residual_group.\2.rcab.3.attention.3.",
    r"^body\.(\d+)\.body\.\d+\.(?=weight|bias)": r"body.\1.conv.",
}


class ChannelAttention(nn.Module):
    """Each channel weighted by what the means of all channels over the whole image make of it."""

    def __init__(self, features: int, squeeze: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(features, features // squeeze, 1),
            nn.ReLU(),
            nn.Conv2d(features // squeeze, features, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Images) -> Images:
        """Return an array of the shape of ``x``."""
        return x * self.attention(x)


class AttentionBlock(nn.Module):
    """``x + attention(conv(ReLU(conv(x))))``."""

    def __init__(self, features: int, squeeze: int) -> None:
        super().__init__()
        self.rcab = nn.Sequential(
            convolution(features, features),
            nn.ReLU(),
            convolution(features, features),
            ChannelAttention(features, squeeze),
        )

    def forward(self, x: Images) -> Images:
        """Return an array of the shape of ``x``."""
        return x + self.rcab(x)


class ResidualGroup(nn.Module):
    """Blocks with attention and a convolution, and a skip around them."""

    def __init__(self, features: int, blocks: int, squeeze: int) -> None:
        super().__init__()
        self.residual_group = nn.Sequential(*(AttentionBlock(features, squeeze) for _ in range(blocks)))
        self.conv = convolution(features, features)

    def forward(self, x: Images) -> Images:
        """Return an array of the shape of ``x``."""
        return x + self.conv(self.residual_group(x))


class RCAN(AroundBlocks):
    """Residual groups of blocks with channel attention, a skip around all, then convolutions and pixel shuffles.

    Args:
        scale: 1, 2, 3, 4 or 8.
        features: channels of every hidden layer at LR size.
        groups: number of residual groups.
        blocks: number of blocks in each.
        squeeze: by how much attention has fewer channels in between.
        img_range: the size of the range that it works on.
        mean: by channel, of images in [0, 1]; subtracted first, added last. None: DIV2K's for RGB, else none.
        channels: channels of the image.

    Source: Zhang et al., ECCV 2018; names and order are BasicSR's.
    """

    def __init__(
        self,
        scale: int = 4,
        features: int = 64,
        groups: int = 10,
        blocks: int = 20,
        squeeze: int = 16,
        img_range: float = 255.0,
        mean: Sequence[float] | None = None,
        channels: int = 3,
    ) -> None:
        blocks_in_turn = nn.Sequential(*(ResidualGroup(features, blocks, squeeze) for _ in range(groups)))
        super().__init__(blocks_in_turn, scale, features, img_range, mean, channels)


def read(weights: Weights) -> Read | None:
    """Read the sizes; see `Family`."""
    found = read_common(weights, GROUP_NAMES)
    attention = "body.0.residual_group.0.rcab.3.attention.1.weight"
    if found is None or attention not in found.weights:
        return None
    squeezed, features = found.weights[attention].shape[:2]
    arguments = found.arguments | {
        "groups": count(found.weights, r"body\.(\d+)\."),
        "blocks": count(found.weights, r"body\.0\.residual_group\.(\d+)\."),
        "squeeze": features // max(1, squeezed),
    }
    return Read(arguments, found.weights)


RCAN_NET = Family("rcan", RCAN, read)
