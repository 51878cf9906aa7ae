"""The stage ``alone``: what does reverting each filter by itself do?"""

from functools import partial
from pathlib import Path
from typing import Any

from faig.experiment.stage import Unit
from faig.experiment.truth.context import Subject, TruthStage
from faig.results.truth_tables import ALONE
from faig.truth import alone


class Alone(TruthStage):
    """Every filter reverted by itself; leaves ``alone.csv``."""

    name, last, tables = "alone", ALONE.name, (ALONE,)

    def determined(self) -> dict[str, Any]:
        """Which filters, too."""
        return super().determined() | {"every": self.config.every}

    def units(self, subject: Subject, run: Path) -> dict[str, Unit]:  # noqa: ARG002 - as the others are called
        """One unit a pair."""
        return {"alone": partial(revert_each, subject)}


def revert_each(subject: Subject) -> list[dict[str, Any]]:
    """The rows of a pair."""
    pair, filters = subject.pair, subject.reverted
    change = alone(pair.target, pair.baseline, subject.cases, filters)
    return [
        {"input": name, "index": index, "loss": loss, "output": output}
        for name in change.loss
        for index, loss, output in zip(
            filters.tolist(),
            change.loss[name].mean(0)[filters].tolist(),
            change.output[name].mean(0)[filters].tolist(),
            strict=True,
        )
    ]
