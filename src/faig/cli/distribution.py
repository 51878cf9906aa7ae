"""``faig distribution``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from faig.attribution.methods import METHODS
from faig.cli.app import app
from faig.cli.options import Proportions, Seed, shares_of
from faig.common.errors import InputError

if TYPE_CHECKING:
    from faig.analysis.sharing import Grouping
    from faig.experiment.distribution import Found


@app.command(epilog="Example: faig distribution runs/set14 --proportions 1,10")
def distribution(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Of faig attribute or faig compare.")],
    method: Annotated[
        str | None, typer.Option("--method", help="Whose ranking, by scores of images; the run's own method.")
    ] = None,
    proportions: Proportions = "1,3,5,10",
    seed: Seed = 0,
) -> None:
    """Where in the network the found filters are, and what each does: tables, and charts of them."""
    from faig.report.figures.export import draw_charts

    if method is not None and method not in METHODS:
        raise InputError(f"--method {method}: is not one of {', '.join(METHODS)}")
    name, by_function, groupings = distribute_run(run, method, shares_of(proportions), seed)
    for (kind, share), where in by_function.items():
        print(f"{kind}, top {share:.3g} by {name}: mean depth {where.depth}, unevenness {where.unevenness}")
    for share, grouped in groupings.items():
        kinds = ", ".join(f"{kind} {100 * value.value:.2f}%" for kind, value in grouped.kinds.items())
        print(f"all filters, by the top {share:.3g} of raw scores: {kinds}")
    print(f"tables: distribution.csv, layers.csv, overlaps.csv, groups.csv, profiles.csv in {run}")
    print(f"charts: layers and groups (PNG and SVG) in {draw_charts(run)}; the map of all filters: faig report {run}")


def distribute_run(
    run: Path, method: str | None, shares: list[float], seed: int
) -> "tuple[str, Found, dict[float, Grouping]]":
    """Write the tables of ``faig distribution`` into a run directory; of its own method where none is named."""
    from faig.experiment.distribution import distribute

    name, _, by_function, groupings = distribute(run, method, shares, seed=seed)
    return name, by_function, groupings
