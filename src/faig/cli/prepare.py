"""``faig degrade``, ``faig data crop`` and ``faig data lmdb``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli.app import app
from faig.cli.options import Device, Force, ModCrop, Seed, Threads, compute_on
from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.common.progress import bar
from faig.imaging.degradation import STEPS, Degradation, paper_preset
from faig.imaging.images import check_divisible, list_images, mod_crop, read_image, write_image

data_app = typer.Typer(help="Make training images ready.", no_args_is_help=True)
app.add_typer(data_app, name="data")
Workers = Annotated[int, typer.Option("--workers", min=1, help="Processes.")]

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
        str, typer.Option(help="bilinear (the paper's, no antialiasing), bicubic (antialiased) or area.")
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
    levels = blur or noise or jpeg is not None
    if preset and (levels or spec or downsampling != "bilinear"):
        raise InputError("--preset paper sets blur, noise and downsampling itself; leave the other flags out")
    if spec and levels:
        raise InputError(f"--degrade {spec}: says all; leave --blur, --noise and --jpeg out")
    modulus = 12 if preset else scale
    if preset and modulus % scale:
        raise InputError(f"--preset paper crops GT to multiples of 12, which scale {scale} does not divide")
    if preset:
        kinds = paper_preset()
    elif spec:
        kinds = {"": Degradation.parse(spec, downsampling)}
    else:
        kinds = {"": Degradation(blur=blur, noise=noise, jpeg=jpeg, downsampling=downsampling)}
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


@data_app.command("crop", epilog="Example: faig data crop DIV2K_train_HR DIV2K_train_HR_sub")
def crop_images(
    gt_dir: Annotated[Path, typer.Argument(metavar="GT_DIR", help="GT images.")],
    out_dir: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Where the sub-images go.")],
    crop: Annotated[int, typer.Option("--crop", min=1, help="Side of a sub-image, pixels.")] = 480,
    step: Annotated[int, typer.Option("--step", min=1, help="From one to the next, pixels.")] = 240,
    workers: Workers = 2,
    force: Force = False,
) -> None:
    """Cut images into overlapping sub-images, quicker to read; the last row and column reach the border."""
    from faig.training.prepare import crop_folder

    count = crop_folder(gt_dir, out_dir, crop=crop, step=step, workers=workers, force=force, track=bar)
    print(f"{count} sub-images in {out_dir}")


@data_app.command("lmdb", epilog="Example: faig data lmdb DIV2K_train_HR_sub DIV2K_train_HR_sub.lmdb")
def pack_images(
    image_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Images, or sub-images.")],
    out_dir: Annotated[Path, typer.Argument(metavar="OUT.lmdb", help="The LMDB to make.")],
    workers: Workers = 2,
    force: Force = False,
) -> None:
    """Pack image files, as they are, into an LMDB; BasicSR reads it too."""
    from faig.training.prepare import pack_lmdb

    count = pack_lmdb(image_dir, out_dir, workers=workers, force=force, track=bar)
    print(f"{count} images in {out_dir}")
