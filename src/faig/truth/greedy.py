"""Greedy reverting (ours): one filter after the other, each the one that does most once the others are reverted."""

from collections.abc import Sequence

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from faig.filters import FilterSet, FilterSpace, Order, rank
from faig.imaging.cases import Case
from faig.intervention.edit import revert
from faig.truth.alone import specific, toggled


def greedy(
    target: nn.Module, baseline: nn.Module, cases: Sequence[Case], kind: str, candidates: Order, count: int
) -> Int64[Tensor, " chosen"]:
    """Filters in the order in which reverting them switches a function off and nothing else (`alone.specific`).

    Args:
        target: θ.
        baseline: θ̄.
        cases: of one size, with clean LR images.
        kind: whose function.
        candidates: flat indices of the filters to choose from.
        count: how many to choose; each costs a pass for every candidate left.
    """
    space, chosen = FilterSpace.of(target), candidates[:0]
    so_far = {given: torch.zeros(len(cases)) for given in cases[0].lr}
    for _ in range(min(count, len(candidates))):
        network = revert(target, baseline, FilterSet.of(space, chosen))
        left = candidates[~torch.isin(candidates, chosen)]
        change = toggled(network, target, baseline, cases, left).loss
        worth = specific({given: rows + so_far[given][:, None] for given, rows in change.items()}, kind)
        best = left[rank(worth[left])[0]]
        so_far = {given: so_far[given] + rows[:, best] for given, rows in change.items()}
        chosen = torch.cat([chosen, best[None]])
    return chosen
