"""SRVGGNetCompact, the small network of Real-ESRGAN."""

import math

from torch import nn
from torch.nn import functional

from faig.common.errors import InputError
from faig.networks.architectures.family import Enlarged, Family, Images, Read, Weights, count
from faig.networks.architectures.layers import convolution

SLOPE = 0.1  # of LeakyReLU
ACTIVATIONS = ("prelu", "relu", "leakyrelu")


class SRVGGNetCompact(nn.Module):
    """A chain of convolutions at LR size, one pixel shuffle at its end, plus the image enlarged by nearest neighbour.

    Args:
        scale: any whole number.
        features: channels of every hidden layer.
        convolutions: between the first and the last.
        activation: ``prelu`` (a slope per channel), ``relu`` or ``leakyrelu`` (of slope 0.1), after each but the last.
        channels: channels of the image.

    Source: Wang et al., "Real-ESRGAN", ICCVW 2021; names and order of its repository and BasicSR.
    """

    def __init__(
        self, scale: int = 4, features: int = 64, convolutions: int = 16, activation: str = "prelu", channels: int = 3
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise InputError(f"activation {activation!r} is not one of {', '.join(ACTIVATIONS)}")
        self.scale = scale
        layers: list[nn.Module] = []
        for before in (channels, *[features] * convolutions):
            layers += [convolution(before, features), _activation(activation, features)]
        self.body = nn.ModuleList([*layers, convolution(features, channels * scale**2)])

    def forward(self, x: Images) -> Enlarged:
        """Enlarge ``x`` by the scale."""
        out = x
        for layer in self.body:
            out = layer(out)
        out = functional.pixel_shuffle(out, self.scale)
        return out + functional.interpolate(x, scale_factor=self.scale, mode="nearest")


def _activation(name: str, features: int) -> nn.Module:
    return {"prelu": nn.PReLU(features), "relu": nn.ReLU(), "leakyrelu": nn.LeakyReLU(SLOPE)}[name]


def read(weights: Weights) -> Read | None:
    """Read the sizes; see `Family`.

    Whether it is ReLU or LeakyReLU stands in no weight; LeakyReLU is taken.
    """
    if "body.0.weight" not in weights or any(not name.startswith("body.") for name in weights):
        return None
    features, channels = weights["body.0.weight"].shape[:2]
    last = max(int(name.split(".")[1]) for name in weights)
    scale = math.isqrt(weights[f"body.{last}.weight"].shape[0] // channels)
    activation = "prelu" if "body.1.weight" in weights else "leakyrelu"
    layers = count(weights, r"body\.(\d+)\.")
    convolutions = (layers - 1) // 2 - 1 if activation == "prelu" else layers - 2
    if convolutions < 0 or any(weight.ndim not in (1, 4) for weight in weights.values()):
        return None
    assumption = (
        f"a compact network without slopes in its file is taken to have LeakyReLU of slope {SLOPE:g}; where it has "
        "ReLU, write activation: relu into the arguments of its metadata, or name a builder"
    )
    arguments = {"scale": scale, "features": features, "convolutions": convolutions, "channels": channels}
    return Read(arguments | {"activation": activation}, weights, assumption="" if activation == "prelu" else assumption)


COMPACT = Family("compact", SRVGGNetCompact, read)
