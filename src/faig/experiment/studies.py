"""All that ``faig run`` can run: a file of settings says which by its ``command``."""

from pathlib import Path

from faig.common.errors import InputError
from faig.common.settings import read_yaml, validated
from faig.experiment.config import AttributeConfig, CompareConfig, SweepConfig
from faig.experiment.study.config import StudyConfig
from faig.experiment.truth.config import TruthConfig

Study = AttributeConfig | CompareConfig | SweepConfig | StudyConfig | TruthConfig
CONFIGS: dict[str, type[Study]] = {
    "attribute": AttributeConfig,
    "compare": CompareConfig,
    "sweep": SweepConfig,
    "study": StudyConfig,
    "truth": TruthConfig,
}


DEMO = Path(__file__).parent / "study" / "demo.yaml"  # what ``faig demo`` runs


def read_study(path: Path) -> Study:
    """The study that a ``config.yaml``, or a file of ``configs/study/``, describes.

    Raises:
        InputError: the file cannot be read, or a setting is missing, unknown or wrong.
    """
    values = read_yaml(path)
    model = CONFIGS.get(values.get("command", ""))
    if model is None:
        raise InputError(f"{path}: command: {values.get('command')!r} is not one of {', '.join(CONFIGS)}")
    return validated(model, values, str(path))
