"""Numbers with intervals: a 95% bootstrap over images."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% bootstrap interval over images; NaN ends where there is one image only."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def estimate(statistic: Callable[..., Any], *samples: Numbers, seed: int = 0, resamples: int = 1000) -> Estimate:
    """A statistic of per-image numbers and its interval; the images are resampled jointly.

    Args:
        statistic: of arrays whose last axis is the image; takes ``axis``.
        samples: ``[image]`` each, in the same order.
        seed: of the resampling.
        resamples: how many.
    """
    from scipy import stats  # slow to import

    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(statistic(*samples, axis=-1))
        if len(samples[0]) < 2:
            return Estimate(value, float("nan"), float("nan"))
        rng = np.random.default_rng(seed)
        found = stats.bootstrap(
            samples,
            statistic,
            n_resamples=resamples,
            paired=True,
            vectorized=True,
            method="percentile",
            rng=rng,
        )
    low, high = found.confidence_interval
    return Estimate(value, float(low), float(high))


def interval(value: Tensor, resampled: Tensor) -> Estimate:
    """A value and its 95% percentile interval; NaN where nothing was resampled."""
    if not len(resampled):
        return Estimate(float(value[0]), float("nan"), float("nan"))
    low, high = np.percentile(resampled.numpy(), [2.5, 97.5])
    return Estimate(float(value[0]), float(low), float(high))
