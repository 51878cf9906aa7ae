"""Shapley values of filters (ours): the fair share of each when filters act together.

The players are the filters, and what a coalition is worth is the loss of the target with those filters reverted. In a
random order of all filters, the ones before a given filter are each there with the same chance p, and p is uniform in
[0, 1] (Owen's multilinear extension). So a coalition drawn with a random p, at which every filter is toggled, gives
every filter a term of its Shapley value, as a whole random order does, with most of each pass shared.
Source: Owen, "Multilinear Extensions of Games", 1972; coalitions in pairs of complements: Okhrati and Lipani, 2020.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.filters import FilterSet, FilterSpace, Order, Scores
from faig.imaging.cases import Case
from faig.intervention.edit import revert
from faig.truth.alone import toggled


@dataclass(frozen=True)
class Shares:
    """Estimates of the Shapley values, by degradation (and ``clean``): ``[pair, filter]``, means over images.

    Attributes:
        loss: each row from a pair of complementary coalitions, independent of the other rows.
    """

    loss: dict[str, Float[Tensor, "pair filter"]]

    def value(self) -> dict[str, Float[Tensor, "1 filter"]]:
        """The mean over pairs: as one row, what `alone.specific` takes."""
        return {kind: rows.mean(0, keepdim=True) for kind, rows in self.loss.items()}

    def error(self, kind: str) -> Scores:
        """Standard error of each value; too large rather than too small, for the pairs are strata."""
        rows = self.loss[kind]
        return rows.std(0) / len(rows) ** 0.5


def shapley(target: nn.Module, baseline: nn.Module, cases: Sequence[Case], pairs: int, *, seed: int = 0) -> Shares:
    """Estimate every filter's Shapley value; costs ``2 pairs`` times as much as `alone.alone`.

    Args:
        target: θ, the empty coalition.
        baseline: θ̄; biases stay the target's.
        cases: of one size, each with the same degradations.
        pairs: of coalitions.
        seed: of the coalitions.

    Raises:
        InputError: the networks do not fit each other, or cannot be traced.
    """
    rows = [worth(target, baseline, cases, pair) for pair in coalitions(FilterSpace.of(target), pairs, seed)]
    return Shares({kind: torch.stack([row[kind] for row in rows]) for kind in rows[0]})


def coalitions(space: FilterSpace, pairs: int, seed: int) -> Iterator[FilterSet]:
    """One of each pair; the other is its complement. Their p are spread evenly over [0, 1/2]."""
    generator = torch.Generator().manual_seed(seed)
    for stratum in range(pairs):
        share = (stratum + torch.rand((), generator=generator)) / (2 * pairs)
        yield FilterSet(space, torch.rand(len(space), generator=generator) < share)


def worth(
    target: nn.Module,
    baseline: nn.Module,
    cases: Sequence[Case],
    coalition: FilterSet,
    filters: Order | None = None,
) -> dict[str, Scores]:
    """What every filter adds to the loss in a coalition and in its complement, the mean of both, by degradation.

    Args:
        target: θ.
        baseline: θ̄.
        cases: of one size, each with the same degradations.
        coalition: the filters that are reverted.
        filters: flat indices of those to ask for; None for all. The others' is 0.
    """
    networks = [revert(target, baseline, reverted) for reverted in (coalition, ~coalition)]
    both = [toggled(network, target, baseline, cases, filters).loss for network in networks]
    return {kind: torch.stack([part[kind].mean(0) for part in both]).mean(0) for kind in both[0]}
