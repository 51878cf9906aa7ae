"""The charts of a report, from tables."""

import math
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import pandas as pd

from faig.common.statistics import Estimate, interval_columns
from faig.imaging.cases import CLEAN
from faig.report.claims.claim import at_one_percent, job, listed, written
from faig.report.figures.chart import Chart, Series
from faig.report.rankings import by_own_method, own_method, whose_filters
from faig.results.comparison_tables import EFFECTS, SUMMARY
from faig.results.reader import Results
from faig.results.tables import ACCURACY, GROUPS, LAYERS, LEVELS, MODULATION, RETRAINED

CURVES = {
    "psnr": ("PSNR", "dB"),
    "sharpness": ("Sharpness", "mean gradient"),
    "noise": ("Noise", "σ that wavelets see"),
    "step": ("Change from the strength before", "mean absolute difference, of 255"),
}
LOWEST, FURTHEST = -0.2, 1.5  # switched off, and leak, that a trade-off shows
GREY = 6  # of clean inputs
INTERVENTIONS = {"switched_off": "switched off", "leak": "leak", "switched_on": "switched on"}

Charts = list[Chart]


def charts_of(results: Results) -> dict[str, Charts]:
    """All charts of a run, by section of the report."""
    return {
        "comparison": comparison_charts(results),
        "distribution": distribution_charts(results),
        "modulation": [chart for sweep in modulation_charts(results).values() for chart in sweep],
        "prediction": prediction_charts(results),
        "locations": retraining_charts(results),
    }


def comparison_charts(results: Results) -> Charts:
    """Effects by input, the trade-off between switched off and leak, and everything against the proportion."""
    charts: Charts = []
    effects, summary = results.table(EFFECTS), results.table(SUMMARY)
    method = own_method(results)
    if effects is not None:
        charts += _effects(effects)
    if summary is not None:
        charts += _tradeoffs(summary, method)
        charts += _by_proportion(summary, method)
    return charts


def _effects(effects: pd.DataFrame) -> Iterator[Chart]:
    rows, share = at_one_percent(effects)
    colours = _inputs(effects["input"])
    for kind, group in rows.groupby("reverted", sort=False):
        series = [
            Series(
                str(name),
                list(part["method"]),
                *_estimates(part, "effect"),
                colour=colours[name],
                kind="bars",
                hover=[f"on {name}{_wreck(row)}" for _, row in part.iterrows()],
            )
            for name, part in group.groupby("input", sort=False)
        ]
        yield Chart(
            f"effect-{kind}",
            f"Reverting {100 * share:.3g}%: {job(str(kind))}",
            "method",
            "effect",
            series,
            note=f"What each method's top filters for {job(str(kind))} change, by input. Good: a tall bar on {kind}, "
            "low ones elsewhere. " + _wrecks(group),
        )


def _tradeoffs(summary: pd.DataFrame, chosen: str) -> Iterator[Chart]:
    if "leak" not in summary:
        return
    colours = _numbered(summary["method"])
    for kind, group in summary.groupby("reverted", sort=False):
        series = []
        for method, line in group.groupby("method", sort=False):
            line = line.sort_values("proportion")
            hover = [
                f"{100 * share:.3g}%, leak {written(Estimate.of_row(row, 'leak'))}{_wreck(row)}"
                for share, (_, row) in zip(line["proportion"], line.iterrows(), strict=True)
            ]
            x, (y, low, high) = list(line["leak"]), _estimates(line, "switched_off")
            series.append(Series(str(method), x, y, low, high, colours[method], hover=hover, heavy=method == chosen))
        yield Chart(
            f"tradeoff-{kind}",
            f"Trade-off: {job(str(kind))}",
            "leak",
            "switched off",
            series,
            note="Each line runs through the proportions of one method. Good: the upper left corner. " + _wrecks(group),
            main=True,
            window=_within(group),
        )


def _wreck(row: "pd.Series[Any]") -> str:
    """How the network of a row is wrecked, after what else is said of it."""
    return f", wrecked: {row['wrecked']}" if row.get("wrecked") else ""


def _wrecks(rows: pd.DataFrame) -> str:
    """A sentence that says of which methods, and at which proportions, the networks are wrecked; empty for none."""
    if "wrecked" not in rows or not rows["wrecked"].any():
        return ""
    shares = rows[rows["wrecked"] != ""].groupby("method", sort=False)["proportion"].unique()
    named = (f"{method} at {listed(f'{100 * share:.3g}%' for share in sorted(at))}" for method, at in shares.items())
    return f"Wrecked: {'; '.join(named)}."


def _within(rows: pd.DataFrame) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The limits of a trade-off's axes, where some sets wreck the image; else None."""
    if rows["switched_off"].min() >= LOWEST and rows["leak"].max() <= FURTHEST:
        return None
    return (-0.03, min(FURTHEST, rows["leak"].max())), (LOWEST, 1.05)


