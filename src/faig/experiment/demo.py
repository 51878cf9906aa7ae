"""``faig demo``: finds the filters of the shipped pair on packaged photos, and shows what reverting them does."""

from pathlib import Path

import torch

from faig.common.files import new_folder
from faig.common.progress import Track, silent
from faig.experiment.compare import compare_cases
from faig.experiment.config import CompareConfig, ImagesConfig
from faig.experiment.networks import load_pair
from faig.experiment.study.teaser import paint
from faig.imaging.cases import crop_case, degrade_case
from faig.imaging.images import Image, write_image
from faig.imaging.photos import busiest, photograph
from faig.pair import Pair
from faig.zoo.scores import chosen_by

METHODS = ["faig", "signed", "gradient-contrastive", "ig-contrastive", "ig", "change", "random"]
PROPORTIONS = [0.01, 0.05]
DEGRADE = {"blur": 2.0, "noise": 0.1}
SIDE = 64  # GT pixels of a crop

# Photos that scikit-image ships (public domain or CC0), and how many crops are taken of each.
FIND = {"astronaut": 8, "rocket": 6}
MEASURE = {"chelsea": 5, "coffee": 5}
PICTURE = ("chelsea", 76, 136, 128)  # photo, top, left, side in GT pixels


def demo(
    out: Path,
    *,
    force: bool = False,
    track: Track = silent,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 2,
) -> Path:
    """Run the demo, or go on where a killed one stopped.

    Filters are found on crops of two photos and measured on crops of two others.

    Args:
        out: the run directory.
        force: replace a directory of another run.
        track: shows progress.
        seed: of noise, random scores and resampling.
        device: where to compute.
        threads: of the CPU.

    Returns:
        The run directory, as `compare` leaves it, with the crops in ``photos/`` and ``figures/teaser.png``.

    Raises:
        InputError: the directory is of another run.
    """
    config = CompareConfig(
        baseline="srresnet-x2/baseline",
        target="srresnet-x2/target",
        images=ImagesConfig(gt=out / "photos" / "measure", degrade=DEGRADE),
        find=ImagesConfig(gt=out / "photos" / "find", degrade=DEGRADE),
        methods=METHODS,
        proportions=PROPORTIONS,
        nodes=8,
        seed=seed,
        device=device,
        threads=threads,
    )
    torch.set_num_threads(threads)
    pair = load_pair(config)
    crops = {name: take_crops(photos) for name, photos in (("find", FIND), ("measure", MEASURE))}
    degradations = config.images.degradations()
    found_on, cases = (
        [degrade_case(name, gt, degradations, pair.scale, seed=seed) for name, gt in crops[part].items()]
        for part in ("find", "measure")
    )
    compare_cases(config, pair, cases, found_on, out, force=force, track=track)
    for part, images in crops.items():
        with new_folder(out / "photos" / part, force=True) as folder:
            for name, gt in images.items():
                write_image(folder / f"{name}.png", gt)
    picture(pair, out, seed)
    return out


def picture(pair: Pair, out: Path, seed: int) -> Path:
    """Restore one crop with target and reverted networks, and draw ``figures/teaser.png``."""
    photo, top, left, side = PICTURE
    scale = pair.scale
    whole = photograph(photo)
    whole = whole[:, : whole.shape[1] // scale * scale, : whole.shape[2] // scale * scale]
    degradations = ImagesConfig(gt=Path(photo), degrade=DEGRADE).degradations()
    case = degrade_case(photo, whole, degradations, scale, seed=seed)
    case = crop_case(case, top // scale, left // scale, side // scale, scale)
    filters = chosen_by({kind: str(out / f"filters-{kind}.csv") for kind in DEGRADE}, pair.space, PROPORTIONS[0])
    return paint(pair, case, filters, out)


def take_crops(photos: dict[str, int]) -> dict[str, Image]:
    """The busiest crops of photos, so many of each, by name."""
    return {
        f"{photo}_{y}_{x}": crop
        for photo, count in photos.items()
        for (y, x), crop in busiest(photograph(photo), SIDE, count).items()
    }
