"""The claims of the paper, and ours, held against the tables of a run.

Every function takes a table and returns a `Claim`, or None where the table does not speak of it. Thresholds are ours,
and written down in ``docs/report.md``.
"""

import math
from collections.abc import Callable, Sequence

import pandas as pd

from faig.experiment.reference import LEARNED
from faig.report import claims_prediction as further
from faig.report.claim import (
    Claim,
    Verdict,
    above_zero,
    estimate_of,
    interval_columns,
    job,
    listed,
    sentences,
    together,
    told,
)
from faig.report.results import Results

CHAMPION = "faig"
CONTROLS = ("ig", "change", "random")  # the paper's
OFF, LEAK = 0.8, 0.1  # four fifths of the function gone, a tenth of its size changed elsewhere
PARTLY_OFF = 0.5  # more than half of it gone, and that at least twice what leaks
UP_TO_TARGET, BEYOND = 2.5, 5.0  # times an even share of the way from strength 0 to 1

SUMMARY = ("method", "reverted", "proportion", *interval_columns("switched_off"), *interval_columns("switched_on"))
CONTESTS = (
    *("reverted", "proportion", "method"),
    *(column for name in ("effect", "switched_off", "leak") for column in interval_columns(name)),
)
OVERLAPS = ("function", "other", "proportion", *interval_columns("deeper"))
DEPTHS = ("function", "proportion", "depth_of_all", *interval_columns("depth"), *interval_columns("unevenness"))
MODULATION = ("functions", "input", "strength", "psnr", "step_share")


def claims(results: Results) -> list[Claim]:
    """Every claim that the tables of a run speak of: the paper's, then ours."""
    told_of: list[tuple[str, Sequence[str], Sequence[Callable[[pd.DataFrame], Claim | None]]]] = [
        ("summary.csv", SUMMARY, [switches_off, is_enough]),
        ("contests.csv", CONTESTS, [ahead, better_than_each]),
        ("distribution.csv", DEPTHS, [at_the_back, less_even]),
        ("overlaps.csv", OVERLAPS, [deeper]),
        ("modulation.csv", MODULATION, [smooth]),
        ("accuracy.csv", further.ACCURACY, [further.predicts, further.beats_others]),
        ("responses.csv", further.RESPONSES, [further.follows_level]),
        ("gained.csv", further.GAINED, [further.places_matter]),
    ]
    found = []
    for name, columns, judges in told_of:
        table = results.table(name, columns)
        if table is not None and len(table):
            found += [claim for judge in judges if (claim := judge(table)) is not None]
    return sorted(found, key=lambda claim: claim.whose != "paper")


