"""Where in a network the filters of each function are (the paper's Section 4.4; intervals and numbers are ours)."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from faig.attribution.raw_scores import PerImage
from faig.attribution.uncertainty import resampled_top_sets, top_sets
from faig.common.settings import count_of
from faig.common.statistics import Estimate, Photos, interval
from faig.filters import FilterSet, FilterSpace

TopSets = Bool[Tensor, "ranking filter"]


def depths(space: FilterSpace) -> Float[Tensor, " filter"]:
    """Relative depth of each filter's layer in the numbering: 0 the first convolution, 1 the last."""
    last = max(1, len(space.layers) - 1)
    return torch.cat([torch.full((layer.count,), index / last) for index, layer in enumerate(space.layers)])


def found_by_layer(space: FilterSpace, sets: TopSets) -> Float[Tensor, "ranking layer"]:
    """How many filters of each set are in each layer."""
    return torch.stack([part.sum(1) for part in sets.split([layer.count for layer in space.layers], 1)], 1).float()


@dataclass(frozen=True)
class Distribution:
    """How the top filters of one function are distributed over the layers.

    Attributes:
        filters: the top set.
        found: how many of them are in each layer, ``[layer]``.
        depth: mean relative depth, in [0, 1].
        unevenness: share of the set that would have to move to other layers for every layer to have as large a
            share of the set as of all filters; in [0, 1), near 0 for a random set.
        resampled_depths: the mean depth on each bootstrap resample of the photos; none with fewer than two photos.
    """

    filters: FilterSet
    found: Float[Tensor, " layer"]
    depth: Estimate
    unevenness: Estimate
    resampled_depths: Float[Tensor, " resample"]


def distribution(
    space: FilterSpace, rows: PerImage, proportion: float, *, photos: Photos | None = None, seed: int = 0
) -> Distribution:
    """How the top filters by the mean over images are distributed, with 95% intervals over photos.

    Args:
        space: whose filters.
        rows: a method's score of each image and filter.
        proportion: of the filters, in (0, 1].
        photos: of which photo each image is; None where every image is a photo of its own.
        seed: of the resampling; the same resamples of photos for every function with the same seed.
    """
    size = count_of(proportion, len(space))
    top = top_sets(rows, torch.ones(1, len(rows)), size)
    counts = found_by_layer(space, top)
    resampled = torch.cat([found_by_layer(space, sets) for sets in resampled_top_sets(rows, size, photos, seed)])
    depth, unevenness = (
        interval(float(statistic(space, counts)), statistic(space, resampled).numpy())
        for statistic in (_mean_depths, _unevenness)
    )
    return Distribution(FilterSet(space, top[0]), counts[0], depth, unevenness, _mean_depths(space, resampled))


def depth_difference(first: Distribution, second: Distribution) -> Estimate:
    """Mean depth of one function's filters minus that of another's; photos resampled jointly."""
    resampled = first.resampled_depths.double() - second.resampled_depths.double()
    return interval(first.depth.value - second.depth.value, resampled.numpy())


def _mean_depths(space: FilterSpace, counts: Tensor) -> Tensor:
    return (counts * torch.linspace(0, 1, len(space.layers))).sum(1) / counts.sum(1)


def _unevenness(space: FilterSpace, counts: Tensor) -> Tensor:
    even = torch.tensor([layer.count / len(space) for layer in space.layers])
    return (counts / counts.sum(1, keepdim=True) - even).abs().sum(1) / 2
