"""``faig demo``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli import options as cli
from faig.cli import reading
from faig.cli.compare import print_summary
from faig.cli.run import run_study
from faig.experiment.studies import find_study, read_study
from faig.experiment.study.config import StudyConfig

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: faig demo --out runs/demo")
def demo(
    out: Annotated[Path | None, cli.out_option("demo")] = None,
    force: cli.Force = False,
    seed: cli.Seed = None,
    device: cli.Device = None,
    threads: cli.Threads = None,
) -> None:
    """The whole story on the shipped pair and photos, in minutes: a study, see docs/studies.md."""
    config = read_study(find_study("demo"))
    assert isinstance(config, StudyConfig)
    where, count = reading.compute_on(device, threads)
    config = config.model_copy(update={"device": where, "threads": count} | reading.not_none(seed=seed))
    folder = out or cli.default_out("demo")
    run_study(config, folder, force)
    print_summary(folder / "compare")
