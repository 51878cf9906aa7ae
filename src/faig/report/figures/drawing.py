"""Charts drawn by matplotlib: as PNG and SVG files, and as SVG within the page."""

import itertools
import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from faig.imaging.colours import COLOURS, INK
from faig.report.figures.chart import Chart, Numbers, Series, gaps
from faig.report.figures.style import EDGE, METADATA, PAPER, SETTINGS, SOFT, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LETTER, LETTER_OF_TITLE = 0.075, 0.1  # inches
SIZE = 4.9, 3.5  # inches
DOTS = 72  # per inch, as in SVG, so that axes have the same ticks in all forms
CROWDED = 300  # times the lower end of a logarithmic axis, from which it has one tick a decade
LONG = 40  # letters of a name; where one points, all of it is said
FAINT = 0.15  # opacity of a band
LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)))
MARKERS = {"o": "●", "s": "■", "^": "▲", "D": "◆", "v": "▼", "P": "✚", "X": "✖", "*": "★", "h": "⬢", "<": "◀", ">": "▶"}
HATCHES = ("", "////", "xxxx", "----", "\\\\\\\\", "++++")  # of lines: those of circles make large files
EDGES = {(-1, 0): "<", (1, 0): ">", (0, -1): "v", (0, 1): "^"}  # marks of what lies beyond: outwards
APART, TOP = 0.062, 0.97  # of the axes' height: labels at lines, and the highest
VARIABLES = {PAPER: "card", INK: "text", SOFT: "soft", EDGE: "edge"} | {
    colour: f"c{place}" for place, colour in enumerate(COLOURS)
}


@dataclass(frozen=True)
class Drawing:
    """A drawn chart.

    Attributes:
        chart: what is drawn.
        figure: matplotlib's.
    """

    chart: Chart
    figure: "Figure"

    @classmethod
    def of(cls, chart: Chart) -> "Drawing":
        """Draw a chart."""
        from matplotlib import rc_context
        from matplotlib.figure import Figure

        with rc_context(SETTINGS):
            places = [_short(place) for place in chart.categories]
            names = [_short(series.name) for series in chart.series]
            beside = LETTER * max(map(len, names), default=0)  # inches of the longest name, and
            longest = LETTER * max(map(len, places), default=0)
            wide = max(SIZE[0], 0.28 * len(places) + 2, beside + (1 if places else 3.2))
            lies = longest * len(places) < wide - 1  # else labels stand upright, and long ones need room
            columns = max(1, int(wide / (beside + 0.6)))  # of a legend
            more = math.ceil(len(names) / columns) - 1 if places else 0
            size = wide, SIZE[1] + (0.0 if lies else longest - 0.5) + 0.2 * more
            figure = Figure(figsize=size, dpi=DOTS, layout="constrained")
            axes = figure.subplots()
            handles = [_draw(axes, chart, series, number) for number, series in enumerate(chart.series)]
            _set_axes(axes, chart, lies)
            title = _lines(chart.title, round((wide - 0.7) / LETTER_OF_TITLE))
            axes.set_title(title, loc="left", pad=12)
            if places:
                figure.legend(handles, names, loc="outside lower left", ncols=columns)
            else:
                _label(axes, chart)
            figure.draw_without_rendering()
            figure.set_layout_engine("none")  # the layout, which takes long, stays as it is in all forms
            return cls(chart, figure)

    def save(self, folder: Path, forms: Sequence[str] = ("png", "svg")) -> None:
        """Write ``<name>.png`` and ``<name>.svg``, or one of them."""
        save_figure(self.figure, folder / self.chart.name, forms)

    def inline(self, number: int) -> str:
        """As SVG for a page, in the page's colours: variables of CSS, ``--text``, ``--soft``, ``--edge``, ``--c0`` ...

        Args:
            number: of the chart on the page; it keeps ids of several drawings apart.
        """
        from matplotlib import rc_context

        buffer = StringIO()
        with rc_context(SETTINGS):
            self.figure.savefig(buffer, format="svg", metadata=METADATA["svg"])
        svg = buffer.getvalue()
        svg = svg[svg.index("<svg") :]
        svg = re.sub(r"<!--.*?-->|<style.*?</style>|<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
        svg = re.sub(r'(?<=<svg) (?:height|width)="[^"]*"| (?:height|width)="[^"]*pt"', "", svg)
        svg = re.sub(r"<[^>]+>", lambda tag: _for_a_page(tag[0], number), svg)  # what stands between tags is text
        return re.sub(r"\s*\n\s*", "\n", svg).strip()

    def points(self) -> list[tuple[float, float, str]]:
        """Where each point is, as shares of the width from the left and of the height from the top; what it says."""
        axes, (width, height) = self.figure.axes[0], self.figure.get_size_inches() * self.figure.dpi
        points = []
        for number, series in enumerate(self.chart.series):
            pixels = axes.transData.transform(np.column_stack(self.chart.at(series, number)))
            for (x, y), label in zip(pixels, self.chart.labels(series), strict=True):
                if math.isfinite(x) and math.isfinite(y):
                    points.append((round(float(x / width), 4), round(float(1 - y / height), 4), label))
        return points


def _draw(axes: "Axes", chart: Chart, series: Series, number: int) -> Any:
    """Draw a series; what stands for it in a legend."""
    x, y = chart.at(series, number)
    if series.kind == "bars":
        count = sum(each.kind == "bars" for each in chart.series)
        look: dict[str, Any] = {"color": series.colour}
        if series.look:
            hatch = HATCHES[series.look % len(HATCHES)]
            look = {"facecolor": "none", "edgecolor": series.colour, "hatch": hatch}
        ends = np.abs([_ends(series, series.low) - y, _ends(series, series.high) - y]) if series.low else None
        return axes.bar(x, y, 0.8 / count, yerr=ends, error_kw={"ecolor": SOFT}, **look)
    if series.kind == "steps":
        return axes.step(x, y, where="mid", color=series.colour, lw=1)[0]
    width = 2.4 if series.heavy else 1.1
    style = LINES[series.look % len(LINES)]
    marker = [*MARKERS][series.look % len(MARKERS)]
    [line] = axes.plot(x, y, color=series.colour, lw=width, ls=style, marker=marker, ms=5.5 if series.heavy else 4.5)
    if has_band(series):
        bottom, top = chart.within[1]
        low, high = (gaps(np.clip(ends, bottom, top)) for ends in (series.low, series.high))
        axes.fill_between(x, low, high, color=series.colour, alpha=FAINT, lw=0)
    _mark_beyond(axes, chart, series, x, y)
    return line


def _lines(text: str, letters: int = LONG) -> str:
    """A text in two lines at most."""
    return textwrap.fill(text, letters, max_lines=2, placeholder="…", replace_whitespace=False)


def _short(name: str) -> str:
    """A name that is drawn in one line."""
    return name if len(name) <= LONG else f"{name[: LONG - 1]}…"


def _ends(series: Series, ends: Sequence[float]) -> Numbers:
    return np.where(np.isfinite(ends), ends, series.y)


def _mark_beyond(axes: "Axes", chart: Chart, series: Series, x: Numbers, y: Numbers) -> None:
    """Marks at the edges, one for each point that lies beyond the limits."""
    lie = list(zip(*chart.beyond(series), strict=True))
    for sides in dict.fromkeys(lie):
        mark = EDGES.get(sides) or EDGES.get((sides[0], 0))
        if mark:
            here = [sides == each for each in lie]
            axes.plot(x[here], y[here], mark, ms=9, color=series.colour, mfc=PAPER, clip_on=False, zorder=5)


def _set_axes(axes: "Axes", chart: Chart, lies: bool) -> None:
    from matplotlib.ticker import LogLocator

    if chart.scale != "plain":
        axes.set_xscale("log")
    if chart.scale == "log":
        low, high = axes.get_xlim()
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 3) if high < CROWDED * low else (1,)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.minorticks_off()
    if chart.scale == "percent":
        axes.set_xticks(chart.ticks, [f"{tick:g}%" for tick in chart.ticks])
        axes.minorticks_off()
    if places := [_short(place) for place in chart.categories]:
        axes.set_xticks(range(len(places)), places, rotation=0 if lies else 90)
        axes.set_xlim(-0.5, len(places) - 0.5)
    axes.set(xlabel="" if places else _lines(chart.x), ylabel=_lines(chart.y))
    axes.grid(axis="y" if places else "both")
    for set_limits, (low, high), limits in (
        (axes.set_xlim, chart.within[0], axes.get_xlim()),
        (axes.set_ylim, chart.within[1], axes.get_ylim()),
    ):
        set_limits(max(low, limits[0]), min(high, limits[1]))


