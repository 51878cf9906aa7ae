"""All architectures: built by name, and recognised from weights alone."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

from faig.common.errors import InputError
from faig.networks.architectures.banks import BANKS
from faig.networks.architectures.compact import COMPACT
from faig.networks.architectures.dncnn import DNCNN
from faig.networks.architectures.edsr import EDSR_NET
from faig.networks.architectures.family import Read, Weights
from faig.networks.architectures.rcan import RCAN_NET
from faig.networks.architectures.rrdb import RRDB_NET
from faig.networks.architectures.srcnn import SRCNN_STYLE
from faig.networks.architectures.srresnet import SRRESNET
from faig.networks.architectures.two_branch import TWO_BRANCH

FAMILIES = (SRRESNET, TWO_BRANCH, BANKS, SRCNN_STYLE, COMPACT, RRDB_NET, EDSR_NET, RCAN_NET, DNCNN)

ARCHITECTURES: dict[str, Callable[..., nn.Module]] = {family.name: family.network for family in FAMILIES}


COUNTS = {"blocks", "convolutions", "groups"}  # arguments that say how many layers there are
SIZES = {"scale", "features", "channels", "growth", "squeeze", "unshuffle", "widths", "img_range", "banks"}
SIZES |= {"estimator_width", "classifier_width"}
MOST = 1000  # layers of a kind: more are a slip, and take minutes to make
LEAST = 64  # a scale, or channels in and out, may be larger than anything in a tiny file


class Recognised(NamedTuple):
    """What network a state dict is of.

    Attributes:
        architecture: a key of ``ARCHITECTURES``.
        arguments: for `build`; JSON-able.
        weights: under the names that the network gives them.
        done: what was done to them, see `Read`.
        assumption: what was taken to be so, see `Read`.
    """

    architecture: str
    arguments: dict[str, Any]
    weights: Weights
    done: str = ""
    assumption: str = ""


def build(architecture: str, **arguments: Any) -> nn.Module:
    """Build a network the package knows.

    Args:
        architecture: a key of ``ARCHITECTURES``.
        arguments: passed to its constructor.

    Raises:
        InputError: the name is unknown, or the arguments do not fit.
    """
    if architecture not in ARCHITECTURES:
        raise InputError(f"architecture {architecture!r} is unknown; known: {', '.join(ARCHITECTURES)}")
    for name, value in arguments.items():
        for part in value if isinstance(value, list | tuple) else [value]:
            if wrong := _out_of_bounds(name, part):
                raise InputError(f"architecture {architecture!r} with {name} {str(value)[:40]}: {wrong}")
    try:
        return ARCHITECTURES[architecture](**arguments)
    except InputError:
        raise
    except (TypeError, ValueError, IndexError, RuntimeError, ZeroDivisionError) as error:
        reason = " ".join(str(error).split())  # torch's may be of several lines
        raise InputError(f"architecture {architecture!r} with {arguments}: {reason}") from None


def _out_of_bounds(name: str, value: Any) -> str:
    """What keeps a number from being an argument, for people; empty where nothing does, and for what is no number."""
    if isinstance(value, bool):
        return "is no number"
    if isinstance(value, float) and not math.isfinite(value):
        return "is not a finite number"
    if name in COUNTS and isinstance(value, int) and not 0 <= value <= MOST:
        return f"is outside 0 to {MOST}"
    if name in SIZES and isinstance(value, int | float) and value <= 0:
        return "is not above 0"
    return ""


def check_arguments(architecture: str, arguments: Mapping[str, Any], weights: Weights) -> None:
    """Raise InputError for arguments that are larger than anything in the file they come from.

    Args:
        architecture: as the file says.
        arguments: as the file says.
        weights: of the file, under any prefix.
    """
    shapes = [tensor.shape for tensor in weights.values() if tensor.numel()]
    widest = max([LEAST, *(max(shape, default=0) for shape in shapes)])
    for name, value in arguments.items():
        values = value if isinstance(value, list) else [value]
        counts = [len(values), *(part for part in values if name in COUNTS and isinstance(part, int))]
        widths = [0, *(abs(part) for part in values if isinstance(part, int | float))]
        if max(counts) > len(weights) or max(widths) > widest:
            raise InputError(f"architecture {architecture!r} with {name} {str(value)[:40]} is not what the file holds")


def takes(architecture: str, argument: str) -> bool:
    """Whether a known architecture has an argument of this name."""
    return architecture in ARCHITECTURES and argument in inspect.signature(ARCHITECTURES[architecture]).parameters


def recognise(weights: Weights) -> Recognised:
    """Name the architecture, and its arguments, that has these weights, under any names that public files have.

    Args:
        weights: a state dict.

    Raises:
        InputError: the keys and shapes are of no known architecture, or of several.
    """
    for family in FAMILIES:
        try:
            found = family.read(weights)
        except InputError:
            raise
        except (KeyError, IndexError, ValueError, ZeroDivisionError):  # looks like it, and is not
            continue
        if found is not None and _fits(family.name, found):
            return Recognised(family.name, *found)
    first = next(iter(weights), "none")
    raise InputError(
        f"no known architecture has these {len(weights)} weights (the first key is {first!r}); "
        "give a function that builds the network",
        setting="arch",
    )


def is_known_as(weights: Weights, architecture: str, arguments: Mapping[str, Any]) -> bool:
    """Whether weights alone are recognised as a network so built."""
    try:
        found = recognise(weights)
    except InputError:
        return False
    return found.architecture == architecture and _whole(architecture, found.arguments) == _whole(
        architecture, arguments
    )


def _fits(architecture: str, found: Read) -> bool:
    try:
        with torch.device("meta"):
            expected = build(architecture, **found.arguments).state_dict()
    except InputError:
        return False
    return {k: v.shape for k, v in expected.items()} == {k: v.shape for k, v in found.weights.items()}


def _whole(architecture: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments with all defaults; sequences as lists, as JSON has them."""
    bound = inspect.signature(ARCHITECTURES[architecture]).bind(**arguments)
    bound.apply_defaults()
    return {name: list(value) if isinstance(value, tuple) else value for name, value in bound.arguments.items()}
