"""The table of a comparison, for the terminal."""

import math
from pathlib import Path

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from faig.results.comparison_tables import EFFECTS, SUMMARY
from faig.results.reader import Results


def summary_table(run: Path, proportion: float | None = None) -> Table:
    """Effects, switched off and leak of a run, by method and function.

    Args:
        run: a run directory with ``effects.csv`` and ``summary.csv``.
        proportion: which rows; by default the smallest there is.

    Raises:
        InputError: one of the tables is missing, or is none.
    """
    results = Results.of(run)
    effects, summary = results.needed(EFFECTS), results.needed(SUMMARY)
    share = effects["proportion"].min() if proportion is None else proportion
    effects, summary = (table[(table["proportion"] - share).abs() < 1e-9] for table in (effects, summary))
    wrecked = bool(summary["wrecked"].any())
    inputs = list(dict.fromkeys(effects["input"]))
    table = Table(
        "method",
        "reverted",
        *(Column(f"effect\non {name}", justify="right") for name in inputs),
        Column("switched off\nin pixels", justify="right"),
        Column("leak\nin pixels", justify="right"),
        *(["wrecked"] if wrecked else []),
        title=f"{share:.3g} of the filters reverted",
        caption="±: half of the 95% interval over photos; random: mean over seeds. All numbers: effects.csv, "
        "grafts.csv (the same filters alone on the baseline), summary.csv, knobs.csv (controls: DNI and blend)",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for _, row in summary.iterrows():
        rows = effects[(effects["method"] == row["method"]) & (effects["reverted"] == row["reverted"])]
        by_input = rows.set_index("input")["effect"]
        table.add_row(
            str(row["method"]),
            str(row["reverted"]),
            *(f"{by_input.get(name, math.nan):.3f}" for name in inputs),
            *(f"{_interval(row, name)}\n{_interval(row, f'{name}_pixels')}" for name in ("switched_off", "leak")),
            *(["yes" if row["wrecked"] else ""] if wrecked else []),
        )
    return table


def check_table(rows: pd.DataFrame) -> Table:
    """What reverting the top of each ranking does, of ``check.csv``: a line for each function."""
    wrecked, share = bool(rows["wrecked"].any()), rows["proportion"].iloc[0]
    what = "learned strengths" if pd.isna(share) else f"the top {100 * share:.3g}% reverted"
    inputs = list(dict.fromkeys(rows["input"]))
    table = Table(
        "reverted",
        Column("switched\noff", justify="right"),
        Column("leak", justify="right"),
        Column("off, leak\nin pixels", justify="right"),
        *(Column(f"PSNR on\n{name}", justify="right") for name in inputs),
        *(["wrecked"] if wrecked else []),
        title=f"{what}, on the images that it was found on",
        caption="PSNR in dB, and how much that is over the target's",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for function, group in rows.groupby("function", sort=False):
        by_input = {str(row["input"]): row for _, row in group.iterrows()}
        own = by_input.get(str(function))
        bad = any(row["wrecked"] for row in by_input.values())
        table.add_row(
            str(function),
            *(["-"] * 3 if own is None else [_interval(own, "switched_off"), _interval(own, "leak"), _in_pixels(own)]),
            *(_psnr(by_input[name]) if name in by_input else "-" for name in inputs),
            *(["yes" if bad else ""] if wrecked else []),
        )
    return table


def _psnr(row: "pd.Series[float]") -> str:
    return f"{row['psnr']:.2f} ({row['psnr_gain']:+.2f})"


def _in_pixels(row: "pd.Series[float]") -> str:
    return f"{row['switched_off_pixels']:.3f}, {row['leak_pixels']:.3f}"


def _interval(row: "pd.Series[float]", name: str) -> str:
    if pd.isna(row[name]):
        return "-"
    half = (row[f"{name}_high"] - row[f"{name}_low"]) / 2
    return f"{row[name]:.3f}" + ("" if pd.isna(half) else f" ±{half:.3f}")
