"""The claims of the paper, and ours, held against the tables of a run.

Every function takes a table and returns a `Claim`, or None where the table does not speak of it. Thresholds are ours,
and written down in ``docs/report.md``.
"""

from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd

from faig.common.statistics import Estimate
from faig.report.claims import distribution as where
from faig.report.claims import prediction as further
from faig.report.claims.claim import (
    PAPER,
    Claim,
    Verdict,
    above_zero,
    at_one_percent,
    job,
    listed,
    sentences,
    together,
    whose,
    written,
)
from faig.report.rankings import own_method
from faig.results.comparison_tables import CONTESTS, EQUALS, SUMMARY
from faig.results.reader import Results
from faig.results.table import Table
from faig.results.tables import ACCURACY, DISTRIBUTION, GAINED, LEARNED, MODULATION, OVERLAPS, RESPONSES

CONTROLS = ("ig", "change", "random")  # the paper's
OFF, LEAK = 0.8, 0.1  # four fifths of the function gone, a tenth of its size changed elsewhere
PARTLY_OFF = 0.5  # more than half of it gone, and that at least twice what leaks
UP_TO_TARGET, BEYOND = 2.5, 5.0  # times an even share of the way from strength 0 to 1


def claims(results: Results) -> list[Claim]:
    """Every claim that the tables of a run speak of: the paper's, which are about FAIG, then ours."""
    method = own_method(results)
    extra = [] if method == PAPER else [partial(switches_off, method=method)]
    judges: dict[Table, Sequence[Callable[[pd.DataFrame], Claim | None]]] = {
        SUMMARY: [switches_off, *extra, partial(is_enough, method=method)],
        CONTESTS: [ahead, partial(better_than_each, champion=method)],
        EQUALS: [can_be_beaten],
        DISTRIBUTION: [where.at_the_back, where.less_even],
        OVERLAPS: [where.deeper],
        MODULATION: [smooth],
        ACCURACY: [further.predicts, further.beats_others],
        RESPONSES: [further.follows_level],
        GAINED: [further.places_matter],
    }
    made = [
        judge(rows)
        for table, of_table in judges.items()
        if (rows := results.table(table)) is not None and len(rows)
        for judge in of_table
    ]
    return sorted((claim for claim in made if claim is not None), key=lambda claim: claim.whose != "paper")


def switches_off(summary: pd.DataFrame, method: str = PAPER) -> Claim | None:
    """The paper's main claim, about its method or another."""
    rows, share = at_one_percent(summary[summary["method"] == method])
    if rows.empty or "leak" not in rows:  # images of one kind only
        return None

    def judged(off: float, leak: float, wrecked: str) -> Verdict:
        if wrecked:
            return Verdict.FAILS
        if off >= OFF and leak <= LEAK:
            return Verdict.HOLDS
        return Verdict.PARTLY if off >= PARTLY_OFF and leak <= off / 2 else Verdict.FAILS

    says = [
        f"{job(row['reverted'])} is switched off to {written(Estimate.of_row(row, 'switched_off'))} of the whole way, "
        f"and the most that leaks to another input is {written(Estimate.of_row(row, 'leak'))}"
        + (f"; but the network is wrecked: {row['wrecked']}" if row.get("wrecked") else "")
        for _, row in rows.iterrows()
    ]
    return Claim(
        f"Reverting {100 * share:.3g}% of the filters by {method} switches one function off and leaves the others as "
        "they are.",
        whose(method),
        together(judged(row["switched_off"], row["leak"], row.get("wrecked", "")) for _, row in rows.iterrows()),
        sentences(says),
        f"A function passes with switched off ≥ {OFF} and leak ≤ {LEAK}, and partly with switched off ≥ {PARTLY_OFF} "
        "and a leak of at most half of that; none where the network is wrecked. It holds where every function passes.",
    )


def is_enough(summary: pd.DataFrame, method: str = PAPER) -> Claim | None:
    """Whether a method's filters are enough to give the baseline the function."""
    rows, share = at_one_percent(summary[summary["method"] == method])
    if rows.empty:
        return None
    says = [
        f"{job(row['reverted'])} is switched on to {written(Estimate.of_row(row, 'switched_on'))} of the whole way"
        for _, row in rows.iterrows()
    ]
    verdicts = (
        Verdict.HOLDS if on >= OFF else Verdict.PARTLY if on >= PARTLY_OFF else Verdict.FAILS
        for on in rows["switched_on"]
    )
    return Claim(
        f"The same {100 * share:.3g}% of the filters by {method}, grafted onto the baseline, are enough to give it the "
        "function.",
        "ours",
        together(verdicts),
        sentences(says),
        f"A function passes with switched on ≥ {OFF}, partly with ≥ {PARTLY_OFF}.",
    )


def ahead(contests: pd.DataFrame) -> Claim | None:
    """Whether FAIG's filters have a larger effect than those of the paper's controls."""
    rows, share = at_one_percent(contests[(contests["champion"] == PAPER) & contests["method"].isin(CONTROLS)])
    if rows.empty:
        return None
    leads = [
        (above_zero(lead := Estimate.of_row(row, "effect")), lead, f"{row['method']} on {job(row['reverted'])}")
        for _, row in rows.iterrows()
    ]
    by_verdict = {v: [(lead, name) for verdict, lead, name in leads if verdict is v] for v in Verdict}
    parts = []
    if wins := by_verdict[Verdict.HOLDS]:
        lead, name = min(wins, key=lambda win: win[0].value)
        parts.append(
            f"ahead in {len(wins)} of {len(leads)} contests, by the least against {name}: {written(lead, True)}"
        )
    for verdict, words in ((Verdict.FAILS, "behind"), (Verdict.OPEN, "not told apart from")):
        parts += [f"{words} {name}: {written(lead, True)}" for lead, name in by_verdict[verdict]]
    return Claim(
        f"FAIG's {100 * share:.3g}% change their own degradation more than those of {listed(rows['method'])}.",
        "paper",
        together(verdict for verdict, _, _ in leads),
        sentences(parts),
        "The numbers are differences of effect, images resampled jointly. Ahead of a control: the interval is above 0. "
        "It holds where FAIG is ahead of every control on every function.",
    )


