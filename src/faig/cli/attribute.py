"""``faig attribute``."""

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from faig.attribution.files.run_files import SCORES
from faig.attribution.files.score_files import load_scores
from faig.attribution.methods import ALL
from faig.cli import options as cli
from faig.cli import reading
from faig.cli.output import screen
from faig.cli.report import print_found
from faig.cli.tables import check_sheet
from faig.common.errors import InputError
from faig.experiment.attribute import attribute_run
from faig.experiment.config import AttributeConfig
from faig.filters import UNITS
from faig.results.comparison_tables import CHECK
from faig.results.reader import Results
from faig.results.scores import ScoresInfo

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: faig attribute --pair srresnet-x2 --gt Set14 --degrade blur=2 --degrade noise=0.1")
@cli.taking(cli.PAIR, cli.IMAGES, cli.INTEGRAL, cli.UNITS_RANKED, cli.NEW)
def attribute(
    gt: cli.Gt,
    out: Annotated[Path | None, cli.out_option("attribute")] = None,
    method: Annotated[str | None, cli.setting(AttributeConfig, "method", ", ".join(ALL))] = None,
    tolerance: cli.Tolerance = None,
    budget: cli.Budget = None,
    stable: cli.Stable = None,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Revert the top of each ranking on these images, and measure.")
    ] = True,
    top: cli.Top = None,
    resamples: Annotated[
        int | None,
        cli.setting(
            AttributeConfig, "resamples", "How often learned sets or strengths are learned anew, for confidence."
        ),
    ] = None,
    **options: Any,
) -> None:
    """Find the filters of each function: scores and rankings."""
    if tolerance is not None and budget is not None:
        raise InputError("give either --tolerance or --budget")
    config = reading.configuration(AttributeConfig, locals() | options, "attribute")
    run_attribute(config, out or cli.default_out("attribute"), options["force"])


def run_attribute(config: AttributeConfig, out: Path, force: bool) -> None:
    """Run it, and print what it found."""
    unit = config.unit or UNITS[0]
    attribute_run(config, out, force=force, track=screen.track)
    screen.result(f"method: {config.method}", run=out, method=config.method)
    errors: dict[str, dict[str, float | None]] = {}
    if (out / SCORES).exists():
        raw, metadata = load_scores(out / SCORES)
        info, carried = ScoresInfo.of(out / SCORES, metadata), raw.carried()
        for kind, delta in info.convergence_delta.items():
            barrier, wrong = info.barrier.get(kind, math.nan), info.ranking_error.get(kind)
            errors[kind] = {"convergence_delta": delta, "barrier": barrier, "ranking_error": wrong}
            errors[kind]["carried"] = share = carried.get(kind, math.nan)
            by_units = (
                f", {unit}s carry {share:.0%}, the rest {round(delta + 1 - share, 2) + 0.0:.0%}"
                if math.isfinite(share)
                else ""
            )
            by_integral = "" if wrong is None else f", about {wrong:.1%} of the top 1% wrong by the integral"
            screen.result(f"{kind}: convergence delta {delta:+.2%}, barrier {barrier:.2f}{by_units}{by_integral}")
    if config.check:
        rows = Results.of(out).needed(CHECK)
        screen.result(check_sheet(rows), check=rows.to_dict("records"))
        print_found(out)
    rankings = sorted(out.glob("filters-*.csv"))
    screen.result("\n".join(map(str, rankings)), errors=errors, rankings=rankings)
