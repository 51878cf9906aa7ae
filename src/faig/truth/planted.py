"""Planted functions (ours): targets in which only known filters could learn each function."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional

from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace, Scores, rank
from faig.imaging.cases import CLEAN
from faig.networks.calls import copied, evaluating, run

Batch = tuple[
    Float[Tensor, "image channel height width"], Mapping[str, Float[Tensor, "image channel _ _"]]
]  # GT; LR by degradation
Gradients = Callable[[nn.Module, Tensor, Mapping[str, Tensor]], dict[str, Tensor]]

WARM_UP = 100  # steps
CARRIED = 0.9  # share of the loss that carriers make up


def disjoint(space: FilterSpace, kinds: Iterable[str], proportion: float, *, seed: int = 0) -> dict[str, FilterSet]:
    """Random sets that share no filter, each the same proportion of every layer.

    Args:
        space: whose filters.
        kinds: one set for each.
        proportion: of each set, of the filters of each layer, rounded up.
        seed: which.

    Raises:
        InputError: there are not so many filters.
    """
    names, generator = list(kinds), torch.Generator().manual_seed(seed)
    if not 0 < proportion * len(names) <= 1:
        raise InputError(f"{len(names)} sets of {proportion:.0%} of the filters: more than there are")
    chosen: dict[str, list[Tensor]] = {kind: [] for kind in names}
    for layer in space.layers:
        size = max(1, int(layer.count * proportion))
        order = layer.start + torch.randperm(layer.count, generator=generator)
        for kind, part in zip(names, order.split(size), strict=False):
            chosen[kind].append(part)
    return {kind: FilterSet.of(space, torch.cat(parts)) for kind, parts in chosen.items()}


def plant(
    baseline: nn.Module,
    sets: Mapping[str, FilterSet],
    batches: Iterable[Batch],
    steps: int,
    learning_rate: float,
    *,
    clean: float = 0.25,
) -> nn.Module:
    """Train one set after the other on its own degradation, each on top of those before.

    While a set learns, nothing else moves, so that it alone can carry the function. It also learns to do nothing else:
    clean images, and what the network made of the other degradations before, weigh a little in its loss. (Sets that
    learn at once, or each by itself, spoil each other's inputs when they meet, and clean images suffer.) Adam, L1 loss;
    the rate falls to 0 along a cosine.

    Args:
        baseline: where training starts; it is left as it is.
        sets: by degradation; they share no filter.
        batches: one a step, set after set: GT and, by degradation and ``clean``, LR.
        steps: how many for each set.
        learning_rate: of the first step.
        clean: weight of the clean loss, and of all other degradations' together.

    Returns:
        The target: weights outside the sets are the baseline's, bit for bit.

    Raises:
        InputError: two sets share a filter.
    """
    kinds = list(sets)
    if any((sets[a] & sets[b]).mask.any() for i, a in enumerate(kinds) for b in kinds[:i]):
        raise InputError(f"the sets of {', '.join(kinds)} share filters")
    remaining = iter(batches)
    network = baseline
    for kind, chosen in sets.items():
        rates = (learning_rate * (1 + math.cos(math.pi * step / steps)) / 2 for step in range(steps))
        others = [other for other in kinds if other != kind]
        wanted = _of_one(network, chosen, kind, others, clean)
        *_, network = _trained(network, itertools.islice(remaining, steps), rates, wanted)
    return network.eval().requires_grad_(False)


def _of_one(start: nn.Module, chosen: FilterSet, kind: str, others: list[str], clean: float) -> Gradients:
    """Gradients of one set's loss, zero at every other filter."""
    masks = chosen.space.spread(chosen.mask)

    def gradients(network: nn.Module, gt: Tensor, lr: Mapping[str, Tensor]) -> dict[str, Tensor]:
        weights = {key: network.get_parameter(key) for key in masks}
        loss = _loss(network, lr[kind], gt) + clean * _loss(network, lr[CLEAN], gt)
        for other in others:
            loss = loss + clean / len(others) * _loss(network, lr[other], _made(start, lr[other]))
        free = zip(weights, torch.autograd.grad(loss, list(weights.values())), strict=True)
        return {key: gradient * masks[key].to(gradient) for key, gradient in free}

    return gradients


def drift(
    network: nn.Module, planted: FilterSet, batches: Iterable[Batch], learning_rate: float
) -> Iterator[nn.Module]:
    """Fine-tune everything but the planted filters, so that no function is gained, lost or carried elsewhere.

    The loss is that of clean images, and the difference from what the network made of degraded ones at the start.

    Args:
        network: where it starts; it is left as it is.
        planted: the filters that stay.
        batches: one a step: GT and, by degradation and ``clean``, LR.
        learning_rate: of Adam, after `WARM_UP` steps in which it rises: else the first steps wreck what was planted.

    Yields:
        The network after each step (the same object, which moves on).
    """
    still = planted.space.spread(planted.mask)

    def gradients(moving: nn.Module, gt: Tensor, lr: Mapping[str, Tensor]) -> dict[str, Tensor]:
        weights = dict(moving.named_parameters())
        loss = _loss(moving, lr[CLEAN], gt)
        for kind in lr.keys() - {CLEAN}:
            loss = loss + _loss(moving, lr[kind], _made(network, lr[kind]))
        every = zip(weights, torch.autograd.grad(loss, list(weights.values())), strict=True)
        return {key: gradient * ~still[key] if key in still else gradient for key, gradient in every}

    rates = (learning_rate * min(1.0, step / WARM_UP) for step in itertools.count(1))
    return _trained(network, batches, rates, gradients)


def _trained(
    start: nn.Module, batches: Iterable[Batch], rates: Iterable[float], gradients: Gradients
) -> Iterator[nn.Module]:
    """Adam on what `gradients` gives; a gradient that is zero from the first step on leaves its weight as it was."""
    network = copied(start).eval().requires_grad_(True)
    parameters = dict(network.named_parameters())
    adam = torch.optim.Adam(parameters.values(), betas=(0.9, 0.99))
    for rate, (gt, lr) in zip(rates, batches, strict=False):
        for group in adam.param_groups:
            group["lr"] = rate
        for key, gradient in gradients(network, gt, lr).items():
            parameters[key].grad = gradient
        adam.step()
        yield network


def _loss(network: nn.Module, lr: Tensor, gt: Tensor) -> Tensor:
    return functional.l1_loss(network(lr), gt)


def _made(network: nn.Module, lr: Tensor) -> Tensor:
    """An output to keep."""
    with evaluating(network):
        return run(network, lr)


def carriers(change: Scores, planted: FilterSet, share: float = CARRIED) -> Bool[Tensor, " filter"]:
    """The planted filters that carry a function: reverted one by one, they make up this share of the loss.

    Args:
        change: of the function's own loss, by reverting each filter alone.
        planted: the filters that could learn the function.
        share: of what all planted filters add, each alone.
    """
    gains = torch.where(planted.mask, change, torch.zeros(())).clamp(min=0)
    order = rank(gains)
    count = int((gains[order].cumsum(0) < share * gains.sum()).sum()) + 1
    return torch.zeros_like(planted.mask).index_fill(0, order[:count], True)


def distance(first: nn.Module, second: nn.Module) -> float:
    """Norm of the difference of all weights of two networks."""
    pairs = zip(first.parameters(), second.parameters(), strict=True)
    return float(torch.stack([(a - b).detach().square().sum() for a, b in pairs]).sum().sqrt())
