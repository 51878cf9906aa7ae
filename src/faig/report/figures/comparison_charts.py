"""The charts of a comparison: effects by input, trade-offs, and everything against the proportion."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from faig.common.statistics import Estimate
from faig.report.claims.claim import at_one_percent, job, listed
from faig.report.figures.chart import Chart, Limits, Series
from faig.report.figures.series_of_tables import estimates, line_of, of_method
from faig.report.rankings import own_method
from faig.results.comparison_tables import EFFECTS, KNOBS, SUMMARY
from faig.results.reader import Results

WORDS = {"": "gradient maps", "_pixels": "pixels"}  # of a measure, by the end of a column's name
LOWEST, HIGHEST = -0.2, 1.5  # of what is 0 or 1 where nothing or all changes
LEAST = 1e-4  # leak on a logarithmic axis
INTERVENTIONS = {"switched_off": "switched off", "leak": "leak", "switched_on": "switched on"}


def comparison_charts(results: Results, colours: dict[str, str]) -> list[Chart]:
    """Effects by input, the trade-off between switched off and leak, and everything against the proportion."""
    charts: list[Chart] = []
    effects, summary = results.table(EFFECTS), results.table(SUMMARY)
    method = own_method(results)
    if effects is not None:
        charts += _effects(effects, colours)
    if summary is not None:
        for end in WORDS:
            charts += _tradeoffs(summary, results.table(KNOBS), method, colours, end)
        charts += _by_proportion(summary, method, colours)
    return charts


def _effects(effects: pd.DataFrame, colours: dict[str, str]) -> Iterator[Chart]:
    rows, share = at_one_percent(effects)
    for kind, group in rows.groupby("reverted", sort=False):
        series = [
            Series(
                str(name),
                list(part["method"]),
                *estimates(part, "effect"),
                colour=colours[str(name)],
                kind="bars",
                hover=[_wreck(row) for _, row in part.iterrows()],
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
    summary: pd.DataFrame, knobs: pd.DataFrame | None, own: str, colours: dict[str, str], end: str
) -> Iterator[Chart]:
    """Switched off against leak by one measure; the columns' names have its ``end``."""
    off, leak = f"switched_off{end}", f"leak{end}"
    if summary[leak].isna().all():  # images of one kind only
        return
    for kind, group in summary.groupby("reverted", sort=False):
        series = []
        for method, line in group.groupby("method", sort=False):
            line = line.sort_values("proportion")
            hover = [
                _joined(f"at {100 * share:.3g}%", _ends(row, leak), _wreck(row))
                for share, (_, row) in zip(line["proportion"], line.iterrows(), strict=True)
            ]
            style = of_method(method, summary["method"], own, colours[str(kind)])
            series.append(Series(str(method), list(line[leak]), *estimates(line, off), hover=hover, **style))
        if knobs is not None:
            series += _controls(knobs[knobs["function"] == kind], off, leak, len(series))
        yield Chart(
            f"tradeoff-{kind}{end.replace('_', '-')}",
            f"Trade-off in {WORDS[end]}: {job(str(kind))}",
            "leak",
            "switched off",
            series,
            scale="log",
            note="Each line runs through the proportions of one method. Good: the upper left corner. "
            + (
                "All parameters mixed (DNI) and output images averaged (blend) are lines too. "
                if knobs is not None
                else ""
            )
            + _wrecks(group),
            main=True,
            within=(_decades(series), (LOWEST, math.inf)),
        )


def _controls(knobs: pd.DataFrame, off: str, leak: str, looks: int) -> Iterator[Series]:
    """The knobs that need no attribution, turned down from the target; they look other than so many methods."""
    for number, (knob, line) in enumerate(knobs.groupby("knob", sort=False)):
        line = line.sort_values("position", ascending=False)
        hover = [_joined(f"the target's share {row['position']:g}", _wreck(row)) for _, row in line.iterrows()]
        yield Series(str(knob), list(line[leak]), list(line[off]), look=looks + number, hover=hover)


def _decades(series: list[Series]) -> Limits:
    """The limits of leak on a logarithmic axis: the decade of the smallest, none where it has no end."""
    known = [float(x) for line in series for x in line.x if float(x) > 0]
    return max(LEAST, 10.0 ** math.floor(math.log10(min(known)))) if known else LEAST, math.inf


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def _ends(row: "pd.Series[Any]", leak: str) -> str:
    """The interval of leak; empty where there is none."""
    estimate = Estimate.of_row(row, leak)
    interval = f"leak in [{estimate.low:.3g}, {estimate.high:.3g}]".replace("-", "−")
    return "" if math.isnan(estimate.low) else interval


def _wreck(row: "pd.Series[Any]") -> str:
    """How the network of a row is wrecked; empty where it is not."""
    return f"wrecked: {row['wrecked']}" if row["wrecked"] else ""


def _wrecks(rows: pd.DataFrame) -> str:
    """A sentence that says of which methods, and at which proportions, the networks are wrecked; empty for none."""
    if not rows["wrecked"].any():
        return ""
    shares = rows[rows["wrecked"] != ""].groupby("method", sort=False)["proportion"].unique()
    named = (f"{method} at {listed(f'{100 * share:.3g}%' for share in sorted(at))}" for method, at in shares.items())
    return f"Wrecked: {'; '.join(named)}."


def _by_proportion(summary: pd.DataFrame, own: str, colours: dict[str, str]) -> Iterator[Chart]:
    if summary["proportion"].nunique() < 2:
        return
    for name, label in INTERVENTIONS.items():
        if summary[name].isna().all():
            continue
        for kind, group in summary.groupby("reverted", sort=False):
            series = [
                line_of(
                    *(str(method), line, "proportion", name),
                    **of_method(method, summary["method"], own, colours[str(kind)]),
                )
                for method, line in group.groupby("method", sort=False)
            ]
            yield Chart(
                f"{name.replace('_', '-')}-{kind}",
                f"{label.capitalize()}: {job(str(kind))}",
                "share of the filters",
                label,
                series,
                scale="percent",
                note=f"Band: the 95% interval of {own} over images. Those of the others: point at them. "
                + _wrecks(group),
                within=((-math.inf, math.inf), (LOWEST, HIGHEST)),
            )
