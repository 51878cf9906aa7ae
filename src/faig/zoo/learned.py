"""Learned sets that ship with a pair, ``learned.safetensors``: of each function, flat indices, the best first."""

import math
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int64
from torch import Tensor

from faig import zoo
from faig.attribution.methods import MASK
from faig.attribution.result import Attribution
from faig.common.errors import InputError
from faig.common.tensors import load_tensors, save_tensors
from faig.filters import FilterSet, FilterSpace

LEARNED = "learned.safetensors"


def save_learned(path: Path, attribution: Attribution, learned_on: str) -> None:
    """Write the sets of an attribution by ``learned``.

    Args:
        path: the file.
        attribution: of all functions.
        learned_on: which images, for people.
    """
    share = attribution.options.top
    sets = {
        kind: attribution.order(kind)[: len(attribution.top(kind, share))].to(torch.int32)
        for kind in attribution.degradations
    }
    own: dict[str, Any] = {"layers": attribution.space.describe(), "learned_on": learned_on}
    save_tensors(path, sets, {**attribution.metadata, **own})


def load_learned(path: Path) -> tuple[dict[str, Int64[Tensor, " unit"]], dict[str, Any]]:
    """What `save_learned` wrote: of each function its set, and how it was learned.

    Raises:
        InputError: it cannot be read.
    """
    tensors, metadata = load_tensors(path, "learned sets")
    try:
        space = FilterSpace.described(metadata["layers"])
        if not tensors or not isinstance(metadata["fingerprint"], dict):
            raise ValueError("it has no sets, or does not say of which networks")
        if not all(math.isfinite(share := metadata["reached"][kind]) and share <= 1 for kind in tensors):
            raise ValueError("how much of a function they do is no share")
        for kind, tensor in tensors.items():
            if tensor.ndim != 1 or tensor.is_floating_point() or len(FilterSet.of(space, tensor)) != len(tensor):
                raise ValueError(f"{kind} is not a list of filters, each once")
    except (LookupError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{path}: is not a file of learned sets: {error}") from None
    return {kind: tensor.long() for kind, tensor in tensors.items()}, metadata


def turned_by(pair: str, function: str) -> str:
    """The name of what turns a function of a shipped pair best: its learned set where one ships, else its ranking.

    Raises:
        InputError: there is no such pair.
    """
    file = zoo.folder(pair) / LEARNED
    ships = file.is_file() and function in load_learned(file)[0]
    return f"{pair}/{function}@{MASK.name}" if ships else f"{pair}/{function}"


def reached_by(pair: str) -> dict[str, float]:
    """By function that a shipped pair has a learned set of: the share of the whole job that it does (`reached`)."""
    file = zoo.folder(pair) / LEARNED
    if not file.is_file():
        return {}
    sets, metadata = load_learned(file)
    return {kind: float(metadata["reached"][kind]) for kind in sets}
