"""What each filter does for every degradation: which filters are shared, which specific, which neutral (ours)."""

import itertools
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from faig.attribution.raw_scores import RawScores
from faig.attribution.uncertainty import resampled_top_sets, top_sets
from faig.common.settings import count_of
from faig.common.statistics import Estimate, interval

NEUTRAL, SPECIFIC, SHARED = "neutral", "specific", "shared"
Sets = Bool[Tensor, "function filter"]


def profiles(raw: RawScores) -> Float[Tensor, "function filter"]:
    """By degradation, each filter's raw score, mean over images, in multiples of the mean filter's.

    Nothing is subtracted: a filter that matters for all degradations is high in all. 1 is an ordinary filter.
    """
    scores = torch.stack([raw.score[kind].mean(0) for kind in raw.degradations])
    return scores / scores.mean(1, keepdim=True)


@dataclass(frozen=True)
class Group:
    """The filters that are in the top sets of these functions and of no other.

    Attributes:
        functions: none of them for neutral filters.
        filters: how many there are.
        share: how much of all filters they are.
        by_chance: the share to expect if the sets were drawn at random, independently.
    """

    functions: tuple[str, ...]
    filters: int
    share: Estimate
    by_chance: float

    @property
    def kind(self) -> str:
        """``neutral``, ``specific`` (one function) or ``shared`` (several)."""
        return (NEUTRAL, SPECIFIC, SHARED)[min(2, len(self.functions))]


@dataclass(frozen=True)
class Grouping:
    """All filters, by the top sets of raw scores that they are in.

    Attributes:
        functions: the degradations.
        sets: the top set of each, by the mean over images.
        groups: every combination of functions, none first; their filters add up to all.
        kinds: the shares of ``neutral``, ``specific`` and ``shared`` filters.
        overlaps: by pair of functions, the share of the first one's set that is in the second one's too.
    """

    functions: list[str]
    sets: Sets
    groups: list[Group]
    kinds: dict[str, Estimate]
    overlaps: dict[tuple[str, str], Estimate]


def grouping(raw: RawScores, proportion: float, *, seed: int = 0) -> Grouping:
    """Sort filters by what they do, with 95% intervals that resample photos, for all degradations jointly.

    A filter does something for a degradation if its raw score ``s_f(x_d)``, the mean over images, is among the top
    ``proportion``. It is specific if that is so for one degradation, shared if for several, neutral if for none.

    Args:
        raw: the raw scores.
        proportion: of the filters, in (0, 1].
        seed: of the resampling.
    """
    functions = raw.degradations
    rows = [raw.score[kind] for kind in functions]
    images, filters = rows[0].shape
    size = count_of(proportion, filters)
    sets = torch.cat([top_sets(row, torch.ones(1, images), size) for row in rows])
    counts, shared = _counts(sets[None]), _shared(sets[None])
    resampled = zip(*(resampled_top_sets(row, size, raw.photos, seed) for row in rows), strict=True)
    pairs = [(_counts(part), _shared(part)) for part in (torch.stack(parts, 1) for parts in resampled)]
    many_counts, many_shared = (torch.cat(part) for part in zip(*pairs, strict=True))
    share = size / filters
    combinations = [names for n in range(len(functions) + 1) for names in itertools.combinations(functions, n)]
    groups = []
    for names in combinations:
        code = sum(1 << functions.index(name) for name in names)
        chance = share ** len(names) * (1 - share) ** (len(functions) - len(names))
        of_all = _share(counts[:, code], many_counts[:, code], filters)
        groups.append(Group(names, int(counts[0, code]), of_all, chance))
    number = torch.tensor([min(2, code.bit_count()) for code in range(counts.shape[1])])
    kinds = {
        kind: _share(counts[:, number == index].sum(1), many_counts[:, number == index].sum(1), filters)
        for index, kind in enumerate((NEUTRAL, SPECIFIC, SHARED))
    }
    overlaps = {
        (first, second): _share(shared[:, i, j], many_shared[:, i, j], size)
        for (i, first), (j, second) in itertools.product(enumerate(functions), repeat=2)
    }
    return Grouping(functions, sets, groups, kinds, overlaps)


def _share(count: Float[Tensor, "1"], resampled: Float[Tensor, " resample"], total: int) -> Estimate:
    """A count as a share of the total, with its interval."""
    return interval(float(count) / total, (resampled.double() / total).numpy())


def _counts(sets: Bool[Tensor, "ranking function filter"]) -> Float[Tensor, "ranking combination"]:
    """How many filters are in each combination of sets; bit i of a combination stands for set i."""
    functions = sets.shape[1]
    bits = 2 ** torch.arange(functions)
    codes = (sets * bits[:, None]).sum(1)
    counts = torch.zeros(len(codes), 2**functions)
    return counts.scatter_add_(1, codes, counts.new_ones(()).expand(codes.shape))


def _shared(sets: Bool[Tensor, "ranking function filter"]) -> Float[Tensor, "ranking function function"]:
    """How many filters each two sets have in common."""
    return sets.float() @ sets.float().transpose(1, 2)
