"""``faig attribute``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.attribution.files.run_files import SCORES
from faig.attribution.files.score_files import load_scores
from faig.attribution.methods import METHODS
from faig.cli import options as cli
from faig.cli.output import screen
from faig.common.errors import InputError
from faig.experiment.attribute import attribute_run
from faig.experiment.config import AttributeConfig

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: faig attribute --pair srresnet-x2 --gt Set14 --degrade blur=2 --degrade noise=0.1")
def attribute(
    gt: cli.Gt,
    pair: cli.PairName = None,
    baseline: cli.Baseline = None,
    target: cli.Target = None,
    out: Annotated[Path | None, cli.out_option("attribute")] = None,
    lr: cli.LrFolders = None,
    degrade: cli.Degrade = None,
    downsampling: cli.Downsampling = None,
    strict_size: cli.StrictSize = False,
    method: Annotated[str | None, cli.setting(AttributeConfig, "method", ", ".join(METHODS))] = None,
    against: cli.Against = None,
    quadrature: cli.QuadratureRule = None,
    nodes: cli.Nodes = None,
    tolerance: cli.Tolerance = None,
    budget: cli.Budget = None,
    stable: cli.Stable = None,
    objective: cli.ObjectiveName = None,
    layers: cli.Layers = None,
    not_layers: cli.NotLayers = None,
    memory: cli.Memory = None,
    precision: cli.Precision = None,
    unit: cli.Unit = None,
    everything: cli.Everything = False,
    arch: cli.Arch = None,
    force: cli.Force = False,
    seed: cli.Seed = None,
    device: cli.Device = None,
    threads: cli.Threads = None,
) -> None:
    """Find the filters of each function: scores and rankings."""
    if tolerance is not None and budget is not None:
        raise InputError("give either --tolerance or --budget")
    config = cli.configuration(AttributeConfig, locals(), "attribute")
    run_attribute(config, out or cli.default_out("attribute"), force)


def run_attribute(config: AttributeConfig, out: Path, force: bool) -> None:
    """Run it, and print what it found."""
    attribute_run(config, out, force=force, track=screen.track)
    screen.result(f"method: {config.method}", run=out, method=config.method)
    errors: dict[str, dict[str, float | None]] = {}
    if (out / SCORES).exists():
        _, metadata = load_scores(out / SCORES)
        for kind, delta in metadata["convergence_delta"].items():
            barrier, wrong = metadata["barrier"][kind], metadata["ranking_error"].get(kind)
            errors[kind] = {"convergence_delta": delta, "barrier": barrier, "ranking_error": wrong}
            by_integral = "" if wrong is None else f", about {wrong:.1%} of the top 1% wrong by the integral"
            screen.result(f"{kind}: convergence delta {delta:+.2%}, barrier {barrier:.2f}{by_integral}")
    rankings = sorted(out.glob("filters-*.csv"))
    screen.result("\n".join(map(str, rankings)), errors=errors, rankings=rankings)
