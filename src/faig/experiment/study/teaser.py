"""The picture of a run: one image restored by the target, and by the target with each function's filters reverted."""

from collections.abc import Mapping
from pathlib import Path

from torch.nn import functional

from faig.common.files import new_folder
from faig.experiment.networks import pair_fingerprint
from faig.experiment.study.config import StudyConfig
from faig.filters import FilterSet
from faig.imaging.cases import Case
from faig.imaging.images import Image, write_image
from faig.intervention.edit import revert
from faig.networks.fingerprint import case_fingerprints, set_fingerprints
from faig.networks.inference import restore
from faig.pair import Pair
from faig.report.figures.teaser import columns, teaser
from faig.results.run_directory import run_directory
from faig.zoo.scores import chosen_by

FOLDER = "teaser"  # the study's stage
IMAGES, PICTURE = "figures/teaser", "figures/teaser.png"
SHARE = 0.01  # of the filters


def paint_study(config: StudyConfig, pair: Pair, rankings: dict[str, str], out: Path, *, force: bool = False) -> Path:
    """A study's stage ``teaser``: the first of its ``show`` images, with 1% of the filters reverted.

    Args:
        config: the study.
        pair: its networks.
        rankings: by function, the file of the found filters.
        out: the study's directory.
        force: replace what was painted of other inputs.
    """
    case = config.images_of("show", out).cases(pair.scale, config.seed)[0]
    filters = chosen_by(rankings, pair.space, SHARE)
    determined = pair_fingerprint(pair, config) | {
        "image": case_fingerprints([case]),
        "filters": set_fingerprints(filters),
    }
    with run_directory(out / FOLDER, None, determined, force=force) as run:
        if not (run / PICTURE).exists():
            paint(pair, case, filters, run)
    return run


def paint(pair: Pair, case: Case, filters: Mapping[str, FilterSet], run: Path) -> Path:
    """Restore an image with target and reverted networks, and draw ``figures/teaser.png``.

    Args:
        pair: the networks.
        case: the image.
        filters: by function, which to revert.
        run: where ``figures`` is.
    """
    networks = {"target": pair.target} | {
        f"reverted-{kind}": revert(pair.target, pair.baseline, chosen) for kind, chosen in filters.items()
    }
    with new_folder(run / IMAGES, force=True) as folder:
        for kind in filters:
            shown = {name: restore(network, case.lr[kind]) for name, network in networks.items()}
            shown |= {"input": enlarged(case, kind), "gt": case.gt}
            for file in columns(list(filters)):
                write_image(folder / f"{kind}-{file}.png", shown[file])
    return teaser(run / IMAGES, run / PICTURE, list(filters), border=pair.scale)


def enlarged(case: Case, kind: str) -> Image:
    """The LR image at the GT's size, bicubic."""
    return functional.interpolate(case.lr[kind][None], size=case.gt.shape[1:], mode="bicubic")[0].clamp(0, 1)
