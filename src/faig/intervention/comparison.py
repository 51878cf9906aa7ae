"""Methods against each other: how selective each is over all proportions, and who is ahead (ours).

All numbers are of reverted filter sets; intervals resample photos jointly; what is random is averaged over its seeds
image by image.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from faig.common.statistics import Estimate, Numbers, Photos, estimate
from faig.intervention.measure import Measured, Reference

CHAMPION = "faig"  # the method that the others are held against
FEW = 0.01  # the champion's proportion, and the most that others may have to switch off more at no more leak


class Reverted:
    """What reverting one set did, per image.

    Attributes:
        own: ``E(F', target)`` on the function's own degradation.
        left: ``E(F', baseline)`` there.
        others: ``E(F', target)`` on each other input.
        whole: ``E(target, baseline)`` on the own degradation.
        photos: of which photo each image is.
    """

    def __init__(self, kind: str, results: Sequence[Measured], reference: Reference) -> None:
        def mean(degradation: str, end: str) -> Numbers:
            values: Numbers = np.mean([getattr(result[degradation], end) for result in results], axis=0)
            return values

        self.own, self.left = mean(kind, "to_target"), mean(kind, "to_baseline")
        self.others = [mean(name, "to_target") for name in results[0] if name != kind]
        self.whole = reference.between[kind]
        self.photos: Photos = reference.photos

    def samples(self) -> list[Numbers]:
        """All arrays, to be resampled together; `Means` takes them apart again."""
        return [self.own, self.left, self.whole, *self.others]


class Means:
    """The means over images of `Reverted.samples`, and what follows from them.

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


def held_against(champion: Reverted, rival: Reverted, seed: int) -> dict[str, float]:
    """FAIG's effect, switched off and leak minus another method's, each with its 95% interval."""
    row: dict[str, float] = {}
    for name in ("effect", "switched_off", "leak"):

        def difference(first: Means, second: Means, name: str = name) -> Any:
            return getattr(first, name) - getattr(second, name)

        row |= _of_sets(difference, [champion, rival], seed).columns(name)
    return row


def _of_sets(statistic: Callable[..., Any], sets: Sequence[Reverted], seed: int) -> Estimate:
    """A function of the `Means` of several reverted sets, whose photos are resampled together."""
    count = len(sets[0].samples())
    samples = [sample for reverted in sets for sample in reverted.samples()]

    def of_means(*means: Any) -> Any:
        return statistic(*(Means(means[start : start + count]) for start in range(0, len(means), count)))

    return estimate(of_means, *samples, photos=sets[0].photos, seed=seed)


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

    def off(first: Means, *rivals: Means) -> Any:
        small = [rival for rival, size in zip(rivals, sizes, strict=True) if size <= FEW]
        allowed = [np.where(rival.leak <= first.leak, rival.switched_off, 0.0) for rival in small]
        return np.maximum.reduce([*allowed, np.zeros_like(first.leak)])

    def leaked(first: Means, *rivals: Means) -> Any:
        enough = [np.where(rival.switched_off >= first.switched_off, rival.leak, np.inf) for rival in rivals]
        least = np.minimum.reduce(enough)
        return np.where(np.isfinite(least), least, rivals[-1].leak)

    sets = [champion, *(curve[size] for size in sizes)]
    row: dict[str, float] = {}
    for name, statistic, sign in (("switched_off", off, 1), ("leak", leaked, -1)):

        def ahead(first: Means, *rivals: Means, name: str = name, best: Any = statistic, sign: int = sign) -> Any:
            return sign * (best(first, *rivals) - getattr(first, name))

        row |= _of_sets(statistic, sets, seed).columns(name)
        row |= _of_sets(ahead, sets, seed).columns(f"{name}_ahead")
    return row


def area_row(method: str, kind: str, curve: dict[float, Reverted], seed: int) -> dict[str, Any]:
    """How selective a method is: `area` over all proportions, and the selectivity at the smallest."""
    selectivity = _of_sets(lambda means: means.selectivity, [curve[min(curve)]], seed)
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
        heights = [mean.excess for mean in means]
        if len(heights) == 1:
            return heights[0]
        return integrate.trapezoid(np.stack(heights), positions, axis=0) / (positions[-1] - positions[0])

    return _of_sets(statistic, [curve[proportion] for proportion in proportions], seed)
