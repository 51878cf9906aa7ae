"""Claims about where the filters are."""

import pandas as pd

from faig.common.statistics import Estimate
from faig.report.claims.claim import (
    Claim,
    Verdict,
    above_zero,
    at_one_percent,
    sentences,
    whose,
    written,
)


def at_the_back(depths: pd.DataFrame) -> Claim | None:
    """Whether deblurring filters sit toward the back of the network."""
    rows, share = at_one_percent(depths[depths["function"] == "blur"])
    if rows.empty:
        return None
    row = rows.iloc[0]
    depth, usual = Estimate.of_row(row, "depth"), float(row["depth_of_all"])
    verdict = Verdict.HOLDS if depth.low > usual else Verdict.FAILS if depth.high < usual else Verdict.OPEN
    return Claim(
        f"Deblurring filters by {row['method']} sit toward the back of the network.",
        whose(row["method"]),
        verdict,
        sentences(
            [
                f"the mean depth of the top {100 * share:.3g}% is {written(depth)}, that of all filters {usual:.3g} "
                "(0: first layer, 1: last)"
            ]
        ),
        "The interval of the mean depth is above that of all filters.",
    )


def less_even(depths: pd.DataFrame) -> Claim | None:
    """Whether denoising filters are spread more evenly than deblurring ones."""
    rows, _ = at_one_percent(depths)
    method = rows["method"].iloc[0]
    by_function = {row["function"]: Estimate.of_row(row, "unevenness") for _, row in rows.iterrows()}
    if not {"blur", "noise"} <= set(by_function):
        return None
    blur, noise = by_function["blur"], by_function["noise"]
    verdict = Verdict.HOLDS if blur.low > noise.high else Verdict.FAILS if noise.low > blur.high else Verdict.OPEN
    return Claim(
        f"Denoising filters by {method} are spread over the layers more evenly than deblurring ones.",
        whose(method),
        verdict,
        sentences(
            [
                f"share that would have to move for an even spread: {written(noise)} of the denoising filters, "
                f"{written(blur)} of the deblurring ones"
            ]
        ),
        "The intervals of the two are apart, and denoising has the smaller one.",
    )


def deeper(overlaps: pd.DataFrame) -> Claim | None:
    """Whether deblurring filters sit deeper than denoising ones."""
    rows, share = at_one_percent(overlaps[(overlaps["function"] == "blur") & (overlaps["other_function"] == "noise")])
    if rows.empty:
        return None
    difference, method = Estimate.of_row(rows.iloc[0], "depth_difference"), rows["method"].iloc[0]
    return Claim(
        f"Deblurring filters by {method} sit deeper than denoising ones.",
        whose(method),
        above_zero(difference),
        sentences(
            [f"the mean depths of the two top {100 * share:.3g}% differ by {written(difference, True)} of the whole"]
        ),
        "The interval of the difference, photos resampled jointly, is above 0.",
    )
