"""A chart as data, which `drawing` draws for the page and into PNG and SVG files."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faig.common.statistics import Estimate
from faig.imaging.colours import INK
from faig.report.claims.claim import written

Kind = Literal["line", "bars", "steps"]
Scale = Literal["plain", "percent", "log"]
Position = float | int | str
Numbers = NDArray[np.float64]
Limits = tuple[float, float]
TICKS = 6  # of a percent axis
ROUND = (0.1, 0.3, 1, 3, 10, 30, 100)
BEYOND = "A triangle at an edge: the point lies beyond it; point at it for its number."
LESS, MORE = -1, 1  # than an axis shows


def gaps(values: Numbers) -> Numbers:
    """Numbers with a gap where they are not finite."""
    return np.where(np.isfinite(values), values, np.nan)


@dataclass(frozen=True)
class Series:
    """A line, or bars, of one name.

    Attributes:
        name: in the legend, or beside the line.
        x: places; texts where the axis has categories.
        y: values.
        low: ends of the intervals of y, and
        high: where there are any.
        colour: of the function or the inputs that it is about, ``#rrggbb``; that of text where it is about none.
        look: which marker, kind of line and hatch tell it apart from others; 0 is the plain one.
        kind: how it is drawn.
        heavy: a thick line that stands out.
        hover: what else is said of each point.
    """

    name: str
    x: Sequence[Position]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    colour: str = INK
    look: int = 0
    kind: Kind = "line"
    heavy: bool = False
    hover: Sequence[str] = ()


@dataclass(frozen=True)
class Chart:
    """A chart with one pair of axes.

    Attributes:
        name: of its files.
        title: what it shows.
        x: label of the axis.
        y: label of the axis.
        series: what is drawn.
        scale: of x: plain; ``percent``, logarithmic with round percentages; or ``log``.
        note: how to read it.
        main: whether the Markdown report has it.
        within: limits of x and of y. What lies beyond is drawn at the edge, with a mark that points outwards, and
            said in full where one points at it.
    """

    name: str
    title: str
    x: str
    y: str
    series: Sequence[Series]
    scale: Scale = "plain"
    note: str = ""
    main: bool = False
    within: tuple[Limits, Limits] = ((-math.inf, math.inf), (-math.inf, math.inf))

    @property
    def categories(self) -> list[str]:
        """The texts along x, where there are bars."""
        return list(dict.fromkeys(str(x) for series in self.series if series.kind == "bars" for x in series.x))

    @property
    def ticks(self) -> list[float]:
        """Round percentages within the data; all of it where that is little."""
        places = sorted({float(x) for series in self.series for x in series.x})
        return places if len(places) <= TICKS else [tick for tick in ROUND if places[0] <= tick <= places[-1]]

    def at(self, series: Series, number: int) -> tuple[Numbers, Numbers]:
        """Where the points of a series are drawn, x and y; bars stand side by side, in groups of 0.8 around 0, 1, 2 ...

        Args:
            series: one of the chart's.
            number: which one it is.
        """
        names = self.categories
        if not names:
            x = np.asarray(series.x, dtype=np.float64)
        else:
            count = sum(each.kind == "bars" for each in self.series)
            aside = (number + 0.5) / count * 0.8 - 0.4 if series.kind == "bars" else 0.0
            x = np.asarray([names.index(str(name)) + aside for name in series.x])
        (left, right), (bottom, top) = self.within
        return gaps(np.clip(x, left, right)), gaps(np.clip(np.asarray(series.y, dtype=np.float64), bottom, top))

    def beyond(self, series: Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """On which side of the limits of x and of y each point lies: `LESS`, 0 or `MORE`; bars stay within."""

        def side(values: Numbers, limits: Limits) -> NDArray[np.int64]:
            return np.where(values < limits[0], LESS, np.where(values > limits[1], MORE, 0))

        y = np.asarray(series.y, dtype=np.float64)
        x = np.zeros_like(y) if self.categories else np.asarray(series.x, dtype=np.float64)
        return side(x, self.within[0]) * (not self.categories), side(y, self.within[1])

    @property
    def clips(self) -> bool:
        """Whether any point lies beyond the limits."""
        return any(side.any() for series in self.series for side in self.beyond(series))

    @property
    def explanation(self) -> str:
        """How to read it, the marks of what lies beyond the limits too."""
        return " ".join(part for part in (self.note, BEYOND if self.clips else "") if part)

    def labels(self, series: Series) -> list[str]:
        """What is said of each point of a series: where it is, its value with the interval, and what else."""
        unit = "%" if self.scale == "percent" else ""
        labels = []
        for place, (x, y) in enumerate(zip(series.x, series.y, strict=True)):
            where = x if isinstance(x, str) else f"{self.x} {written(Estimate(x, math.nan, math.nan))}{unit}"
            ends = (series.low[place], series.high[place]) if series.low else (math.nan, math.nan)
            more = f", {series.hover[place]}" if series.hover and series.hover[place] else ""
            labels.append(f"{series.name}, {where}: {self.y} {written(Estimate(y, *ends))}{more}")
        return labels
