"""DnCNN, a denoiser: a chain of convolutions that sees the noise."""

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.networks.architectures.family import Family, Images, Read, Weights
from faig.networks.architectures.layers import convolution

# How the chain is called in KAIR and in the common PyTorch version, and the ε of their batch norm, which no file says.
CHAINS = {"model": 1e-4, "dncnn": 1e-5}
IRCNN = 7  # convolutions of KAIR's IRCNN, whose names and shapes are those of a DnCNN


class DnCNN(nn.Module):
    """``x - net(x)``, where ``net`` is a chain of convolutions with ReLU between them.

    Args:
        features: channels of every hidden layer.
        convolutions: all of them, at least 2.
        channels: channels of the image.

    Source: Zhang et al., TIP 2017, batch norm folded into the convolutions; names and order are those of KAIR's
    ``act_mode="R"``.
    """

    def __init__(self, features: int = 64, convolutions: int = 17, channels: int = 1) -> None:
        super().__init__()
        if convolutions < 2:
            raise InputError(f"{convolutions} convolutions are no chain; 2 at least")
        layers: list[nn.Module] = [convolution(channels, features)]
        for after in (*[features] * (convolutions - 2), channels):
            layers += [nn.ReLU(), convolution(features, after)]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Images) -> Images:
        """Take the noise out."""
        return x - self.model(x)


@dataclass
class Layer:
    """A layer of the chain as it stands in a file: a convolution, or the batch norm that follows one."""

    number: int
    parts: dict[str, Tensor]

    @property
    def is_norm(self) -> bool:
        """Whether it is batch norm."""
        return "running_mean" in self.parts


def read(weights: Weights) -> Read | None:
    """Read the sizes, with batch norm folded into the convolution before it; see `Family`.

    Raises:
        InputError: it may as well be IRCNN, whose convolutions are dilated.
    """
    chain = next(iter(weights), "").partition(".")[0]
    layers = _layers(weights, chain)
    if layers is None:
        return None
    if len({"bias" in layer.parts for layer in layers if not layer.is_norm}) > 1:
        return None  # all have biases, as in KAIR, or none, as in the common version
    norms, epsilon = sum(layer.is_norm for layer in layers), CHAINS[chain]
    convolutions: list[tuple[Tensor, Tensor]] = []
    for layer in layers:
        if layer.is_norm:
            convolutions[-1] = _folded(*convolutions[-1], layer.parts, epsilon)
        else:
            weight = layer.parts["weight"]
            convolutions.append((weight, layer.parts.get("bias", weight.new_zeros(len(weight)))))
    if chain == "model" and len(convolutions) == IRCNN and not norms:
        raise InputError(
            f"{IRCNN} convolutions may be a DnCNN or IRCNN, whose convolutions are dilated; "
            "give a function that builds the network",
            setting="arch",
        )
    known = {
        f"model.{2 * i}.{part}": tensor
        for i, pair in enumerate(convolutions)
        for part, tensor in zip(("weight", "bias"), pair, strict=True)
    }
    features, channels = convolutions[0][0].shape[:2]
    done = f"{norms} batch norms are folded into the convolutions before them (ε = {epsilon:g})"
    arguments = {"features": features, "convolutions": len(convolutions), "channels": channels}
    return Read(arguments, known, done=done if norms else "")


def _layers(weights: Weights, chain: str) -> list[Layer] | None:
    """The layers of a chain in order; None where it is none, or not one of convolutions with something between them."""
    layers: dict[int, Layer] = {}
    for name, tensor in weights.items():
        match = re.fullmatch(rf"{chain}\.(\d+)\.(\w+)", name)
        if chain not in CHAINS or match is None:
            return None
        number = int(match[1])
        layers.setdefault(number, Layer(number, {})).parts[match[2]] = tensor
    ordered = [layers[number] for number in sorted(layers)]
    previous: Layer | None = None
    for layer in ordered:
        if layer.is_norm:
            if previous is None or previous.is_norm or layer.number != previous.number + 1:
                return None
        elif layer.parts["weight"].ndim != 4 or (previous is not None and layer.number < previous.number + 2):
            return None
        previous = layer
    return ordered if ordered and not ordered[-1].is_norm else None


def _folded(weight: Tensor, bias: Tensor, norm: dict[str, Tensor], epsilon: float) -> tuple[Tensor, Tensor]:
    """A convolution that does what it and the batch norm after it do: ``γ (W x + b - μ) / √(σ² + ε) + β``."""
    mean, variance = norm["running_mean"].double(), norm["running_var"].double()
    scale = (variance + epsilon).rsqrt() * norm.get("weight", torch.ones_like(mean)).double()
    shift = norm.get("bias", torch.zeros_like(mean)).double()
    folded = weight.double() * scale.view(-1, 1, 1, 1), (bias.double() - mean) * scale + shift
    return folded[0].float(), folded[1].float()


DNCNN = Family("dncnn", DnCNN, read)
