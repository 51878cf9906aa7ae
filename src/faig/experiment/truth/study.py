"""``faig run`` of the ground truth study: one stage a question, each in a run directory of its own.

A stage that is finished is left alone; one whose inputs changed is done again, and only that.
"""

from collections.abc import Callable
from pathlib import Path

from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.experiment.stage import check_settings
from faig.experiment.truth.agreement import Agreement
from faig.experiment.truth.alone import Alone
from faig.experiment.truth.config import TruthConfig
from faig.experiment.truth.context import TruthStage, TruthStudy
from faig.experiment.truth.decoys import Decoys
from faig.experiment.truth.greedy import Greedy
from faig.experiment.truth.planted import Planted
from faig.experiment.truth.shapley import Shapley
from faig.results.run_directory import run_directory

STAGES: tuple[type[TruthStage], ...] = (Alone, Shapley, Greedy, Planted, Decoys, Agreement)


def truth(
    config: TruthConfig,
    out: Path,
    *,
    force: bool = False,
    track: Track = silent,
    say: Callable[[str], None] = lambda stage: None,
) -> Path:
    """Run the ground truth study, or go on where a killed one stopped.

    Leaves in ``out``: ``config.yaml``, and a run directory for each stage that the settings name, of ``alone``,
    ``shapley``, ``greedy``, ``planted``, ``decoys``, ``agreement``.

    Args:
        config: what to compute.
        out: the directory.
        force: do stages again that are there with other inputs.
        track: shows progress.
        say: told the name of each stage that begins.

    Returns:
        The directory.

    Raises:
        InputError: networks or settings do not fit, or ``out`` is of another study and ``force`` is not set.
    """
    if config.device != "cpu":
        raise InputError(f"the ground truth is computed on the CPU, not on {config.device}", setting="device")
    study = TruthStudy(config, out)
    for subject in study.subjects:
        _ = subject.pair  # refuses what cannot be loaded before anything is computed
    settings = config.model_dump(mode="json")
    check_settings(out, settings, force)
    with run_directory(out, settings, {"command": config.command}, force=force):
        for stage in (stage for stage in STAGES if stage.name in config.stages):
            say(stage.name)
            stage(study).run(out / stage.name, force=force, track=track)
    return out
