"""The claims of the paper, and ours, held against the tables of a run.

Every function takes a table and returns a `Claim`, or None where the table does not speak of it. Thresholds are ours,
and written down in ``docs/report.md``.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd

from faig.attribution.methods import PAPER
from faig.common.statistics import Estimate
from faig.imaging.cases import CLEAN
from faig.intervention.comparison import MEASURES
from faig.report.claims import distribution as where
from faig.report.claims import prediction as further
from faig.report.claims.claim import (
    Claim,
    Verdict,
    above_zero,
    at_one_percent,
    decibels,
    in_both,
    job,
    listed,
    sentences,
    together,
    whose,
    worst_of,
    written,
)
from faig.report.claims.equal_terms import can_be_beaten
from faig.report.claims.modulation import smooth
from faig.report.rankings import own_method
from faig.results.comparison_tables import DIFFERENCES, EQUAL_TERMS, SUMMARY
from faig.results.reader import Results
from faig.results.table import Table
from faig.results.tables import ACCURACY, DISTRIBUTION, GAINED, LEARNED, MODULATION, OVERLAPS, RESPONSES

CONTROLS = ("ig", "change", "random")  # the paper's
OFF, LEAK = 0.8, 0.1  # four fifths of the function gone, a tenth of its size changed elsewhere
PARTLY_OFF = 0.5  # more than half of it gone, and that at least twice what leaks


def claims(results: Results) -> list[Claim]:
    """Every claim that the tables of a run speak of: the paper's, which are about FAIG, then ours."""
    method = own_method(results)
    extra = [] if method == PAPER else [partial(switches_off, method=method)]
    speak_of: dict[Table, Sequence[Callable[[pd.DataFrame], Claim | None]]] = {
        SUMMARY: [switches_off, *extra, partial(is_enough, method=method)],
        DIFFERENCES: [ahead, partial(better_than_each, method=method)],
        EQUAL_TERMS: [can_be_beaten],
        DISTRIBUTION: [where.at_the_back, where.less_even],
        OVERLAPS: [where.deeper],
        MODULATION: [smooth],
        ACCURACY: [further.predicts, further.beats_others],
        RESPONSES: [further.follows_level],
        GAINED: [further.places_matter],
    }
    made = [
        claim_of(rows)
        for table, of_table in speak_of.items()
        if (rows := results.table(table)) is not None and len(rows)
        for claim_of in of_table
    ]
    return sorted((claim for claim in made if claim is not None), key=lambda claim: claim.whose != "paper")


def switches_off(summary: pd.DataFrame, method: str = PAPER) -> Claim | None:
    """The paper's main claim, about its method or another; by both measures."""
    rows, share = at_one_percent(summary[summary["method"] == method])
    if rows["leak"].isna().all():  # images of one kind only
        return None

    def verdict_of(off: float, leak: float) -> Verdict:
        if math.isnan(off + leak):
            return Verdict.OPEN
        if off >= OFF and leak <= LEAK:
            return Verdict.HOLDS
        return Verdict.PARTLY if off >= PARTLY_OFF and leak <= off / 2 else Verdict.FAILS

    def of_both(row: "pd.Series[Any]") -> Verdict:
        if row["wrecked"]:
            return Verdict.FAILS
        return worst_of(verdict_of(row[f"switched_off{end}"], row[f"leak{end}"]) for end in MEASURES)

    says = [
        f"{job(row['reverted'])} is switched off to {in_both(row, 'switched_off')} of the whole way, "
        f"and the most that leaks to another input is {in_both(row, 'leak')}; {_lost(row)}"
        + (f"; but the network is wrecked: {row['wrecked']}" if row["wrecked"] else "")
        for _, row in rows.iterrows()
    ]
    return Claim(
        f"Reverting {100 * share:.3g}% of the filters by {method} switches one function off and leaves the others as "
        "they are.",
        whose(method),
        together(of_both(row) for _, row in rows.iterrows()),
        sentences(says),
        f"A function passes with switched off ≥ {OFF} and leak ≤ {LEAK}, and partly with switched off ≥ {PARTLY_OFF} "
        "and a leak of at most half of that, each in gradient maps and in pixels; none where the network is wrecked. "
        "It holds where every function passes. What other inputs lose is said in dB.",
    )


def _lost(row: "pd.Series[Any]") -> str:
    """What the other input that loses most loses in dB, and the worst image of all."""
    kind = row["loses_most"]
    images = "clean images" if kind == CLEAN else f"images with {kind}"
    return (
        f"on {images} PSNR changes by {decibels(row['psnr_elsewhere'])} on average, "
        f"on the worst image of another input by {decibels(row['psnr_elsewhere_worst'])}"
    )


