"""A study's stages ``compare`` and ``distribution``: which filters do what, and where they are."""

from pathlib import Path
from typing import Any

from faig.common.progress import Track
from faig.experiment.compare import Comparison
from faig.experiment.distribution import distribute
from faig.experiment.study.config import StudyConfig
from faig.experiment.study.context import COMPARE, CommandStage, Study, StudyStage
from faig.experiment.study.references import reference_rankings
from faig.results.tables import DISTRIBUTION


class StudyComparison(CommandStage):
    """Methods against each other, and against what was learned."""

    name, last = COMPARE, Comparison.last

    def __init__(self, study: Study) -> None:
        config = study.config.comparison(study.out, reference_rankings(study))
        super().__init__(study, Comparison(config, study.pair))


class StudyDistribution(StudyStage):
    """Where the filters are that the run's own method found."""

    name, last = "distribution", DISTRIBUTION.name

    @classmethod
    def wanted(cls, config: StudyConfig) -> bool:  # noqa: ARG003 - as the others are asked
        """Always."""
        return True

    def determined(self) -> dict[str, Any]:
        """All that determines the comparison, and the proportions."""
        comparison = StudyComparison(self.study).determined()
        return {"compare": comparison, "proportions": self.config.compare.proportions, "seed": self.config.seed}

    def work(self, run: Path, track: Track) -> None:  # noqa: ARG002 - it takes a moment
        """Write the tables, from the raw scores that the comparison left."""
        distribute(self.study.out / COMPARE, None, self.config.compare.proportions, seed=self.config.seed, out=run)
