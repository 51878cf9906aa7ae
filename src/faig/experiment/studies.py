"""All that ``faig run`` can run: a file of settings says which by its ``command``."""

from pathlib import Path

from faig.common.errors import InputError
from faig.common.settings import validated
from faig.common.yaml import read_yaml
from faig.experiment.config import AttributeConfig, CompareConfig, SweepConfig
from faig.experiment.study.config import StudyConfig
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.truth.config import TruthConfig
from faig.studies import shipped

Study = AttributeConfig | CompareConfig | SweepConfig | StudyConfig | TrainingStudyConfig | TruthConfig
CONFIGS: dict[str, type[Study]] = {
    "attribute": AttributeConfig,
    "compare": CompareConfig,
    "sweep": SweepConfig,
    "study": StudyConfig,
    "training": TrainingStudyConfig,
    "truth": TruthConfig,
}


def find_study(name: str) -> Path:
    """The file of a study: one that ships with the package, by name, or the path itself.

    Raises:
        InputError: it is neither a shipped study nor a file.
    """
    path, known = Path(name), shipped()
    if name in known and not path.is_file():
        return known[name]
    if not path.exists() and not path.suffix:
        raise InputError(f"{name}: is no file and no shipped study; those are {', '.join(known)}")
    return path


def read_study(path: Path) -> Study:
    """The study that a file describes: a ``config.yaml`` of a run, or a file like those that ship.

    Raises:
        InputError: the file cannot be read, or a setting is missing, unknown or wrong.
    """
    values = read_yaml(path)
    command = values.get("command")
    model = CONFIGS.get(command) if isinstance(command, str) else None
    if model is None:
        raise InputError(f"{path}: command: {command!r} is not one of {', '.join(CONFIGS)}")
    return validated(model, values, str(path))