def is_enough(summary: pd.DataFrame, method: str = PAPER) -> Claim | None:
    """Whether a method's filters are enough to give the baseline the function; by both measures."""
    rows, share = at_one_percent(summary[summary["method"] == method])
    if rows.empty:
        return None

    def verdict_of(on: float) -> Verdict:
        if math.isnan(on):
            return Verdict.OPEN
        return Verdict.HOLDS if on >= OFF else Verdict.PARTLY if on >= PARTLY_OFF else Verdict.FAILS

    return Claim(
        f"The same {100 * share:.3g}% of the filters by {method}, grafted onto the baseline, are enough to give it the "
        "function.",
        "ours",
        together(worst_of(verdict_of(row[f"switched_on{end}"]) for end in MEASURES) for _, row in rows.iterrows()),
        sentences(
            f"{job(row['reverted'])} is switched on to {in_both(row, 'switched_on')} of the whole way"
            for _, row in rows.iterrows()
        ),
        f"A function passes with switched on ≥ {OFF}, partly with ≥ {PARTLY_OFF}, in gradient maps and in pixels.",
    )


def ahead(differences: pd.DataFrame) -> Claim | None:
    """Whether FAIG's filters have a larger effect than those of the paper's controls."""
    of_paper = differences[differences["method"] == PAPER]
    rows, share = at_one_percent(of_paper[of_paper["other_method"].isin(CONTROLS)])
    if rows.empty:
        return None
    leads = [
        (above_zero(lead := Estimate.of_row(row, "effect")), lead, f"{row['other_method']} on {job(row['reverted'])}")
        for _, row in rows.iterrows()
    ]
    by_verdict = {v: [(lead, name) for verdict, lead, name in leads if verdict is v] for v in Verdict}
    parts = []
    if wins := by_verdict[Verdict.HOLDS]:
        lead, name = min(wins, key=lambda win: win[0].value)
        parts.append(
            f"ahead in {len(wins)} of {len(leads)} comparisons, by the least against {name}: {written(lead, True)}"
        )
    for verdict, words in ((Verdict.FAILS, "behind"), (Verdict.OPEN, "not told apart from")):
        parts += [f"{words} {name}: {written(lead, True)}" for lead, name in by_verdict[verdict]]
    return Claim(
        f"FAIG's {100 * share:.3g}% change their own degradation more than those of {listed(rows['other_method'])}.",
        "paper",
        together(verdict for verdict, _, _ in leads),
        sentences(parts),
        "The numbers are differences of effect, photos resampled jointly. Ahead of a control: the interval is above 0. "
        "It holds where FAIG is ahead of every control on every function.",
    )


def better_than_each(differences: pd.DataFrame, method: str = PAPER) -> Claim | None:
    """Whether a method beats every other one by switched off and leak; a large effect can also mean a wrecked image."""
    rows = differences[(differences["method"] == method) & ~differences["other_method"].str.startswith(LEARNED)]
    rows, share = at_one_percent(rows)
    if rows.empty:
        return None
    names: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
    for _, row in rows.iterrows():
        verdict = _better(row)
        against = f"{row['other_method']} on {job(row['reverted'])}"
        if verdict is Verdict.FAILS:
            against += f": switched off {in_both(row, 'switched_off', True)}, leak {in_both(row, 'leak', True)}"
        names[verdict].append(against)
    words = {Verdict.HOLDS: "better than", Verdict.PARTLY: "better in one and worse in the other than"}
    parts = [f"{phrase} {listed(names[verdict])}" for verdict, phrase in words.items() if names[verdict]]
    parts += [f"worse than {against}" for against in names[Verdict.FAILS]]
    parts += [f"not told apart by both measures from {listed(rivals)}" for rivals in [names[Verdict.OPEN]] if rivals]
    return Claim(
        f"At {100 * share:.3g}% no method switches a function off further than {method}, or leaks less, without "
        "paying for it.",
        "ours",
        together(verdict for verdict, against in names.items() if against),
        sentences(parts),
        "Better than a method: in gradient maps and in pixels, the interval of the difference in switched off is above "
        "0, or that in leak below 0, and nothing is clearly worse by either measure. It holds where "
        f"{method} is better than every method on every function.",
    )


def _better(row: "pd.Series[Any]") -> Verdict:
    """Whether a method is better by both measures and worse by none, from the differences."""
    better, worse = [], []
    for end in MEASURES:
        off, leak = Estimate.of_row(row, f"switched_off{end}"), Estimate.of_row(row, f"leak{end}")
        better.append(off.low > 0 or leak.high < 0)
        worse.append(off.high < 0 or leak.low > 0)
    if any(worse):
        return Verdict.PARTLY if any(better) else Verdict.FAILS
    return Verdict.HOLDS if all(better) else Verdict.OPEN
