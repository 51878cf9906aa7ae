"""Lines and colours of charts, from the rows of a table."""

import math
from collections.abc import Hashable, Iterable

import pandas as pd

from faig.common.statistics import interval_columns
from faig.imaging.cases import CLEAN
from faig.report.figures.chart import Series

GREY = 6  # of clean inputs


def line_of(name: str, rows: pd.DataFrame, x: str, y: str, colour: int, heavy: bool) -> Series:
    """A line of one column against another, with the intervals that the table has; a proportion in percent."""
    rows = rows.dropna(subset=[y]).sort_values(x)
    places = [100 * share for share in rows[x]] if x == "proportion" else list(rows[x])
    return Series(name, places, *estimates(rows, y), colour=colour, heavy=heavy)


def estimates(rows: pd.DataFrame, name: str) -> tuple[list[float], list[float], list[float]]:
    """Values, and both ends of the intervals; empty where there are none."""
    value, low, high = (list(rows[column]) if column in rows else [] for column in interval_columns(name))
    return (value, low, high) if low and not all(map(math.isnan, low)) else (value, [], [])


def numbered(names: Iterable[Hashable]) -> dict[Hashable, int]:
    """Each name once, with its place."""
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def colours_of_inputs(names: Iterable[Hashable]) -> dict[Hashable, int]:
    """Each degradation as its function is elsewhere on the page, clean inputs grey."""
    return numbered(name for name in names if name != CLEAN) | {CLEAN: GREY}
