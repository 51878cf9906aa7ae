"""A study's stage ``predict``: how well the found filters tell degradations, beside what needs no finding."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from faig.analysis.evaluation import guesses, predictors, responses
from faig.analysis.prediction import SIDE
from faig.common.progress import Track
from faig.experiment.held_out import share_images
from faig.experiment.networks import pair_fingerprint
from faig.experiment.prediction_tables import LAST, classes_of, write_predictions
from faig.experiment.study.context import Study, StudyStage
from faig.imaging.cases import Case, make_cases, middle_of, photos_of
from faig.imaging.degradation import Degradation, named
from faig.networks.fingerprint import case_fingerprints, set_fingerprints

SEEN = "so accuracies are of photos that were learned on; learn on others, or rename what is another photo"


class Prediction(StudyStage):
    """Learns on the study's ``learn`` images, predicts its ``measure`` images, and how responses rise with a level."""

    name, last = "predict", LAST

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        assert self.config.predict is not None
        self.part = self.config.predict
        learn, self.measure = (self.config.images_of(name, study.out) for name in ("learn", "measure"))
        classes = classes_of(learn)
        self.known = make_cases(learn.gt, classes, self.pair.scale, channels=self.pair.channels, seed=self.config.seed)
        self.tested = self._middles(classes)
        share_images(self.known, self.tested, SEEN)
        self.filters = study.filters(self.part.top)

    def determined(self) -> dict[str, Any]:
        """Networks, images, filters, levels."""
        return pair_fingerprint(self.pair, self.config) | {
            "learn": case_fingerprints(self.known),
            "measure": case_fingerprints(self.tested),
            "filters": set_fingerprints(self.filters),
            "predict": self.part.model_dump(mode="json"),
        }

    def work(self, run: Path, track: Track) -> None:
        """Fit the predictors, predict, and measure responses."""
        pair, seeds = self.pair, self.part.seeds
        predictor, guessers = predictors(pair.target, pair.baseline, self.filters, self.known, seeds, track)
        guessed = {name: guesses(guess, self.tested, track) for name, guess in guessers.items()}
        levels = []
        for kind, steps in self.part.levels.items():
            versions = {f"{step:g}": named(kind, step, self.config.downsampling) for step in steps}
            levels.append(responses(predictor, kind, self._middles(versions), track))
        tables = pd.concat(levels, ignore_index=True)
        write_predictions(run, guessed, tables, photos_of(self.tested), self.config.seed)

    def _middles(self, versions: Mapping[str, Degradation]) -> list[Case]:
        """The middles of the ``measure`` images, in these versions."""
        seed, scale = self.config.seed, self.pair.scale
        cases = make_cases(self.measure.gt, versions, scale, channels=self.pair.channels, clean=False, seed=seed)
        return [middle_of(case, SIDE, scale) for case in cases]
