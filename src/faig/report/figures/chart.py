"""A chart as data: drawn by plotly on the page, and by matplotlib into PNG and SVG files."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from faig.common.colours import COLOURS
from faig.report.escape import plotly
from faig.report.figures.style import add_legend, plain_text, save_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["line", "bars", "steps"]
Position = float | int | str
TICKS = 6  # of a percent axis
ROUND = (0.1, 0.3, 1, 3, 10, 30, 100)
FAINT = 0.15  # opacity of a band
WIDE = 60  # letters along an axis, from which they stand upright
LETTER = 0.07  # inches of a label's letter


@dataclass(frozen=True)
class Series:
    """A line, or bars, of one name.

    Attributes:
        name: in the legend.
        x: places; texts where the axis has categories.
        y: values.
        low: ends of the intervals of y, and
        high: where there are any.
        colour: place in `COLOURS`; None is the colour of text.
        kind: how it is drawn.
        heavy: a thick line that stands out.
        hover: what is said of each point.
    """

    name: str
    x: Sequence[Position]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    colour: int | None = 0
    kind: Kind = "line"
    heavy: bool = False
    hover: Sequence[str] = ()

    @property
    def hex(self) -> str:
        """The colour on white paper."""
        return "#666666" if self.colour is None else COLOURS[self.colour % len(COLOURS)]

    @property
    def token(self) -> str:
        """The page's name of the colour, which differs between light and dark."""
        return "text" if self.colour is None else f"c{self.colour % len(COLOURS)}"


@dataclass(frozen=True)
class Chart:
    """A chart with one pair of axes.

    Attributes:
        name: of its files.
        title: what it shows.
        x: label of the axis.
        y: label of the axis.
        series: what is drawn.
        percent: whether x is in percent, on a logarithmic axis.
        note: how to read it.
        main: whether the Markdown report has it.
        window: limits of x and of y, where a line leaves what matters; the page can zoom out.
    """

    name: str
    title: str
    x: str
    y: str
    series: Sequence[Series]
    percent: bool = False
    note: str = ""
    main: bool = False
    window: tuple[tuple[float, float], tuple[float, float]] | None = None

    def plotly(self) -> dict[str, Any]:
        """Traces and layout for plotly.js; colours of text and grid are the page's."""
        axis: dict[str, Any] = {} if self.categories else {"title": {"text": plotly(self.x)}}
        if self.percent:
            ticks = self.ticks
            axis |= {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}%" for tick in ticks]}
        upright: dict[str, Any] = {"title": {"text": plotly(self.y)}}
        if self.window is not None:
            axis["range"], upright["range"] = map(list, self.window)
        return {
            "data": [trace for series in self.series for trace in _traces(series)],
            "layout": {"xaxis": axis, "yaxis": upright, "barmode": "group"},
        }

    @property
    def categories(self) -> list[str]:
        """The texts along x, where there are bars."""
        return list(dict.fromkeys(str(x) for series in self.series if series.kind == "bars" for x in series.x))

    @property
    def ticks(self) -> list[float]:
        """Round percentages within the data; all of it where that is little."""
        places = sorted({float(x) for series in self.series for x in series.x})
        return places if len(places) <= TICKS else [tick for tick in ROUND if places[0] <= tick <= places[-1]]

    def draw(self, folder: Path, forms: Sequence[str] = ("png", "svg")) -> None:
        """Write ``<name>.png`` and ``<name>.svg``, or one of them."""
        with plain_text():
            save_figure(self._figure(), folder / self.name, forms)

    def _figure(self) -> "Figure":
        from matplotlib.figure import Figure

        bars = [series for series in self.series if series.kind == "bars"]
        places = self.categories
        upright = len("".join(places)) > WIDE  # then labels stand upright, and long ones need room
        tall = max([0.0, *(LETTER * len(label) - 1 for label in places)]) if upright else 0.0
        figure = Figure(figsize=(max(6.0, 0.28 * len(places) + 2), 3.8 + tall), layout="constrained")
        axes = figure.subplots()
        for number, series in enumerate(self.series):
            _draw(axes, series, places, number, len(bars))
        if self.percent:
            axes.set_xscale("log")
            axes.set_xticks(self.ticks, [f"{tick:g}%" for tick in self.ticks])
            axes.minorticks_off()
        if bars:
            axes.set_xticks(range(len(places)), places, rotation=90 if upright else 0, fontsize=8)
        axes.set(xlabel=self.x, ylabel=self.y, title=self.title)
        if self.window is not None:
            axes.set(xlim=self.window[0], ylim=self.window[1])
        axes.grid(alpha=0.3, axis="y" if bars else "both")
        add_legend(axes, 8)
        return figure


