"""What a claim is, and how a verdict comes from numbers with intervals."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pandas as pd

from faig.common.statistics import Estimate


class Verdict(StrEnum):
    """What a run says about a claim."""

    HOLDS = "holds"
    PARTLY = "holds partly"
    FAILS = "does not hold"
    OPEN = "cannot be told"


@dataclass(frozen=True)
class Claim:
    """A claim, and what a run says about it.

    Attributes:
        claim: a plain sentence, as its maker would say it.
        whose: ``paper`` or ``ours``.
        verdict: by the rule.
        says: what the run says: plain sentences with numbers and intervals.
        rule: when it holds, and when only partly.
    """

    claim: str
    whose: str
    verdict: Verdict
    says: tuple[str, ...]
    rule: str


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of several: all the same, or partly where some hold; what cannot be told holds nothing up."""
    found = set(verdicts)
    if len(found) == 1:
        return found.pop()
    return Verdict.PARTLY if found & {Verdict.HOLDS, Verdict.PARTLY} else Verdict.FAILS


def above_zero(found: Estimate) -> Verdict:
    """Holds where the whole interval is above 0, does not where it is below, cannot be told where it has both."""
    if found.low > 0:
        return Verdict.HOLDS
    return Verdict.FAILS if found.high < 0 else Verdict.OPEN


def at_one_percent(table: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """The rows of 1%, or where there are none of the smallest proportion; and which it is."""
    shares = sorted(table["proportion"].unique(), key=lambda share: (abs(share - 0.01) > 1e-9, share))
    if not shares:
        return table, math.nan
    return table[table["proportion"] == shares[0]], float(shares[0])


def estimate_of(row: "pd.Series[Any]", name: str) -> Estimate:
    """A number of a table with its interval, from ``name``, ``name_low`` and ``name_high``."""
    return Estimate(*(float(row[column]) for column in interval_columns(name)))


def interval_columns(name: str) -> tuple[str, str, str]:
    """The columns of a number with an interval."""
    return name, f"{name}_low", f"{name}_high"


def told(found: Estimate, sign: bool = False) -> str:
    """``0.974 [0.961, 0.983]``; without an interval where there is none (one image)."""
    value = f"{found.value:+.3g}" if sign else f"{found.value:.3g}"
    interval = "" if pd.isna(found.low) else f" [{found.low:.3g}, {found.high:.3g}]"
    return (value + interval).replace("-", "−")


def job(kind: str) -> str:
    """The function that removes a degradation, as people call it."""
    names = {"blur": "deblurring", "noise": "denoising", "jpeg": "deblocking"}
    return " and ".join(names.get(part, part) for part in kind.split("+"))


def listed(names: Iterable[str]) -> str:
    """``a, b and c``."""
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last


def sentences(texts: Iterable[str]) -> tuple[str, ...]:
    """Each with a capital letter and a full stop."""
    return tuple(f"{text[:1].upper()}{text[1:]}." for text in texts)
