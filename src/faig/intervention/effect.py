"""Effect: how much an intervention changes what a network does, and how sure that is.

The paper's metric compares gradient maps of 8-bit outputs. A large effect can also mean a wrecked image, so two
ratios stand beside it (ours): switched off, and leak.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from faig.common.errors import InputError
from faig.imaging.images import Image

CHANNELS = ("gray", "blue")
LUMA = (0.299, 0.587, 0.114)  # Rec. 601

PerImage = NDArray[np.float64]


def single_channel(image: Image, channel: str = "gray") -> Float[Tensor, "height width"]:
    """One channel of an 8-bit image in [0, 1].

    Args:
        image: RGB, of 8-bit values.
        channel: ``gray`` is Rec. 601 luma rounded to 8 bits again; ``blue`` is what the published script took.

    Raises:
        InputError: the channel is neither.
    """
    if channel == "blue":
        return image[2]
    if channel != "gray":
        raise InputError(f"channel {channel!r} is not one of {', '.join(CHANNELS)}")
    luma = torch.einsum("c,chw->hw", torch.tensor(LUMA, dtype=torch.float64), image.double() * 255)
    return luma.round().to(image.dtype) / 255


def gradient_map(plane: Float[Tensor, "height width"]) -> Float[Tensor, "height width"]:
    """``sqrt(dx² + dy² + 1e-6)``, central differences ``[-1, 0, 1]``, zero padding."""
    padded = torch.nn.functional.pad(plane, (1, 1, 1, 1))
    dx = padded[1:-1, 2:] - padded[1:-1, :-2]
    dy = padded[2:, 1:-1] - padded[:-2, 1:-1]
    return torch.sqrt(dx.square() + dy.square() + 1e-6)


def effect(altered: Image, original: Image, channel: str = "gray") -> float:
    """``1000 × mean (G(F') - G(F))²`` of one image; 0 where the outputs are equal.

    Args:
        altered: output F' of the altered network, as `inference.restore` gives it (8-bit values in [0, 1]).
        original: output F, of the same shape.
        channel: ``gray`` (default) or ``blue``.
    """
    maps = [gradient_map(single_channel(image, channel)) for image in (altered, original)]
    return 1000 * float((maps[0] - maps[1]).square().mean(dtype=torch.float64))


@dataclass(frozen=True)
class Estimate:
    """A number with its 95% bootstrap interval over images; NaN ends where there is one image only."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def estimate(statistic: Callable[..., Any], *samples: PerImage, seed: int = 0, resamples: int = 1000) -> Estimate:
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


def mean_effect(effects: PerImage, seed: int = 0) -> Estimate:
    """Mean over images."""
    return estimate(np.mean, effects, seed=seed)


def switched_off(to_baseline: PerImage, whole: PerImage, seed: int = 0) -> Estimate:
    """``1 - E(F', baseline) / E(target, baseline)`` on one degradation: 1 is exactly what the baseline does.

    For a graft, give ``E(F', target)`` as the first: that is **switched on**.

    Args:
        to_baseline: ``E(F', baseline)`` per image.
        whole: ``E(target, baseline)`` per image.
        seed: of the bootstrap.
    """
    return estimate(lambda a, b, axis: 1 - a.mean(axis) / b.mean(axis), to_baseline, whole, seed=seed)


def leak(elsewhere: Mapping[str, PerImage], whole: PerImage, seed: int = 0) -> Estimate:
    """The largest ``E(F', target)`` over the other inputs, divided by ``E(target, baseline)`` on the own one.

    Args:
        elsewhere: ``E(F', target)`` per image, by input: the other degradations and clean.
        whole: ``E(target, baseline)`` per image on the degradation whose filters were altered.
        seed: of the bootstrap.
    """

    def ratio(*samples: PerImage, axis: int) -> Any:
        *others, own = (sample.mean(axis) for sample in samples)
        return np.maximum.reduce(others) / own

    return estimate(ratio, *elsewhere.values(), whole, seed=seed)
