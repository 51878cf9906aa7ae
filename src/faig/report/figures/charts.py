"""The charts of a report, from tables."""

import math
from collections.abc import Hashable, Iterable, Iterator

import pandas as pd

from faig.imaging.cases import CLEAN
from faig.report.claims import comparison as claims
from faig.report.claims.claim import at_one_percent, estimate_of, interval_columns, job, told
from faig.report.claims.prediction import ACCURACY, LEVELS, RETRAINED
from faig.report.figures.chart import Chart, Series
from faig.results.reader import Results

EFFECTS = ("method", "reverted", "input", "proportion", *interval_columns("effect"))
LAYERS = ("function", "proportion", "layer", "filters", "share_of_found")
CURVES = {
    "psnr": ("PSNR", "dB"),
    "sharpness": ("Sharpness", "mean gradient"),
    "noise": ("Noise", "σ that wavelets see"),
}
LOWEST, FURTHEST = -0.2, 1.5  # switched off, and leak, that a trade-off shows
GREY = 6  # of clean inputs
INTERVENTIONS = {"switched_off": "switched off", "leak": "leak", "switched_on": "switched on"}

Charts = list[Chart]


def comparison_charts(results: Results) -> Charts:
    """Effects by input, the trade-off between switched off and leak, and everything against the proportion."""
    found: Charts = []
    effects = results.table("effects.csv", EFFECTS)
    if effects is not None:
        found += _effects(effects)
    summary = results.table("summary.csv", claims.SUMMARY)
    if summary is not None:
        found += _tradeoffs(summary)
        found += _by_proportion(summary)
    return found


def _effects(effects: pd.DataFrame) -> Iterator[Chart]:
    rows, share = at_one_percent(effects)
    colours = _inputs(effects["input"])
    for kind, group in rows.groupby("reverted", sort=False):
        series = [
            Series(str(given), list(part["method"]), *_estimates(part, "effect"), colour=colours[given], kind="bars")
            for given, part in group.groupby("input", sort=False)
        ]
        yield Chart(
            f"effect-{kind}",
            f"Reverting {100 * share:.3g}%: {job(str(kind))}",
            "method",
            "effect",
            series,
            note=f"What each method's top filters for {job(str(kind))} change, by input. Good: a tall bar on {kind}, "
            "low ones elsewhere.",
        )


def _tradeoffs(summary: pd.DataFrame) -> Iterator[Chart]:
    if "leak" not in summary:
        return
    colours = _numbered(summary["method"])
    for kind, group in summary.groupby("reverted", sort=False):
        series = []
        for method, line in group.groupby("method", sort=False):
            line = line.sort_values("proportion")
            hover = [
                f"{100 * share:.3g}%, leak {told(estimate_of(row, 'leak'))}"
                for share, (_, row) in zip(line["proportion"], line.iterrows(), strict=True)
            ]
            x, (y, low, high) = list(line["leak"]), _estimates(line, "switched_off")
            band = method == claims.CHAMPION
            series.append(Series(str(method), x, y, low, high, colours[method], told=hover, heavy=band))
        yield Chart(
            f"tradeoff-{kind}",
            f"Trade-off: {job(str(kind))}",
            "leak",
            "switched off",
            series,
            note="Each line runs through the proportions of one method. Good: the upper left corner. Below 0 the image "
            "is further from the baseline's than the target's: wrecked.",
            window=_within(group),
        )


def _within(rows: pd.DataFrame) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """What of a trade-off matters, where some sets wreck the image; else None."""
    if rows["switched_off"].min() >= LOWEST and rows["leak"].max() <= FURTHEST:
        return None
    return (-0.03, min(FURTHEST, rows["leak"].max())), (LOWEST, 1.05)


def _by_proportion(summary: pd.DataFrame) -> Iterator[Chart]:
    if summary["proportion"].nunique() < 2:
        return
    colours = _numbered(summary["method"])
    for name, label in INTERVENTIONS.items():
        if name not in summary:
            continue
        for kind, group in summary.groupby("reverted", sort=False):
            series = [
                _line(str(method), line, "proportion", name, colours[method], method == claims.CHAMPION)
                for method, line in group.groupby("method", sort=False)
            ]
            yield Chart(
                f"{name.replace('_', '-')}-{kind}",
                f"{label.capitalize()}: {job(str(kind))}",
                "share of the filters",
                label,
                series,
                percent=True,
                note="Band: FAIG's 95% interval over images. Those of the others: point at them.",
            )


