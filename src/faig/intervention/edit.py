"""Networks with some of their units altered: each function returns a new one and leaves its arguments as they are."""

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace, Strengths
from faig.networks.calls import copied
from faig.networks.compatibility import check_pair
from faig.networks.trial import check_own_weights

Units = FilterSet | Strengths  # a function: the set that does it, or the strengths at which it is off


def mix(target: nn.Module, baseline: nn.Module, strengths: Strengths, *, rest: nn.Module | None = None) -> nn.Module:
    """A network whose units have the weights ``baseline + strength × (target - baseline)``.

    Args:
        target: weights at strength 1, bit for bit.
        baseline: weights at strength 0, bit for bit.
        strengths: one per unit.
        rest: what is in no unit (in filters: biases and all else that is no kernel) is this network's, bit for bit;
            the target's where it is None.

    Raises:
        InputError: the networks are of different architectures, or the strengths of another; or the copy would not
            follow its weights (see `check_own_weights`).
    """
    check_pair(target, baseline)
    space = network_space(target, strengths.space)
    altered = copied(target if rest is None else rest)
    weights = dict(altered.named_parameters())
    low, high = dict(baseline.named_parameters()), dict(target.named_parameters())
    with torch.no_grad():
        for key, strength in space.spread(strengths.values).items():
            weights[key].copy_(between(low[key], high[key], strength))
    check_own_weights(altered, target if rest is None else rest)
    return altered


def between(low: Tensor, high: Tensor, strength: Tensor) -> Tensor:
    """``low + strength × (high - low)``, where the strength is 0 or 1 to the bit what is at that end."""
    strength, low = strength.to(high), low.to(high)
    mixed = torch.lerp(low, high, strength)
    return torch.where(strength == 1, high, torch.where(strength == 0, low, mixed))


def network_space(network: nn.Module, space: FilterSpace) -> FilterSpace:
    """A network's own numbering by the units of another, which may have been read from a file.

    Raises:
        InputError: that one is of another network.
    """
    if space.keys:
        return space
    own = FilterSpace.of(network, space.unit, space.everything)
    if own != space:
        raise InputError(f"strengths of {space} do not fit a network of {own}")
    return own


def revert(target: nn.Module, baseline: nn.Module, units: Units) -> nn.Module:
    """The target with a function off: a set given its baseline weights back (the paper says "mask")."""
    return mix(target, baseline, Strengths.of(units))


def modulate(target: nn.Module, baseline: nn.Module, units: Units, strength: float) -> nn.Module:
    """The target with a function at ``strength``: 0 is `revert`, 1 is the target, 1.5 overshoots."""
    return mix(target, baseline, Strengths.of(units).at(strength))


def graft(target: nn.Module, baseline: nn.Module, units: Units) -> nn.Module:
    """The baseline with a function's target weights: is the set enough? All that `revert` leaves is the baseline's."""
    return mix(target, baseline, Strengths.of(units).complement(), rest=baseline)


def cut(target: nn.Module, filters: FilterSet) -> nn.Module:
    """The target with zeros in place of a filter set's weights: its connections cut (the paper's comparison)."""
    zeroed = copied(target)
    with torch.no_grad():
        for weight in zeroed.parameters():
            weight.zero_()
    return revert(target, zeroed, filters)


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
        parts = {layer.name: layer.kernels for layer in space.layers}
        changes = {name: part.split(high[part.key] - low[part.key]) for name, part in parts.items()}
        kernels = {name: part.split(weights[part.key]).clone() for name, part in parts.items()}
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
        for name, part in parts.items():
            weights[part.key].copy_(part.join(kernels[name]))
    check_own_weights(altered, baseline)
    return altered
