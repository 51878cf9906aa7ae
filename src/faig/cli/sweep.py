"""``faig sweep``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from faig.cli import options as cli
from faig.cli import reading
from faig.cli.methods import describe_methods, methods_of
from faig.cli.output import screen
from faig.common.errors import InputError
from faig.experiment.config import SweepConfig
from faig.experiment.sweep import sweep as turn
from faig.intervention.knob import WAYS
from faig.report.figures.export import FIGURES, draw_charts
from faig.report.figures.strips import draw_strips
from faig.results.reader import Results
from faig.results.tables import MODULATION, STRENGTHS

MOST_STEPS = 1000
CLOSE = 1e-6  # to the end of the strengths

app = typer.Typer(add_completion=False)


@app.command(
    epilog="Example: faig sweep --pair srresnet-x2 --gt Set5 --filters blur=srresnet-x2/blur "
    "--filters noise=srresnet-x2/noise --degrade blur=2,noise=0.1"
)
@cli.taking(cli.PAIR, cli.IMAGES, cli.UNITS_RANKED, cli.NEW)
def sweep(
    gt: cli.Gt,
    filters: cli.NamedFilters = None,
    out: Annotated[Path | None, cli.out_option("sweep")] = None,
    top: cli.Top = None,
    strengths: Annotated[
        str | None,
        cli.setting(SweepConfig, "strengths", "FROM:TO:STEP, or numbers separated by commas; 0 and 1 among them."),
    ] = None,
    way: Annotated[str | None, cli.setting(SweepConfig, "way", "What is turned.", "|".join(WAYS))] = None,
    picture: Annotated[
        str | None, cli.setting(SweepConfig, "picture", "Image to show, in place of the first.", "NAME")
    ] = None,
    **options: Any,
) -> None:
    """Turn functions from off to beyond their usual strength: curves, strips and animations."""
    if not filters:
        raise InputError("name a ranking for each function: --filters blur=srresnet-x2/blur")
    read = {"filters": reading.named("--filters", filters, "FILE"), "strengths": strengths and steps(strengths)}
    config = reading.configuration(SweepConfig, locals() | options | read, "sweep")
    run_sweep(config, out or cli.default_out("sweep"), options["force"])


def run_sweep(config: SweepConfig, out: Path, force: bool) -> None:
    """Run it, draw its pictures, and say where they are."""
    turn(config, out, force=force, track=screen.track, draw=_draw)
    methods = methods_of(config.filters)
    screen.result(describe_methods(methods), run=out, methods=methods)
    rows = Results.of(out).needed(MODULATION)
    rows = rows[rows["functions"] != ""]  # else DNI and blend
    largest_steps: dict[str, Any] = {}
    for functions, group in rows.groupby("functions", sort=False):
        own = group[group["input"].isin(str(functions).split("+"))]
        largest = (group if own.empty else own).sort_values("step_share", na_position="first").iloc[-1]
        largest_steps[str(functions)] = largest.to_dict()
        screen.result(
            f"{functions}: the largest step, to strength {largest['strength']:g}, changes an image by "
            f"{largest['step']:.2f} of 255, {largest['step_share']:.0%} of what turning from 0 to 1 does"
        )
    files = {"table": out / MODULATION.name, "pictures": (out / STRENGTHS.name).parent, "charts": out / FIGURES}
    screen.note("\n".join(f"{what}: {path}" for what, path in files.items()), largest_steps=largest_steps, **files)


def _draw(run: Path) -> None:
    draw_strips(run)
    draw_charts(run)


def steps(text: str) -> list[float]:
    """Strengths: ``0:1.5:0.1`` or ``0,0.5,1``.

    Raises:
        InputError: it is neither.
    """
    try:
        if ":" not in text:
            return [float(part) for part in text.split(",")]
        first, last, step = (float(part) for part in text.split(":"))
        count = round((last - first) / step)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise InputError(f"--strengths {text}: write 0:1.5:0.1 or 0,0.5,1") from None
    if count < 0 or abs(first + count * step - last) > CLOSE:
        raise InputError(
            f"--strengths {text}: steps of {step:g} from {first:g} miss {last:g}; take one that divides "
            f"{last - first:g}, or name them all: 0,0.5,1"
        )
    if count > MOST_STEPS:
        raise InputError(f"--strengths {text}: are {count:.3g} steps; take {MOST_STEPS} at most")
    return [round(first + place * step, 6) for place in range(count + 1)]
