"""``faig run``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli import options as cli
from faig.cli import reading
from faig.cli.attribute import run_attribute
from faig.cli.compare import run_compare
from faig.cli.output import screen
from faig.cli.report import print_report
from faig.cli.sweep import run_sweep
from faig.common.errors import InputError
from faig.common.setting_types import MOST_SEED, MOST_THREADS
from faig.experiment.config import AttributeConfig, CompareConfig, SweepConfig
from faig.experiment.studies import find_study, read_study
from faig.experiment.study.config import StudyConfig
from faig.experiment.study.study import study
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.training_study.study import training_study
from faig.experiment.truth.config import TruthConfig
from faig.experiment.truth.study import truth
from faig.report.figures.strips import draw_strips
from faig.report.figures.teaser import draw_teaser
from faig.results.run_directory import CONFIG
from faig.studies import shipped

app = typer.Typer(add_completion=False)
IN_FILE = "the file's"


@app.command(epilog="Example: faig run small --out runs/small")
def run(
    experiment: Annotated[
        str,
        typer.Argument(
            metavar="STUDY",
            help=f"One that ships ({', '.join(shipped())}), a study's file, or the config.yaml of any run.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="RUN", help="By default runs/STUDY; for a config.yaml the folder it is in."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option("--images", metavar="DIR", help="Of a study: the folder of its image folders, for its photos."),
    ] = None,
    force: cli.Force = False,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, max=MOST_SEED, help="Of everything random.", show_default=IN_FILE)
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="Where to compute.", show_default=IN_FILE)] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, max=MOST_THREADS, help="Of the CPU.", show_default=IN_FILE)
    ] = None,
) -> None:
    """Run a whole study, or repeat any run from its configuration; what is finished is not done again."""
    file = find_study(experiment)
    config = read_study(file)
    if images and not isinstance(config, StudyConfig | TrainingStudyConfig):
        raise InputError(f"--images: {experiment} is no whole study; its images are named in the file")
    changes = reading.not_none(seed=seed, device=device, threads=threads, images=images)
    config = config.model_copy(update=changes)
    reading.compute_on(config.device, config.threads)
    where = out or (file.parent if file.name == CONFIG else Path("runs") / file.stem)
    match config:
        case AttributeConfig():
            run_attribute(config, where, force)
        case CompareConfig():
            run_compare(config, where, force)
        case SweepConfig():
            run_sweep(config, where, force)
        case StudyConfig():
            run_study(config, where, force)
        case TrainingStudyConfig():
            training_study(config, where, force=force, track=screen.track, say=_begin)
            print_report(where)
        case TruthConfig():
            truth(config, where, force=force, track=screen.track, say=_begin)
            print_report(where)


def run_study(config: StudyConfig, out: Path, force: bool) -> None:
    """Run it, draw its pictures, and write its report."""
    study(config, out, force=force, track=screen.track, say=_begin)
    draw_strips(out)
    screen.note(f"picture: {draw_teaser(out)}")
    print_report(out)


def _begin(stage: str) -> None:
    screen.note(f"== {stage}")
