"""Claims about where the filters are."""

import pandas as pd

from faig.report.claims.claim import (
    Claim,
    Verdict,
    above_zero,
    at_one_percent,
    estimate_of,
    interval_columns,
    sentences,
    told,
)

OVERLAPS = ("function", "other", "proportion", *interval_columns("deeper"))
DEPTHS = ("function", "proportion", "depth_of_all", *interval_columns("depth"), *interval_columns("unevenness"))


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
