"""``faig run`` of a whole study: images, then one stage after the other, each in a run directory of its own.

A stage that is finished is left alone; one whose inputs changed is done again, and only that.
"""

import importlib
import logging
from collections.abc import Callable
from pathlib import Path

import yaml

from faig.common.errors import InputError
from faig.common.files import alone_in, replacing
from faig.common.progress import Track, silent
from faig.experiment.networks import configured_pair
from faig.experiment.study.comparison import StudyComparison, StudyDistribution
from faig.experiment.study.config import StudyConfig
from faig.experiment.study.context import Study, StudyStage
from faig.experiment.study.locations import Locations
from faig.experiment.study.prediction import Prediction
from faig.experiment.study.references import References
from faig.experiment.study.retraining import Retraining
from faig.experiment.study.sweep import StudySweep
from faig.experiment.study.teaser import Teaser
from faig.imaging.photos import SourceConfig, write_images
from faig.results.run_directory import CONFIG, first_difference, read_config

logger = logging.getLogger("faig")

IMAGES = ("find", "measure", "show", "learn")
STAGES: tuple[type[StudyStage], ...] = (
    References,
    StudyComparison,
    StudyDistribution,
    Teaser,
    StudySweep,
    Prediction,
    Locations,
    Retraining,
)


def study(
    config: StudyConfig,
    out: Path,
    *,
    force: bool = False,
    track: Track = silent,
    say: Callable[[str], None] = lambda stage: None,
) -> Path:
    """Run a study, or go on where a killed one stopped.

    Leaves in ``out``: ``config.yaml``, ``images/`` (the GT images of each part), and a run directory for each stage:
    ``reference``, ``compare``, ``distribution``, ``teaser``, ``sweep``, ``predict``, ``locations``, ``retrain``.

    Args:
        config: what to ask.
        out: the directory.
        force: do stages again that are there with other inputs.
        track: shows progress.
        say: told the name of each stage that begins.

    Returns:
        The directory.

    Raises:
        InputError: networks, images or settings do not fit, or ``out`` is of another study and ``force`` is not set.
    """
    if config.retrain:
        importlib.import_module("accelerate")  # fails now where faig[train] is missing, not after the other stages
    context = Study(config, configured_pair(config), out)
    settings = config.model_dump(mode="json")
    _check_place(out, settings, force)
    sources: dict[str, SourceConfig | None] = {part: getattr(config, part) for part in IMAGES}
    taken = {part: source.take(config.images, context.pair.scale) for part, source in sources.items() if source}
    with alone_in(out):
        with replacing(out / CONFIG) as part_file:
            part_file.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
        for part, images in taken.items():
            write_images(images, out / "images" / part)
        for stage in STAGES:
            if stage.wanted(config):
                say(stage.name)
                stage(context).run(out / stage.name, force=force, track=track)
    return out


def _check_place(out: Path, settings: dict[str, object], force: bool) -> None:
    """Raise InputError where ``out`` holds something else."""
    if not (out / CONFIG).exists():
        if out.is_dir() and any(inside.name != ".lock" for inside in out.iterdir()):
            raise InputError(f"{out}: exists and is no study's directory; choose another name")
        return
    known = read_config(out / CONFIG)
    if known.get("command") != "study":
        raise InputError(f"{out}: holds a run of faig {known.get('command')}, not a study; choose another name")
    if known != settings and not force:
        raise InputError(
            f"{out}: holds another study ({first_difference(known, settings)} differs); pass force=True to do again "
            "the stages that this changes, or choose another name",
            setting="force",
        )
