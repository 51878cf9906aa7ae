"""``faig sweep``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli.app import app
from faig.cli.options import (
    Arch,
    Baseline,
    Degrade,
    Device,
    Downsampling,
    Force,
    Gt,
    LrFolders,
    ModCrop,
    Out,
    Seed,
    Target,
    Threads,
    Top,
    compute_on,
    images_config,
    named,
)
from faig.common.errors import InputError
from faig.common.progress import bar
from faig.common.settings import proportion, validated
from faig.experiment.config import SweepConfig


@app.command(
    epilog="Example: faig sweep --baseline srresnet-x2/baseline --target srresnet-x2/target --gt Set5 "
    "--filters blur=srresnet-x2/blur --filters noise=srresnet-x2/noise --degrade blur=2,noise=0.1 --mod-crop "
    "--out runs/sweep"
)
def sweep(
    baseline: Baseline,
    target: Target,
    gt: Gt,
    out: Out,
    filters: Annotated[list[str], typer.Option("--filters", metavar="NAME=FILE", help="Ranking by function. Repeat.")],
    lr: LrFolders = None,
    degrade: Degrade = None,
    downsampling: Downsampling = "bilinear",
    mod_crop: ModCrop = False,
    top: Top = "1%",
    strengths: Annotated[
        str, typer.Option("--strengths", help="FROM:TO:STEP, or numbers separated by commas; 0 and 1 among them.")
    ] = "0:1.5:0.1",
    picture: Annotated[str | None, typer.Option("--picture", metavar="NAME", help="Image to show; the first.")] = None,
    arch: Arch = None,
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Turn functions from off to beyond their usual strength: curves, strips and animations."""
    settings = {
        "baseline": baseline,
        "target": target,
        "arch": arch,
        "images": images_config(gt, lr, degrade, downsampling, mod_crop),
        "filters": named("--filters", filters, "FILE"),
        "top": proportion(top),
        "strengths": _strengths(strengths),
        "picture": picture,
        "seed": seed,
        "device": device,
        "threads": compute_on(device, threads),
    }
    run_sweep(validated(SweepConfig, settings, "faig sweep"), out, force)


def run_sweep(config: SweepConfig, out: Path, force: bool) -> None:
    """Run it, draw its pictures, and say where they are."""
    from faig.experiment.sweep import sweep as turn
    from faig.report.figures.export import draw_charts
    from faig.report.figures.strips import draw_strips
    from faig.results.table import read_table
    from faig.results.tables import MODULATION, STRENGTHS

    turn(config, out, force=force, track=bar)
    draw_strips(out)
    rows = read_table(out, MODULATION)
    for functions, group in rows.groupby("functions", sort=False):
        own = group[group["input"].isin(str(functions).split("+"))]
        largest = (group if own.empty else own).sort_values("step_share", na_position="first").iloc[-1]
        print(
            f"{functions}: the largest step, to strength {largest['strength']:g}, changes an image by "
            f"{largest['step']:.2f} of 255, {largest['step_share']:.0%} of what turning from 0 to 1 does"
        )
    print(f"table: {out / MODULATION.name}")
    print(f"pictures: {(out / STRENGTHS.name).parent}")
    print(f"charts: {draw_charts(out)}")


def _strengths(text: str) -> list[float]:
    """``0:1.5:0.1`` or ``0,0.5,1``."""
    try:
        if ":" not in text:
            return [float(part) for part in text.split(",")]
        first, last, step = (float(part) for part in text.split(":"))
        count = round((last - first) / step)
    except (ValueError, ZeroDivisionError):
        raise InputError(f"--strengths {text}: write 0:1.5:0.1 or 0,0.5,1") from None
    return [round(first + place * step, 6) for place in range(count + 1)]
