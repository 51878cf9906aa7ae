"""The charts of a comparison: effects by input, trade-offs, and everything against the proportion."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from faig.common.statistics import Estimate
from faig.report.claims.claim import at_one_percent, job, listed, written
from faig.report.figures.chart import Chart, Series
from faig.report.figures.series_of_tables import GREY, colours_of_inputs, estimates, line_of, numbered
from faig.report.rankings import own_method
from faig.results.comparison_tables import EFFECTS, KNOBS, SUMMARY
from faig.results.reader import Results

WORDS = {"": "gradient maps", "_pixels": "pixels"}  # of a measure, by the end of a column's name
LOWEST, FURTHEST = -0.2, 1.5  # switched off, and leak, that a trade-off shows
INTERVENTIONS = {"switched_off": "switched off", "leak": "leak", "switched_on": "switched on"}


def comparison_charts(results: Results) -> list[Chart]:
    """Effects by input, the trade-off between switched off and leak, and everything against the proportion."""
    charts: list[Chart] = []
    effects, summary = results.table(EFFECTS), results.table(SUMMARY)
    method = own_method(results)
    if effects is not None:
        charts += _effects(effects)
    if summary is not None:
        for end, measure in WORDS.items():
            charts += _tradeoffs(summary, results.table(KNOBS), method, end, measure)
        charts += _by_proportion(summary, method)
    return charts


def _effects(effects: pd.DataFrame) -> Iterator[Chart]:
    rows, share = at_one_percent(effects)
    colours = colours_of_inputs(effects["input"])
    for kind, group in rows.groupby("reverted", sort=False):
        series = [
            Series(
                str(name),
                list(part["method"]),
                *estimates(part, "effect"),
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


def _tradeoffs(
    summary: pd.DataFrame, knobs: pd.DataFrame | None, chosen: str, end: str, measure: str
) -> Iterator[Chart]:
    """Switched off against leak by one measure; the columns' names have its ``end``."""
    off, leak = f"switched_off{end}", f"leak{end}"
    if summary[leak].isna().all():  # images of one kind only
        return
    colours = numbered(summary["method"])
    for kind, group in summary.groupby("reverted", sort=False):
        series = []
        for method, line in group.groupby("method", sort=False):
            line = line.sort_values("proportion")
            hover = [
                f"{100 * share:.3g}%, leak {written(Estimate.of_row(row, leak))}{_wreck(row)}"
                for share, (_, row) in zip(line["proportion"], line.iterrows(), strict=True)
            ]
            x, (y, low, high) = list(line[leak]), estimates(line, off)
            series.append(Series(str(method), x, y, low, high, colours[method], hover=hover, heavy=method == chosen))
        shown = [group]
        if knobs is not None:
            shown.append(knobs[knobs["reverted"] == kind])
            series += _controls(shown[-1], off, leak)
        yield Chart(
            f"tradeoff-{kind}{end.replace('_', '-')}",
            f"Trade-off in {measure}: {job(str(kind))}",
            "leak",
            "switched off",
            series,
            note="Each line runs through the proportions of one method. Good: the upper left corner. "
            + (
                "Thin and grey: all parameters mixed (DNI), and output images averaged (blend). "
                if knobs is not None
                else ""
            )
            + _wrecks(group),
            main=True,
            window=_within(*(pd.concat([rows[column] for rows in shown]) for column in (off, leak))),
        )


def _controls(knobs: pd.DataFrame, off: str, leak: str) -> Iterator[Series]:
    """The knobs that need no attribution, turned down from the target, at which nothing is off."""
    for number, (knob, line) in enumerate(knobs.groupby("knob", sort=False)):
        line = line.sort_values("position", ascending=False)
        hover = ["the target", *(f"the target's share {row['position']:g}{_wreck(row)}" for _, row in line.iterrows())]
        colour = GREY if number else None
        yield Series(str(knob), [0.0, *line[leak]], [0.0, *line[off]], colour=colour, hover=hover)


def _wreck(row: "pd.Series[Any]") -> str:
    """How the network of a row is wrecked, after what else is said of it."""
    return f", wrecked: {row['wrecked']}" if row["wrecked"] else ""


def _wrecks(rows: pd.DataFrame) -> str:
    """A sentence that says of which methods, and at which proportions, the networks are wrecked; empty for none."""
    if not rows["wrecked"].any():
        return ""
    shares = rows[rows["wrecked"] != ""].groupby("method", sort=False)["proportion"].unique()
    named = (f"{method} at {listed(f'{100 * share:.3g}%' for share in sorted(at))}" for method, at in shares.items())
    return f"Wrecked: {'; '.join(named)}."


def _within(
    off: "pd.Series[float]", leak: "pd.Series[float]"
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The limits of a trade-off's axes, where some sets wreck the image; else None."""
    if off.min() >= LOWEST and leak.max() <= FURTHEST:
        return None
    return (-0.03, min(FURTHEST, leak.max())), (LOWEST, 1.05)


def _by_proportion(summary: pd.DataFrame, chosen: str) -> Iterator[Chart]:
    if summary["proportion"].nunique() < 2:
        return
    colours = numbered(summary["method"])
    for name, label in INTERVENTIONS.items():
        if summary[name].isna().all():
            continue
        for kind, group in summary.groupby("reverted", sort=False):
            series = [
                line_of(str(method), line, "proportion", name, colours[method], method == chosen)
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
