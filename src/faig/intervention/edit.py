"""Networks with some of their filters altered: each function returns a new one and leaves its arguments as they are."""

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.networks.calls import copied
from faig.networks.compatibility import check_pair
from faig.networks.trial import check_own_weights


def blend(network: nn.Module, target: nn.Module, baseline: nn.Module, filters: FilterSet, strength: float) -> nn.Module:
    """A copy of ``network`` in which a filter set has the weights ``baseline + strength × (target - baseline)``.

    Every other weight, and every bias, is the network's own, bit for bit.

    Args:
        network: often the target or the baseline itself.
        target: weights at strength 1, bit-exact.
        baseline: weights at strength 0, bit-exact.
        filters: the set.
        strength: any number; above 1 overshoots.

    Raises:
        InputError: the networks are of different architectures, or the copy would not follow its weights (see
            `check_own_weights`).
    """
    check_pair(target, baseline)
    check_pair(network, baseline)
    altered = copied(network)
    weights = dict(altered.named_parameters())
    low, high = dict(baseline.named_parameters()), dict(target.named_parameters())
    with torch.no_grad():
        for key, chosen in filters.space.spread(filters.mask).items():
            weight = weights[key]
            mixed = torch.lerp(low[key].to(weight), high[key].to(weight), strength)
            weight.copy_(torch.where(chosen.to(weight.device), mixed, weight))
    check_own_weights(altered, network)
    return altered


def revert(target: nn.Module, baseline: nn.Module, filters: FilterSet) -> nn.Module:
    """The target with a filter set given its baseline weights back (the paper says "mask")."""
    return blend(target, target, baseline, filters, 0.0)


def modulate(target: nn.Module, baseline: nn.Module, filters: FilterSet, strength: float) -> nn.Module:
    """The target with a filter set at ``strength``: 0 is `revert`, 1 is the target, 1.5 overshoots."""
    return blend(target, target, baseline, filters, strength)


def graft(target: nn.Module, baseline: nn.Module, filters: FilterSet) -> nn.Module:
    """The baseline with a filter set's target weights: is the set enough?"""
    return blend(baseline, target, baseline, filters, 1.0)


def cut(target: nn.Module, filters: FilterSet) -> nn.Module:
    """The target with zeros in place of a filter set's weights: its connections cut (the paper's comparison)."""
    zeroed = copied(target)
    with torch.no_grad():
        for weight in zeroed.parameters():
            weight.zero_()
    return blend(target, target, zeroed, filters, 0.0)


def transplant(
    target: nn.Module, baseline: nn.Module, sources: Int64[Tensor, " moved"], places: Int64[Tensor, " moved"]
) -> nn.Module:
    """The baseline, in which the filter at each place is changed as training changed the one at its source (ours).

    With places equal to sources it is a graft, but for rounding. So it tells what weights do from where they are.

    Args:
        target: ``target - baseline`` is the change.
        baseline: whose weights are changed.
        sources: flat indices.
        places: flat indices, each once, in the order of the sources.

    Raises:
        InputError: the networks are of different architectures, or a kernel has not the size of the one it goes to.
    """
    check_pair(target, baseline)
    altered = copied(baseline)
    space = FilterSpace.of(baseline)
    low, high, weights = (dict(network.named_parameters()) for network in (baseline, target, altered))
    with torch.no_grad():
        changes = {layer.name: layer.kernels(high[layer.key] - low[layer.key]) for layer in space.layers}
        kernels = {layer.name: layer.kernels(weights[layer.key]).clone() for layer in space.layers}
        for source, destination in zip(sources.tolist(), places.tolist(), strict=True):
            from_layer, to_layer = space.layer_of(source), space.layer_of(destination)
            change = changes[from_layer.name][source - from_layer.start]
            kernel = kernels[to_layer.name][destination - to_layer.start]
            if change.shape != kernel.shape:
                raise InputError(
                    f"filter {source} of {from_layer.name} is {tuple(change.shape)}, "
                    f"but {destination} of {to_layer.name} is {tuple(kernel.shape)}"
                )
            kernel += change
        for layer in space.layers:
            weights[layer.key].copy_(layer.weight(kernels[layer.name]))
    check_own_weights(altered, baseline)
    return altered
