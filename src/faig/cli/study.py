"""``faig attribute`` and ``faig compare``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.attribution.methods import METHODS
from faig.attribution.quadrature import RULES
from faig.cli.app import app
from faig.cli.options import (
    Arch,
    Baseline,
    Degrade,
    Device,
    Downsampling,
    Force,
    Gt,
    Layers,
    LrFolders,
    Memory,
    ModCrop,
    Nodes,
    NotLayers,
    ObjectiveName,
    Out,
    Precision,
    Proportions,
    QuadratureRule,
    Seed,
    Target,
    Threads,
    compute_on,
    images_config,
    rankings,
    shares_of,
)
from faig.common.errors import InputError
from faig.common.progress import bar
from faig.common.settings import proportion, validated
from faig.experiment.config import AttributeConfig, CompareConfig

Against = Annotated[str, typer.Option("--against", help="Of 3 or more: subtract the mean of the others, or strongest.")]


@app.command(
    epilog="Example: faig attribute --baseline srresnet-x2/baseline --target srresnet-x2/target --gt Set14 "
    "--degrade blur=2 --degrade noise=0.1 --mod-crop --out runs/set14"
)
def attribute(
    baseline: Baseline,
    target: Target,
    gt: Gt,
    out: Out,
    lr: LrFolders = None,
    degrade: Degrade = None,
    downsampling: Downsampling = "bilinear",
    mod_crop: ModCrop = False,
    method: Annotated[
        str | None,
        typer.Option("--method", help=", ".join(METHODS), show_default="signed; without clean images faig"),
    ] = None,
    against: Against = "mean",
    quadrature: QuadratureRule = "graded",
    nodes: Nodes = 12,
    tolerance: Annotated[
        str | None,
        typer.Option(
            "--tolerance", metavar="SHARE", help="In place of --nodes: so much of the top 1% must stand: 99%."
        ),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option("--budget", min=1, help="In place of --nodes: passes to spend on images, then on nodes."),
    ] = None,
    stable: Annotated[
        str,
        typer.Option(
            "--stable",
            metavar="SHARE",
            help="With --budget: stop when half as many images again leave so much of the top 1% as it was.",
        ),
    ] = "95%",
    objective: ObjectiveName = "squared",
    layers: Layers = None,
    not_layers: NotLayers = None,
    memory: Memory = "3GB",
    precision: Precision = "float32",
    arch: Arch = None,
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Find the filters of each function: scores and rankings."""
    from faig.experiment.attribute import attribute_run

    if tolerance is not None and budget is not None:
        raise InputError("give either --tolerance or --budget")
    settings = {
        "baseline": baseline,
        "target": target,
        "arch": arch,
        "images": images_config(gt, lr, degrade, downsampling, mod_crop),
        **({} if method is None else {"method": method}),
        "against": against,
        "quadrature": quadrature,
        "nodes": nodes,
        "tolerance": None if tolerance is None else proportion(tolerance),
        "budget": budget,
        "stable": proportion(stable),
        "objective": objective,
        "layers": layers or [],
        "not_layers": not_layers or [],
        "memory": memory,
        "precision": precision,
        "seed": seed,
        "device": device,
        "threads": compute_on(device, threads),
    }
    config = validated(AttributeConfig, settings, "faig attribute")
    say_attributed(attribute_run(config, out, force=force, track=bar), config.method)


