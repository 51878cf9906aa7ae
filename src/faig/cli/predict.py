"""``faig predict``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from faig import zoo
from faig.analysis.prediction import Predictor
from faig.cli.app import app
from faig.cli.options import (
    Arch,
    Degrade,
    Device,
    Downsampling,
    Force,
    ModCrop,
    Seed,
    Threads,
    Top,
    compute_on,
    images_config,
    named,
)
from faig.common.errors import InputError
from faig.common.files import new_file
from faig.common.progress import bar
from faig.common.settings import proportion
from faig.experiment.config import ImagesConfig
from faig.experiment.prediction_tables import classes_of
from faig.filters import FilterSpace
from faig.imaging.cases import Case, degrade_case, make_cases
from faig.imaging.images import list_images, read_image
from faig.imaging.images import mod_crop as cropped
from faig.imaging.photos import photograph
from faig.networks.checkpoint import load_builder
from faig.networks.inference import scale_of
from faig.results.table import write_csv
from faig.zoo.predictor import load_predictor
from faig.zoo.scores import chosen_by

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
LEVELS = ["blur=2", "noise=0.1"]


@app.command(
    epilog="Example: faig predict photo.png scans/ — or, by your own pair: faig predict photo.png --baseline NET "
    "--target NET --filters blur=runs/set14/filters-blur.csv --filters noise=runs/set14/filters-noise.csv --gt Set14"
)
def predict(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Images, or folders of them.")],
    pair: Annotated[str, typer.Option("--pair", help="Of the zoo.")] = "srresnet-x2",
    baseline: Annotated[str | None, typer.Option("--baseline", metavar="NET", help="Of your own pair.")] = None,
    target: Annotated[str | None, typer.Option("--target", metavar="NET", help="Of your own pair.")] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--filters", metavar="NAME=FILE", help="Ranking by function. Repeat.")
    ] = None,
    top: Top = "1%",
    gt: Annotated[
        Path | None,
        typer.Option("--gt", metavar="DIR", help="GT images to learn from what is typical of your own pair."),
    ] = None,
    degrade: Degrade = None,
    downsampling: Downsampling = "bilinear",
    mod_crop: ModCrop = False,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write all numbers there.")] = None,
    arch: Arch = None,
    force: Force = False,
    seed: Seed = 0,
    device: Device = "cpu",
    threads: Threads = None,
) -> None:
    """Say which degradations images have, without being told."""
    compute_on(device, threads)
    if csv:
        new_file(csv, force)
    files = [path for given in images for path in (list_images(given).values() if given.is_dir() else [given])]
    if absent := [path for path in files if not path.is_file()]:
        raise InputError(f"{absent[0]}: no such file")
    if baseline and target and filters:
        networks = zoo.load_pair(target, baseline, load_builder(arch) if arch else None, device)
        chosen = chosen_by(named("--filters", filters, "FILE"), FilterSpace.of(networks[0]), proportion(top))
        config = images_config(gt or Path(), None, degrade or LEVELS, downsampling, mod_crop)
        predictor = Predictor.fit(*networks, chosen, _cases(config, gt, scale_of(networks[0]), seed), bar)
    else:
        for_own = {"--baseline": baseline, "--target": target, "--filters": filters, "--gt": gt, "--arch": arch}
        if given := [name for name, value in (for_own | {"--degrade": degrade}).items() if value]:
            raise InputError(f"{given[0]}: your own pair takes --baseline, --target and --filters NAME=FILE together")
        predictor = load_predictor(pair, device)
    rows = []
    for path in bar(files, "predict", len(files)):
        found = predictor.predict(read_image(path))
        responses = {f"response_{kind}": value for kind, value in found.responses.items()}
        rows.append({"image": str(path), "prediction": found.label, **found.probabilities, **responses})
    _show(rows)
    if csv:
        write_csv(csv, rows)


def _cases(config: ImagesConfig, gt: Path | None, scale: int, seed: int) -> list[Case]:
    """What a predictor learns from: every class of a folder's images, or of packaged photos."""
    classes = classes_of(config)
    if gt:
        return make_cases(gt, classes, scale, seed=seed, crop=config.mod_crop)
    photos = {name: cropped(photograph(name), scale) for name in PHOTOS}
    return [degrade_case(name, photo, classes, scale, seed=seed) for name, photo in photos.items()]


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    responses = [name for name in rows[0] if name.startswith("response_")]
    table = Table(
        "image", "prediction", "probability", *(f"{name.removeprefix('response_')} filters" for name in responses)
    )
    for row in rows:
        numbers_shown = (f"{row[name]:.2f}" for name in (row["prediction"], *responses))
        table.add_row(row["image"], row["prediction"], *numbers_shown)
    table.caption = "filters: the effect of switching them off; 1 is usual for images with that degradation"
    Console().print(table)
