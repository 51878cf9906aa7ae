"""What an architecture's module gives to the registry, and what the modules share for reading state dicts."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

Images = Float[Tensor, "batch channel height width"]
Enlarged = Float[Tensor, "batch channel _ _"]
Features = Float[Tensor, "batch feature height width"]
Weights = Mapping[str, Tensor]


class Read(NamedTuple):
    """What a state dict says of its network.

    Attributes:
        arguments: of the constructor; JSON-able.
        weights: under the names that the network gives them.
        done: what was done to them, for the log; empty where they are as they were.
        assumption: what no weight says and was taken to be so, for the log.
    """

    arguments: dict[str, Any]
    weights: Weights
    done: str = ""
    assumption: str = ""


@dataclass(frozen=True)
class Family:
    """An architecture that the package knows.

    Attributes:
        name: in metadata and settings.
        network: its class; called with arguments by name, all of which have defaults.
        read: reads the arguments from a state dict, under any names that the architecture has in public files; None
            where it is clearly of another. What it gives is only taken where the network so built has the same names
            and shapes. It may fail with ``KeyError``, ``IndexError`` or ``ValueError`` on what is of another network.
    """

    name: str
    network: Callable[..., nn.Module]
    read: Callable[[Weights], Read | None]


def renamed(weights: Weights, rules: Mapping[str, str]) -> dict[str, Tensor]:
    """A state dict under other names.

    Args:
        weights: the state dict.
        rules: replacements by regular expression, as `re.sub` takes them; the first that matches a name is the one.
    """

    def new(name: str) -> str:
        for pattern, replacement in rules.items():
            name, count = re.subn(pattern, replacement, name, count=1)
            if count:
                break
        return name

    return {new(name): weight for name, weight in weights.items()}


def count(weights: Weights, pattern: str) -> int:
    """How many different things the first group of a pattern is, over all names that begin with a match."""
    return len({match[1] for name in weights if (match := re.match(pattern, name))})
