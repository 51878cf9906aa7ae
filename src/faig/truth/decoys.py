"""Decoys (ours): filters that move and change nothing. Whoever ranks them high looks at weights, not at functions."""

import copy
from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.networks.align import rearrange
from faig.networks.graph import Link, links

ROUNDING = 1e-6  # relative change of a weight that was multiplied and divided by the same


@dataclass(frozen=True)
class Decoyed:
    """A target that computes what it did before, with weights that moved.

    Attributes:
        network: the new target.
        decoys: the filters that were scaled or swapped.
    """

    network: nn.Module
    decoys: FilterSet


def scaled(target: nn.Module, factor: float, count: int, *, seed: int = 0) -> Decoyed:
    """Multiply the weights of hidden channels, so many of each link, by a factor and divide those of their readers.

    Args:
        target: θ; it is left as it is.
        factor: more than 0; half of the channels get its inverse.
        count: channels of each link.
        seed: which.

    Raises:
        InputError: no channel can be scaled, or there are not so many.
    """
    generator = torch.Generator().manual_seed(seed)
    decoyed = copy.deepcopy(target)
    for link in _links(target):
        units = _drawn(target, link, count, generator)
        scales = torch.ones(_units(target, link))
        scales[units[::2]], scales[units[1::2]] = factor, 1 / factor
        rearrange(decoyed, link, torch.arange(len(scales)), scales)
    return Decoyed(decoyed, _moved(decoyed, target))


def swapped(target: nn.Module, count: int, *, seed: int = 0) -> Decoyed:
    """Swap pairs of hidden channels, so many of each link, together with their readers.

    Args:
        target: θ; it is left as it is.
        count: pairs of channels of each link.
        seed: which.

    Raises:
        InputError: no channel can be swapped, or there are not so many.
    """
    generator = torch.Generator().manual_seed(seed)
    decoyed = copy.deepcopy(target)
    for link in _links(target):
        units = _drawn(target, link, 2 * count, generator)
        order = torch.arange(_units(target, link))
        order[units[::2]], order[units[1::2]] = units[1::2], units[::2]
        rearrange(decoyed, link, order, torch.ones(len(order)))
    return Decoyed(decoyed, _moved(decoyed, target))


def _links(network: nn.Module) -> list[Link]:
    usable = links(network)
    if not usable:
        raise InputError("no two convolutions of this network have only a scaling activation between them")
    return usable


def _units(network: nn.Module, link: Link) -> int:
    return network.get_parameter(f"{link.reader}.weight").shape[1]


def _drawn(network: nn.Module, link: Link, count: int, generator: torch.Generator) -> Int64[Tensor, " unit"]:
    units = _units(network, link)
    if count > units:
        raise InputError(f"{count} decoys in a link of {units} channels, {link.writer} to {link.reader}")
    return torch.randperm(units, generator=generator)[:count]


def _moved(decoyed: nn.Module, target: nn.Module) -> FilterSet:
    """The filters with other weights than the target's; one that is scaled up as reader and down as writer has none."""
    space = FilterSpace.of(target)
    now, before = (dict(network.named_parameters()) for network in (decoyed, target))
    change = space.sum_per_unit({key: (weight - before[key]).detach().abs() for key, weight in now.items()})
    size = space.sum_per_unit({key: weight.detach().abs() for key, weight in before.items()})
    return FilterSet(space, (change > ROUNDING * size).cpu())
