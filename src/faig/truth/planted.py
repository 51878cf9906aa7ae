"""Planted functions (ours): targets in which only known filters could learn each function."""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace, Scores, rank
from faig.imaging.cases import CLEAN
from faig.intervention.edit import revert
from faig.networks.calls import copied, evaluating, run

Batch = tuple[
    Float[Tensor, "image channel height width"], Mapping[str, Float[Tensor, "image channel _ _"]]
]  # GT; LR by degradation
Gradients = Callable[[nn.Module, Tensor, Mapping[str, Tensor]], dict[str, Tensor]]

LIMIT = 0.1  # of what may change of clean images; 0.4 dB if it were all for the worse
OTHERS = 0.03  # of that, for other degradations: what a set gains there may be no more than the limit itself
FIRST_WEIGHT, RISE = 0.2, 0.01  # of what is to be kept: at the start, and by how much it rises in a step, at most
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
    limit: float = LIMIT,
) -> nn.Module:
    """Train one set after the other, each on its own degradation, so that each alone does its function, and no more.

    While a set learns, nothing else moves. It learns by interchange: in turn all sets so far are in place, and one of
    those before it is reverted. Its degradation shall come out as GT each time, so that it leans on no other set, and
    every other one as before it learned, where a reverted set's is the baseline's; clean images as the baseline makes
    them. So a function goes where its set is reverted, and no other does.

    Where what is to be kept weighs much, nothing is learned; where it weighs little, it is lost. So its weight is found
    on the way: it rises while the change is beyond the limit, and falls while it is below (dual ascent), for each kind
    of input and each set that is reverted. Adam, squared errors; the rate falls to 0 along a cosine.

    Args:
        baseline: where training starts; it is left as it is.
        sets: by degradation, in the order in which they learn; they share no filter.
        batches: one a step, set after set: GT and, by degradation and ``clean``, LR.
        steps: how many for each set.
        learning_rate: of the first step.
        limit: of the squared change of clean images, as a share of the baseline's squared error on them; and a small
            part of that for other degradations (see `OTHERS`).

    Returns:
        The target: weights outside the sets are the baseline's, bit for bit.

    Raises:
        InputError: two sets share a filter.

    Source: ours, after Geiger et al., 2022 (interchange intervention training), and Gupta et al., 2024 (its strict
    form: what is no part of the circuit must not matter).
    """
    kinds = list(sets)
    if any((sets[a] & sets[b]).mask.any() for i, a in enumerate(kinds) for b in kinds[:i]):
        raise InputError(f"the sets of {', '.join(kinds)} share filters")
    remaining, network = iter(batches), baseline
    for count in range(1, len(kinds) + 1):
        rates = (learning_rate * (1 + math.cos(math.pi * step / steps)) / 2 for step in range(steps))
        wanted = _interchanged(baseline, network, {name: sets[name] for name in kinds[:count]}, limit)
        *_, network = _trained(network, itertools.islice(remaining, steps), rates, wanted)
    return network.eval().requires_grad_(False)


def _interchanged(baseline: nn.Module, start: nn.Module, sets: Mapping[str, FilterSet], limit: float) -> Gradients:
    """Gradients of the last set's loss, zero at every other filter; in turn one of the other sets is reverted."""
    *others, own = sets
    free = sets[own].space.spread(sets[own].mask)
    places = {other: sets[other].space.spread(sets[other].mask) for other in others}
    turns = enumerate(
        itertools.cycle([(None, start), *((other, revert(start, baseline, sets[other])) for other in others)]), 1
    )
    errors: dict[str, float] = defaultdict(float)  # of the baseline, on each kind of input: the mean so far
    weights: dict[tuple[str | None, str], float] = defaultdict(lambda: FIRST_WEIGHT)

    def gradients(network: nn.Module, gt: Tensor, lr: Mapping[str, Tensor]) -> dict[str, Tensor]:
        step, (off, before) = next(turns)
        inputs = torch.cat([*lr.values()])
        first, kept = (dict(zip(lr, _made(each, inputs).split(len(gt)), strict=True)) for each in (baseline, before))
        moving: dict[str, Tensor] = {key: network.get_parameter(key) for key in free}
        placed = moving
        if off is not None:
            placed = {
                key: torch.where(mask, baseline.get_parameter(key), moving[key]) for key, mask in places[off].items()
            }
        outputs = functional_call(network, placed, inputs).split(len(gt))
        loss = torch.zeros(())
        for kind, output in zip(lr, outputs, strict=True):
            errors[kind] += (float(functional.mse_loss(first[kind], gt)) - errors[kind]) / step
            wanted = gt if kind == own else first[kind] if kind == CLEAN else kept[kind]
            error = functional.mse_loss(output, wanted) / errors[kind]
            if kind == own:
                loss = loss + error
            else:
                loss = loss + weights[off, kind] * error
                most = limit if kind == CLEAN else limit * OTHERS
                weights[off, kind] *= math.exp(RISE * min(1.0, float(error.detach()) / most - 1))
        every = zip(moving, torch.autograd.grad(loss, [*moving.values()]), strict=True)
        return {key: gradient * free[key] for key, gradient in every}

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
