"""What a run found: one plain sentence that its numbers bear out, and these numbers."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from faig.imaging.cases import CLEAN
from faig.intervention.comparison import MEASURES
from faig.report.claims.claim import at_one_percent, decibels, in_both, job, listed
from faig.report.claims.comparison import LEAK, OFF
from faig.report.rankings import own_method
from faig.results.comparison_tables import CHECK, EFFECTS, SUMMARY
from faig.results.reader import Results

PSNR = ("psnr", "psnr_target", "psnr_baseline")
KEPT = 0.1  # dB that an input may lose on average where its function is said to be still there
VERBS = {"blur": "deblurs", "noise": "denoises", "jpeg": "deblocks"}
IMAGES = {"blur": "blurry images", "noise": "noisy images", CLEAN: "clean images"}

Fact = tuple[str, str, str]  # a number, what it is, and how exactly


@dataclass(frozen=True)
class Headline:
    """What a run found.

    Attributes:
        sentence: plain, of the one function that it says most about.
        function: which one.
        facts: the numbers that it stands on, then how far the other functions are switched off.
    """

    sentence: str
    function: str
    facts: list[Fact]


def headline(results: Results) -> Headline | None:
    """What the run's own filters do when they are given back, by ``summary.csv``, or else by ``check.csv``.

    It is about the function that is switched off cleanest: in gradient maps, in pixels, and in what the input loses
    that loses most PSNR. None where no table says it; a function of whose work there is nothing to switch off (infinite
    shares) is none.

    Raises:
        InputError: a table or the rankings cannot be read.
    """
    method = own_method(results)
    rows, share, where = _rows(results, method)
    rows = rows.loc[np.isfinite(rows[[f"switched_off{end}" for end in MEASURES]].to_numpy(float)).all(axis=1)]
    if rows.empty:
        return None
    best, *others = [row for _, row in rows.iloc[rows.apply(_rank, axis=1).argsort(kind="stable")].iterrows()]
    others.sort(key=lambda row: list(rows["reverted"]).index(row["reverted"]))
    how = f"{method}{where}"
    facts = [_off(best, share, how), *_lost(best), *_elsewhere(best), *(_off(row, share, how) for row in others)]
    return Headline(_sentence(best, share, [str(row["reverted"]) for row in others]), str(best["reverted"]), facts)


def _rows(results: Results, method: str) -> tuple[pd.DataFrame, float, str]:
    """A row for each function, of which share of the filters, and on which images where that matters.

    Its columns are those of `SUMMARY`, and PSNR on the function's own input (``psnr``, ``psnr_target``,
    ``psnr_baseline``) where a table has it.
    """
    summary, effects, check = (results.table(table) for table in (SUMMARY, EFFECTS, CHECK))
    if summary is not None:
        rows, share = at_one_percent(summary[summary["method"] == method])
        if effects is not None:
            on_own = effects[(effects["method"] == method) & (effects["input"] == effects["reverted"])]
            rows = rows.merge(on_own[["reverted", "proportion", *PSNR]], on=["reverted", "proportion"], how="left")
        return rows, share, ""
    if check is None or check.empty:
        return pd.DataFrame(columns=list(SUMMARY.names)), math.nan, ""
    rows, share = at_one_percent(check) if check["proportion"].notna().any() else (check, math.nan)
    made = []
    for function, group in rows.groupby("function", sort=False):
        own, elsewhere = group[group["input"] == function], group[group["input"] != function]
        if own.empty:
            continue
        row = own.iloc[0].to_dict() | {"reverted": function, "wrecked": next(filter(None, group["wrecked"]), "")}
        row |= {"loses_most": "", "psnr_elsewhere": math.nan, "psnr_elsewhere_worst": math.nan}
        if len(elsewhere):
            most = elsewhere.sort_values("psnr_gain").iloc[0]
            row |= {"loses_most": most["input"], "psnr_elsewhere": most["psnr_gain"]}
            row |= {"psnr_elsewhere_worst": elsewhere["psnr_gain_worst"].min()}
        made.append(row)
    found = pd.DataFrame(made, columns=None if made else list(SUMMARY.names))
    return found, share, ", on the images that they were found on"


def _least_off(row: "pd.Series[Any]") -> float:
    """The least part of a function that is gone: in gradient maps, in pixels, and of the dB that the target gains."""
    return float(np.nanmin([_decibels_gone(row), *(row[f"switched_off{end}"] for end in MEASURES)]))


def _decibels_gone(row: "pd.Series[Any]") -> float:
    """Which part is gone of the dB that the target gains on the function's own input; NaN where no table says it."""
    psnr, target, baseline = (row.get(name, math.nan) for name in PSNR)
    return (target - psnr) / (target - baseline) if target > baseline else math.nan


