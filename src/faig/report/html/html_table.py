"""A table for the page: numbers with their intervals in one cell, sortable."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

SHOWN = 500  # rows; more make the page slow and large
ENDS = ("_low", "_high", "_spread")
SHARES = ("switched_off", "switched_on", "leak", "accuracy", "share_of_found", "share_of_layer", "shared", "confidence")


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: what is read.
        interval: in small letters beside it.
        key: to sort by: a number, or a text.
        bar: length of a bar behind it in percent, where it is a share.
    """

    text: str
    interval: str
    key: float | str
    bar: float | None


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        name: its file in the run.
        columns: names, and whether they hold numbers.
        rows: of cells.
        cut: how many rows the file has, where not all are shown.
        small: whether it is shown unfolded.
    """

    name: str
    columns: list[tuple[str, bool]]
    rows: list[list[Cell]]
    cut: int | None = None
    small: bool = False

    @classmethod
    def of(cls, name: str, table: pd.DataFrame, *, shaded: bool = False, small: bool = False) -> "Grid":
        """Columns ``x``, ``x_low``, ``x_high`` and ``x_spread`` become one; columns without any value go.

        Args:
            name: its file in the run.
            table: what is in it.
            shaded: every number has a bar: its share of the row.
            small: whether it is shown unfolded.
        """
        table = table.dropna(axis="columns", how="all")
        ends = {f"{column}{end}" for column in table for end in ENDS if f"{column}{end}" in table}
        shown = [str(column) for column in table if column not in ends]
        numeric = {column: pd.api.types.is_numeric_dtype(table[column]) for column in shown}
        rows = [
            [_cell(row, column, numeric[column]) for column in shown] for row in table.head(SHOWN).to_dict("records")
        ]
        if shaded:
            rows = [_shaded(row) for row in rows]
        columns = [(column, numeric[column]) for column in shown]
        return cls(name, columns, rows, len(table) if len(table) > SHOWN else None, small)


def _cell(row: dict[Any, Any], column: str, numeric: bool) -> Cell:
    value = row[column]
    if pd.isna(value):
        return Cell("", "", "" if not numeric else -np.inf, None)
    if not numeric:
        return Cell(str(value), "", str(value), None)
    low, high, spread = (row.get(f"{column}{end}", np.nan) for end in ENDS)
    ends = "" if pd.isna(low) or pd.isna(high) else f"{_number(low)} – {_number(high)}"
    ends += "" if pd.isna(spread) else f" ±{_number(spread)}"
    bar = round(100 * min(1.0, max(0.0, float(value))), 1) if column in SHARES else None
    return Cell(_share(value) if column == "proportion" else _number(value), ends, float(value), bar)


def _shaded(row: list[Cell]) -> list[Cell]:
    total = sum(cell.key for cell in row if isinstance(cell.key, float))
    return [
        replace(cell, bar=round(100 * cell.key / total, 1)) if isinstance(cell.key, float) and total else cell
        for cell in row
    ]


def _share(value: float) -> str:
    return f"{100 * value:.3g}%"


def _number(value: float) -> str:
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value)}"
    text = f"{value:.3f}" if 0.0995 <= abs(value) < 100 else f"{value:.4g}" if abs(value) >= 100 else f"{value:.3g}"
    return text.replace("-", "−")
