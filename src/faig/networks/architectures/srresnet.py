"""SRResNet without batch norm, one of the two networks of the paper."""

import math
import re

from torch import nn
from torch.nn import functional

from faig.networks.architectures.family import Enlarged, Family, Features, Images, Read, Weights, count, renamed
from faig.networks.architectures.layers import ResidualBlock, convolution, init_small, shuffles, small

SLOPE = 0.1  # of every LeakyReLU

# As BasicSR named it before 1.0, and KAIR does (MSRResNet1): the same network, other names.
OLD_NAMES = {r"^recon_trunk\.": "body.", r"^HRconv\.": "conv_hr."}


class SRResNet(nn.Module):
    """SRResNet without batch norm (BasicSR's ``MSRResNet``): residual blocks, pixel shuffle, bilinear skip.

    Args:
        scale: 1, 2, 3, 4 or 8.
        features: channels of every hidden layer at LR size.
        blocks: number of residual blocks.
        channels: channels of the image.

    Source: Ledig et al., CVPR 2017, in the form that Xie et al., NeurIPS 2021, used.
    """

    def __init__(self, scale: int = 2, features: int = 64, blocks: int = 16, channels: int = 3) -> None:
        super().__init__()
        self.scale = scale
        self.conv_first = convolution(channels, features)
        self.body = nn.Sequential(*(small(ResidualBlock(features)) for _ in range(blocks)))
        self.upsampler = tuple(f"upconv{i + 1}" for i in range(len(shuffles(scale))))
        for name, factor in zip(self.upsampler, shuffles(scale), strict=True):
            self.add_module(name, convolution(features, features * factor**2))
        self.conv_hr = convolution(features, features)
        self.conv_last = convolution(features, channels)
        for name in ("conv_first", *self.upsampler, "conv_hr", "conv_last"):
            init_small(self.get_submodule(name))

    def forward(self, x: Images) -> Enlarged:
        """Enlarge ``x`` by the scale."""
        activate = functional.leaky_relu
        out = self.through_blocks(activate(self.conv_first(x), SLOPE), x)
        for name, factor in zip(self.upsampler, shuffles(self.scale), strict=True):
            out = activate(functional.pixel_shuffle(self.get_submodule(name)(out), factor), SLOPE)
        out = self.conv_last(activate(self.conv_hr(out), SLOPE))
        skip = functional.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return out + skip

    def through_blocks(self, features: Features, image: Images) -> Features:  # noqa: ARG002 - two branches need it
        """Run the residual blocks, one after the other."""
        return self.body(features)


def read(weights: Weights) -> Read | None:
    """Read the sizes; see `Family`."""
    known = renamed(weights, OLD_NAMES)
    if not {"conv_first.weight", "conv_hr.weight"} <= known.keys():
        return None
    features, channels = known["conv_first.weight"].shape[:2]
    upconvs = [known[key] for key in known if re.fullmatch(r"upconv\d+\.weight", key)]
    scale = math.prod(math.isqrt(weight.shape[0] // max(1, weight.shape[1])) for weight in upconvs)
    blocks = count(known, r"body\.(\d+)\.")
    return Read({"scale": scale, "features": features, "blocks": blocks, "channels": channels}, known)


SRRESNET = Family("srresnet", SRResNet, read)
