"""The part of a training study's page that says what classifiers tell, where networks have banks, from its table."""

import pandas as pd

from faig.report.escape import markdown

Table = tuple[str, list[str], list[list[str]]]  # what it is, heads, lines

ABOUT = (
    "How far the classifier mixes each bank in, from 0 to 1, and how often more so on an image with the bank's "
    "degradation than on one of another input (1: always, 0.5: chance, 0: never). Means over seeds, ± the standard "
    "deviation between them; the table beside this page has intervals over photos."
)


def found(rows: pd.DataFrame) -> str:
    """Of each arm and bank: how well its degradation is told from the input that it is told from least."""
    parts = []
    for arm, of_arm in rows.groupby("arm", sort=False):
        least = of_arm.groupby(["bank", "input"], sort=False)["auc"].mean().groupby(level="bank", sort=False).min()
        parts.append(f"`{markdown(arm)}` {', '.join(f'{markdown(bank)} {auc:.2f}' for bank, auc in least.items())}")
    return (
        "Of pairs of an image with a bank's degradation and one of the input that is least told from it, the bank is "
        f"mixed in further on the former in so many: {'; '.join(parts)}."
    )


def table(rows: pd.DataFrame) -> Table:
    """By arm and bank: the probability on every input, and how well its degradation is told from each other."""
    inputs = [*dict.fromkeys(rows["input"])]
    lines = []
    for (arm, bank), group in rows.groupby(["arm", "bank"], sort=False):
        by_input = {kind: of_input for kind, of_input in group.groupby("input")}
        cells = [f"{_mean(by_input[kind][name])}" for name in ("probability", "auc") for kind in inputs]
        lines.append([markdown(arm), markdown(bank), *cells])
    heads = [*map(str, inputs), *(f"told from {kind}" for kind in inputs)]
    return "By arm and bank", ["arm", "bank", *heads], lines


def _mean(values: "pd.Series[float]") -> str:
    if values.isna().all():
        return ""
    spread = f" ±{values.std():.2f}" if len(values) > 1 else ""
    return f"{values.mean():.2f}{spread}"
