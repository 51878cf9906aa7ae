"""``faig run``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli.app import app
from faig.cli.options import Force, Threads, compute_on
from faig.cli.report import say_report
from faig.cli.study import run_compare, say_attributed
from faig.cli.sweep import run_sweep
from faig.common.errors import InputError
from faig.common.progress import bar
from faig.experiment.config import AttributeConfig, CompareConfig, SweepConfig
from faig.experiment.studies import read_study
from faig.experiment.study.config import StudyConfig
from faig.results.run_directory import CONFIG


@app.command(epilog="Example: faig run experiments/small.yaml --out runs/small")
def run(
    experiment: Annotated[
        Path,
        typer.Argument(metavar="EXPERIMENT.yaml", help="A study (see experiments/), or the config.yaml of any run."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="RUN", help="By default runs/EXPERIMENT; for a config.yaml the folder it is in."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option("--images", metavar="DIR", help="Of a study: the folder of its image folders, for its photos."),
    ] = None,
    force: Force = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="In place of the file's.")] = None,
    device: Annotated[str | None, typer.Option("--device", help="In place of the file's.")] = None,
    threads: Threads = None,
) -> None:
    """Run a whole study, or repeat any run from its configuration; what is finished is not done again."""
    from faig.experiment.attribute import attribute_run

    config = read_study(experiment)
    if images and not isinstance(config, StudyConfig):
        raise InputError(f"--images: {experiment} is no whole study; its images are named in the file")
    given = {"seed": seed, "device": device, "threads": threads, "images": images}
    config = config.model_copy(update={key: value for key, value in given.items() if value is not None})
    compute_on(config.device, config.threads)
    where = out or (experiment.parent if experiment.name == CONFIG else Path("runs") / experiment.stem)
    match config:
        case AttributeConfig():
            say_attributed(attribute_run(config, where, force=force, track=bar), config.method)
        case CompareConfig():
            run_compare(config, where, force)
        case SweepConfig():
            run_sweep(config, where, force)
        case StudyConfig():
            run_study(config, where, force)


def run_study(config: StudyConfig, out: Path, force: bool) -> None:
    """Run it, draw its pictures, and write its report."""
    from faig.experiment.study.study import study
    from faig.report.figures.strips import draw_strips
    from faig.report.figures.teaser import draw_teaser

    study(config, out, force=force, track=bar, say=lambda stage: print(f"== {stage}", flush=True))
    draw_strips(out)
    draw_teaser(out)
    say_report(out)