def better_than_each(contests: pd.DataFrame, champion: str = PAPER) -> Claim | None:
    """Whether a champion beats every method by switched off and leak; a large effect can also mean a wrecked image."""
    rows = contests[(contests["champion"] == champion) & ~contests["method"].str.startswith(LEARNED)]
    rows, share = at_one_percent(rows)
    if rows.empty:
        return None
    names: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
    for _, row in rows.iterrows():
        off, leak = Estimate.of_row(row, "switched_off"), Estimate.of_row(row, "leak")
        better, worse = off.low > 0 or leak.high < 0, off.high < 0 or leak.low > 0
        verdict = {
            (True, True): Verdict.PARTLY,
            (True, False): Verdict.HOLDS,
            (False, True): Verdict.FAILS,
            (False, False): Verdict.OPEN,
        }[better, worse]
        against = f"{row['method']} on {job(row['reverted'])}"
        if verdict is Verdict.FAILS:
            against += f": switched off {written(off, True)}, leak {written(leak, True)}"
        names[verdict].append(against)
    words = {Verdict.HOLDS: "better than", Verdict.PARTLY: "better in one and worse in the other than"}
    parts = [f"{said} {listed(names[verdict])}" for verdict, said in words.items() if names[verdict]]
    parts += [f"worse than {against}" for against in names[Verdict.FAILS]]
    parts += [f"not told apart from {listed(rivals)}" for rivals in [names[Verdict.OPEN]] if rivals]
    return Claim(
        f"At {100 * share:.3g}% no method switches a function off further than {champion}, or leaks less, without "
        "paying for it.",
        "ours",
        together(verdict for verdict, against in names.items() if against),
        sentences(parts),
        "Better than a method: the interval of the difference in switched off is above 0, or that in leak below 0, and "
        f"neither is clearly worse. It holds where {champion} is better than every method on every function.",
    )


def can_be_beaten(equals: pd.DataFrame) -> Claim | None:
    """Whether one method beats FAIG at equal terms; learned masks are left out."""
    rows = equals[~equals["method"].str.startswith(LEARNED)]
    by_method: dict[str, tuple[Verdict, list[str]]] = {}
    for method, group in rows.groupby("method", sort=False):
        verdicts, parts = [], []
        for _, row in group.iterrows():
            off, less = Estimate.of_row(row, "switched_off_ahead"), Estimate.of_row(row, "leak_ahead")
            verdicts += [above_zero(off), above_zero(less)]
            parts.append(
                f"{method} on {job(row['reverted'])}: switched off {written(off, True)} with no more leak, "
                f"leak less by {written(less, True)} where it switches off as much"
            )
        by_method[str(method)] = together(verdicts), parts
    if not by_method:
        return None
    best = max(by_method, key=lambda method: _most_ahead(rows[rows["method"] == method]))
    verdict, parts = by_method[best]
    winners = [method for method, (outcome, _) in by_method.items() if outcome is Verdict.HOLDS and method != best]
    more = [f"also ahead in all of this: {listed(winners)}"] if winners else []
    return Claim(
        "FAIG can be beaten: by a method that switches off more where it leaks no more, and leaks less where it "
        "switches off as much.",
        "ours",
        verdict,
        sentences([*parts, *more]),
        "The best of the other methods at equal terms, with at most 1% of the filters for the first number. It holds "
        "where the intervals of both differences are above 0 for every function, by one method.",
    )


def _most_ahead(rows: pd.DataFrame) -> tuple[float, float]:
    """The key to choose a method by: how many of its differences are surely above 0, then their sum."""
    names = ("switched_off_ahead", "leak_ahead")
    return float((rows[[f"{name}_low" for name in names]] > 0).sum().sum()), float(rows[list(names)].sum().sum())


def smooth(modulation: pd.DataFrame) -> Claim | None:
    """Whether the strength of a function can be turned without jumps."""
    parts: list[str] = []
    verdicts: list[Verdict] = []
    for functions, group in modulation.groupby("functions", sort=False):
        rows = group[group["input"].isin(str(functions).split("+"))]
        for kind, line in rows.groupby("input", sort=False):
            line = line.sort_values("strength")
            even = line["step_share"] / line["strength"].diff()
            to_target, beyond = even[line["strength"] <= 1].max(), even[line["strength"] > 1].max()
            passed = [to_target <= UP_TO_TARGET] + ([] if pd.isna(beyond) else [beyond <= BEYOND])
            verdicts += [Verdict.HOLDS if all(passed) else Verdict.PARTLY if passed[0] else Verdict.FAILS]
            psnr = line.set_index("strength")["psnr"]
            past: str = "" if pd.isna(beyond) else f", {beyond:.2g} beyond"
            parts.append(
                f"{job(str(functions))} on {kind}: the steepest step up to 1 is {to_target:.2g} times an even one"
                f"{past}; PSNR from {psnr[0.0]:.2f} dB (off) to {psnr[1.0]:.2f} dB (the target)"
            )
    if not parts:
        return None
    return Claim(
        "The strength of a function can be turned like a knob, without jumps.",
        "paper",
        together(verdicts),
        sentences(parts),
        f"No step up to strength 1 changes an image by more than {UP_TO_TARGET} times its even share of the way from 0 "
        f"to 1 (a tenth of the way: a quarter of the change), and none beyond by more than {BEYOND:g} times.",
    )
