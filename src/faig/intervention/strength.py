"""An even knob (ours): strengths at which what a function does to images grows in equal steps.

The weights of a function move evenly with its strength; images do not: most of what a function does can happen within
a short stretch of strengths. A sweep has measured where.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from faig.common.errors import InputError


@dataclass(frozen=True)
class Knob:
    """How far images have changed at each strength.

    Attributes:
        strengths: ascending, 0 and 1 among them.
        shares: length of the way that outputs went from strength 0, in units of that from 0 to 1; ascending.
    """

    strengths: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, strengths: Sequence[float], steps: Sequence[float]) -> "Knob":
        """The knob that measured steps make.

        Args:
            strengths: ascending, 0 and 1 among them.
            steps: how far outputs are from those at the strength before; the first says nothing.

        Raises:
            InputError: 0 or 1 is missing, they do not ascend, or a step changes nothing.
        """
        if not {0.0, 1.0} <= set(strengths):
            raise InputError("an even knob needs the strengths 0 and 1")
        for (before, strength), step in zip(itertools.pairwise(strengths), steps[1:], strict=True):
            if not (strength > before and step > 0):
                raise InputError(f"from strength {before:g} to {strength:g} images do not change: no even knob")
        gone = np.cumsum([0.0, *steps[1:]])
        off, on = (gone[list(strengths).index(end)] for end in (0.0, 1.0))
        return cls(tuple(strengths), tuple(((gone - off) / (on - off)).tolist()))

    def strength(self, share: float) -> float:
        """The strength at which images have gone this share of the way: 0 is off, 1 the target; linear in between.

        Raises:
            InputError: that far was not measured.
        """
        if not self.shares[0] <= share <= self.shares[-1]:
            raise InputError(
                f"{share:g} of the way was not measured, only {self.shares[0]:.3g} to {self.shares[-1]:.3g}"
            )
        return float(np.interp(share, self.shares, self.strengths))


def read_knob(table: Path, function: str) -> Knob:
    """The knob in the ``modulation.csv`` of ``faig sweep``: of the function on images with its own degradation.

    Raises:
        InputError: the table cannot be read, or the function was not turned by itself there on such images.
    """
    try:
        rows = pd.read_csv(table)
        rows = rows[(rows["functions"] == function) & (rows["input"] == function)].sort_values("strength")
        strengths, steps = rows["strength"].tolist(), rows["step"].tolist()
    except (OSError, KeyError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise InputError(f"{table}: is no table of faig sweep: {error}") from None
    if not strengths:
        raise InputError(f"{table}: {function!r} was not turned by itself there, on images with that degradation")
    try:
        return Knob.of(strengths, steps)
    except InputError as error:
        raise InputError(f"{table}: {function}: {error}") from None
