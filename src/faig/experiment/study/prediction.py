"""A study's stage ``predict``: how well the found filters tell degradations, beside what needs no finding."""

from pathlib import Path

import pandas as pd

from faig.analysis.evaluation import guesses, middle, predictors, responses
from faig.common.progress import Track, silent
from faig.experiment.networks import pair_fingerprint
from faig.experiment.prediction_tables import LAST, classes_of, write_predictions
from faig.experiment.study.config import StudyConfig
from faig.imaging.cases import make_cases
from faig.imaging.degradation import named
from faig.networks.fingerprint import case_fingerprints, set_fingerprints
from faig.pair import Pair
from faig.results.run_directory import run_directory
from faig.zoo.scores import chosen_by

FOLDER = "predict"


def foretell(
    config: StudyConfig,
    pair: Pair,
    rankings: dict[str, str],
    out: Path,
    *,
    force: bool = False,
    track: Track = silent,
) -> Path:
    """Learn on the study's ``learn`` images, predict its ``measure`` images, and how their responses rise with a level.

    Args:
        config: the study, with its part ``predict``.
        pair: its networks.
        rankings: by function, the file of the found filters.
        out: the study's directory.
        force: replace what was predicted from other inputs.
        track: shows progress.
    """
    part = config.predict
    assert part is not None
    learn, measure = (config.images_of(name, out) for name in ("learn", "measure"))
    classes = classes_of(learn)
    known = make_cases(learn.gt, classes, pair.scale, seed=config.seed)
    tested = [middle(case, pair.scale) for case in make_cases(measure.gt, classes, pair.scale, seed=config.seed)]
    filters = chosen_by(rankings, pair.space, part.top)
    determined = pair_fingerprint(pair, config) | {
        "learn": case_fingerprints(known),
        "measure": case_fingerprints(tested),
        "filters": set_fingerprints(filters),
        "predict": part.model_dump(mode="json"),
    }
    with run_directory(out / FOLDER, None, determined, force=force) as run:
        if (run / LAST).exists():
            return run
        found, guessers = predictors(pair.target, pair.baseline, filters, known, part.seeds, track)
        guessed = {name: guesses(guess, tested, track) for name, guess in guessers.items()}
        levels = []
        for kind, steps in part.levels.items():
            versions = {f"{step:g}": named(kind, step, config.downsampling) for step in steps}
            cases = make_cases(measure.gt, versions, pair.scale, seed=config.seed)
            levels.append(responses(found, kind, [middle(case, pair.scale) for case in cases], track))
        write_predictions(run, guessed, pd.concat(levels, ignore_index=True), config.seed)
    return run