def _by_proportion(summary: pd.DataFrame, chosen: str) -> Iterator[Chart]:
    if summary["proportion"].nunique() < 2:
        return
    colours = _numbered(summary["method"])
    for name, label in INTERVENTIONS.items():
        if name not in summary:
            continue
        for kind, group in summary.groupby("reverted", sort=False):
            series = [
                _line(str(method), line, "proportion", name, colours[method], method == chosen)
                for method, line in group.groupby("method", sort=False)
            ]
            yield Chart(
                f"{name.replace('_', '-')}-{kind}",
                f"{label.capitalize()}: {job(str(kind))}",
                "share of the filters",
                label,
                series,
                percent=True,
                note=f"Band: the 95% interval of {chosen} over images. Those of the others: point at them. "
                + _wrecks(group),
            )


def distribution_charts(results: Results) -> Charts:
    """The share of each function's filters that each layer has, and how many filters do what."""
    charts: Charts = []
    layers, groups = results.table(LAYERS), results.table(GROUPS)
    if layers is not None:
        charts.append(_by_layer(layers))
    if groups is not None:
        charts.append(_by_group(groups))
    return charts


def _by_layer(layers: pd.DataFrame) -> Chart:
    rows, share = at_one_percent(layers)
    series = [
        Series(job(str(kind)), list(part["layer"]), list(part["share_of_found"]), colour=number, kind="bars")
        for number, (kind, part) in enumerate(rows.groupby("function", sort=False))
    ]
    every = rows[rows["function"] == rows["function"].iloc[0]]
    usual = list(every["filters"] / every["filters"].sum())
    series.append(Series("all filters", list(every["layer"]), usual, colour=None, kind="steps"))
    return Chart(
        "layers",
        f"Where the top {100 * share:.3g}% by {rows['method'].iloc[0]} are",
        "layer",
        "share",
        series,
        note="The thin line is each layer's share of all filters.",
        main=True,
    )


def _by_group(groups: pd.DataFrame) -> Chart:
    rows, share = at_one_percent(groups[groups["functions"] != ""])
    rows = rows[rows["functions"] != "all"]
    names = list(rows["functions"])
    return Chart(
        "groups",
        f"What filters do, by the top {100 * share:.3g}% of raw scores",
        "in these sets and in no other",
        "share of all filters",
        [
            Series("filters", names, *_estimates(rows, "share"), kind="bars"),
            Series("by chance", names, list(rows["by_chance"]), colour=GREY, kind="bars"),
        ],
        note="Raw scores are those before anything is subtracted: a filter that all functions need is in all sets.",
    )


def modulation_charts(results: Results) -> dict[str, Charts]:
    """Measures against strength, by the functions that are turned together."""
    rows = results.table(MODULATION)
    if rows is None:
        return {}
    colours, filters, by = _inputs(rows["input"]), whose_filters(results), by_own_method(results)
    return {
        str(functions): [
            Chart(
                f"strength-{functions}-{name}",
                f"{title}: {job(str(functions))}{by}",
                "strength",
                label,
                [
                    _line(str(kind), line, "strength", name, colours[kind], True)
                    for kind, line in group.groupby("input", sort=False)
                ],
                note=f"One line per kind of input, mean over images; strength 1 is the target network. {filters}",
                main=name == "psnr",
            )
            for name, (title, label) in CURVES.items()
        ]
        for functions, group in rows.groupby("functions", sort=False)
    }


def prediction_charts(results: Results) -> Charts:
    """How often predictors are right, and responses against levels."""
    charts: Charts = []
    accuracy, levels = results.table(ACCURACY), results.table(LEVELS)
    filters, by = whose_filters(results), by_own_method(results)
    if accuracy is not None:
        series = [
            Series(str(name), list(part["classes"]), *_estimates(part, "accuracy"), colour=number, kind="bars")
            for number, (name, part) in enumerate(accuracy.groupby("predictor", sort=False))
        ]
        charts.append(
            Chart("accuracy", f"Right answers{by}", "possible classes", "share", series, note=filters, main=True)
        )
    for number, (kind, part) in enumerate(levels.groupby("degradation", sort=False) if levels is not None else ()):
        means = part.groupby("level")["response"].mean()
        line = Series(job(str(kind)), list(means.index), list(means), colour=number, heavy=True)
        charts.append(
            Chart(
                f"levels-{kind}",
                f"Response to {kind}{by}",
                f"level of {kind}",
                "response",
                [line],
                note=filters,
                main=True,
            )
        )
    return charts


def retraining_charts(results: Results) -> Charts:
    """PSNR on each function while only some filters are free."""
    rows = results.table(RETRAINED)
    if rows is None:
        return []
    colours = _numbered(rows["free"])
    return [
        Chart(
            f"retrained-{kind}",
            f"Retraining for {job(str(kind))}{by_own_method(results)}",
            "iterations",
            "PSNR (dB)",
            [
                _line(str(free), line, "iterations", "psnr", colours[free], number == 0)
                for number, (free, line) in enumerate(group.groupby("free", sort=False))
            ],
            note=f"One line per choice of the filters that are free to change. {whose_filters(results)}",
            main=True,
        )
        for kind, group in rows.groupby("function", sort=False)
    ]


def _line(name: str, rows: pd.DataFrame, x: str, y: str, colour: int, heavy: bool) -> Series:
    rows = rows.dropna(subset=[y]).sort_values(x)
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
