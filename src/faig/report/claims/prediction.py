"""Claims about prediction of degradations, and about retraining the found places."""

import math
import re

import pandas as pd

from faig.common.statistics import Estimate
from faig.report.claims.claim import (
    Claim,
    Verdict,
    above_zero,
    job,
    listed,
    sentences,
    together,
    written,
)

TWO, WITH_CLEAN, NEARLY = 0.99, 0.95, 0.9  # shares of right answers
FOLLOWS, ROUGHLY = 0.8, 0.5  # rank correlations


def predicts(accuracy: pd.DataFrame) -> Claim | None:
    """How often the predictor (the first in the table) is right, where an image has one degradation at most."""
    rows = accuracy[accuracy["predictor"] == accuracy["predictor"].iloc[0]]
    verdicts, parts = [], []
    for _, row in rows.iterrows():
        classes = _classes(row["classes"])
        several = any("+" in name for name in classes)
        needed = WITH_CLEAN if "clean" in classes else TWO
        if not several:
            right = float(row["accuracy"])
            passed = Verdict.HOLDS if right >= needed else Verdict.PARTLY if right >= NEARLY else Verdict.FAILS
            verdicts.append(Verdict.OPEN if math.isnan(right) else passed)
        parts.append(f"{listed(classes)}: {_percent(Estimate.of_row(row, 'accuracy'))} right")
    if not verdicts:
        return None
    return Claim(
        "What reverting filters does to an image tells which degradation it has.",
        "paper",
        together(verdicts),
        sentences(parts),
        f"Passes with {TWO:.0%} right among degradations alone and {WITH_CLEAN:.0%} with clean images; partly "
        f"from {NEARLY:.0%}. Several degradations at once are reported, not judged.",
    )


def beats_others(accuracy: pd.DataFrame) -> Claim | None:
    """Whether the first predictor beats image statistics, random filters and whatever else the table has."""
    first = accuracy["predictor"].iloc[0]
    verdicts: list[Verdict] = []
    parts: list[str] = []
    for classes, group in accuracy.groupby("classes", sort=False):
        by_predictor = {str(row["predictor"]): Estimate.of_row(row, "accuracy") for _, row in group.iterrows()}
        mine = by_predictor.pop(first, None)
        if mine is None or not by_predictor:
            continue
        by_name = {name: _apart(mine, rival) for name, rival in by_predictor.items()}
        verdicts += by_name.values()
        words = {Verdict.HOLDS: "ahead of", Verdict.FAILS: "behind", Verdict.OPEN: "not told apart from"}
        against = (f"{words[by_name[name]]} {name} ({_percent(rival)})" for name, rival in by_predictor.items())
        parts.append(f"{listed(_classes(classes))}: {_percent(mine)} right, {', '.join(against)}")
    if not parts:
        return None
    return Claim(
        "The found filters predict degradations better than simple statistics and than random filters do.",
        "ours",
        together(verdicts),
        sentences(parts),
        "Ahead: the 95% intervals (Wilson's) of the two shares of right answers are apart.",
    )


def follows_level(responses: pd.DataFrame) -> Claim | None:
    """Whether the response grows with the level."""
    ranks = {str(row["degradation"]): Estimate.of_row(row, "rank_correlation") for _, row in responses.iterrows()}
    return Claim(
        "The stronger the degradation, the more its filters respond.",
        "paper",
        together(Verdict.OPEN if math.isnan(r.value) else _follows(r.value) for r in ranks.values()),
        sentences(f"rank correlation of response and level, {kind}: {written(r)}" for kind, r in ranks.items()),
        f"Within each image, the mean over images. Passes with at least {FOLLOWS}, partly from {ROUGHLY}.",
    )


def _follows(rank: float) -> Verdict:
    return Verdict.HOLDS if rank >= FOLLOWS else Verdict.PARTLY if rank >= ROUGHLY else Verdict.FAILS


def places_matter(gained: pd.DataFrame) -> Claim | None:
    """Whether retraining the found filters (the first choice in the table) beats every other choice."""
    verdicts, parts = [], []
    for function, group in gained.groupby("function", sort=False):
        mine, rivals = group.iloc[0], group.iloc[1:]
        for _, row in rivals.iterrows():
            lead = Estimate.of_row(row, "found_ahead")
            verdicts.append(above_zero(lead))
            parts.append(
                f"{job(str(function))}: {mine['trainable']} gain {written(Estimate.of_row(mine, 'gain'))} dB, "
                f"{written(lead, sign=True)} dB more than {row['trainable']}"
            )
    if not parts:
        return None
    return Claim(
        "Where the found filters are matters: retrained alone, they teach the baseline more than as many others.",
        "paper",
        together(verdicts),
        sentences(parts),
        "By PSNR on the function's degradation, photos resampled jointly: the interval of the lead is above 0.",
    )


def _apart(mine: Estimate, rival: Estimate) -> Verdict:
    return Verdict.HOLDS if mine.low > rival.high else Verdict.FAILS if mine.high < rival.low else Verdict.OPEN


def _classes(text: object) -> list[str]:
    return [part for part in re.split(r"[,;\s]+", str(text)) if part]


def _percent(estimate: Estimate) -> str:
    interval = "" if pd.isna(estimate.low) else f" [{estimate.low:.1%}, {estimate.high:.1%}]"
    return f"{estimate.value:.1%}{interval}"
