"""What the record in a trained network's file says that its patches went through, for who makes such inputs again."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from faig.common.errors import InputError
from faig.common.settings import validated
from faig.imaging.cases import CLEAN
from faig.imaging.degradation import STEPS, Degradation, named
from faig.imaging.steps import Step
from faig.training.config import DegradationConfig


@dataclass(frozen=True)
class Trained:
    """How much of a degradation a network was trained on.

    Attributes:
        step: of the degradation.
        low: level, and
        high: of the step's first argument.
        unit: what that is.
    """

    step: str
    low: float
    high: float
    unit: str

    @classmethod
    def of(cls, name: str, steps: Iterable[Step]) -> "Trained | None":
        """The levels of those of the steps that have that name; None where none has."""
        levels = [float(dataclasses.astuple(step)[0]) for step in steps if step.name() == name]
        if not levels:
            return None
        return cls(name, min(levels), max(levels), dataclasses.fields(STEPS[name])[0].metadata["meaning"])

    @property
    def middle(self) -> float:
        """The level halfway, whole where levels are."""
        middle = (self.low + self.high) / 2
        return round(middle) if dataclasses.fields(STEPS[self.step])[0].type is int else middle


def training_of(metadata: Mapping[str, Any]) -> DegradationConfig | None:
    """What the record of a network says its patches went through; None where it has none that can be read.

    Args:
        metadata: of its file, see `checkpoint.network_metadata`.
    """
    values: Any = metadata
    for key in ("training", "config", "data", "degradation"):
        values = values.get(key) if isinstance(values, dict) else None
    try:
        return validated(DegradationConfig, values, "its record") if isinstance(values, dict) else None
    except InputError:  # of another version, or of others
        return None


def drawn(training: DegradationConfig | None) -> list[Step]:
    """Both ends of every step that patches went through."""
    draws = training.draws() if training else []
    return [end for probability, steps in draws if probability for step in steps for end in (step.low, step.high)]


def typical_inputs(metadata: Mapping[str, Any]) -> dict[str, Degradation]:
    """Clean inputs and one kind for each step that a network was trained on, at the middle of its levels.

    Args:
        metadata: of its file.

    Returns:
        By their specs (``jpeg:62``), downsampled as the patches were; empty where the file has no record.
    """
    training = training_of(metadata)
    steps = drawn(training)
    if training is None or not steps:
        return {}
    how = training.downsampling
    made = {CLEAN: Degradation(downsampling=how)}
    for name in dict.fromkeys(step.name() for step in steps):
        if trained := Trained.of(name, steps):
            made[f"{name}:{trained.middle:g}"] = named(name, trained.middle, how)
    return made
