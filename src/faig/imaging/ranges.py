"""Steps of degradations whose levels are drawn anew for each patch: ``blur:0.5..3``."""

import dataclasses
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from faig.common.errors import InputError
from faig.imaging.degradation import parse_steps
from faig.imaging.steps import Step

RANGE = re.compile(r"([^:+]*?)\.\.([^:+]*)")


@dataclass(frozen=True)
class StepRange:
    """All steps of a kind between two, each argument uniformly by itself.

    Attributes:
        low: the step with the lowest of each argument.
        high: with the highest; the same step where nothing is drawn.
    """

    low: Step
    high: Step

    def __post_init__(self) -> None:
        """Refuse ranges that are the wrong way round, and such as hold what makes no sense."""
        for name in self.arguments:
            low, high = getattr(self.low, name), getattr(self.high, name)
            if low > high:
                raise InputError(f"{self.low.name()} {name}: {low:g}..{high:g} begins above its end")
            for between in range(low, high) if isinstance(low, int) else ():
                dataclasses.replace(self.low, **{name: between})

    @property
    def arguments(self) -> list[str]:
        """Those that are drawn."""
        names = (field.name for field in dataclasses.fields(self.low))
        return [name for name in names if getattr(self.low, name) != getattr(self.high, name)]

    def at(self, shares: Iterable[float]) -> Step:
        """The step at shares of the ranges in [0, 1), one for each argument that is drawn."""
        changes: dict[str, Any] = {}
        for name, share in zip(self.arguments, shares, strict=True):
            low, high = getattr(self.low, name), getattr(self.high, name)
            whole = isinstance(low, int)
            changes[name] = low + int(share * (high - low + 1)) if whole else low + share * (high - low)
        return dataclasses.replace(self.low, **changes)


def parse_ranges(spec: str) -> list[StepRange]:
    """The steps that a text names, an argument of which may be a range: ``blur:0.5..3+jpeg:30..95``.

    Raises:
        InputError: it cannot be read.
    """
    ends = [parse_steps(RANGE.sub(rf"\{end}", spec)) for end in (1, 2)]
    try:
        return list(itertools.starmap(StepRange, zip(*ends, strict=True)))
    except InputError as error:
        raise InputError(f"{spec!r}: {error}") from None