def _traces(series: Series) -> list[dict[str, Any]]:
    hover = [f"<br>{plotly(text)}" for text in series.hover] or [""] * len(series.x)
    if series.low:
        ends = zip(hover, series.low, series.high, strict=True)
        hover = [t if math.isnan(low) else f" [{low:.3g}, {high:.3g}]{t}" for t, low, high in ends]
    trace: dict[str, Any] = {
        "name": plotly(series.name),
        "x": [plotly(x) if isinstance(x, str) else x for x in series.x],
        "y": _finite(series.y),
        "legendgroup": plotly(series.name),
        "text": hover,
        "textposition": "none",
        "hovertemplate": "%{x:.3g}: %{y:.3g}%{text}" if _numeric(series) else "%{x}: %{y:.3g}%{text}",
    }
    if series.kind == "bars":
        trace |= {"type": "bar", "marker": {"color": series.token}}
        if series.low:
            trace["error_y"] = {
                "type": "data",
                "array": _finite([high - y for high, y in zip(series.high, series.y, strict=True)]),
                "arrayminus": _finite([y - low for low, y in zip(series.low, series.y, strict=True)]),
                "thickness": 1.2,
                "width": 3,
            }
        return [trace]
    if series.kind == "steps":
        return [
            trace | {"type": "scatter", "mode": "lines", "line": {"shape": "hvh", "color": series.token, "width": 1.2}}
        ]
    del trace["textposition"]
    line = {"color": series.token, "width": 3 if series.heavy else 1.6}
    trace |= {"type": "scatter", "mode": "lines+markers", "line": line, "marker": {"size": 7 if series.heavy else 5}}
    if not _has_band(series):
        return [trace]
    band = {
        "type": "scatter",
        "x": [*series.x, *reversed(series.x)],
        "y": _finite([*series.high, *reversed(series.low)]),
        "fill": "toself",
        "fillcolor": f"{series.token}/{FAINT}",
        "line": {"width": 0},
        "mode": "lines",
        "legendgroup": plotly(series.name),
        "showlegend": False,
        "hoverinfo": "skip",
    }
    return [band, trace]


def _drawable(values: Sequence[Any]) -> list[Any]:
    """What is not finite leaves a gap, as on the page."""
    return [value if isinstance(value, str) or math.isfinite(value) else math.nan for value in values]


def _draw(axes: Any, series: Series, places: list[str], number: int, count: int) -> None:
    x, y, low, high = map(_drawable, (series.x, series.y, series.low, series.high))
    series = replace(series, x=x, y=y, low=low, high=high)
    if series.kind == "bars":
        width = 0.8 / count
        at = [places.index(str(x)) - 0.4 + (number + 0.5) * width for x in series.x]
        ends = None
        if series.low:
            ends = [
                [max(0.0, y - low) for y, low in zip(series.y, series.low, strict=True)],
                [max(0.0, high - y) for y, high in zip(series.y, series.high, strict=True)],
            ]
        axes.bar(at, series.y, width, label=series.name, color=series.hex, yerr=ends, error_kw={"lw": 0.8})
    elif series.kind == "steps":
        axes.step([places.index(str(x)) for x in series.x], series.y, where="mid", color="#222222", lw=1)
        axes.lines[-1].set_label(series.name)
    else:
        axes.plot(series.x, series.y, marker=".", color=series.hex, lw=2.4 if series.heavy else 1.3, label=series.name)
        if _has_band(series):
            axes.fill_between(series.x, series.low, series.high, color=series.hex, alpha=FAINT, lw=0)


def _has_band(series: Series) -> bool:
    """Intervals are drawn where the line runs forward; else they are only said where one points."""
    forward = all(before < after for before, after in itertools.pairwise(map(float, series.x)))
    return series.heavy and bool(series.low) and forward


def _numeric(series: Series) -> bool:
    return not any(isinstance(x, str) for x in series.x)


def _finite(values: Sequence[float]) -> list[float | None]:
    """Values with None in place of NaN and infinity, which JSON does not have."""
    return [float(value) if math.isfinite(value) else None for value in values]
