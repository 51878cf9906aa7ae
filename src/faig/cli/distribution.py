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
    method: Annotated[str, typer.Option("--method", help="Whose ranking, by scores of images.")] = "faig",
    proportions: Proportions = "1,3,5,10",
    seed: Seed = 0,
) -> None:
    """Where in the network the found filters are, and what each does: tables, bars by layer, a map, profiles."""
    if method not in METHODS:
        raise InputError(f"--method {method}: is not one of {', '.join(METHODS)}")
    found, groupings = distribute_run(run, method, shares_of(proportions), seed)
    for (kind, share), one in found.items():
        print(f"{kind}, top {share:.3g}: mean depth {one.depth}, unevenness {one.unevenness}")
    for share, grouped in groupings.items():
        told = ", ".join(f"{kind} {100 * value.value:.2f}%" for kind, value in grouped.kinds.items())
        print(f"all filters, by the top {share:.3g} of raw scores: {told}")
    print(f"tables: distribution.csv, layers.csv, overlaps.csv, groups.csv, profiles.csv in {run}")
    print(f"pictures: layers.png, map.png, profile.png (and .svg) in {run / 'figures'}")


def distribute_run(run: Path, method: str, shares: list[float], seed: int) -> "tuple[Found, dict[float, Grouping]]":
    """Write the tables and pictures of ``faig distribution`` into a run directory."""
    from faig.experiment.distribution import distribute
    from faig.report.figures.layers import draw_bars, draw_map
    from faig.report.figures.sharing import draw_profile

    space, found, groupings = distribute(run, method, shares, seed=seed)
    sets = {kind: one.filters for (kind, share), one in found.items() if share == shares[0]}
    draw_bars(space, sets, run / "figures" / "layers")
    draw_map(space, sets, run / "figures" / "map")
    draw_profile(groupings[shares[0]], run / "figures" / "profile")
    return found, groupings
