"""The charts of a report, from tables."""

from collections.abc import Iterator

import pandas as pd

from faig.report.claims.claim import at_one_percent, job, listed
from faig.report.figures.chart import Chart, Series
from faig.report.figures.comparison_charts import comparison_charts
from faig.report.figures.series_of_tables import colours_of_run, estimates, line_of, numbered, of_method
from faig.report.rankings import by_own_method, whose_filters
from faig.results.reader import Results
from faig.results.tables import ACCURACY, GROUPS, LAYERS, LEVELS, MODULATION, RETRAINED, SECTIONS

CURVES = {
    "psnr": ("PSNR", "dB"),
    "sharpness": ("Sharpness", "mean gradient"),
    "noise": ("Noise", "σ that wavelets see"),
    "step": ("Change from the strength before", "mean absolute difference, of 255"),
}
THIN = "Thin: all parameters mixed (DNI), and output images averaged (blend)."

Charts = list[Chart]
Colours = dict[str, str]


def charts_of(results: Results) -> dict[str, Charts]:
    """All charts of a run, by section of the report; every section has a list, that of some is always empty."""
    colours = colours_of_run(results)
    return {section: [] for section in SECTIONS} | {
        "comparison": comparison_charts(results, colours),
        "distribution": distribution_charts(results, colours),
        "modulation": [chart for sweep in modulation_charts(results, colours).values() for chart in sweep],
        "prediction": prediction_charts(results, colours),
        "locations": retraining_charts(results, colours),
    }


def distribution_charts(results: Results, colours: Colours) -> Charts:
    """The share of each function's filters that each layer has, and how many filters do what."""
    charts: Charts = []
    layers, groups = results.table(LAYERS), results.table(GROUPS)
    if layers is not None:
        charts.append(_by_layer(layers, colours))
    if groups is not None and len(named := groups[~groups["functions"].isin(["", "all"])]):
        charts.append(_by_group(named))
    return charts


def _by_layer(layers: pd.DataFrame, colours: Colours) -> Chart:
    rows, share = at_one_percent(layers)
    series = [
        Series(
            job(str(kind)), list(part["layer"]), list(part["share_of_found"]), colour=colours[str(kind)], kind="bars"
        )
        for kind, part in rows.groupby("function", sort=False)
    ]
    every = rows[rows["function"] == rows["function"].iloc[0]]
    usual = list(every["filters"] / every["filters"].sum())
    series.append(Series("all filters", list(every["layer"]), usual, kind="steps"))
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
    rows, share = at_one_percent(groups)
    names = list(rows["functions"])
    return Chart(
        "groups",
        f"What filters do, by the top {100 * share:.3g}% of raw scores",
        "in these sets and in no other",
        "share of all filters",
        [
            Series("filters", names, *estimates(rows, "share"), kind="bars"),
            Series("by chance", names, list(rows["by_chance"]), look=1, kind="bars"),
        ],
        note="Raw scores are those before anything is subtracted: a filter that all functions need is in all sets.",
    )


def modulation_charts(results: Results, colours: Colours) -> dict[str, Charts]:
    """Measures against strength, by the functions that are turned together."""
    table = results.table(MODULATION)
    if table is None:
        return {}
    rows, controls = table[table["functions"] != ""], table[table["functions"] == ""]
    filters, by = whose_filters(results), by_own_method(results)
    return {
        str(functions): [
            Chart(
                f"strength-{functions}-{name}",
                f"{title}: {job(str(functions))}{by}",
                "strength",
                label,
                [
                    *(
                        line_of(str(kind), line, "strength", name, colour=colours[str(kind)], heavy=True)
                        for kind, line in group.groupby("input", sort=False)
                    ),
                    *(_controls(controls, str(functions), colours) if name == "psnr" else []),
                ],
                note=" ".join(
                    part
                    for part in (
                        "One line per kind of input, mean over images; strength 1 is the target network.",
                        filters,
                        *((THIN, _wrecks_at(group)) if name == "psnr" else ()),
                    )
                    if part
                ),
                main=name == "psnr",
            )
            for name, (title, label) in CURVES.items()
        ]
        for functions, group in rows.groupby("functions", sort=False)
    }


def _controls(controls: pd.DataFrame, functions: str, colours: Colours) -> Iterator[Series]:
    """PSNR of DNI and blend on the functions' own degradations."""
    own = controls[controls["input"].isin(functions.split("+"))]
    looks = numbered(own["way"])
    for (way, kind), line in own.groupby(["way", "input"], sort=False):
        style = {"colour": colours[str(kind)], "look": 1 + looks[way]}
        yield line_of(f"{way} on {kind}", line, "strength", "psnr", **style)


def _wrecks_at(rows: pd.DataFrame) -> str:
    """A sentence that says at which strengths a network is wrecked; empty for none."""
    if not rows["wrecked"].any():
        return ""
    strengths = sorted(rows[rows["wrecked"] != ""]["strength"].unique())
    return f"Wrecked at strength {listed(f'{strength:g}' for strength in strengths)}."


def prediction_charts(results: Results, colours: Colours) -> Charts:
    """How often predictors are right, and responses against levels."""
    charts: Charts = []
    accuracy, levels = results.table(ACCURACY), results.table(LEVELS)
    filters, by = whose_filters(results), by_own_method(results)
    if accuracy is not None:
        series = [
            Series(str(name), list(part["classes"]), *estimates(part, "accuracy"), look=number, kind="bars")
            for number, (name, part) in enumerate(accuracy.groupby("predictor", sort=False))
        ]
        charts.append(
            Chart("accuracy", f"Right answers{by}", "possible classes", "share", series, note=filters, main=True)
        )
    for kind, part in levels.groupby("degradation", sort=False) if levels is not None else ():
        means = part.groupby("level")["response"].mean()
        line = Series(job(str(kind)), list(means.index), list(means), colour=colours[str(kind)], heavy=True)
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


def retraining_charts(results: Results, colours: Colours) -> Charts:
    """PSNR on each function while only some filters may change."""
    rows = results.table(RETRAINED)
    if rows is None:
        return []
    choices = list(dict.fromkeys(rows["trainable"]))
    return [
        Chart(
            f"retrained-{kind}",
            f"Retraining for {job(str(kind))}{by_own_method(results)}",
            "iterations",
            "PSNR (dB)",
            [
                line_of(
                    *(str(trainable), line, "iterations", "psnr"),
                    **of_method(trainable, choices, choices[0], colours[str(kind)]),
                )
                for trainable, line in group.groupby("trainable", sort=False)
            ],
            note=f"One line per choice of the filters that may change. {whose_filters(results)}",
            main=True,
        )
        for kind, group in rows.groupby("function", sort=False)
    ]