def at_one_percent(table: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """The rows of 1%, or where there are none of the smallest proportion; and which it is."""
    shares = sorted(table["proportion"].unique(), key=lambda share: (abs(share - 0.01) > 1e-9, share))
    if not shares:
        return table, math.nan
    return table[table["proportion"] == shares[0]], float(shares[0])


def switches_off(summary: pd.DataFrame) -> Claim | None:
    """The paper's main claim."""
    rows, share = at_one_percent(summary[summary["method"] == CHAMPION])
    if rows.empty or "leak" not in rows:  # images of one kind only
        return None

    def judged(off: float, leak: float) -> Verdict:
        if off >= OFF and leak <= LEAK:
            return Verdict.HOLDS
        return Verdict.PARTLY if off >= PARTLY_OFF and leak <= off / 2 else Verdict.FAILS

    says = [
        f"{job(row['reverted'])} is switched off to {told(estimate_of(row, 'switched_off'))} of the whole way, "
        f"and the most that leaks to another input is {told(estimate_of(row, 'leak'))}"
        for _, row in rows.iterrows()
    ]
    return Claim(
        f"Reverting {100 * share:.3g}% of the filters switches one function off and leaves the others as they are.",
        "paper",
        together(judged(row["switched_off"], row["leak"]) for _, row in rows.iterrows()),
        sentences(says),
        f"A function passes with switched off ≥ {OFF} and leak ≤ {LEAK}, and partly with switched off ≥ {PARTLY_OFF} "
        "and a leak of at most half of that. It holds where every function passes.",
    )


def is_enough(summary: pd.DataFrame) -> Claim | None:
    """Sufficiency."""
    rows, share = at_one_percent(summary[summary["method"] == CHAMPION])
    if rows.empty:
        return None
    says = [
        f"{job(row['reverted'])} is switched on to {told(estimate_of(row, 'switched_on'))} of the whole way"
        for _, row in rows.iterrows()
    ]
    verdicts = (
        Verdict.HOLDS if on >= OFF else Verdict.PARTLY if on >= PARTLY_OFF else Verdict.FAILS
        for on in rows["switched_on"]
    )
    return Claim(
        f"The same {100 * share:.3g}% of the filters, grafted onto the baseline, are enough to give it the function.",
        "ours",
        together(verdicts),
        sentences(says),
        f"A function passes with switched on ≥ {OFF}, partly with ≥ {PARTLY_OFF}.",
    )


def ahead(contests: pd.DataFrame) -> Claim | None:
    """The paper's comparison, by its own measure."""
    rows, share = at_one_percent(contests[contests["method"].isin(CONTROLS)])
    if rows.empty:
        return None
    found = [
        (above_zero(lead := estimate_of(row, "effect")), lead, f"{row['method']} on {job(row['reverted'])}")
        for _, row in rows.iterrows()
    ]
    by_verdict = {v: [(lead, name) for verdict, lead, name in found if verdict is v] for v in Verdict}
    parts = []
    if wins := by_verdict[Verdict.HOLDS]:
        lead, name = min(wins, key=lambda win: win[0].value)
        parts.append(f"ahead in {len(wins)} of {len(found)} contests, by the least against {name}: {told(lead, True)}")
    for verdict, words in ((Verdict.FAILS, "behind"), (Verdict.OPEN, "not told apart from")):
        parts += [f"{words} {name}: {told(lead, True)}" for lead, name in by_verdict[verdict]]
    return Claim(
        f"FAIG's {100 * share:.3g}% change their own degradation more than those of {listed(rows['method'])}.",
        "paper",
        together(verdict for verdict, _, _ in found),
        sentences(parts),
        "The numbers are differences of effect, images resampled jointly. Ahead of a control: the interval is above 0. "
        "It holds where FAIG is ahead of every control on every function.",
    )


def better_than_each(contests: pd.DataFrame) -> Claim | None:
    """Switched off and leak together: a large effect can also mean a wrecked image. Learned masks are no methods."""
    rows, share = at_one_percent(contests[~contests["method"].str.startswith(LEARNED)])
    if rows.empty:
        return None
    names: dict[Verdict, list[str]] = {verdict: [] for verdict in Verdict}
    for _, row in rows.iterrows():
        off, leak = estimate_of(row, "switched_off"), estimate_of(row, "leak")
        better, worse = off.low > 0 or leak.high < 0, off.high < 0 or leak.low > 0
        verdict = {
            (True, True): Verdict.PARTLY,
            (True, False): Verdict.HOLDS,
            (False, True): Verdict.FAILS,
            (False, False): Verdict.OPEN,
        }[better, worse]
        against = f"{row['method']} on {job(row['reverted'])}"
        if verdict is Verdict.FAILS:
            against += f": switched off {told(off, True)}, leak {told(leak, True)}"
        names[verdict].append(against)
    words = {Verdict.HOLDS: "better than", Verdict.PARTLY: "better in one and worse in the other than"}
    parts = [f"{said} {listed(names[verdict])}" for verdict, said in words.items() if names[verdict]]
    parts += [f"worse than {against}" for against in names[Verdict.FAILS]]
    parts += [f"not told apart from {listed(some)}" for some in [names[Verdict.OPEN]] if some]
    return Claim(
        f"At {100 * share:.3g}% no other method switches a function off further, or leaks less, without paying for it.",
        "ours",
        together(verdict for verdict, some in names.items() if some),
        sentences(parts),
        "Better than a method: the interval of the difference in switched off is above 0, or that in leak below 0, and "
        "neither is clearly worse. It holds where FAIG is better than every method on every function.",
    )


def at_the_back(depths: pd.DataFrame) -> Claim | None:
    """Of deblurring."""
    rows, share = at_one_percent(depths[depths["function"] == "blur"])
    if rows.empty:
        return None
    row = rows.iloc[0]
    depth, usual = estimate_of(row, "depth"), float(row["depth_of_all"])
    verdict = Verdict.HOLDS if depth.low > usual else Verdict.FAILS if depth.high < usual else Verdict.OPEN
    return Claim(
        "Deblurring filters sit toward the back of the network.",
        "paper",
        verdict,
        sentences(
            [
                f"the mean depth of the top {100 * share:.3g}% is {told(depth)}, that of all filters {usual:.3g} "
                "(0: first layer, 1: last)"
            ]
        ),
        "The interval of the mean depth is above that of all filters.",
    )


def less_even(depths: pd.DataFrame) -> Claim | None:
    """Denoising filters are spread more evenly."""
    rows, _ = at_one_percent(depths)
    by_function = {row["function"]: estimate_of(row, "unevenness") for _, row in rows.iterrows()}
    if not {"blur", "noise"} <= set(by_function):
        return None
    blur, noise = by_function["blur"], by_function["noise"]
    verdict = Verdict.HOLDS if blur.low > noise.high else Verdict.FAILS if noise.low > blur.high else Verdict.OPEN
    return Claim(
        "Denoising filters are spread over the layers more evenly than deblurring ones.",
        "paper",
        verdict,
        sentences(
            [
                f"share that would have to move for an even spread: {told(noise)} of the denoising filters, "
                f"{told(blur)} of the deblurring ones"
            ]
        ),
        "The intervals of the two are apart, and denoising has the smaller one.",
    )


def deeper(overlaps: pd.DataFrame) -> Claim | None:
    """Deblurring filters against denoising ones."""
    rows, share = at_one_percent(overlaps[(overlaps["function"] == "blur") & (overlaps["other"] == "noise")])
    if rows.empty:
        return None
    difference = estimate_of(rows.iloc[0], "deeper")
    return Claim(
        "Deblurring filters sit deeper than denoising ones.",
        "paper",
        above_zero(difference),
        sentences(
            [f"the mean depths of the two top {100 * share:.3g}% differ by {told(difference, True)} of the whole"]
        ),
        "The interval of the difference, images resampled jointly, is above 0.",
    )


def smooth(modulation: pd.DataFrame) -> Claim | None:
    """Strength as a knob."""
    parts: list[str] = []
    verdicts: list[Verdict] = []
    for functions, group in modulation.groupby("functions", sort=False):
        own = group[group["input"].isin(str(functions).split("+"))]
        for given, line in own.groupby("input", sort=False):
            line = line.sort_values("strength")
            even = line["step_share"] / line["strength"].diff()
            to_target, beyond = even[line["strength"] <= 1].max(), even[line["strength"] > 1].max()
            passed = [to_target <= UP_TO_TARGET] + ([] if pd.isna(beyond) else [beyond <= BEYOND])
            verdicts += [Verdict.HOLDS if all(passed) else Verdict.PARTLY if passed[0] else Verdict.FAILS]
            psnr = line.set_index("strength")["psnr"]
            past: str = "" if pd.isna(beyond) else f", {beyond:.2g} beyond"
            parts.append(
                f"{job(str(functions))} on {given}: the steepest step up to 1 is {to_target:.2g} times an even one"
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
