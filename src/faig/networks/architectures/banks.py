"""SRResNet with banks of filters: a classifier says from the image how far each of them is mixed in (ours)."""

import math
from collections.abc import Sequence
from typing import Any, cast

import torch
from jaxtyping import Float, Int64
from torch import Tensor, fx, nn
from torch.nn import functional

from faig.common.errors import InputError
from faig.networks.architectures import srresnet
from faig.networks.architectures.family import Enlarged, Family, Images, Read, Weights, count
from faig.networks.architectures.layers import shuffles
from faig.networks.architectures.srresnet import SLOPE, SRResNet
from faig.networks.architectures.two_branch import Estimator

Probabilities = Float[Tensor, "batch bank"]


class Bank(nn.Module):
    """What is added to some filters of a network, and which these are.

    Args:
        size: how many filters it has.
        filters: of the network; places are numbers below that.

    Attributes:
        places: ``[size]``, numbers of filters, each once; saved with the weights, and not trained. At first 0, 1, 2.
        values: ``[size, 3, 3]``; at first 0.
    """

    places: Int64[Tensor, " size"]

    def __init__(self, size: int, filters: int) -> None:
        super().__init__()
        if not 0 < size <= filters:
            raise InputError(f"a bank of {size} filters, in a network that has {filters}")
        self.filters = filters
        self.register_buffer("places", torch.arange(size))
        self.values = nn.Parameter(torch.zeros(size, 3, 3))
        self.register_load_state_dict_pre_hook(_check_places)

    def forward(self) -> Float[Tensor, " weight"]:
        """The values at their places, 0 at all others: one for each weight of all filters of the network."""
        rest = self.values.new_zeros(self.filters, self.values.shape[1] * self.values.shape[2])
        return rest.index_copy(0, self.places, self.values.flatten(1)).flatten()

    def place(self, places: Int64[Tensor, " size"]) -> None:
        """Choose its filters, before it is trained: what it adds is 0 still.

        Raises:
            InputError: it adds something already, which would be added to other filters.
        """
        if self.values.any():
            raise InputError("the bank was trained at other filters; begin with a network that has no banks")
        self.places.copy_(places)


def _check_places(bank: Bank, state: Weights, prefix: str, *_: Any) -> None:
    """Raise InputError for places that are no numbers of filters: torch would round, or take one twice, in silence."""
    places = state.get(f"{prefix}places")
    if places is None or places.is_meta or places.shape != bank.places.shape:
        return  # what torch itself says of
    outside = (places < 0) | (places >= bank.filters)
    values, counts = places.unique(return_counts=True)
    if places.dtype != torch.int64:
        wrong = f"are of {str(places.dtype).removeprefix('torch.')}; whole numbers of 64 bits are needed"
    elif outside.any():
        wrong = f"name filter {int(places[outside][0])}, and the network has 0 to {bank.filters - 1}"
    elif (counts > 1).any():
        wrong = f"name filter {int(values[counts > 1][0])} twice"
    else:
        return
    raise InputError(f"{prefix}places {wrong}")


@fx.wrap  # one step where steps are recorded: older versions of torch take no unknown number of groups
def convolve_each(
    features: Float[Tensor, "1 channels height width"],
    weights: Float[Tensor, "outputs inputs 3 3"],
    bias: Float[Tensor, " outputs"],
    batch: int,
) -> Float[Tensor, "1 outputs height width"]:
    """Convolve each image of a batch with weights of its own: every image is a group of channels."""
    return functional.conv2d(features, weights, bias, padding=1, groups=batch)


