"""The claim that the strength of a function can be turned like a knob."""

import math
from typing import Any

import pandas as pd

from faig.report.claims.claim import Claim, Verdict, decibels, job, listed, sentences, together

UP_TO_TARGET, BEYOND = 2.5, 5.0  # times an even share of the way from strength 0 to 1
WHAT = {"weights": "its weights", "images": "averaging output images"}
SLACK = 0.05  # dB by which PSNR may fall below that of strength 0 in between, and from which a control is better


def smooth(modulation: pd.DataFrame) -> Claim | None:
    """Whether the strength of a function can be turned without jumps, and half of it is no worse than none."""
    parts: list[str] = []
    verdicts: list[Verdict] = []
    controls = modulation[modulation["functions"] == ""]
    for functions, group in modulation[modulation["functions"] != ""].groupby("functions", sort=False):
        rows = group[group["input"].isin(str(functions).split("+"))]
        for kind, line in rows.groupby("input", sort=False):
            verdict, words = _judged(line.sort_values("strength"))
            verdicts.append(verdict)
            better = _better_controls(line, controls[controls["input"] == kind])
            parts.append(f"{job(str(functions))} on {kind}: {'; '.join([*words, *better])}")
    if not parts:
        return None
    way = str(modulation[modulation["functions"] != ""]["way"].iloc[0])
    return Claim(
        f"The strength of a function can be turned like a knob, by {WHAT[way]}, without jumps, and no part of it is "
        "worse than none.",
        "paper" if way == "weights" else "ours",
        together(verdicts),
        sentences(parts),
        f"No step up to strength 1 changes an image by more than {UP_TO_TARGET} times its even share of the way from 0 "
        f"to 1 (a tenth of the way: a quarter of the change), and none beyond by more than {BEYOND:g} times; partly "
        f"where only those beyond do. Between 0 and 1 PSNR falls nowhere more than {SLACK} dB below that at 0, and "
        "from 0 to 1 no network is wrecked. Where DNI (all parameters mixed) or blend (output images averaged) is more "
        f"than {SLACK} dB better at the same strength, that is said.",
    )


def _judged(line: pd.DataFrame) -> tuple[Verdict, list[str]]:
    """The verdict on one function and input, whose rows ascend in strength, and what is said of it."""
    if not {0.0, 1.0} <= set(line["strength"]):
        return Verdict.OPEN, ["strength 0 or 1 was not measured"]
    even = line["step_share"] / line["strength"].diff()
    to_target, beyond = even[line["strength"] <= 1].max(), even[line["strength"] > 1].max()
    psnr = line.set_index("strength")["psnr"]
    between = psnr[(psnr.index > 0) & (psnr.index < 1)]
    dips = between.min() < psnr[0.0] - SLACK
    past: str = "" if pd.isna(beyond) else f", {beyond:.2g} beyond"
    words = [
        f"the steepest step up to 1 is {to_target:.2g} times an even one{past}",
        f"PSNR from {psnr[0.0]:.2f} dB (off) to {psnr[1.0]:.2f} dB (the target)",
    ]
    if dips:
        words.append(f"at strength {between.idxmin():g} it is {decibels(between.min() - psnr[0.0])} against off")
    wrecked = line[(line["strength"] <= 1) & (line["wrecked"] != "")]
    words += [
        f"at strength {row['strength']:g} the network is wrecked, {row['wrecked']}" for _, row in wrecked.iterrows()
    ]
    if math.isnan(to_target) or psnr[between.index.union([0.0])].isna().any():
        return Verdict.OPEN, words
    if to_target > UP_TO_TARGET or dips or len(wrecked):
        return Verdict.FAILS, words
    return (Verdict.PARTLY if beyond > BEYOND else Verdict.HOLDS), words


def _better_controls(line: pd.DataFrame, controls: pd.DataFrame) -> list[str]:
    """Of each control that is better somewhere: by how much at most, and at which strengths."""
    psnr = line.set_index("strength")["psnr"]
    words = []
    for way, rows in controls.groupby("way", sort=False):
        lead: pd.Series[Any] = rows.set_index("strength")["psnr"] - psnr
        lead = lead[lead > SLACK].sort_index()
        if len(lead):
            where = listed(f"{strength:g}" for strength in lead.index)
            words.append(f"{way} is better by up to {lead.max():.2f} dB, at strength {where}")
    return words