def _label(axes: "Axes", chart: Chart) -> None:
    """Each line's name to the right of the axes, at the height of its last point, or as near as others allow."""
    ends = []
    for number, series in enumerate(chart.series):
        known = [point for point in zip(*chart.at(series, number), strict=True) if all(map(math.isfinite, point))]
        if known:
            height = axes.transAxes.inverted().transform(axes.transData.transform(known[-1]))[1]
            ends.append((float(height), series, known[-1]))
    ends.sort(key=lambda end: end[0])
    for (_, series, end), height in zip(ends, _apart([height for height, _, _ in ends]), strict=True):
        mark = [*MARKERS.values()][series.look % len(MARKERS)]
        axes.annotate(
            f"{mark} {_short(series.name)}",
            end,
            (1.05, height),
            textcoords="axes fraction",
            va="center",
            color=series.colour,
            weight="bold" if series.heavy else "normal",
            size=8.5,
            arrowprops={
                "arrowstyle": "-",
                "color": series.colour,
                "lw": 0.5,
                "alpha": 0.5,
                "shrinkA": 1,
                "shrinkB": 3,
                "relpos": (0, 0.5),
            },
            annotation_clip=False,
        )


def _apart(heights: Sequence[float]) -> Iterable[float]:
    """Ascending heights, moved as little as makes them `APART` or more apart, between 0 and `TOP` if there is room."""
    from scipy.optimize import isotonic_regression

    if not heights:
        return []
    steps = APART * np.arange(len(heights))
    return np.clip(isotonic_regression(heights - steps).x, 0, max(0.0, TOP - steps[-1])) + steps


def has_band(series: Series) -> bool:
    """Intervals are drawn where the line runs forward; else they are only said where one points."""
    forward = all(before < after for before, after in itertools.pairwise(map(float, series.x)))
    return series.heavy and bool(series.low) and forward


def _for_a_page(tag: str, number: int) -> str:
    """A tag of SVG with an id of its own, in the page's colours and font, at most two decimals."""
    tag = re.sub(r"font-family: [^;\"]+;? ?", "", tag)
    tag = re.sub(r"(\d\.\d\d)\d+", r"\1", tag)
    tag = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>chart{number}-", tag)
    return re.sub(r"#[0-9a-f]{6}\b", lambda colour: f"var(--{VARIABLES[colour[0]]})", tag)
