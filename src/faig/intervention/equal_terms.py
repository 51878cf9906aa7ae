"""Other methods at equal terms with FAIG's 1%: where they leak no more, and where they switch off as much (ours).

The size at which a method is held against FAIG is chosen on other images than the two are measured on: the best of many
sizes on some images is better there than it is elsewhere. Both measures count, gradient maps and pixels.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faig.attribution.options import TOP
from faig.intervention.comparison import MEASURES, Means, Reverted, estimate_of_sets, number_of

NO_MORE_LEAK, AS_MUCH_OFF = "no more leak", "as much off"  # the constraints
FINDING, MEASURED = "finding images", "measured images"  # what sizes are chosen on
LEADS = {"switched_off": 1, "leak": -1}  # of a number the sign of what is better


@dataclass(frozen=True)
class Sizes:
    """The sizes at which a method is held against FAIG on one function.

    Attributes:
        on: the images on which they were chosen: `FINDING`, or `MEASURED` where filters were found on no others.
        by_constraint: by `NO_MORE_LEAK` and `AS_MUCH_OFF` the proportion; 0 is no filter at all.
    """

    on: str
    by_constraint: dict[str, float]


def sizes_at_equal_terms(
    paper: Reverted, sizes: Sequence[float], measured: Callable[[float], Reverted]
) -> dict[str, float]:
    """The sizes at which a method is held against FAIG.

    Args:
        paper: what FAIG's set of the size `TOP` does on the images to choose on.
        sizes: the proportions of the method's sets, at least one up to `TOP`.
        measured: what the method's set of a size does there; asked for no more sizes than needed.

    Returns:
        By constraint the proportion. `NO_MORE_LEAK`: of those up to `TOP` that leak no more in either measure the one
        that switches off most, by the measure in which it is less ahead; 0, nothing reverted, where there is none.
        `AS_MUCH_OFF`: the smallest that switches off as much in both measures; the largest where none does.
    """
    first, ascending = paper.means(), sorted(sizes)
    small = {size: measured(size).means() for size in ascending if size <= TOP}
    allowed = [size for size, each in small.items() if _lead(first, each, "leak") >= 0]
    few = max(allowed, key=lambda size: _lead(first, small[size], "switched_off"), default=0.0)
    far = (size for size in ascending if _lead(first, small.get(size) or measured(size).means(), "switched_off") >= 0)
    return {NO_MORE_LEAK: few, AS_MUCH_OFF: next(far, ascending[-1])}


def _lead(paper: Means, other: Means, name: str) -> float:
    """By how much another set is better in a number, by the measure in which that is less."""
    sign = LEADS[name]
    return min(float(sign * (number_of(other, name, end) - number_of(paper, name, end))) for end in MEASURES)


def leads(paper: Reverted, other: Reverted, seed: int) -> dict[str, float]:
    """What a method's set does, and by how much it is ahead of FAIG's, photos resampled jointly.

    Returns:
        ``switched_off`` and ``leak`` of the other set, and of each the lead ``..._ahead`` (more is switched off, less
        leaks); the four with ``_pixels`` before that too; all with 95% intervals.
    """
    row: dict[str, float] = {}
    for end in MEASURES:
        for name, sign in LEADS.items():

            def own(_: Means, second: Means, name: str = name, end: str = end) -> Any:
                return number_of(second, name, end)

            def ahead(first: Means, second: Means, name: str = name, end: str = end, sign: int = sign) -> Any:
                return sign * (number_of(second, name, end) - number_of(first, name, end))

            for statistic, column in ((own, f"{name}{end}"), (ahead, f"{name}{end}_ahead")):
                row |= estimate_of_sets(statistic, [paper, other], seed).columns(column)
    return row