@app.command(
    epilog="Example: faig compare --baseline srresnet-x2/baseline --target srresnet-x2/target --gt BSD100 "
    "--find-gt Set14 --degrade blur=2 --degrade noise=0.1 --mod-crop --out runs/compare"
)
def compare(
    baseline: Baseline,
    target: Target,
    gt: Gt,
    out: Out,
    lr: LrFolders = None,
    degrade: Degrade = None,
    find_gt: Annotated[
        Path | None,
        typer.Option("--find-gt", metavar="DIR", help="Find the filters on these GT images instead."),
    ] = None,
    find_lr: Annotated[
        list[str] | None, typer.Option("--find-lr", metavar="NAME=DIR", help="Their LR images. Repeat.")
    ] = None,
    downsampling: Downsampling = "bilinear",
    mod_crop: ModCrop = False,
    methods: Annotated[str, typer.Option("--methods", help="Separated by commas.")] = ",".join(METHODS),
    against: Against = "mean",
    proportions: Proportions = "1,3,5,10",
    filters: Annotated[
        list[str] | None,
        typer.Option("--filters", metavar="METHOD:NAME=FILE", help="A ranking from a file as one more method. Repeat."),
    ] = None,
    protocol: Annotated[
        str | None, typer.Option("--protocol", help="paper: its nodes, its rule and its channel where you give none.")
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option("--channel", help="gray, or blue as the published script.", show_default="gray"),
    ] = None,
    save_images: Annotated[bool, typer.Option("--save-images", help="Keep every output.")] = False,
    quadrature: Annotated[
        str | None, typer.Option("--quadrature", help=", ".join(RULES), show_default="graded")
    ] = None,
    nodes: Annotated[
        int | None,
        typer.Option("--nodes", min=1, help="Of the rule; the paper: 100 of riemann-left.", show_default="12"),
    ] = None,
    objective: ObjectiveName = "squared",
    layers: Layers = None,
    not_layers: NotLayers = None,
    memory: Memory = "3GB",
    precision: Precision = "float32",
    arch: Arch = None,
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Revert and graft what each method finds, and measure the effects."""
    find = None
    if find_gt:
        find = images_config(find_gt, find_lr, degrade if not find_lr else None, downsampling, mod_crop)
    elif find_lr:
        raise InputError("--find-lr needs --find-gt DIR")
    settings = {
        "baseline": baseline,
        "target": target,
        "arch": arch,
        "images": images_config(gt, lr, degrade, downsampling, mod_crop),
        "find": find,
        "methods": [part.strip() for part in methods.split(",") if part.strip()],
        "against": against,
        "proportions": shares_of(proportions),
        "filters": rankings(filters),
        "save_images": save_images,
        "objective": objective,
        "layers": layers or [],
        "not_layers": not_layers or [],
        "memory": memory,
        "precision": precision,
        "seed": seed,
        "device": device,
        "threads": compute_on(device, threads),
    }
    protocolled = {"protocol": protocol, "channel": channel, "quadrature": quadrature, "nodes": nodes}
    settings |= {name: value for name, value in protocolled.items() if value is not None}
    run_compare(validated(CompareConfig, settings, "faig compare"), out, force)


def run_compare(config: CompareConfig, out: Path, force: bool) -> None:
    """Run it, and print its summary."""
    from faig.experiment.compare import compare as compared

    compared(config, out, force=force, track=bar)
    print_summary(out)
    print(f"tables: {out / 'effects.csv'}, {out / 'grafts.csv'}, {out / 'summary.csv'}")


def say_attributed(run: Path, method: str) -> None:
    """What a finished attribution found."""
    from faig.attribution.score_files import load_scores
    from faig.common.distributed import is_first

    if not is_first():
        return
    print(f"method: {method}")
    file = run / "scores.safetensors"
    if file.exists():
        told = load_scores(file)[1]
        for kind, delta in told["convergence_delta"].items():
            error = told["ranking_error"].get(kind)
            wrong = "" if error is None else f", about {error:.1%} of the top 1% wrong by the integral"
            print(f"{kind}: convergence delta {delta:+.2%}, barrier {told['barrier'][kind]:.2f}{wrong}")
    for path in sorted(run.glob("filters-*.csv")):
        print(path)


def print_summary(run: Path) -> None:
    """The table of a comparison."""
    from rich.console import Console

    from faig.report.terminal import summary_table

    Console().print(summary_table(run))
