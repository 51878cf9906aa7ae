"""A study's stage ``sweep``: functions turned up and down."""

from faig.experiment.config import SweepConfig
from faig.experiment.study.context import CommandStage, Study
from faig.experiment.sweep import Sweep


class StudySweep(CommandStage):
    """The found filters of each function, turned on the study's ``show`` images."""

    name, last = "sweep", Sweep.last

    def __init__(self, study: Study) -> None:
        assert study.config.sweep is not None
        settings = study.config.networks() | study.config.sweep.model_dump()
        settings |= {"filters": study.rankings, "images": study.config.images_of("show", study.out)}
        super().__init__(study, Sweep(SweepConfig.model_validate(settings), study.pair))
