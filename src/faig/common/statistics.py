"""Numbers with intervals: a 95% bootstrap over photos; of shares, Wilson's.

Images are not independent where several are crops of one photo. So what is drawn anew is photos, each with all of its
images: an interval says what other photos of the same kind would have given. A share of right answers has no spread to
draw from where all are right, so its interval is Wilson's, of as many independent answers as there are in effect.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]
Photos = Sequence[Hashable]  # of which photo each image is
NORMAL = 1.959963984540054  # standard deviations that hold 95%


@runtime_checkable
class Row(Protocol):
    """A row of a table: a mapping, or a pandas Series."""

    def __getitem__(self, column: Any, /) -> Any:
        """The value of a column."""


def interval_columns(name: str) -> tuple[str, str, str]:
    """The columns of a number with an interval."""
    return name, f"{name}_low", f"{name}_high"


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% interval over photos; NaN ends where there are fewer than two photos."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"

    def columns(self, name: str) -> dict[str, float]:
        """The number as the columns ``name``, ``name_low`` and ``name_high`` of a table's row."""
        return dict(zip(interval_columns(name), (self.value, self.low, self.high), strict=True))

    @classmethod
    def of_row(cls, row: Row, name: str) -> "Estimate":
        """The number that a table's row holds in the columns ``name``, ``name_low`` and ``name_high``."""
        return cls(*(float(row[column]) for column in interval_columns(name)))


def spread_of(values: ArrayLike) -> float:
    """The standard deviation between seeds, of one value each; NaN where there are fewer than two."""
    values = np.asarray(values)
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def estimate(
    statistic: Callable[..., Any],
    *samples: ArrayLike,
    photos: Photos | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Estimate:
    """A function of means over images, and its interval; all samples are resampled together.

    Args:
        statistic: takes the mean of each sample, first as numbers, then as arrays ``[resample]``; works elementwise.
        samples: ``[image]`` each, in the same order.
        photos: of which photo each image is; None where every image is a photo of its own.
        seed: of the resampling.
        resamples: how many.

    Raises:
        ValueError: the samples are not of one length, or the statistic does not work elementwise.
    """
    columns = [np.asarray(sample, dtype=np.float64) for sample in samples]
    weights = resample_weights(range(len(columns[0])) if photos is None else photos, resamples, seed)
    totals, weights_of_images = weights.sum(1), weights.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = statistic(*(column.mean() for column in columns))
        resampled = statistic(*(weights_of_images @ column / totals for column in columns))
    if np.shape(resampled) != (len(weights),):
        raise ValueError(f"a statistic of {len(weights)} means gave {np.shape(resampled)}: it must work elementwise")
    return interval(float(value), resampled)


def estimate_mean(sample: ArrayLike, *, photos: Photos | None = None, seed: int = 0) -> Estimate:
    """The mean over images, and its interval; see `estimate`."""
    return estimate(lambda mean: mean, sample, photos=photos, seed=seed)


def estimate_share(right: ArrayLike, *, photos: Photos | None = None) -> Estimate:
    """A share of yes-or-no answers with Wilson's 95% score interval (1927), of the effective count of answers.

    Answers about one photo may go wrong together. The effective count is that of independent answers whose share would
    vary as much as the share varies between photos (Korn and Graubard, Survey Methodology 24, 1998), and never more
    than there are answers. Where all are right or all are wrong nothing tells how much they go together, and
    every answer counts; so give one answer per photo and question: crops that are asked the same are one answer.

    Args:
        right: ``[answer]`` in [0, 1]: 1 right, 0 wrong, between them the mean of several crops.
        photos: of which photo each answer is; None where every answer is of a photo of its own.
    """
    answers = np.asarray(right, dtype=np.float64)
    index: dict[Hashable, int] = {}
    places = [index.setdefault(photo, len(index)) for photo in (range(len(answers)) if photos is None else photos)]
    value, all_of_them = float(answers.mean()), float(len(answers))
    if len(index) < 2 or math.isnan(value):
        return Estimate(value, float("nan"), float("nan"))
    excess = np.bincount(places, weights=answers - value)
    variance = float(excess @ excess) / all_of_them**2 * len(index) / (len(index) - 1)  # of the share, by photos
    count = min(all_of_them, value * (1 - value) / variance) if variance > 0 else all_of_them
    return Estimate(value, *_wilson(value, count))


def _wilson(share: float, count: float) -> tuple[float, float]:
    spread = NORMAL**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = NORMAL / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return 0.0 if share == 0 else middle - half, 1.0 if share == 1 else middle + half  # exact ends, unlike the sums


def resample_weights(photos: Photos, resamples: int, seed: int) -> NDArray[np.int64]:
    """How often each resample counts each image: as often as its photo was drawn, with replacement.

    Args:
        photos: of which photo each image is.
        resamples: how many.
        seed: what the draws depend on, beside the order in which the photos first appear.

    Returns:
        ``[resample, image]``; no resamples where there are fewer than two photos, for then nothing can be said.
    """
    places = {photo: place for place, photo in enumerate(dict.fromkeys(photos))}
    count = len(places)
    if count < 2:
        return np.zeros((0, len(photos)), dtype=np.int64)
    drawn = np.random.default_rng(seed).integers(count, size=(resamples, count))
    rows = np.arange(resamples)[:, None] * count
    times = np.bincount((rows + drawn).ravel(), minlength=resamples * count).reshape(resamples, count)
    return times[:, [places[photo] for photo in photos]]


def interval(value: float, resampled: ArrayLike) -> Estimate:
    """A value and the 95% percentile interval of its resamples; NaN ends where there are none."""
    values = np.asarray(resampled, dtype=np.float64)
    if not values.size:
        return Estimate(value, float("nan"), float("nan"))
    with np.errstate(invalid="ignore"):
        low, high = np.percentile(values, [2.5, 97.5])
    return Estimate(value, float(low), float(high))
