"""Lines and colours of charts, from the rows of a table."""

import math
from collections.abc import Hashable, Iterable
from typing import Any

import pandas as pd

from faig.common.statistics import interval_columns
from faig.imaging.colours import INK, colours_of
from faig.report.figures.chart import Series
from faig.report.rankings import rankings_of
from faig.results.reader import Results
from faig.results.tables import TABLES

ALL = "all"  # stands for sums in `groups.csv`
KINDS = ("input", "reverted", "function", "functions", "degradation")  # columns that name degradations


def line_of(name: str, rows: pd.DataFrame, x: str, y: str, **style: Any) -> Series:
    """A line of one column against another, with the intervals that the table has; a proportion in percent.

    Args:
        name: of the line.
        rows: of it.
        x: the one column, and
        y: the other.
        style: ``colour``, ``look``, ``heavy`` and ``hover`` of `Series`.
    """
    rows = rows.dropna(subset=[y]).sort_values(x)
    places = [100 * share for share in rows[x]] if x == "proportion" else list(rows[x])
    return Series(name, places, *estimates(rows, y), **style)


def estimates(rows: pd.DataFrame, name: str) -> tuple[list[float], list[float], list[float]]:
    """Values, and both ends of the intervals; empty where there are none."""
    value, low, high = (list(rows[column]) if column in rows else [] for column in interval_columns(name))
    return (value, low, high) if low and not all(map(math.isnan, low)) else (value, [], [])


def numbered(names: Iterable[Hashable]) -> dict[Hashable, int]:
    """Each name once, with its place."""
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def of_method(method: Hashable, methods: Iterable[Hashable], own: str, colour: str) -> dict[str, Any]:
    """How a method's line looks: the run's own is thick and has its function's colour, others have marks of their own.

    Args:
        method: whose line it is.
        methods: of all lines, in an order that all charts share.
        own: the run's own method.
        colour: of the function.
    """
    if method == own:
        return {"colour": colour, "heavy": True}
    return {"colour": INK, "look": 1 + [name for name in dict.fromkeys(methods) if name != own].index(method)}


def colours_of_run(results: Results) -> dict[str, str]:
    """The colour of each degradation that a run's tables name, the same in all pictures of the run."""
    tables = [table for table in TABLES.values() if set(KINDS) & set(table.names)]
    rows = [found for table in tables if (found := results.table(table)) is not None]
    names = {name for table in rows for column in KINDS if column in table for name in table[column].dropna()}
    rankings = rankings_of(results)
    names |= set() if rankings is None else set(rankings.degradations)
    return colours_of(part for name in names if name != ALL for part in str(name).split("+") if part)
