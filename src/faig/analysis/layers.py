"""Where in a network the filters of each function are (the paper's Section 4.4; intervals and numbers are ours)."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from faig.attribution.raw_scores import PerImage
from faig.attribution.uncertainty import resampled_top_sets, top_sets
from faig.common.statistics import Estimate, interval
from faig.filters import FilterSet, FilterSpace, count_of

TopSets = Bool[Tensor, "ranking filter"]


def depths(space: FilterSpace) -> Float[Tensor, " filter"]:
    """Relative depth of each filter's layer in the numbering: 0 the first convolution, 1 the last."""
    last = max(1, len(space.layers) - 1)
    return torch.cat([torch.full((layer.count,), place / last) for place, layer in enumerate(space.layers)])


def found_by_layer(space: FilterSpace, sets: TopSets) -> Float[Tensor, "ranking layer"]:
    """How many filters of each set are in each layer."""
    return torch.stack([part.sum(1) for part in sets.split([layer.count for layer in space.layers], 1)], 1).float()


@dataclass(frozen=True)
class Distribution:
    """How the top filters of one function are distributed over the layers.

    Attributes:
        filters: the top set.
        found: of them in each layer, ``[layer]``.
        depth: mean relative depth, in [0, 1].
        unevenness: share of the set that would have to move to other layers for every layer to have as large a
            share of the set as of all filters; in [0, 1), near 0 for a random set.
        resampled_depths: the mean depth on each bootstrap resample of the images; None for one image.
    """

    filters: FilterSet
    found: Float[Tensor, " layer"]
    depth: Estimate
    unevenness: Estimate
    resampled_depths: Float[Tensor, " resample"] | None


def distribution(space: FilterSpace, rows: PerImage, proportion: float, *, seed: int = 0) -> Distribution:
    """Of the top filters by the mean over images, with 95% intervals over images.

    Args:
        space: whose filters.
        rows: a method's score of each image and filter.
        proportion: of the filters, in (0, 1].
        seed: of the resampling; the same resamples of images for every function with the same seed.
    """
    size = count_of(proportion, len(space))
    top = top_sets(rows, torch.ones(1, len(rows)), size)
    found = found_by_layer(space, top)
    if len(rows) > 1:
        again = torch.cat([found_by_layer(space, part) for part in resampled_top_sets(rows, size, seed)])
    else:
        again = torch.empty(0, len(space.layers))
    depth, unevenness = (
        interval(statistic(space, found), statistic(space, again)) for statistic in (_mean_depths, _unevenness)
    )
    resampled = _mean_depths(space, again) if len(again) else None
    return Distribution(FilterSet(space, top[0]), found[0], depth, unevenness, resampled)


def depth_difference(one: Distribution, other: Distribution) -> Estimate:
    """Mean depth of one function's filters minus that of another's; images resampled jointly."""
    if one.resampled_depths is None or other.resampled_depths is None:
        return Estimate(one.depth.value - other.depth.value, float("nan"), float("nan"))
    value = torch.tensor([one.depth.value - other.depth.value])
    return interval(value, one.resampled_depths - other.resampled_depths)


def _mean_depths(space: FilterSpace, found: Tensor) -> Tensor:
    return (found * torch.linspace(0, 1, len(space.layers))).sum(1) / found.sum(1)


def _unevenness(space: FilterSpace, found: Tensor) -> Tensor:
    even = torch.tensor([layer.count / len(space) for layer in space.layers])
    return (found / found.sum(1, keepdim=True) - even).abs().sum(1) / 2
