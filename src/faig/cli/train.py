"""``faig train``."""

import math
import os
import re
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from faig.cli import options as cli
from faig.cli import reading
from faig.cli.output import screen
from faig.common.errors import InputError
from faig.common.progress import duration
from faig.training import checkpoints
from faig.training.config import read_config
from faig.training.loop import Report
from faig.training.loop import train as train_network
from faig.training.run_files import RESULT

LINE_EVERY = 30  # seconds
UNITS = {"h": 3600, "m": 60, "s": 1}

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: faig train configs/train/cpu/srresnet-x2-baseline.yaml --max-time 2h30m")
def train(
    config: Annotated[
        Path,
        typer.Argument(
            metavar="CONFIG.yaml", help="What to train: see configs/train/, or an option file of BasicSR's."
        ),
    ],
    resume: Annotated[bool, typer.Option("--resume", help="Insist on a checkpoint to go on from.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Start again; the old run goes when the new one is whole.")
    ] = False,
    max_time: Annotated[
        str | None,
        typer.Option("--max-time", metavar="2h30m", help="Stop after so long, with a checkpoint."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Let a damaged image end the run.")] = False,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, max=2**63 - 1, help="Of everything random.", show_default="the configuration's"),
    ] = None,
    device: cli.Device = None,
    threads: cli.Threads = None,
) -> None:
    """Train a baseline, a target, or only a filter set; a run that was stopped goes on by itself.

    Several processes: torchrun --nproc_per_node=2 -m faig train CONFIG.yaml
    """
    where, _ = reading.compute_on(device, threads)
    max_seconds = seconds(max_time) if max_time else math.inf
    settings, notes = read_config(config)
    if seed is not None:
        settings = settings.model_copy(update={"seed": seed})
    first_process = os.environ.get("RANK", "0") == "0"
    console = Console(stderr=True, quiet=screen.quiet or not first_process)
    for note in notes:
        console.print(f"{config}: {note}", markup=False, soft_wrap=True)
    result = settings.out / RESULT
    resumable = checkpoints.exist(settings.out)
    if resume and not resumable:
        raise InputError(f"{settings.out}: holds no checkpoint to go on from; leave --resume out to start")
    if result.exists() and not resumable and not force:
        raise InputError(f"{result}: exists, without a checkpoint; pass --force to train it again")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}  {task.fields[speed]:.2f} it/s"),
        TimeRemainingColumn(),
    )
    reached = 0
    line_at = 0.0  # when the last line was printed where there is no bar
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        total = settings.optimizer.iterations
        task = progress.add_task(settings.name, total=total, loss=0.0, speed=0.0)

        def say(report: Report) -> None:
            nonlocal line_at, reached
            reached = report.iteration
            progress.update(task, completed=report.iteration, loss=report.loss, speed=report.speed)
            if report.psnr:
                psnr = "  ".join(f"{kind} {value:.2f}" for kind, value in report.psnr.items())
                console.print(f"iteration {report.iteration}: PSNR (RGB, dB) {psnr}")
            elif not console.is_terminal and (time.monotonic() - line_at > LINE_EVERY or report.iteration == total):
                line_at = time.monotonic()
                console.print(
                    f"iteration {report.iteration}/{total}  loss {report.loss:.4f}  "
                    f"{report.speed:.2f} it/s  {duration(report.left)} to go"
                )

        done = train_network(settings, say, device=where, max_seconds=max_seconds, strict=strict, fresh=force)
    stopped = f"stopped at iteration {reached} of {total}; the same command goes on from {settings.out}"
    screen.result(str(done or stopped), network=done, iterations=total if done else reached, out=settings.out)


def seconds(text: str) -> float:
    """``2h30m``, ``9m`` or ``45s`` in seconds.

    Raises:
        InputError: it is no such time.
    """
    if not re.fullmatch(r"(\d+(\.\d+)?[hms])+", text):
        raise InputError(f"--max-time {text}: write it as 2h30m, 9m or 45s")
    return sum(float(number) * UNITS[unit] for number, unit in re.findall(r"([\d.]+)([hms])", text))
