"""SRResNet with a second branch: it estimates the degradation, and what it finds modulates the first (ours)."""

from jaxtyping import Float
from torch import Tensor, nn

from faig.networks.architectures import srresnet
from faig.networks.architectures.family import Family, Features, Images, Read, Weights
from faig.networks.architectures.layers import init_he
from faig.networks.architectures.srresnet import SLOPE, SRResNet

Estimate = Float[Tensor, "batch number 1 1"]


class Estimator(nn.Sequential):
    """Three convolutions, the last two of stride 2, and the mean over the image: an estimate of what was done to it.

    Args:
        channels: of the image.
        width: channels of each convolution, and numbers of the estimate, ``[batch, width, 1, 1]``.
    """

    def __init__(self, channels: int, width: int) -> None:
        layers: list[nn.Module] = []
        for before, stride in ((channels, 1), (width, 2), (width, 2)):
            layers += [init_he(nn.Conv2d(before, width, 3, stride, padding=1)), nn.LeakyReLU(SLOPE)]
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1))


class Modulation(nn.Module):
    """``(1 + gain) * x + shift``, both by channel and linear in an estimate; at first they are 0, whatever that is."""

    def __init__(self, width: int, features: int) -> None:
        super().__init__()
        self.gain = nn.Conv2d(width, features, 1)
        self.shift = nn.Conv2d(width, features, 1)
        for weight in self.parameters():
            nn.init.zeros_(weight)

    def forward(self, x: Features, estimate: Estimate) -> Features:
        """Return an array of the shape of ``x``."""
        return (1 + self.gain(estimate)) * x + self.shift(estimate)


class TwoBranchSRResNet(SRResNet):
    """`SRResNet`, and beside it an estimator, whose estimate modulates what comes out of each residual block.

    It begins as the `SRResNet` of the same random numbers, and goes on as any whose weights it is given: the
    modulation changes nothing before it is trained. The estimate is of the whole image.

    Args:
        scale: 1, 2, 3, 4 or 8.
        features: channels of every hidden layer at LR size.
        blocks: number of residual blocks.
        estimator_width: channels of the estimator, and numbers of the estimate.
        channels: channels of the image.

    Source: ours; modulation as of Wang et al., CVPR 2018 (SFT), by an estimate from the image itself as of Wang et
    al., CVPR 2021 (DASR). Theirs learns to tell degradations apart first, this one has the loss of the image alone.
    """

    def __init__(
        self, scale: int = 2, features: int = 64, blocks: int = 16, estimator_width: int = 64, channels: int = 3
    ) -> None:
        super().__init__(scale, features, blocks, channels)
        self.estimator = Estimator(channels, estimator_width)
        self.modulation = nn.ModuleList(Modulation(estimator_width, features) for _ in range(blocks))

    def through_blocks(self, features: Features, image: Images) -> Features:
        """Run the residual blocks, each modulated by the estimate that is made of the image."""
        estimate = self.estimator(image)
        for block, modulation in zip(self.body, self.modulation, strict=True):
            features = modulation(block(features), estimate)
        return features


def read(weights: Weights) -> Read | None:
    """Read the sizes; see `Family`."""
    found, first = srresnet.read(weights), weights.get("estimator.0.weight")
    if found is None or first is None:
        return None
    return Read(found.arguments | {"estimator_width": first.shape[0]}, found.weights)


TWO_BRANCH = Family("srresnet-two-branch", TwoBranchSRResNet, read)
