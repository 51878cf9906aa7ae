"""Methods against each other: how selective each is over all proportions, and who is ahead (ours).

All numbers are of reverted filter sets; intervals resample images jointly; what is random is averaged over its seeds
image by image.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from faig.effect import Estimate, estimate
from faig.experiment.measure import Measured, Numbers, Reference
from faig.experiment.tables import Key, write_table

AREAS, CONTESTS = "areas.csv", "contests.csv"
CHAMPION = "faig"  # whom the others are held against

Results = dict[Key, list[Measured]]


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


def write_contests(run: Path, reference: Reference, units: Results, seed: int) -> None:
    """``areas.csv``, and ``contests.csv`` where FAIG is among the methods. Nothing where there is only one input."""
    reverted = {
        (method, kind, proportion): Reverted(kind, results, reference)
        for (intervention, method, kind, proportion), results in units.items()
        if intervention == "reverted" and len(reference.target) > 1
    }
    curves: dict[tuple[str, str], dict[float, Reverted]] = {}
    for (method, kind, proportion), found in reverted.items():
        curves.setdefault((method, kind), {})[proportion] = found
    areas = [_area_row(*key, curve, seed) for key, curve in curves.items()]
    contests = [
        {"reverted": kind, "proportion": proportion, "method": method} | ahead(reverted[champion], other, seed)
        for (method, kind, proportion), other in reverted.items()
        if method != CHAMPION and (champion := (CHAMPION, kind, proportion)) in reverted
    ]
    for name, rows in ((AREAS, areas), (CONTESTS, contests)):
        if rows:
            write_table(run / name, rows)


def ahead(champion: Reverted, other: Reverted, seed: int) -> dict[str, float]:
    """FAIG's effect, switched off and leak minus another method's, each with its 95% interval."""
    count = len(champion.samples())
    row: dict[str, float] = {}
    for name in ("effect", "switched_off", "leak"):

        def difference(*samples: Numbers, axis: int, name: str = name) -> Any:
            first, second = (Means(part, axis) for part in (samples[:count], samples[count:]))
            return getattr(first, name) - getattr(second, name)

        row |= _named(name, estimate(difference, *champion.samples(), *other.samples(), seed=seed))
    return row


def _area_row(method: str, kind: str, curve: dict[float, Reverted], seed: int) -> dict[str, Any]:
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