def _harm(row: "pd.Series[Any]") -> float:
    """The largest leak, or what another input loses in dB as a part of what the target gains, where that is more."""
    _, target, baseline = (row.get(name, math.nan) for name in PSNR)
    lost = -row.get("psnr_elsewhere", math.nan) / (target - baseline) if target > baseline else math.nan
    return float(np.nanmax([_most_leak(row), lost, 0]))


def _most_leak(row: "pd.Series[Any]") -> float:
    """NaN where there is no other input, or a measure of it is not known."""
    return float(np.max([row.get(f"leak{end}", math.nan) for end in MEASURES]))


def _keeps(row: "pd.Series[Any]") -> bool:
    """Whether other inputs are left as they are, by both measures and in dB."""
    return bool(_most_leak(row) <= LEAK and row["psnr_elsewhere"] >= -KEPT)


def _rank(row: "pd.Series[Any]") -> tuple[bool, bool, float]:
    """Orders functions: first those off while all else is kept, last what is wrecked; else by off less harm."""
    off = _least_off(row)
    clean = off >= OFF and (math.isnan(_most_leak(row)) or _keeps(row))
    return bool(row.get("wrecked")), not clean, _harm(row) - off


def _sentence(row: "pd.Series[Any]", share: float, others: list[str]) -> str:
    learned = math.isnan(share)
    given = (
        "Set the channels to the learned strengths"
        if learned
        else f"Give {_percent(share)} of the filters their old weights back"
    )
    if row.get("wrecked"):
        return f"{given}, and the network is wrecked: {row['wrecked']}."
    kind, off = str(row["reverted"]), _least_off(row)
    if off >= OFF:
        done = f"the network no longer {_verb(kind)}"
    elif off < 0.005:
        done = f"the network's {job(kind)} is not switched off"
    else:
        counted = ", counted in dB" if _decibels_gone(row) == off else ""
        done = f"{'only ' if off < 0.5 else ''}{off:.0%} of the network's {job(kind)} is gone{counted}"
    return f"{given}, and {done}{_rest(row, others)}."


def _rest(row: "pd.Series[Any]", others: list[str]) -> str:
    """What becomes of other inputs; empty where there are none, or not all is known of them."""
    leak = _most_leak(row)
    if math.isnan(leak + row.get("psnr_elsewhere", math.nan)):
        return ""
    if _keeps(row):
        still = "still" if _least_off(row) >= OFF else "it still"
        return f", and {still} {listed(map(_verb, others))}" if others else ", and clean images stay as they are"
    if row["psnr_elsewhere"] < -KEPT:
        return f", but {_images(str(row['loses_most']))} lose {-row['psnr_elsewhere']:.2g} dB"
    return f", but other images change too: a leak of {leak:.2g}"


def _off(row: "pd.Series[Any]", share: float, how: str) -> Fact:
    off = min(row[f"switched_off{end}"] for end in MEASURES)
    by = "by the learned strengths" if math.isnan(share) else f"by {_percent(share)}"
    return (
        f"{round(100 * off)}%".replace("-", "−"),
        f"of {job(row['reverted'])} switched off {by}",
        f"{how}: {in_both(row, 'switched_off')}",
    )


def _lost(row: "pd.Series[Any]") -> list[Fact]:
    """What the function's own input loses in dB; empty where no table says it."""
    if row.reindex(PSNR).isna().any():
        return []
    loss, gain = row["psnr"] - row["psnr_target"], row["psnr_target"] - row["psnr_baseline"]
    return [(decibels(loss), f"on {_images(str(row['reverted']))}", f"of {decibels(gain)} that it had learned there")]


def _elsewhere(row: "pd.Series[Any]") -> list[Fact]:
    if math.isnan(_most_leak(row)):
        return []
    leak = (f"{_most_leak(row):.2g}", "leak: what changes on other inputs", in_both(row, "leak"))
    if pd.isna(row["psnr_elsewhere"]):
        return [leak]
    worst = f"on the worst image of another input {decibels(row['psnr_elsewhere_worst'])}"
    return [leak, (decibels(row["psnr_elsewhere"]), f"on {_images(str(row['loses_most']))}, which lose most", worst)]


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def _verb(kind: str) -> str:
    return listed(VERBS.get(part, f"removes {part}") for part in kind.split("+"))


def _images(kind: str) -> str:
    return IMAGES.get(kind, f"images with {kind}")
