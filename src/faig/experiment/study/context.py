"""What the stages of a study share: its settings, networks, images, and the filters that were found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faig.attribution.files.rankings import read_ranking
from faig.common.progress import Track
from faig.experiment.stage import Stage
from faig.experiment.study.config import StudyConfig
from faig.filters import FilterSet
from faig.imaging.cases import Case
from faig.pair import Pair

COMPARE = "compare"  # the stage that finds filters


@dataclass(frozen=True)
class Study:
    """A study under way.

    Attributes:
        config: its settings.
        pair: its networks.
        out: its directory; a stage has a folder in it.
    """

    config: StudyConfig
    pair: Pair
    out: Path

    @property
    def rankings(self) -> dict[str, str]:
        """By function, the file of the filters that the default method found."""
        return {kind: str(self.out / COMPARE / f"filters-{kind}.csv") for kind in self.config.degrade}

    def filters(self, share: float) -> dict[str, FilterSet]:
        """By function, the first filters of these rankings."""
        return {
            kind: FilterSet.top(self.pair.space, read_ranking(file, self.pair.space), share)
            for kind, file in self.rankings.items()
        }

    def cases(self, part: str) -> list[Case]:
        """The images ``find``, ``measure``, ``show`` or ``learn``."""
        return self.config.images_of(part, self.out).cases(self.pair.scale, self.config.seed, self.pair.channels)


class StudyStage(Stage):
    """A stage of a study.

    Args:
        study: to which it belongs; the stages before it are finished.
    """

    name: str  # of its folder, and in what people see

    def __init__(self, study: Study) -> None:
        self.study, self.config, self.pair = study, study.config, study.pair

    @classmethod
    def wanted(cls, config: StudyConfig) -> bool:
        """Whether the study asks for it: its part of the settings has the stage's name."""
        return getattr(config, cls.name, None) is not None


class CommandStage(StudyStage):
    """A stage that is what a command does, with the settings of the study.

    Args:
        study: to which it belongs.
        command: the stage of the command.
    """

    def __init__(self, study: Study, command: Stage) -> None:
        super().__init__(study)
        self.command, self.settings = command, command.settings

    def determined(self) -> dict[str, Any]:
        """As the command's."""
        return self.command.determined()

    def work(self, run: Path, track: Track) -> None:
        """As the command's."""
        self.command.work(run, track)
