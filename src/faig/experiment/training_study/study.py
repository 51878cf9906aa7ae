"""``faig run`` of a training study: units found, one stage for each arm, and all arms against each other.

A stage that is finished is left alone; one whose inputs changed is done again, and only that: an arm that is added is
trained, and the others are not.
"""

import importlib
from collections.abc import Callable
from pathlib import Path

from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.experiment.stage import Stage, check_settings
from faig.experiment.training_study.arm import ARMS, CPU, ArmStage
from faig.experiment.training_study.attributed import ATTRIBUTION, Attributed, check_branches
from faig.experiment.training_study.classifying import CLASSIFYING, Classifying
from faig.experiment.training_study.comparison import COMPARISON, ArmComparison
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.training_study.context import FOUND, TrainingStudy
from faig.experiment.training_study.finding import Finding
from faig.experiment.training_study.functions import FUNCTIONS, Functions
from faig.imaging.photos import GroundTruth, write_images
from faig.networks.fingerprint import fingerprint
from faig.results.run_directory import run_directory
from faig.training.banks import place_banks
from faig.training.start import first_network, rates_of
from faig.training.teachers import Goals


def training_study(
    config: TrainingStudyConfig,
    out: Path,
    *,
    force: bool = False,
    track: Track = silent,
    say: Callable[[str], None] = lambda stage: None,
) -> Path:
    """Run a training study, or go on where a killed one stopped.

    Leaves in ``out``: ``config.yaml``, ``images/`` (``learn``, ``find``, ``measure``), and run directories: ``found``
    where arms ask for units to be found, ``arms/NAME``, ``functions`` where it is asked for, ``comparison``,
    ``classifying`` where networks have banks, and ``attributed`` where it is asked for.

    Args:
        config: what to compute.
        out: the directory.
        force: do stages again that are there with other inputs.
        track: shows progress.
        say: told the name of each stage that begins.

    Returns:
        The directory.

    Raises:
        InputError: networks, images or settings do not fit, or ``out`` is of another study and ``force`` is not set.
    """
    importlib.import_module("accelerate")  # fails now where faig[train] is missing, not after other stages
    study = TrainingStudy(config, out)
    _check_trainings(study)
    images = _images(study)
    settings = config.model_dump(mode="json")
    check_settings(out, settings, force)
    with run_directory(out, settings, {"command": config.command}, force=force):
        for part, taken in images.items():
            write_images(taken, out / "images" / part)
        stages: dict[str, Callable[[], Stage]] = {FOUND: lambda: Finding(study)} if Finding.wanted(config) else {}
        stages |= {f"{ARMS}/{arm}": lambda arm=arm: ArmStage(study, arm) for arm in config.arms}  # type: ignore[misc]
        stages |= {FUNCTIONS: lambda: Functions(study)} if config.functions else {}
        stages |= {COMPARISON: lambda: ArmComparison(study)}
        stages |= {CLASSIFYING: lambda: Classifying(study)} if Classifying.banked(config) else {}
        if (asked := config.attributed) is not None:
            stages |= {ATTRIBUTION: lambda: Attributed(study, asked)}
        for name, stage in stages.items():
            say(name)
            (out / name).parent.mkdir(exist_ok=True)
            stage().run(out / name, force=force, track=track)
    return out


def _check_trainings(study: TrainingStudy) -> None:
    """Raise InputError where a training could not begin, before anything is computed."""
    for seed in study.config.training_seeds:
        if study.config.baseline is not None:
            study.pair(seed)
        for arm in study.config.arms:
            training = study.training(arm, seed)
            network, _ = first_network(training, CPU), Goals(training, CPU)
            if study.config.settings(arm).found is None:
                rates_of(network, training)
                place_banks(network, training)
    if study.config.attributed:
        check_branches(study, study.config.attributed)


def _images(study: TrainingStudy) -> dict[str, list[GroundTruth]]:
    """The images of the study, by part.

    Raises:
        InputError: a photo is measured on that is learned on.
    """
    config = study.config
    sources = {"learn": config.learn, "measure": config.measure}
    photos = {part: source.whole(config.images) for part, source in sources.items()}
    known: dict[str, str] = {}
    for part, of_part in photos.items():
        for name, photo in of_part.items():
            same = known.setdefault(fingerprint([("photo", photo)]), f"{part}: {name}")
            if same != f"{part}: {name}":
                raise InputError(f"{part}: {name} is the photo {same}; each stands there once", setting=part)
    if config.side % study.scale:
        raise InputError(f"side: {config.side} does not divide by the scale {study.scale}", setting="side")
    sources["find"] = config.learn.model_copy(update={"crops": config.crops, "at": [], "side": config.side})
    return {part: source.take(config.images, study.scale) for part, source in sources.items()}
