"""``faig attribute``, ``faig compare``, ``faig run`` and ``faig demo``."""

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
    Layers,
    LrFolders,
    Memory,
    ModCrop,
    Nodes,
    NotLayers,
    ObjectiveName,
    Out,
    Precision,
    QuadratureRule,
    Seed,
    Target,
    Threads,
    compute_on,
    images_config,
    rankings,
)
from faig.cli.sweep import run_sweep
from faig.errors import InputError
from faig.experiment.config import AttributeConfig, CompareConfig, SweepConfig, read_study
from faig.methods import METHODS
from faig.progress import bar
from faig.quadrature import RULES
from faig.settings import proportion, validated

Proportions = Annotated[str, typer.Option("--proportions", help="In percent, separated by commas.")]


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
    method: Annotated[str, typer.Option("--method", help=", ".join(METHODS))] = "faig",
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
        "method": method,
        "quadrature": quadrature,
        "nodes": nodes,
        "tolerance": None if tolerance is None else proportion(tolerance),
        "budget": budget,
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
    _say_attributed(attribute_run(config, out, force=force, track=bar))


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
        "proportions": _shares(proportions),
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
    _compare(validated(CompareConfig, settings, "faig compare"), out, force)


@app.command(epilog="Example: faig run runs/set14/config.yaml --out runs/again")
def run(
    experiment: Annotated[Path, typer.Argument(metavar="EXPERIMENT.yaml", help="The config.yaml of a run.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="RUN", help="By default the folder the file is in.")
    ] = None,
    force: Force = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="In place of the file's.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="In place of the file's.")] = None,
    threads: Threads = None,
) -> None:
    """Run a study from its configuration: repeat a run, or go on with it."""
    from faig.experiment.attribute import attribute_run

    config = read_study(experiment)
    given = {"seed": seed, "device": device, "threads": threads}
    config = config.model_copy(update={key: value for key, value in given.items() if value is not None})
    compute_on(config.device, config.threads)
    where = out or experiment.parent
    if isinstance(config, AttributeConfig):
        _say_attributed(attribute_run(config, where, force=force, track=bar))
    elif isinstance(config, SweepConfig):
        run_sweep(config, where, force)
    else:
        _compare(config, where, force)


@app.command(epilog="Example: faig distribution runs/set14 --proportions 1,10")
def distribution(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Of faig attribute or faig compare.")],
    method: Annotated[str, typer.Option("--method", help="Whose ranking, by scores of images.")] = "faig",
    proportions: Proportions = "1,3,5,10",
    seed: Seed = 0,
) -> None:
    """Where in the network the found filters are: tables, bars by layer, a map of every filter."""
    from faig.experiment.distribution import distribute
    from faig.report.distribution import draw_bars, draw_map

    if method not in METHODS:
        raise InputError(f"--method {method}: is not one of {', '.join(METHODS)}")
    shares = _shares(proportions)
    space, found = distribute(run, method, shares, seed=seed)
    sets = {kind: one.filters for (kind, share), one in found.items() if share == shares[0]}
    draw_bars(space, sets, run / "figures" / "layers")
    draw_map(space, sets, run / "figures" / "map")
    for (kind, share), one in found.items():
        print(f"{kind}, top {share:.3g}: mean depth {one.depth}, unevenness {one.unevenness}")
    print(f"tables: {run / 'distribution.csv'}, {run / 'layers.csv'}, {run / 'overlaps.csv'}")
    print(f"pictures: {run / 'figures' / 'layers.png'}, {run / 'figures' / 'map.png'} (and .svg)")


@app.command(epilog="Example: faig demo --out runs/demo")
def demo(
    out: Out = Path("runs/demo"),
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """The whole story on the shipped pair and photos, in minutes."""
    from faig.experiment.demo import demo as run_demo

    run_demo(out, force=force, track=bar, seed=seed, device=device, threads=compute_on(device, threads))
    _print_summary(out)
    print(f"tables: {out / 'effects.csv'}, {out / 'grafts.csv'}, {out / 'summary.csv'}")
    print(f"picture: {out / 'figures' / 'teaser.png'}")


def _compare(config: CompareConfig, out: Path, force: bool) -> None:
    from faig.experiment.compare import compare as run_compare

    run_compare(config, out, force=force, track=bar)
    _print_summary(out)
    print(f"tables: {out / 'effects.csv'}, {out / 'grafts.csv'}, {out / 'summary.csv'}")


def _shares(texts: str) -> list[float]:
    return [proportion(part) for part in texts.split(",") if part.strip()]


def _say_attributed(run: Path) -> None:
    from faig.processes import is_first
    from faig.scores import load_scores

    if not is_first():
        return
    file = run / "scores.safetensors"
    if file.exists():
        told = load_scores(file)[1]
        for kind, delta in told["convergence_delta"].items():
            error = told["ranking_error"].get(kind)
            wrong = "" if error is None else f", about {error:.1%} of the top 1% wrong by the integral"
            print(f"{kind}: convergence delta {delta:+.2%}, barrier {told['barrier'][kind]:.2f}{wrong}")
    for path in sorted(run.glob("filters-*.csv")):
        print(path)


def _print_summary(run: Path) -> None:
    from rich.console import Console

    from faig.report.table import summary_table

    Console().print(summary_table(run))
