"""Networks of any making: copied, run and differentiated. Where that fails, the error says why, and the way out.

Nothing but the network's own code runs where errors of every kind are caught here: a fault of ours stays a traceback.
"""

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from faig.common.errors import InputError, lacks_memory


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Have a network in evaluation mode, without gradients; afterwards every module is in the mode it was in.

    Statistics that it keeps of a batch are left alone so, and nothing is left to chance.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def copied(network: nn.Module) -> nn.Module:
    """A deep copy.

    Raises:
        InputError: the network cannot be copied, or its copy would share weights with it.
    """
    try:
        other = copy.deepcopy(network)
    except Exception as error:  # whatever its layers and attributes raise
        raise InputError(
            f"the network cannot be copied ({_reason(error)}); where layers have torch.nn.utils.weight_norm, fold it "
            "first: torch.nn.utils.remove_weight_norm(layer); else take off what holds a file, a lock or a graph"
        ) from error
    own = {id(weight) for weight in network.parameters()}
    if shared := next((key for key, weight in other.named_parameters() if id(weight) in own), None):
        raise InputError(f"a deep copy of the network shares {shared} with it; take its __deepcopy__ off")
    return other


def run(network: Callable[[Tensor], Any], lr: Tensor) -> Tensor:
    """What a network makes of images ``[..., channel, height, width]``.

    Raises:
        InputError: it fails on them, changes them, or returns no tensor.
    """
    counted = not lr.is_inference()  # changes of such tensors are not counted
    untouched = lr._version if counted else 0
    try:
        output = network(lr)
    except InputError:
        raise
    except Exception as error:  # a network is free to say in its own way that it does not take an image
        if lacks_memory(error):
            raise
        if counted and lr._version != untouched:
            raise _in_place() from error
        channels, height, width = lr.shape[-3:]
        kind = {1: "a gray", 3: "an RGB"}.get(channels, f"a {channels}-channel")
        way_out = (
            "adapt it in your builder: faig.networks.adapters.padded(network, multiple) where it wants sizes of a "
            "kind, adapted for all else"
        )
        if re.search(r"to have \d+ channels", str(error)):  # torch, of a convolution
            way_out = "make images of its channels: make_cases(..., channels=channels_of(network))"
        raise InputError(
            f"the network does not take {kind} image of {width}x{height} ({_reason(error)}); {way_out}"
        ) from error
    if counted and lr._version != untouched:
        raise _in_place()
    if not isinstance(output, Tensor):
        raise InputError(
            f"the network returns a {type(output).__name__}, not images; choose one of its outputs in your builder: "
            "faig.networks.adapters.output(network, 0)"
        )
    return output


def gradients(output: Tensor, weights: Sequence[Tensor], direction: Tensor | None = None) -> list[Tensor | None]:
    """The gradient of an output by each weight; None for a weight that it does not depend on.

    Args:
        output: made by a network: one number, or any shape with a direction.
        weights: what to differentiate by.
        direction: of the output's shape.

    Raises:
        InputError: no gradient comes through the network.
    """
    try:
        return list(torch.autograd.grad(output, weights, direction, allow_unused=True))
    except Exception as error:  # layers with a backward pass of their own raise what they like
        if lacks_memory(error):
            raise
        raise InputError(
            f"no gradient comes through the network ({_reason(error)}); take out of its forward what cuts gradients "
            "off (no_grad, detach), and what overwrites values that they need (nn.ReLU(inplace=True), y += ...)"
        ) from error


def _in_place() -> InputError:
    return InputError(
        "the network changes its input in place; give it a copy in your builder: "
        "faig.networks.adapters.adapted(network, lambda forward, x: forward(x.clone()))"
    )


def _reason(error: Exception) -> str:
    """The first line of an error, with its kind where it is not torch's usual one."""
    first = (str(error).strip().splitlines() or [""])[0]
    kind = "" if type(error) is RuntimeError and first else type(error).__name__
    return ": ".join(part for part in (kind, first) if part)
