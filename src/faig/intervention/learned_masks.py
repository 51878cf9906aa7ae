"""Filter sets learned for what they do, to hold scores against (ours).

A score ranks filters one by one; what counts is what a set does. A learned mask asks for that directly, so it says how
far a score is from the best possible. It is a reference, not a method: it takes many more passes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.common.settings import count_of
from faig.filters import FilterSpace, Scores, rank
from faig.imaging.cases import Case
from faig.imaging.images import Image
from faig.imaging.metrics import gradient_map, gray
from faig.networks.calls import run
from faig.networks.compatibility import check_pair
from faig.networks.inference import evaluating

SENSES = ("revert", "graft")
Map = Float[Tensor, "rows columns"]


@dataclass(frozen=True)
class Learning:
    """How a mask is learned.

    Attributes:
        sense: ``revert`` makes the target do what the baseline does on the degradation, and what it does itself on
            every other input; ``graft`` makes the baseline do what the target does on the degradation, and what it does
            itself elsewhere.
        proportion: how much of all filters the mask holds, in (0, 1].
        steps: how many of gradient descent.
        rate: of the first step; it falls to 0 along a cosine. A filter with a gradient as large as that of the last in
            the mask moves by so much; the last in the mask starts at log 2.
        together: how many cases a step takes.
        seed: what their order depends on.
    """

    sense: str = "revert"
    proportion: float = 0.01
    steps: int = 100
    rate: float = 0.1
    together: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse an unknown sense."""
        if self.sense not in SENSES:
            raise InputError(f"sense {self.sense!r} is not one of {', '.join(SENSES)}")


def learn(
    target: nn.Module,
    baseline: nn.Module,
    cases: Sequence[Case],
    kind: str,
    start: Scores,
    how: Learning,
    track: Track = silent,
) -> Scores:
    """Learn which filters to alter: a hard mask, with a gradient that passes straight through it.

    The loss is the paper's effect, on outputs that are not rounded, to what the altered network shall do: summed over
    inputs, as a share of ``E(target, baseline)`` on the degradation. The mask holds the filters with the highest
    scores; each step lowers the scores along the gradient by the mask, also of filters that are not in it.

    Args:
        target: θ.
        baseline: θ̄.
        cases: the images to learn on.
        kind: the degradation whose function is meant.
        start: scores to begin with, one per filter, e.g. of ``signed``.
        how: see `Learning`.
        track: shows progress.

    Returns:
        Scores; the first ``how.proportion`` of their ranking is the mask.

    Raises:
        InputError: the networks do not fit each other, or there are no images with the degradation.
    """
    check_pair(target, baseline)
    if kind not in cases[0].lr:
        raise InputError(f"there are no images with the degradation {kind!r} to learn from")
    space = FilterSpace.of(target)
    size = count_of(how.proportion, len(space))
    receiver, donor = (target, baseline) if how.sense == "revert" else (baseline, target)
    begin, end = ({key: w.detach() for key, w in network.named_parameters()} for network in (receiver, donor))
    goals = [_goals(receiver, donor, case, kind) for case in cases]
    effects = [_effect(*(_map(network, case.lr[kind]) for network in (receiver, donor))) for case in cases]
    full_effect = sum(effects) / len(cases)
    scores = _compressed(start, size)
    for step, chosen in enumerate(track(_batches(len(cases), how), f"learn a mask ({kind})", how.steps)):
        mask = torch.zeros(len(space)).scatter_(0, rank(scores)[:size], 1.0).requires_grad_(True)
        spread = space.spread(mask)
        weights = {
            key: weight + spread[key].to(weight) * (end[key] - weight) if key in spread else weight
            for key, weight in begin.items()
        }
        for left, index in zip(range(len(chosen) - 1, -1, -1), chosen, strict=True):
            loss = sum(
                (_effect(_map(receiver, cases[index].lr[name], weights), goal) for name, goal in goals[index].items()),
                torch.zeros(()),
            )
            (loss / full_effect / len(chosen)).backward(retain_graph=left > 0)
        assert mask.grad is not None
        rate = how.rate * (1 + math.cos(math.pi * step / how.steps)) / 2
        unit = mask.grad.abs().topk(size).values[-1].clamp(min=1e-12)
        scores = scores - rate * (mask.grad / unit).clamp(-3, 3)
    return scores


def _goals(receiver: nn.Module, donor: nn.Module, case: Case, kind: str) -> dict[str, Map]:
    """By input, the gradient map that the altered network shall have: the donor's on the degradation alone."""
    names = [kind, *(name for name in case.lr if name != kind and "+" not in name)]
    return {name: _map(donor if name == kind else receiver, case.lr[name]).detach() for name in names}


def _map(network: nn.Module, lr: Image, weights: dict[str, Tensor] | None = None) -> Map:
    """The gradient map of a network's output in gray, not rounded."""
    with evaluating(network), torch.set_grad_enabled(weights is not None):
        output = run(lambda images: torch.func.functional_call(network, weights or {}, (images,)), lr[None])[0]
    return gradient_map(gray(output))


def _effect(altered: Map, original: Map) -> Tensor:
    return 1000 * (altered - original).square().mean()


def _compressed(start: Scores, size: int) -> Scores:
    """Scores on a scale on which the last of the mask is at log 2, and a much higher one can still be caught up."""
    unit = start.topk(size).values[-1].clamp(min=1e-12)
    return torch.sign(start) * torch.log1p(start.abs() / unit)


def _batches(count: int, how: Learning) -> list[list[int]]:
    """Which cases each step takes: all of them once, shuffled, then again."""
    generator = torch.Generator().manual_seed(how.seed)
    indices: list[int] = []
    while len(indices) < how.steps * how.together:
        indices += torch.randperm(count, generator=generator).tolist()
    return [indices[step * how.together : (step + 1) * how.together] for step in range(how.steps)]
