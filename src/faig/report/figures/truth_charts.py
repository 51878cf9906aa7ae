"""The pictures of a ground truth study."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from faig.common.files import replacing
from faig.imaging.colours import INK, colours_of
from faig.report.figures.drawing import LINES, MARKERS
from faig.report.figures.style import METADATA, PAPER, SETTINGS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

TRUTHS = ("alone", "Shapley", "greedy")
SHOWN = ("faig", "signed", "signed-net", "predicted", "gradient", "change", "ig", "random")  # in pictures
OF_DECOYS = ("faig", "signed", "predicted", "change")
LIMITS = {"switched_off": (-0.1, 1.1), "leak": (-0.1, 1.5), "recall": (0, 1), "share": (0, 1)}  # of what is drawn
VERSIONS = {"with": "-", "aligned": ":", "without": "--"}  # of decoys, and their lines
RESOLUTION = 90  # dots per inch


def draw_truth(file: Path, kind: str, *tables: pd.DataFrame) -> None:
    """Draw a picture as PNG; equal tables give equal bytes.

    Args:
        file: of the picture.
        kind: ``curves``: switched off and leak against the proportion; ``recall``: that of planted filters by
            drift; ``decoys``: their share of the top 1%.
        tables: of that stage of the study, `TOPS` the last of its own.
    """
    from matplotlib import rc_context

    with rc_context(SETTINGS), replacing(file) as part:
        DRAWN[kind](tables[-1]).savefig(part, format="png", dpi=RESOLUTION, metadata=METADATA["png"])


def _curves(tops: pd.DataFrame) -> "Figure":
    """Switched off and leak against the proportion, means over seeds; the truths thick, in their function's colour."""
    from matplotlib.figure import Figure

    groups = list(tops.groupby(["pair", "function"], sort=False))
    colours = colours_of(map(str, tops["function"]))
    figure = Figure(figsize=(4 * len(groups), 6.8), layout="constrained")
    panels = figure.subplots(2, len(groups), squeeze=False)
    for column, ((pair, function), rows) in enumerate(groups):
        for line, value in enumerate(("switched_off", "leak")):
            axes = panels[line, column]
            for method, group in rows[rows["method"].isin((*TRUTHS, *SHOWN))].groupby("method", sort=False):
                if method in TRUTHS:
                    truth = {
                        "color": colours[str(function)],
                        "lw": 2.2,
                        "ls": LINES[TRUTHS.index(method)],
                        "marker": "",
                    }
                    _line(axes, group, "proportion", value, label=method, **truth)
                else:
                    _line(axes, group, "proportion", value, label=method, **_look(SHOWN.index(method)))
            label = value.replace("_", " ")
            axes.set(xscale="log", title=f"{pair}, {function}", xlabel="proportion", ylabel=label)
            axes.grid()
    _legend_below(figure, panels[0, 0])
    return figure


def _recall(planted: pd.DataFrame) -> "Figure":
    """Recall against drift."""
    figure, panels = _panels(planted)
    for pair, axes in panels.items():
        for method in SHOWN:
            rows = planted[(planted["pair"] == pair) & (planted["method"] == method)]
            _line(axes, rows, "drift", "recall", label=method, **_look(SHOWN.index(method)))
        axes.set(title=pair, xlabel="drift / planted change", ylabel="recall of the carriers")
        axes.grid()
    _legend_below(figure, axes)
    return figure


def _decoys(decoys: pd.DataFrame) -> "Figure":
    """Decoys in the top 1% against their scale."""
    from matplotlib.lines import Line2D

    scaled = decoys[decoys["decoy"] == "scaled"].assign(share=decoys["in_top"] / decoys["top"])
    figure, panels = _panels(decoys)
    for pair, axes in panels.items():
        for version, style in VERSIONS.items():
            for method in OF_DECOYS:
                rows = scaled[(scaled["pair"] == pair) & (scaled["method"] == method) & (scaled["version"] == version)]
                label = method if version == "with" else None
                _line(axes, rows, "size", "share", label=label, **_look(SHOWN.index(method)) | {"ls": style})
        axes.set(xscale="log", title=pair, xlabel="scale of the decoys", ylabel="share of the top 1%")
        axes.grid()
    versions = [Line2D([], [], color=INK, lw=1, ls=style, label=name) for name, style in VERSIONS.items()]
    _legend_below(figure, axes, *versions)
    return figure


def _panels(rows: pd.DataFrame) -> "tuple[Figure, dict[str, Axes]]":
    """A figure with a panel for each pair."""
    from matplotlib.figure import Figure

    pairs = list(dict.fromkeys(rows["pair"]))
    figure = Figure(figsize=(5 * len(pairs), 4.4), layout="constrained")
    return figure, dict(zip(pairs, figure.subplots(1, len(pairs), squeeze=False)[0], strict=True))


def _look(number: int) -> dict[str, Any]:
    """What tells a method apart: its marker and its kind of line."""
    return {
        "color": INK,
        "lw": 1,
        "ms": 4,
        "ls": LINES[number % len(LINES)],
        "marker": [*MARKERS][number % len(MARKERS)],
    }


def _legend_below(figure: "Figure", axes: "Axes", *more: "Line2D") -> None:
    handles = [*axes.get_legend_handles_labels()[0], *more]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8)


def _line(axes: "Axes", rows: pd.DataFrame, x: str, y: str, **look: Any) -> None:
    mean = rows.groupby(x)[y].mean()
    axes.plot(mean.index, mean, **look)
    for beyond, edge, mark in ((mean < LIMITS[y][0], LIMITS[y][0], "v"), (mean > LIMITS[y][1], LIMITS[y][1], "^")):
        if beyond.any():
            at = mean.index[beyond]
            axes.plot(at, [edge] * len(at), mark, ms=7, color=look["color"], mfc=PAPER, clip_on=False)
    axes.set_ylim(*LIMITS[y])


DRAWN = {"curves": _curves, "recall": _recall, "decoys": _decoys}
