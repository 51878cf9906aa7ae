"""The picture of a run: one image restored by the target, and by the target with each function's filters reverted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.nn import functional

from faig.attribution.options import TOP
from faig.common.files import new_folder
from faig.common.progress import Track
from faig.experiment.networks import pair_fingerprint
from faig.experiment.study.config import StudyConfig
from faig.experiment.study.context import Study, StudyStage
from faig.filters import FilterSet
from faig.imaging.cases import Case
from faig.imaging.images import Image, write_image
from faig.imaging.metrics import psnr
from faig.intervention.edit import revert
from faig.networks.fingerprint import case_fingerprints, set_fingerprints
from faig.networks.inference import restore
from faig.pair import Pair
from faig.results.table import write_table
from faig.results.tables import PICTURES


class Teaser(StudyStage):
    """The first of the study's ``show`` images, restored by the target and with 1% of the filters reverted."""

    name, last = "teaser", PICTURES.name

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        self.case = study.cases("show")[0]
        self.filters = study.filters(TOP)

    @classmethod
    def wanted(cls, config: StudyConfig) -> bool:  # noqa: ARG003 - as the others are asked
        """Always."""
        return True

    def determined(self) -> dict[str, Any]:
        """Networks, image, filters."""
        return pair_fingerprint(self.pair, self.config) | {
            "image": case_fingerprints([self.case]),
            "filters": set_fingerprints(self.filters),
        }

    def work(self, run: Path, track: Track) -> None:  # noqa: ARG002 - it takes a moment
        """Restore, and write pictures with their table."""
        restore_teaser(self.pair, self.case, self.filters, run)


def restore_teaser(pair: Pair, case: Case, filters: Mapping[str, FilterSet], run: Path) -> Path:
    """Restore an image with target and reverted networks: leaves PNGs, and the table of what they show.

    Args:
        pair: the networks.
        case: the image.
        filters: by function, which to revert.
        run: where ``figures`` is.

    Returns:
        The table.
    """
    networks = {("target", ""): pair.target} | {
        ("reverted", kind): revert(pair.target, pair.baseline, chosen) for kind, chosen in filters.items()
    }
    table = run / PICTURES.name
    rows = []
    with new_folder(table.parent, force=True) as folder:
        for kind in filters:
            images = {("input", ""): enlarged(case, kind)}
            images |= {shown: restore(network, case.lr[kind]) for shown, network in networks.items()}
            for (shown, function), image in (images | {("gt", ""): case.gt}).items():
                file = f"{kind}-{shown}{'-' if function else ''}{function}.png"
                write_image(folder / file, image)
                decibels = None if shown == "gt" else psnr(folder / file, case.gt, border=pair.scale)
                rows.append({"input": kind, "shown": shown, "function": function, "file": file, "psnr": decibels})
    write_table(run, PICTURES, rows)
    return table


def enlarged(case: Case, kind: str) -> Image:
    """The LR image at the GT's size, bicubic."""
    return functional.interpolate(case.lr[kind][None], size=case.gt.shape[1:], mode="bicubic")[0].clamp(0, 1)
