"""Methods against each other: how selective each is over all proportions, and who is ahead (ours).

All numbers are of reverted filter sets, in the paper's gradient maps and in pixels; intervals resample photos jointly;
what is random is averaged over its seeds image by image.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from faig.common.statistics import Estimate, Numbers, Photos, estimate
from faig.intervention.measure import Measured, Reference

MEASURES = {"": "maps", "_pixels": "pixels"}  # by the end of a column's name


@dataclass(frozen=True)
class Distances:
    """What reverting one set did by one measure, per image; E is the effect, or in pixels the mean squared error.

    Attributes:
        own: ``E(F', target)`` on the function's own degradation.
        left: ``E(F', baseline)`` there.
        whole: ``E(target, baseline)`` there.
        others: ``E(F', target)`` on each other input.
    """

    own: Numbers
    left: Numbers
    whole: Numbers
    others: list[Numbers]

    def samples(self) -> list[Numbers]:
        """All arrays, to be resampled together; `Ratios` takes them apart again."""
        return [self.own, self.left, self.whole, *self.others]


@dataclass(frozen=True)
class Reverted:
    """What reverting one set did, per image.

    Attributes:
        maps: in gradient maps, the paper's measure.
        pixels: in squared errors of all channels.
        photos: of which photo each image is.
    """

    maps: Distances
    pixels: Distances
    photos: Photos

    @classmethod
    def of(cls, kind: str, results: Sequence[Measured], reference: Reference) -> "Reverted":
        """A set of a function that was measured, or the mean of several draws of one."""

        def mean(degradation: str, distance: str) -> Numbers:
            values: Numbers = np.mean([getattr(result[degradation], distance) for result in results], axis=0)
            return values

        def distances(prefix: str, whole: Numbers) -> Distances:
            others = [mean(name, f"{prefix}to_target") for name in results[0] if name != kind]
            return Distances(mean(kind, f"{prefix}to_target"), mean(kind, f"{prefix}to_baseline"), whole, others)

        return cls(
            distances("", reference.between[kind]),
            distances("pixels_", reference.pixels_between[kind]),
            reference.photos,
        )

    @classmethod
    def nothing(cls, kind: str, reference: Reference) -> "Reverted":
        """No filter reverted: the target itself, as which nothing is off and nothing leaks."""

        def distances(whole: Numbers) -> Distances:
            return Distances(np.zeros_like(whole), whole, whole, [np.zeros_like(whole)])

        return cls(distances(reference.between[kind]), distances(reference.pixels_between[kind]), reference.photos)

    def means(self) -> "Means":
        """The means over images."""
        return Means(*(Ratios([sample.mean() for sample in each.samples()]) for each in (self.maps, self.pixels)))


class Ratios:
    """The means over images of `Distances.samples`, and what follows from them.

    Attributes:
        effect: the effect on the own degradation.
        whole: the effect of switching everything off there.
        other: the largest effect on another input.
        switched_off: see `effect.switched_off`.
    """

    def __init__(self, means: Sequence[Any]) -> None:
        self.effect, left, self.whole, *elsewhere = means
        self.other = np.maximum.reduce(elsewhere)
        self.switched_off = 1 - left / self.whole

    @property
    def leak(self) -> Any:
        """See `effect.leak`."""
        return self.other / self.whole

    @property
    def selectivity(self) -> Any:
        """Own effect / the largest other one."""
        return self.effect / self.other

    @property
    def excess(self) -> Any:
        """By how much the own effect exceeds the largest other one, as a share of switching everything off."""
        return (self.effect - self.other) / self.whole


@dataclass(frozen=True)
class Means:
    """What reverting one set did on average, by both measures."""

    maps: Ratios
    pixels: Ratios


def differences(method: Reverted, other: Reverted, seed: int) -> dict[str, float]:
    """A method's effect, switched off and leak minus another's, the last two in pixels too; with 95% intervals."""
    numbers = [("", "effect"), *((end, name) for end in MEASURES for name in ("switched_off", "leak"))]
    row: dict[str, float] = {}
    for end, name in numbers:

        def difference(first: Means, second: Means, end: str = end, name: str = name) -> Any:
            return number_of(first, name, end) - number_of(second, name, end)

        row |= estimate_of_sets(difference, [method, other], seed).columns(f"{name}{end}")
    return row


def number_of(means: Means, name: str, end: str) -> Any:
    """A number of `Ratios` by its name and by a measure, which the end of its column's name says; see `MEASURES`."""
    return getattr(getattr(means, MEASURES[end]), name)


def estimate_of_sets(statistic: Callable[..., Any], sets: Sequence[Reverted], seed: int) -> Estimate:
    """A function of the `Means` of several reverted sets, whose photos are resampled together."""
    parts = [each for reverted in sets for each in (reverted.maps, reverted.pixels)]
    samples = [sample for part in parts for sample in part.samples()]

    def of_means(*means: Any) -> Any:
        return statistic(*_means_of_sets(means, [len(part.samples()) for part in parts]))

    return estimate(of_means, *samples, photos=sets[0].photos, seed=seed)


def _means_of_sets(means: Sequence[Any], counts: list[int]) -> Iterator[Means]:
    """Samples' means as the `Means` of each set, which has as many in gradient maps, then as many in pixels."""
    left = iter(means)
    ratios = [Ratios(list(itertools.islice(left, count))) for count in counts]
    return itertools.starmap(Means, zip(ratios[::2], ratios[1::2], strict=True))


def area_row(method: str, kind: str, curve: dict[float, Reverted], seed: int) -> dict[str, Any]:
    """How selective a method is: `area` over all proportions, and the selectivity at the smallest."""
    selectivity = estimate_of_sets(lambda means: means.maps.selectivity, [curve[min(curve)]], seed)
    return {"method": method, "reverted": kind} | area(curve, seed).columns("area") | selectivity.columns("selectivity")


def area(curve: dict[float, Reverted], seed: int) -> Estimate:
    """Area under the curve of the own effect minus the largest on another input, as a share of switching all off.

    The axis is the logarithm of the proportion, from the smallest to the largest measured one, its length taken as 1.
    One proportion alone is its own area.
    """
    from scipy import integrate  # slow to import

    proportions = sorted(curve)
    positions = np.log(proportions)

    def statistic(*means: Means) -> Any:
        heights = [mean.maps.excess for mean in means]
        if len(heights) == 1:
            return heights[0]
        return integrate.trapezoid(np.stack(heights), positions, axis=0) / (positions[-1] - positions[0])

    return estimate_of_sets(statistic, [curve[proportion] for proportion in proportions], seed)
