"""``faig distribution``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.attribution.methods import METHODS
from faig.cli import options as cli
from faig.cli import reading
from faig.cli.output import screen
from faig.common.errors import InputError
from faig.common.settings import proportions as read_proportions
from faig.experiment.config import CompareConfig
from faig.experiment.distribution import distribute
from faig.report.figures.export import draw_charts
from faig.results.tables import DISTRIBUTION, GROUPS, LAYERS, OVERLAPS, PROFILES

app = typer.Typer(add_completion=False)
TABLES = (DISTRIBUTION, LAYERS, OVERLAPS, GROUPS, PROFILES)


@app.command(epilog="Example: faig distribution runs/attribute --proportions 1,10")
def distribution(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Of faig attribute or faig compare.")],
    method: Annotated[
        str | None,
        typer.Option("--method", help="Whose ranking, by scores of images.", show_default="the run's own"),
    ] = None,
    proportions: cli.Proportions = None,
    seed: cli.Seed = None,
) -> None:
    """Where in the network the found filters are, and what each does: tables, and charts of them."""
    if method is not None and method not in METHODS:
        raise InputError(f"--method {method}: is not one of {', '.join(METHODS)}")
    shares = read_proportions(proportions) if proportions else cli.default_of(CompareConfig, "proportions")
    name, _, by_function, groupings = distribute(run, method, shares, **reading.not_none(seed=seed))
    screen.result(f"method: {name}", run=run, method=name)
    functions = []
    for (kind, share), where in by_function.items():
        screen.result(
            f"{kind}, top {100 * share:.3g}% by {name}: mean depth {where.depth}, unevenness {where.unevenness}"
        )
        columns = where.depth.columns("depth") | where.unevenness.columns("unevenness")
        functions.append({"function": kind, "proportion": share} | columns)
    groups = []
    for share, grouped in groupings.items():
        kinds = {kind: value.value for kind, value in grouped.kinds.items()}
        texts = ", ".join(f"{kind} {value:.2%}" for kind, value in kinds.items())
        screen.result(f"all filters, by the top {100 * share:.3g}% of raw scores: {texts}")
        groups.append({"proportion": share} | kinds)
    screen.result(None, functions=functions, groups=groups)
    screen.note(f"tables: {', '.join(table.name for table in TABLES)} in {run}")
    charts = draw_charts(run)
    screen.note(f"charts: layers and groups (PNG and SVG) in {charts}; the map of all filters: faig report {run}")
