"""What a claim is, and how a verdict comes from numbers with intervals."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from faig.attribution.methods import PAPER
from faig.attribution.options import TOP
from faig.common.statistics import Estimate, Row
from faig.intervention.comparison import MEASURES


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


def whose(method: str) -> str:
    """Whose a claim of the paper is, made about a method's filters."""
    return "paper" if method == PAPER else "ours"


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict of several: all the same, or partly where some hold; what cannot be told holds nothing up."""
    different = set(verdicts)
    if len(different) == 1:
        return different.pop()
    return Verdict.PARTLY if different & {Verdict.HOLDS, Verdict.PARTLY} else Verdict.FAILS


def worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    """What holds by every measure: not, where it does not by one; partly, where it does only partly by one."""
    different = set(verdicts)
    return next(
        verdict for verdict in (Verdict.FAILS, Verdict.OPEN, Verdict.PARTLY, Verdict.HOLDS) if verdict in different
    )


def above_zero(estimate: Estimate) -> Verdict:
    """Holds where the whole interval is above 0, does not where it is below, cannot be told where it has both."""
    if estimate.low > 0:
        return Verdict.HOLDS
    return Verdict.FAILS if estimate.high < 0 else Verdict.OPEN


def at_one_percent(table: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """The rows of 1%, or where there are none of the smallest proportion; and which it is."""
    shares = sorted(table["proportion"].unique(), key=lambda share: (abs(share - TOP) > 1e-9, share))
    if not shares:
        return table, math.nan
    return table[table["proportion"] == shares[0]], float(shares[0])


def written(estimate: Estimate, sign: bool = False) -> str:
    """``0.974 [0.961, 0.983]``; without an interval where there is none (one image)."""
    value = f"{estimate.value:+.3g}" if sign else f"{estimate.value:.3g}"
    interval = "" if pd.isna(estimate.low) else f" [{estimate.low:.3g}, {estimate.high:.3g}]"
    return (value + interval).replace("-", "−")


def in_both(row: Row, name: str, sign: bool = False, end: str = "") -> str:
    """A number of a row in gradient maps and in pixels; its columns are ``name``, the measure, ``end``."""
    maps, pixels = (written(Estimate.of_row(row, f"{name}{measure}{end}"), sign) for measure in MEASURES)
    return f"{maps} in gradient maps and {pixels} in pixels"


def decibels(difference: float) -> str:
    """A difference in dB: ``−0.21 dB``."""
    return f"{difference:+.2f} dB".replace("-", "−")


def job(kind: str) -> str:
    """The function that removes a degradation, as people call it."""
    names = {"blur": "deblurring", "noise": "denoising", "jpeg": "deblocking"}
    return " and ".join(names.get(part, part) for part in kind.split("+"))


def listed(names: Iterable[str]) -> str:
    """Names joined as ``a, b and c``."""
    *first, last = dict.fromkeys(names)
    return f"{', '.join(first)} and {last}" if first else last


def sentences(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts as sentences, each with a capital letter and a full stop."""
    return tuple(f"{text[:1].upper()}{text[1:]}." for text in texts)
