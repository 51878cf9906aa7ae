"""``faig data crop`` and ``faig data lmdb``."""

from pathlib import Path
from typing import Annotated

import typer

from faig.cli.options import Force
from faig.cli.output import screen
from faig.common.setting_types import MOST_SIDE, MOST_WORKERS
from faig.training.prepare import crop_folder, pack_lmdb

app = typer.Typer(name="data", help="Make training images ready.", no_args_is_help=True, add_completion=False)
Workers = Annotated[int, typer.Option("--workers", min=1, max=MOST_WORKERS, help="Processes.")]


@app.command("crop", epilog="Example: faig data crop DIV2K_train_HR DIV2K_train_HR_sub")
def crop_images(
    gt_dir: Annotated[Path, typer.Argument(metavar="GT_DIR", help="GT images.")],
    out_dir: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Where the sub-images go.")],
    crop: Annotated[int, typer.Option("--crop", min=1, max=MOST_SIDE, help="Side of a sub-image, pixels.")] = 480,
    step: Annotated[int, typer.Option("--step", min=1, max=MOST_SIDE, help="From one to the next, pixels.")] = 240,
    workers: Workers = 2,
    force: Force = False,
) -> None:
    """Cut images into overlapping sub-images, quicker to read; the last row and column reach the border."""
    count = crop_folder(gt_dir, out_dir, crop=crop, step=step, workers=workers, force=force, track=screen.track)
    screen.result(f"{count} sub-images in {out_dir}", out=out_dir, images=count)


@app.command("lmdb", epilog="Example: faig data lmdb DIV2K_train_HR_sub DIV2K_train_HR_sub.lmdb")
def pack_images(
    image_dir: Annotated[Path, typer.Argument(metavar="DIR", help="Images, or sub-images.")],
    out_dir: Annotated[Path, typer.Argument(metavar="OUT.lmdb", help="The LMDB to make.")],
    workers: Workers = 2,
    force: Force = False,
) -> None:
    """Pack image files, as they are, into an LMDB; BasicSR reads it too."""
    count = pack_lmdb(image_dir, out_dir, workers=workers, force=force, track=screen.track)
    screen.result(f"{count} images in {out_dir}", out=out_dir, images=count)
