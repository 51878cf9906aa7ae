"""``faig run`` of a whole study: images, then one stage after the other, each in a run directory of its own.

A stage that is finished is left alone; one whose inputs changed is done again, and only that.
"""

import importlib
import logging
from collections.abc import Callable
from pathlib import Path

import torch
import yaml

from faig.common.errors import InputError
from faig.common.files import alone_in, replacing
from faig.common.progress import Track, silent
from faig.common.settings import read_yaml
from faig.experiment.compare import compare
from faig.experiment.config import SweepConfig
from faig.experiment.networks import load_pair
from faig.experiment.study.config import StudyConfig
from faig.experiment.study.locations import locate
from faig.experiment.study.prediction import foretell
from faig.experiment.study.references import find_references
from faig.experiment.study.retraining import retrain
from faig.experiment.study.teaser import paint_study
from faig.experiment.sweep import sweep
from faig.imaging.photos import SourceConfig, write_images
from faig.results.run_directory import CONFIG, first_difference

logger = logging.getLogger("faig")

IMAGES = ("find", "measure", "show", "learn")


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
    ``reference``, ``compare``, ``teaser``, ``sweep``, ``predict``, ``locations``, ``retrain``.

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
    torch.set_num_threads(config.threads)
    if config.retrain:
        importlib.import_module("accelerate")  # fails now where faig[train] is missing, not after the other stages
    pair = load_pair(config)
    told = config.model_dump(mode="json")
    _check_place(out, told, force)
    sources: dict[str, SourceConfig] = {part: getattr(config, part) for part in IMAGES}
    taken = {part: source.take(config.images, pair.scale) for part, source in sources.items()}
    with alone_in(out):
        with replacing(out / CONFIG) as part_file:
            part_file.write_text(yaml.safe_dump(told, sort_keys=False, allow_unicode=True), encoding="utf-8")
        for part, images in taken.items():
            write_images(images, out / "images" / part)
        filters: dict[str, dict[str, str]] = {}
        if config.reference:
            say("reference")
            filters = find_references(config, pair, out, force=force, track=track)
        say("compare")
        found = compare(config.comparison(out, filters), out / "compare", force=force, track=track)
        rankings = {kind: str(found / f"filters-{kind}.csv") for kind in config.degrade}
        paint_study(config, pair, rankings, out, force=force)
        if config.sweep:
            say("sweep")
            settings = config.networks() | config.sweep.model_dump() | {"filters": rankings}
            turned = SweepConfig.model_validate(settings | {"images": config.images_of("show", out)})
            sweep(turned, out / "sweep", force=force, track=track)
        if config.predict:
            say("predict")
            foretell(config, pair, rankings, out, force=force, track=track)
        if config.locations:
            say("locations")
            locate(config, pair, rankings, out, force=force, track=track)
        if config.retrain:
            say("retrain")
            retrain(config, pair, rankings, out, force=force, track=track)
    return out


def _check_place(out: Path, told: dict[str, object], force: bool) -> None:
    """Raise InputError where ``out`` holds something else."""
    if not (out / CONFIG).exists():
        if out.is_dir() and any(inside.name != ".lock" for inside in out.iterdir()):
            raise InputError(f"{out}: exists and is no study's directory; choose another name")
        return
    known = read_yaml(out / CONFIG)
    if known.get("command") != "study":
        raise InputError(f"{out}: holds a run of faig {known.get('command')}, not a study; choose another name")
    if known != told and not force:
        raise InputError(
            f"{out}: holds another study ({first_difference(known, told)} differs); pass --force to do again the "
            "stages that this changes, or choose another name"
        )
