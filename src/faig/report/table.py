"""The table of a comparison, for the terminal."""

from pathlib import Path

import pandas as pd
from rich.table import Table


def summary_table(run: Path, proportion: float | None = None) -> Table:
    """Effects, switched off, leak and switched on of a run, by method and function.

    Args:
        run: a run directory with ``effects.csv`` and ``summary.csv``.
        proportion: which rows; by default the smallest there is.
    """
    effects, summary = pd.read_csv(run / "effects.csv"), pd.read_csv(run / "summary.csv")
    share = effects["proportion"].min() if proportion is None else proportion
    effects, summary = (t[(t["proportion"] - share).abs() < 1e-9] for t in (effects, summary))
    inputs = list(dict.fromkeys(effects["input"]))
    table = Table(
        "method",
        "reverted",
        *(f"effect on {name}" for name in inputs),
        "switched off",
        "leak",
        "switched on",
        title=f"{share:.3g} of the filters reverted; effect, and ratios with their 95% intervals over images",
        caption="switched on: the same filters grafted onto the baseline; random: mean over seeds",
    )
    for _, row in summary.iterrows():
        rows = effects[(effects["method"] == row["method"]) & (effects["reverted"] == row["reverted"])]
        by_input = rows.set_index("input")["effect"]
        table.add_row(
            str(row["method"]),
            str(row["reverted"]),
            *(f"{by_input[name]:.3f}" for name in inputs),
            *(_interval(row, name) for name in ("switched_off", "leak", "switched_on")),
        )
    return table


def _interval(row: "pd.Series[float]", name: str) -> str:
    if name not in row or pd.isna(row[name]):
        return "-"
    if pd.isna(row[f"{name}_low"]):
        return f"{row[name]:.3f}"
    return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"
