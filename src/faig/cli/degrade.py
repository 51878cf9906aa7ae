"""``faig degrade``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli import options as cli
from faig.cli import reading
from faig.cli.output import screen
from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.common.setting_types import MOST_SIDE
from faig.experiment.config import ImagesConfig
from faig.imaging.cases import log_cropped, whole_multiple
from faig.imaging.degradation import STEPS, Degradation, paper_preset
from faig.imaging.images import list_images, read_image, write_image

PAPER_FOLDERS = {
    "clean": "Linear_LRbicx{scale}",
    "blur": "Blur2_LRbicx{scale}",
    "noise": "LRbicx{scale}_noise0.1",
}
TRUTH = "GTmod12"

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: faig degrade Set14 Set14_x2 --preset paper")
def degrade(
    gt_dir: Annotated[Path, typer.Argument(metavar="GT_DIR", help="GT images.")],
    out_dir: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Where the LR images go.")],
    scale: Annotated[int, typer.Option("--scale", min=1, max=MOST_SIDE, help="GT size / LR size.")] = 2,
    blur: Annotated[float | None, typer.Option("--blur", help="σ of the Gaussian blur, GT pixels.")] = None,
    noise: Annotated[float | None, typer.Option("--noise", help="σ of the Gaussian noise, of [0, 1].")] = None,
    jpeg: Annotated[
        int | None, typer.Option("--jpeg", metavar="Q", min=1, max=100, help="JPEG quality, 1 to 100.")
    ] = None,
    spec: Annotated[
        str | None,
        typer.Option(
            "--degrade",
            metavar="SPEC",
            help="In place of those: blur:2+down:bicubic+noise:0.05+jpeg:60, steps in order, of "
            + ", ".join(kind.usage() for kind in STEPS.values()),
        ),
    ] = None,
    downsampling: Annotated[
        str | None,
        cli.setting(
            ImagesConfig, "downsampling", "bilinear (the paper's, no antialiasing), bicubic (antialiased) or area."
        ),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help=f"paper: {TRUTH} and the paper's three LR folders, in OUT_DIR.")
    ] = None,
    strict_size: cli.StrictSize = False,
    force: cli.Force = False,
    seed: cli.Seed = None,
    device: cli.Device = None,
    threads: cli.Threads = None,
) -> None:
    """Make LR images from GT images; the flags together make one folder, a preset makes several."""
    where, _ = reading.compute_on(device, threads)
    levels = reading.not_none(blur=blur, noise=noise, jpeg=jpeg)
    if preset not in (None, "paper"):
        raise InputError(f"--preset {preset}: the only preset is paper")
    if preset and (levels or spec or downsampling):
        raise InputError("--preset paper sets blur, noise and downsampling itself; leave the other flags out")
    if spec and levels:
        raise InputError(f"--degrade {spec}: says all; leave --blur, --noise and --jpeg out")
    modulus = 12 if preset else scale
    if preset and modulus % scale:
        raise InputError(f"--preset paper crops GT to multiples of 12, which scale {scale} does not divide")
    down = reading.not_none(downsampling=downsampling)
    if preset:
        kinds = paper_preset()
    else:
        kinds = {"": Degradation.parse(spec, **down) if spec else Degradation(**levels, **down)}
    files, cropped = list_images(gt_dir), 0
    with new_folder(out_dir, force) as out:
        folders = {kind: out / PAPER_FOLDERS[kind].format(scale=scale) if preset else out for kind in kinds}
        for folder in (*folders.values(), *([out / TRUTH] if preset else [])):
            folder.mkdir(exist_ok=True)
        for name, path in screen.track(files.items(), "degrade", len(files)):
            image = read_image(path)
            gt = whole_multiple(image, modulus, str(path), strict_size)
            cropped += gt.shape != image.shape
            if preset:
                write_image(out / TRUTH / f"{name}.png", gt)
            for kind, make in kinds.items():
                lr = make(gt.to(where), scale, name=name, **reading.not_none(seed=seed))
                write_image(folders[kind] / f"{name}.png", lr)
    log_cropped(cropped, len(files), modulus)
    versions = f"{len(kinds)} version{'s' * (len(kinds) > 1)}"
    screen.result(f"{len(files)} images, {versions} each, in {out_dir}", out=out_dir, images=len(files))
