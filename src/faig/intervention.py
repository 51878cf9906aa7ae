"""Networks with some of their filters altered: each function returns a new one and leaves the given as they are."""

import copy

import torch
from torch import nn

from faig.filters import FilterSet
from faig.path import check_pair


def blend(network: nn.Module, baseline: nn.Module, target: nn.Module, filters: FilterSet, strength: float) -> nn.Module:
    """A copy of ``network`` in which a filter set has the weights ``baseline + strength × (target - baseline)``.

    Every other weight, and every bias, is the network's own, bit for bit.

    Args:
        network: often the target or the baseline itself.
        baseline: weights at strength 0, bit-exact.
        target: weights at strength 1, bit-exact.
        filters: which.
        strength: any number; above 1 overshoots.

    Raises:
        InputError: the networks are of different architectures.
    """
    check_pair(target, baseline)
    check_pair(network, baseline)
    altered = copy.deepcopy(network)
    weights = dict(altered.named_parameters())
    low, high = dict(baseline.named_parameters()), dict(target.named_parameters())
    with torch.no_grad():
        for key, chosen in filters.space.spread(filters.mask).items():
            own = weights[key]
            mixed = torch.lerp(low[key].to(own), high[key].to(own), strength)
            own.copy_(torch.where(chosen.to(own.device), mixed, own))
    return altered


def revert(target: nn.Module, baseline: nn.Module, filters: FilterSet) -> nn.Module:
    """The target with a filter set given its baseline weights back (the paper says "mask")."""
    return blend(target, baseline, target, filters, 0.0)


def modulate(target: nn.Module, baseline: nn.Module, filters: FilterSet, strength: float) -> nn.Module:
    """The target with a filter set at ``strength``: 0 is `revert`, 1 is the target, 1.5 overshoots."""
    return blend(target, baseline, target, filters, strength)


def graft(baseline: nn.Module, target: nn.Module, filters: FilterSet) -> nn.Module:
    """The baseline with a filter set's target weights: is the set enough?"""
    return blend(baseline, baseline, target, filters, 1.0)
