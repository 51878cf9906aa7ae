"""The architectures that the package knows, each a module: its class, and how weights alone are recognised as its.

All take and return images in [0, 1] of shape ``[batch, channel, height, width]`` and enlarge by ``scale``. Parameter
names are BasicSR's where it has the network, so that its checkpoints load with strict key matching.
"""

from faig.networks.architectures.banks import BankedSRResNet
from faig.networks.architectures.family import Weights
from faig.networks.architectures.registry import (
    ARCHITECTURES,
    Recognised,
    build,
    check_arguments,
    is_known_as,
    recognise,
    takes,
)
from faig.networks.architectures.srcnn import SRCNNStyle
from faig.networks.architectures.srresnet import SRResNet

__all__ = [
    "ARCHITECTURES",
    "BankedSRResNet",
    "Recognised",
    "SRCNNStyle",
    "SRResNet",
    "Weights",
    "build",
    "check_arguments",
    "is_known_as",
    "recognise",
    "takes",
]
