"""How far a ranking depends on the images it was found on (ours)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Shaped
from torch import Tensor

from faig.attribution.raw_scores import PerImage, RawScores
from faig.common.settings import count_of
from faig.common.statistics import Photos, resample_weights
from faig.filters import FilterSet, Scores, rank

RESAMPLES = 200
SPLITS = 50
CONFIDENT = 0.95
CHUNK = 20  # rankings at a time: they take 5 bytes each and filter


@dataclass(frozen=True)
class SamplingError:
    """What other photos of the same kind would have changed, judged by the ones at hand.

    The share of the top set that as many other photos would find again lies between `halves` and `overlap`.

    Attributes:
        standard_error: that of each filter's score, which is a mean over images.
        confidence: of each filter, the share of resamples in which it is in the top set.
        overlap: share of the top set that a bootstrap resample finds again, on average. It flatters, for a resample
            has its photos from the ranking's.
        halves: share of the top set of one half of the photos that the other half finds again, on average. It is too
            low, for a half has fewer photos. NaN where it is not known.
        confident: how many filters are in the top set with 95% confidence.
        size: of the top set.
    """

    standard_error: Scores
    confidence: Scores
    overlap: float
    halves: float
    confident: int
    size: int


def sampling_error(rows: PerImage, proportion: float, *, photos: Photos | None = None, seed: int = 0) -> SamplingError:
    """Resample the photos, each with all of its images: what becomes of the scores, and of the top set?

    Args:
        rows: a method's score of each image and filter; the ranking is that of their mean.
        proportion: of the top set, in (0, 1].
        photos: of which photo each image is; None where every image is a photo of its own.
        seed: of the resampling.

    Returns:
        NaN for errors and overlaps where there are fewer than two photos.
    """
    images, filters = rows.shape
    size = count_of(proportion, filters)
    labels = range(images) if photos is None else photos
    indices = {photo: index for index, photo in enumerate(dict.fromkeys(labels))}
    photo_of = torch.tensor([indices[photo] for photo in labels])
    if len(indices) < 2:
        unknown = torch.full((filters,), float("nan"))
        return SamplingError(unknown, unknown, float("nan"), float("nan"), 0, size)
    top = top_sets(rows, torch.ones(1, images), size)[0]
    counts = torch.zeros(filters)
    for sets in resampled_top_sets(rows, size, photos, seed):
        counts += sets.sum(0)
    confidence = counts / RESAMPLES
    shared = 0
    generator = torch.Generator().manual_seed(seed)
    for _ in range(SPLITS):
        half = torch.zeros(len(indices))
        half[torch.randperm(len(indices), generator=generator)[: len(indices) // 2]] = 1
        first, second = top_sets(rows, torch.stack([half, 1 - half])[:, photo_of], size)
        shared += int((first & second).sum())
    return SamplingError(
        standard_error=_standard_error(rows, photo_of, len(indices)),
        confidence=confidence,
        overlap=float(confidence[top].sum() / size),
        halves=shared / (SPLITS * size),
        confident=int((confidence >= CONFIDENT).sum()),
        size=size,
    )


def relearned_error(
    scores: Scores, relearned: Sequence[Scores], proportion: float, ranked: FilterSet | None = None
) -> SamplingError:
    """What becomes of the top set of a method that learns, where it learns anew on resamples of the photos.

    Args:
        scores: as learned on all photos.
        relearned: on each resample, one or more.
        proportion: of the top set, in (0, 1].
        ranked: the units that are ranked; None for all.

    Returns:
        The standard error is the deviation over resamples; halves of the photos are not looked at.
    """
    size = min(count_of(proportion, len(scores)), len(scores) if ranked is None else len(ranked))
    again = torch.stack(list(relearned))
    counts = torch.zeros(len(scores))
    for each in again:
        counts[rank(each, ranked)[:size]] += 1
    confidence = counts / len(again)
    return SamplingError(
        standard_error=again.std(0, correction=0),
        confidence=confidence,
        overlap=float(confidence[rank(scores, ranked)[:size]].mean()),
        halves=float("nan"),
        confident=int((confidence >= CONFIDENT).sum()),
        size=size,
    )


def ranking_error(rows: Callable[[RawScores, str], PerImage], raw: RawScores, kind: str, proportion: float) -> float:
    """Share of the top set that an exact integral would have filled with others, estimated (ours).

    A third of the nodes find another top set; an integrand that jumps is integrated with an error like one over the
    number of nodes, so all of them are wrong by a third of that difference, and by less where it is smooth.

    Args:
        rows: those of the method (see `methods.Method.rows`).
        raw: the raw scores, with their coarse part.
        kind: the degradation.
        proportion: of the top set, in (0, 1].

    Returns:
        NaN where the coarse part is not known.
    """
    coarse = raw.coarse()
    if coarse is None:
        return float("nan")
    scores = torch.stack([rows(part, kind).mean(0) for part in (raw, coarse)])
    size = count_of(proportion, scores.shape[1])
    fine, rough = top_sets(scores, torch.eye(2), size)
    return (1 - int((fine & rough).sum()) / size) / 3


def _standard_error(rows: PerImage, photo_of: Shaped[Tensor, " image"], photos: int) -> Scores:
    """The standard error of the mean over images, whose deviations from it may be alike within a photo.

    With one image a photo it is the standard deviation over images / √images.
    """
    deviations = (
        torch.zeros(photos, rows.shape[1]).to(rows).index_add_(0, photo_of.to(rows.device), rows - rows.mean(0))
    )
    return (deviations.square().sum(0) * (photos / (photos - 1))).sqrt() / len(rows)


def resampled_top_sets(
    rows: PerImage, size: int, photos: Photos | None, seed: int
) -> Iterator[Bool[Tensor, "ranking filter"]]:
    """The top set on each bootstrap resample of the photos, some at a time.

    The resamples depend on the photos and the seed alone; there are none with fewer than two photos.
    """
    weights = torch.from_numpy(resample_weights(range(len(rows)) if photos is None else photos, RESAMPLES, seed))
    for part in weights.split(CHUNK):
        yield top_sets(rows, part, size)


def top_sets(rows: PerImage, counts: Shaped[Tensor, "ranking image"], size: int) -> Bool[Tensor, "ranking filter"]:
    """The top set of each ranking, given how often it counts each image."""
    sums = counts.to(rows) @ rows
    return torch.zeros_like(sums, dtype=torch.bool).scatter_(1, sums.topk(size).indices, True)
