"""Greedy reverting (ours): one filter after the other, each the one that does most once the others are reverted."""

from collections.abc import Sequence

import torch
from jaxtyping import Int64
from torch import Tensor, nn

from faig.filters import FilterSet, FilterSpace, Order, Scores, rank
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
    so_far = {name: torch.zeros(len(cases)) for name in cases[0].lr}
    for _ in range(min(count, len(candidates))):
        network = revert(target, baseline, FilterSet.of(space, chosen))
        left = candidates[~torch.isin(candidates, chosen)]
        change = toggled(network, target, baseline, cases, left).loss
        worth = specific({name: rows + so_far[name][:, None] for name, rows in change.items()}, kind)
        best = left[rank(worth[left])[0]]
        so_far = {name: so_far[name] + rows[:, best] for name, rows in change.items()}
        chosen = torch.cat([chosen, best[None]])
    return chosen


def ahead(chosen: Order, truth: Scores) -> Scores:
    """Scores of a ranking whose first filters are the chosen ones, in their order, and then those of the truth."""
    scores = truth.double() - truth.max() - 1
    scores[chosen] = torch.arange(len(chosen), 0, -1).double()
    return scores.float()
