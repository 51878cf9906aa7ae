"""Methods against each other: how selective each is over all proportions, and who is ahead (ours).

All numbers are of reverted filter sets; intervals resample images jointly; what is random is averaged over its seeds
image by image.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from faig.common.statistics import Estimate, Numbers, estimate
from faig.intervention.measure import Measured, Reference

CHAMPION = "faig"  # whom the others are held against
FEW = 0.01  # the champion's proportion, and the most that others may have to switch off more at no more leak


class Reverted:
    """What reverting one set did, per image.

    Attributes:
        own: ``E(F', target)`` on the function's own degradation.
        left: ``E(F', baseline)`` there.
        others: ``E(F', target)`` on each other input.
        whole: ``E(target, baseline)`` on the own degradation.
    """

    def __init__(self, kind: str, results: Sequence[Measured], reference: Reference) -> None:
        def mean(given: str, end: str) -> Numbers:
            found: Numbers = np.mean([getattr(result[given], end) for result in results], axis=0)
            return found

        self.own, self.left = mean(kind, "to_target"), mean(kind, "to_baseline")
        self.others = [mean(given, "to_target") for given in results[0] if given != kind]
        self.whole = reference.between[kind]

    def samples(self) -> list[Numbers]:
        """All arrays, to be resampled together; `Means` takes them apart again."""
        return [self.own, self.left, self.whole, *self.others]


class Means:
    """Means over images of `Reverted.samples`, and what follows from them.

    Attributes:
        effect: on the own degradation.
        whole: of switching everything off there.
        other: the largest effect on another input.
        switched_off: see `effect.switched_off`.
    """

    def __init__(self, samples: Sequence[Numbers], axis: int) -> None:
        self.effect, left, self.whole, *others = (sample.mean(axis) for sample in samples)
        self.other = np.maximum.reduce(others)
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


def held_against(champion: Reverted, other: Reverted, seed: int) -> dict[str, float]:
    """FAIG's effect, switched off and leak minus another method's, each with its 95% interval."""
    count = len(champion.samples())
    row: dict[str, float] = {}
    for name in ("effect", "switched_off", "leak"):

        def difference(*samples: Numbers, axis: int, name: str = name) -> Any:
            first, second = (Means(part, axis) for part in (samples[:count], samples[count:]))
            return getattr(first, name) - getattr(second, name)

        row |= _named(name, estimate(difference, *champion.samples(), *other.samples(), seed=seed))
    return row


def at_equal_terms(champion: Reverted, curve: dict[float, Reverted], seed: int) -> dict[str, float]:
    """Another method where it leaks no more than FAIG, and where it switches off as much; with 95% intervals.

    Args:
        champion: what FAIG's set of the size `FEW` did.
        curve: what the other method's sets did, by proportion.
        seed: of the resampling.

    Returns:
        ``switched_off``: the most that a set of up to the champion's size switches off among those that leak no more
        (0 where there is none), ``switched_off_ahead``: by how much that is more than FAIG's; ``leak``: the least that
        a set of any size leaks among those that switch off as much (where there is none, what the largest set leaks),
        ``leak_ahead``: by how much that is less than FAIG's.
    """
    sizes = sorted(curve)
    count = len(champion.samples())

    def means(samples: Sequence[Numbers], axis: int) -> tuple[Means, list[Means]]:
        first, *others = (Means(samples[start : start + count], axis) for start in range(0, len(samples), count))
        return first, others

    def off(*samples: Numbers, axis: int) -> Any:
        first, others = means(samples, axis)
        few = [one for one, size in zip(others, sizes, strict=True) if size <= FEW]
        allowed = [np.where(one.leak <= first.leak, one.switched_off, 0.0) for one in few]
        return np.maximum.reduce([*allowed, np.zeros_like(first.leak)])

    def leaked(*samples: Numbers, axis: int) -> Any:
        first, others = means(samples, axis)
        enough = [np.where(one.switched_off >= first.switched_off, one.leak, np.inf) for one in others]
        least = np.minimum.reduce(enough)
        return np.where(np.isfinite(least), least, others[-1].leak)

    samples = [sample for one in (champion, *(curve[size] for size in sizes)) for sample in one.samples()]
    row: dict[str, float] = {}
    for name, statistic, sign in (("switched_off", off, 1), ("leak", leaked, -1)):

        def ahead(*samples: Numbers, axis: int, name: str = name, own: Any = statistic, sign: int = sign) -> Any:
            return sign * (own(*samples, axis=axis) - getattr(means(samples, axis)[0], name))

        row |= _named(name, estimate(statistic, *samples, seed=seed))
        row |= _named(f"{name}_ahead", estimate(ahead, *samples, seed=seed))
    return row


def area_row(method: str, kind: str, curve: dict[float, Reverted], seed: int) -> dict[str, Any]:
    smallest = curve[min(curve)]

    def selectivity(*samples: Numbers, axis: int) -> Any:
        return Means(samples, axis).selectivity

    return (
        {"method": method, "reverted": kind}
        | _named("area", area(curve, seed))
        | _named("selectivity", estimate(selectivity, *smallest.samples(), seed=seed))
    )


def area(curve: dict[float, Reverted], seed: int) -> Estimate:
    """Area under the curve of the own effect minus the largest on another input, as a share of switching all off.

    The axis is the logarithm of the proportion, from the smallest to the largest measured one, its length taken as 1.
    One proportion alone is its own area.
    """
    from scipy import integrate  # slow to import

    proportions = sorted(curve)
    place = np.log(proportions)
    count = len(curve[proportions[0]].samples())

    def statistic(*samples: Numbers, axis: int) -> Any:
        parts = [samples[start : start + count] for start in range(0, len(samples), count)]
        heights = [Means(part, axis).excess for part in parts]
        if len(heights) == 1:
            return heights[0]
        return integrate.trapezoid(np.stack(heights), place, axis=0) / (place[-1] - place[0])

    samples = [sample for proportion in proportions for sample in curve[proportion].samples()]
    return estimate(statistic, *samples, seed=seed)


def _named(name: str, found: Estimate) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
