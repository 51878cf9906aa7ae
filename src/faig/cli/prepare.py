"""``faig degrade`` and ``faig train``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli.app import app
from faig.cli.options import Device, Force, ModCrop, Seed, Threads, compute_on
from faig.degradation import Degradation, paper_preset
from faig.errors import InputError
from faig.files import new_folder
from faig.images import check_divisible, list_images, mod_crop, read_image, write_image
from faig.progress import bar

PAPER_FOLDERS = {
    "clean": "Linear_LRbicx{scale}",
    "blur": "Blur2_LRbicx{scale}",
    "noise": "LRbicx{scale}_noise0.1",
}


@app.command(
    epilog="Example: faig degrade Set14 Set14_x2 --preset paper --mod-crop",
    help="Make LR images from GT images.",
)
def degrade(
    gt_dir: Annotated[Path, typer.Argument(metavar="GT_DIR", help="GT images.")],
    out_dir: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Where the LR images go.")],
    scale: Annotated[int, typer.Option("--scale", min=1, help="GT size / LR size.")] = 2,
    blur: Annotated[float, typer.Option("--blur", help="σ of the Gaussian blur, GT pixels.")] = 0.0,
    noise: Annotated[float, typer.Option("--noise", help="σ of the Gaussian noise, of [0, 1].")] = 0.0,
    jpeg: Annotated[int | None, typer.Option("--jpeg", metavar="Q", help="JPEG quality, 1 to 100.")] = None,
    downsampling: Annotated[
        str, typer.Option(help="bilinear (the paper's, no antialiasing) or bicubic (antialiased).")
    ] = "bilinear",
    preset: Annotated[
        str | None, typer.Option(help="paper: GTmod12 and the paper's three LR folders, in OUT_DIR.")
    ] = None,
    crop: ModCrop = False,
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Make LR images; the flags together make one folder, a preset makes several."""
    compute_on(device, threads)
    if preset not in (None, "paper"):
        raise InputError(f"--preset {preset}: the only preset is paper")
    if preset and (blur or noise or jpeg is not None or downsampling != "bilinear"):
        raise InputError("--preset paper sets blur, noise and downsampling itself; leave the other flags out")
    modulus = 12 if preset else scale
    if preset and modulus % scale:
        raise InputError(f"--preset paper crops GT to multiples of 12, which scale {scale} does not divide")
    kinds = paper_preset() if preset else {"": Degradation(blur, noise, jpeg, downsampling)}
    files = list_images(gt_dir)
    with new_folder(out_dir, force) as out:
        folders = {kind: out / PAPER_FOLDERS[kind].format(scale=scale) if preset else out for kind in kinds}
        truth = out / "GTmod12"
        for folder in (*folders.values(), *([truth] if preset else [])):
            folder.mkdir(exist_ok=True)
        for name, path in bar(files.items(), "degrade", len(files)):
            gt = read_image(path)
            if preset or crop:
                gt = mod_crop(gt, modulus)
            check_divisible(gt, scale, str(path))
            if 0 in gt.shape:
                raise InputError(f"{path}: is smaller than {modulus} pixels a side")
            if preset:
                write_image(truth / f"{name}.png", gt)
            for kind, make in kinds.items():
                lr = make(gt.to(device), scale, seed=seed, name=name)
                write_image(folders[kind] / f"{name}.png", lr)
    print(f"{len(files)} images, {len(kinds)} version{'s' * (len(kinds) > 1)} each, in {out_dir}")


@app.command(epilog="Example: faig train configs/srresnet-x2-baseline.yaml", help="Train a baseline or a target.")
def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="What to train; see configs/.")],
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="In place of the configuration's.")] = None,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Train a network; a killed run goes on when the same command is given again."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from faig.training.config import read_config
    from faig.training.loop import Report
    from faig.training.loop import train as run

    compute_on(device, threads)
    settings = read_config(config)
    if seed is not None:
        settings = settings.model_copy(update={"seed": seed})
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}  {task.fields[speed]:.2f} it/s"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(settings.name, total=settings.optimizer.iterations, loss=0.0, speed=0.0)

        def say(report: Report) -> None:
            progress.update(task, completed=report.iteration, loss=report.loss, speed=report.speed)
            if report.psnr:
                told = "  ".join(f"{kind} {value:.2f}" for kind, value in report.psnr.items())
                console.print(f"iteration {report.iteration}: PSNR (RGB, dB) {told}")
            elif not console.is_terminal and report.iteration % 100 == 0:
                console.print(
                    f"iteration {report.iteration}/{settings.optimizer.iterations}  loss {report.loss:.4f}  "
                    f"{report.speed:.2f} it/s  {report.left / 60:.0f} min left"
                )

        result = run(settings, say, device=device)
    print(result)