class BankedSRResNet(SRResNet):
    """`SRResNet`, and for each of several degradations a bank of filters, which a classifier mixes in.

    Each image has weights of its own, ``W + Σ_d p_d · (what bank d adds)``, ``p_d`` being the probability that the
    classifier gives to degradation d, from 0 to 1 each: an image may have several, or none. It begins as the
    `SRResNet` of the same random numbers, and goes on as any whose weights it is given: at first banks add 0. The
    classifier looks at the whole image. Filters of a bank are numbered as in the `SRResNet`.

    Args:
        scale: 1, 2, 3, 4 or 8.
        features: channels of every hidden layer at LR size.
        blocks: number of residual blocks.
        banks: filters of each bank.
        classifier_width: channels of the classifier.
        channels: channels of the image.

    Raises:
        InputError: there is no bank, or one has no filters or more than the network.

    Source: ours; banks of few filters, chosen by FAIG and switched by a classifier, as of Park et al., CVPR 2023
    (ADMS); kernels mixed for each image and run as groups as of Yang et al., NeurIPS 2019 (CondConv). ADMS's classifier
    learns from labels; this one from the loss of the image, and from labels where a training asks for that.
    """

    def __init__(
        self,
        scale: int = 2,
        features: int = 64,
        blocks: int = 16,
        banks: Sequence[int] = (64, 64),
        classifier_width: int = 16,
        channels: int = 3,
    ) -> None:
        super().__init__(scale, features, blocks, channels)
        if not banks:
            raise InputError("banks: one at least")
        layers = {name: layer for name, layer in self.named_modules() if isinstance(layer, nn.Conv2d)}
        self.shapes = {name: tuple(layer.weight.shape) for name, layer in layers.items()}
        filters = sum(out * inputs for out, inputs, *_ in self.shapes.values())
        self.banks = nn.ModuleList(Bank(size, filters) for size in banks)
        self.classifier = Estimator(channels, classifier_width).append(nn.Conv2d(classifier_width, len(banks), 1))

    @property
    def in_order(self) -> list[Bank]:
        """The banks."""
        return cast("list[Bank]", list(self.banks))

    def plain(self) -> SRResNet:
        """The network whose filters banks are of, without values: on torch's device ``meta``."""
        channels, features = self.conv_first.in_channels, self.conv_first.out_channels
        with torch.device("meta"):
            return SRResNet(self.scale, features, len(self.body), channels)

    def probabilities(self, x: Images) -> Probabilities:
        """Of each image, how far each bank is mixed in, from 0 to 1."""
        return self.classifier(x).flatten(1).sigmoid()

    def forward(self, x: Images) -> Enlarged:
        """Enlarge ``x`` by the scale."""
        batch = x.shape[0]
        probabilities, added = self.probabilities(x), torch.stack([bank() for bank in self.in_order])  # [bank, weight]
        weights, begin = {}, 0
        for name, shape in self.shapes.items():
            end = begin + math.prod(shape)
            of_image = probabilities @ added[:, begin:end]
            weights[name] = self.get_submodule(name).weight + of_image.unflatten(1, shape)
            begin = end

        def convolve(name: str, features: Tensor) -> Tensor:
            layer: Any = self.get_submodule(name)
            return convolve_each(features, weights[name].flatten(0, 1), layer.bias.repeat(batch), batch)

        def activate(features: Tensor) -> Tensor:
            return functional.leaky_relu(features, SLOPE)

        out = activate(convolve("conv_first", x.flatten(0, 1)[None]))
        for i in range(len(self.body)):
            out = out + convolve(f"body.{i}.conv2", functional.relu(convolve(f"body.{i}.conv1", out)))
        for name, factor in zip(self.upsampler, shuffles(self.scale), strict=True):
            out = activate(functional.pixel_shuffle(convolve(name, out), factor))
        out = convolve("conv_last", activate(convolve("conv_hr", out)))
        skip = functional.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return out[0].unflatten(0, (batch, -1)) + skip


def read(weights: Weights) -> Read | None:
    """Read the sizes; see `Family`."""
    found, first = srresnet.read(weights), weights.get("classifier.0.weight")
    sizes = [len(weights[f"banks.{bank}.values"]) for bank in range(count(weights, r"banks\.(\d+)\."))]
    if found is None or first is None or not sizes:
        return None
    return Read(found.arguments | {"banks": sizes, "classifier_width": first.shape[0]}, found.weights)


BANKS = Family("srresnet-banks", BankedSRResNet, read)
