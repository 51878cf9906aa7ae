"""What the page of a training study says of found units: what reverting them does, arm by arm."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from faig.report.escape import markdown

RATIOS = {"switched_off": "off", "leak": "leak", "switched_off_pixels": "off, in pixels", "leak_pixels": "leak"}
Table = tuple[str, list[str], list[list[str]]]  # what it is, heads, lines
ABOUT = """Of every trained network, the units that methods find on the images that are learned on are given the start's
weights back. **Off**: 1 where it then does exactly what the start does on that degradation; **leak**: the most that
changes on another input, as a share of that. Both in gradient maps of gray, the paper's measure, and in pixels.
**Lost**: the change of PSNR on the other input that loses most, in dB. Means over seeds, after ± their standard
deviation; intervals over photos, of each seed, are in `reverted.csv` and `halves.csv`. **Half strength**: PSNR less the
trained network's, on each input; `learned` turns one function, by output images; `DNI` (all parameters mixed) and
`blend` (both output images averaged) turn all at once."""


def found(reverted: pd.DataFrame, cost: pd.DataFrame) -> str:
    """What the smallest sets of every method do, from the arm whose weights moved least to the one whose moved most.

    Args:
        reverted: the table `REVERTED`, and
        cost: `COST`.
    """
    moved = cost.groupby("arm")["moved"].mean().sort_values()
    least, most = moved.index[0], moved.index[-1]
    lines = []
    for function, rows in reverted.groupby("function", sort=False):
        told = []
        for method, of_method in rows.groupby("method", sort=False):
            share = of_method["proportion"].min()
            small = of_method[of_method["proportion"] == share].groupby("arm")[["switched_off", "leak"]].mean()
            off, leak = (f"{small.loc[least, name]:.2f} to {small.loc[most, name]:.2f}" for name in small)
            told.append(f"{100 * share:.3g}% by `{markdown(method)}` {off} (leak {leak})")
        lines.append(f"{markdown(function)}, {', '.join(told)}")
    return (
        f"Switched off, from `{markdown(least)}`, whose weights moved by {moved[least]:.1%}, to `{markdown(most)}`, by "
        f"{moved[most]:.1%}: {'; '.join(lines)}."
    )


def tables(
    reverted: pd.DataFrame, halves: pd.DataFrame | None, trained: pd.DataFrame, cost: pd.DataFrame
) -> Iterator[Table]:
    """Of all arms what the smallest sets do, all that was reverted, and knobs at half strength.

    Args:
        reverted: the table `REVERTED`, and
        halves: `HALVES`, where there is one; and
        trained: `TRAINED`, and
        cost: `COST`.
    """
    yield ("By arm: what it is, and what the smallest sets do", *_overview(reverted, trained, cost))
    keys, names = ["function", "method", "proportion", "arm"], [*RATIOS, "lost", "barrier"]
    lines = [
        [*_cells(key), *(_mean(group[name]) for name in names), markdown("; ".join(filter(None, {*group["wrecked"]})))]
        for key, group in _in_order(reverted, keys)
    ]
    yield "By function, method, proportion and arm", [*keys, *RATIOS.values(), "lost", "barrier", "wrecked"], lines
    if halves is not None:
        inputs = [*dict.fromkeys(halves["input"])]
        lines = [
            [*_cells(key), *(_mean(group[group["input"] == kind]["change"]) for kind in inputs)]
            for key, group in _in_order(halves, ["function", "knob", "arm"])
        ]
        yield "At half strength, by function, knob and arm, in dB", ["function", "knob", "arm", *inputs], lines


def _overview(reverted: pd.DataFrame, trained: pd.DataFrame, cost: pd.DataFrame) -> tuple[list[str], list[list[str]]]:
    """Heads, and a line for each arm: how far it moved, what it gained, and what the smallest sets do."""
    functions = [*dict.fromkeys(reverted["function"])]
    least = reverted.groupby("method")["proportion"].transform("min")
    small = reverted[reverted["proportion"] == least]
    methods = [*dict.fromkeys(small["method"])]
    heads = ["arm", "moved", *(f"gained, {kind}" for kind in functions), "barrier"]
    heads += [f"{kind}: off / leak, {method}" for kind in functions for method in methods]
    lines = []
    for arm, of_arm in small.groupby("arm", sort=False):
        gained = trained[trained["arm"] == arm]
        line = [markdown(arm), f"{cost[cost['arm'] == arm]['moved'].mean():.1%}"]
        line += [_mean(gained[gained["input"] == kind]["gain"]) for kind in functions]
        line.append(_mean(of_arm["barrier"].dropna()))
        for kind in functions:
            for method in methods:
                rows = of_arm[(of_arm["function"] == kind) & (of_arm["method"] == method)]
                line.append(f"{_mean(rows['switched_off'])} / {_mean(rows['leak'])}")
        lines.append(line)
    return heads, lines


def _in_order(rows: pd.DataFrame, keys: Sequence[str]) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Groups by keys, the first of which changes last; each key's values in the order in which they first stand."""
    order = {key: pd.Categorical(rows[key], [*dict.fromkeys(rows[key])]) for key in keys}
    yield from rows.assign(**order).groupby(list(keys), observed=True)


def _cells(key: Sequence[Any]) -> list[str]:
    return [f"{part:.3g}" if isinstance(part, float) else markdown(str(part)) for part in key]


def _mean(values: "pd.Series[Any]") -> str:
    if values.isna().all():
        return ""
    spread = values.std()
    return f"{values.mean():.2f}" + ("" if math.isnan(spread) else f" ±{spread:.2f}")
