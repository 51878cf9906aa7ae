"""Brute force (ours): what happens when a single filter is reverted, for every filter, by running the network."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.func import functional_call

from faig.attribution.raw_scores import PerImage
from faig.filters import FilterSpace, Layer, Scores
from faig.imaging.cases import CLEAN, Case
from faig.networks.compatibility import check_pair
from faig.networks.graph import Suffix

COPIES = 16  # altered networks that run together


@dataclass(frozen=True)
class Changes:
    """What changed, by degradation (and ``clean``), each ``[image, filter]``.

    Attributes:
        loss: ``L(F') - L(F)``, the squared error summed over pixels and channels (Eq. 3).
        output: ``‖F' - F‖²``, summed over pixels and channels.
    """

    loss: dict[str, PerImage]
    output: dict[str, PerImage]


def alone(target: nn.Module, baseline: nn.Module, cases: Sequence[Case], filters: Tensor | None = None) -> Changes:
    """Revert every filter of the target by itself: N passes over the images, less what comes before each filter.

    Args:
        target: θ.
        baseline: θ̄.
        cases: of one size, each with the same degradations.
        filters: flat indices of those to revert; None for all. The others' changes are 0.

    Raises:
        InputError: the networks do not fit each other, or cannot be traced.
    """
    return toggled(target, target, baseline, cases, filters)


def toggled(
    network: nn.Module, target: nn.Module, baseline: nn.Module, cases: Sequence[Case], filters: Tensor | None = None
) -> Changes:
    """Revert every filter of a network by itself; one that is reverted there already is given its target weights.

    Changes are from the network with the filter's target weights to that with its baseline weights in either case: what
    the filter is worth in this company.

    Args:
        network: each filter has the weights of one of the two, bit for bit.
        target: θ.
        baseline: θ̄.
        cases: of one size, each with the same degradations.
        filters: flat indices of those to toggle; None for all. The others' changes are 0.
    """
    check_pair(network, target)
    check_pair(network, baseline)
    space = FilterSpace.of(network)
    wanted = torch.arange(len(space)) if filters is None else filters.sort().values
    kinds = list(cases[0].lr)
    weight = next(network.parameters())
    lr = torch.cat([torch.stack([case.lr[kind] for case in cases]) for kind in kinds]).to(weight)
    gt = torch.stack([case.gt for case in cases]).to(weight).repeat(len(kinds), 1, 1, 1)
    suffix = Suffix(network, lr)
    before = _squared(suffix.output, gt)
    loss, output = torch.zeros(2, len(lr), len(space))
    for layer in space.layers:
        kernels = layer.kernels
        low, high = wanted.new_tensor([layer.start, layer.start + layer.count])
        inside = wanted[(wanted >= low) & (wanted < high)]
        present, trained, original = (net.get_parameter(kernels.key).detach() for net in (network, target, baseline))
        at_target = (kernels.split(present) == kernels.split(trained)).flatten(1).all(1)
        moved = (kernels.split(trained) != kernels.split(original)).flatten(1).any(1)
        inside = inside[moved[inside - layer.start]]
        for chosen in inside.split(COPIES) if len(inside) else ():
            numbers = (chosen - layer.start).tolist()  # within the layer
            altered = [_with(layer, present, original if at_target[i] else trained, i) for i in numbers]
            outputs = suffix.after(layer.name, _layer_outputs(suffix, network, layer, altered))
            outputs = outputs.unflatten(0, (len(numbers), -1))
            sign = torch.where(at_target[numbers], 1, -1).to(weight)[:, None]
            loss[:, chosen] = (sign * (_squared(outputs, gt) - before)).T.cpu()
            output[:, chosen] = _squared(outputs, suffix.output).T.cpu()
    return Changes(*(dict(zip(kinds, part.split(len(cases)), strict=True)) for part in (loss, output)))


def specific(change: dict[str, PerImage], kind: str) -> Scores:
    """What a filter does on d alone: ``mean Δ(x_d) - |mean Δ(x_other)| - |mean Δ(x_clean)|``, as `methods.signed` asks.

    Args:
        change: of loss or output, by degradation, with ``clean``.
        kind: d.
    """
    mean = {name: rows.mean(0) for name, rows in change.items()}
    others = [mean[name].abs() for name in mean if name not in (kind, CLEAN)]
    elsewhere = [torch.stack(others).mean(0)] if others else []
    return mean[kind] - torch.stack([*elsewhere, mean[CLEAN].abs()]).sum(0)


def _layer_outputs(suffix: Suffix, network: nn.Module, layer: Layer, weights: Sequence[Tensor]) -> Tensor:
    """The outputs of a layer with each of several weights, ``[weight * image, ...]``."""
    module, seen = network.get_submodule(layer.name), suffix.given(layer.name)
    with torch.no_grad():
        return torch.cat([functional_call(module, {"weight": weight}, seen) for weight in weights])


def _with(layer: Layer, weight: Tensor, other: Tensor, number: int) -> Tensor:
    """A layer's weight in which the filter of this number is another's."""
    chosen = torch.zeros(layer.count, dtype=torch.bool, device=weight.device)
    chosen[number] = True
    return torch.where(layer.kernels.spread(chosen), other, weight)


def _squared(output: Float[Tensor, "*copy image channel height width"], other: Tensor) -> Float[Tensor, "*copy image"]:
    return (output - other).square().sum((-3, -2, -1))
