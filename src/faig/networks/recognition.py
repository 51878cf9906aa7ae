"""What network a state dict is of: one of the package's own, under several names, or one that spandrel knows."""

import logging

from torch import nn

from faig.common.errors import InputError
from faig.networks.architectures import Weights, build, recognise
from faig.networks.by_spandrel import by_spandrel

logger = logging.getLogger("faig")


def recognised(weights: Weights) -> tuple[nn.Module, Weights]:
    """The network that has these weights, and the weights under its names; the log says what was done to them.

    Raises:
        InputError: neither the package nor spandrel (where it is installed) knows it, or several networks have them.
    """
    try:
        known = recognise(weights)
    except InputError as unknown:
        network = by_spandrel(weights, str(unknown))
        return network, network.state_dict()
    if known.done:
        logger.info(known.done)
    if known.assumption:
        logger.warning(known.assumption)
    return build(known.architecture, **known.arguments), known.weights