def distribution_charts(results: Results) -> Charts:
    """The share of each function's filters that each layer has."""
    layers = results.table("layers.csv", LAYERS)
    if layers is None:
        return []
    rows, share = at_one_percent(layers)
    functions = rows.groupby("function", sort=False)
    series = [
        Series(job(str(kind)), list(part["layer"]), list(part["share_of_found"]), colour=number, kind="bars")
        for number, (kind, part) in enumerate(functions)
    ]
    every = rows[rows["function"] == rows["function"].iloc[0]]
    usual = list(every["filters"] / every["filters"].sum())
    series.append(Series("all filters", list(every["layer"]), usual, colour=None, kind="steps"))
    title = f"Where the top {100 * share:.3g}% are"
    return [
        Chart("layers", title, "layer", "share", series, note="The thin line is each layer's share of all filters.")
    ]


def modulation_charts(results: Results) -> dict[str, Charts]:
    """By functions that are turned together: measures against strength."""
    rows = results.table("modulation.csv", (*claims.MODULATION, *CURVES))
    if rows is None:
        return {}
    colours = _inputs(rows["input"])
    return {
        str(functions): [
            Chart(
                f"strength-{functions}-{name}",
                f"{title}: {job(str(functions))}",
                "strength",
                label,
                [
                    _line(str(given), line, "strength", name, colours[given], True)
                    for given, line in group.groupby("input", sort=False)
                ],
                note="One line per kind of input, mean over images; strength 1 is the target network.",
            )
            for name, (title, label) in CURVES.items()
        ]
        for functions, group in rows.groupby("functions", sort=False)
    }


def prediction_charts(results: Results) -> Charts:
    """How often predictors are right, and responses against levels."""
    found = []
    accuracy, levels = results.table("accuracy.csv", ACCURACY), results.table("levels.csv", LEVELS)
    if accuracy is not None:
        series = [
            Series(str(name), list(part["classes"]), *_estimates(part, "accuracy"), colour=number, kind="bars")
            for number, (name, part) in enumerate(accuracy.groupby("predictor", sort=False))
        ]
        found.append(Chart("accuracy", "Right answers", "possible classes", "share", series))
    for number, (kind, part) in enumerate(levels.groupby("degradation", sort=False) if levels is not None else ()):
        means = part.groupby("level")["response"].mean()
        line = Series(job(str(kind)), list(means.index), list(means), colour=number, heavy=True)
        found.append(Chart(f"levels-{kind}", f"Response to {kind}", f"level of {kind}", "response", [line]))
    return found


def retraining_charts(results: Results) -> Charts:
    """PSNR on each function while only some filters are free."""
    rows = results.table("retrained.csv", RETRAINED)
    if rows is None:
        return []
    colours = _numbered(rows["free"])
    return [
        Chart(
            f"retrained-{kind}",
            f"Retraining for {job(str(kind))}",
            "iterations",
            "PSNR (dB)",
            [
                _line(str(free), line, "iterations", "psnr", colours[free], number == 0)
                for number, (free, line) in enumerate(group.groupby("free", sort=False))
            ],
            note="One line per choice of the filters that are free to change.",
        )
        for kind, group in rows.groupby("function", sort=False)
    ]


def _line(name: str, rows: pd.DataFrame, x: str, y: str, colour: int, heavy: bool) -> Series:
    rows = rows.sort_values(x)
    places = [100 * share for share in rows[x]] if x == "proportion" else list(rows[x])
    return Series(name, places, *_estimates(rows, y), colour=colour, heavy=heavy)


def _estimates(rows: pd.DataFrame, name: str) -> tuple[list[float], list[float], list[float]]:
    """Values, and both ends of the intervals; empty where there are none."""
    value, low, high = (list(rows[column]) if column in rows else [] for column in interval_columns(name))
    return (value, low, high) if low and not all(map(math.isnan, low)) else (value, [], [])


def _numbered(names: Iterable[Hashable]) -> dict[Hashable, int]:
    return {name: number for number, name in enumerate(dict.fromkeys(names))}


def _inputs(names: Iterable[Hashable]) -> dict[Hashable, int]:
    """Each degradation as its function is elsewhere on the page, clean inputs grey."""
    return _numbered(name for name in names if name != CLEAN) | {CLEAN: GREY}
