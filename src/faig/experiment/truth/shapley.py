"""The stage ``shapley``: what is each filter's fair share when filters are reverted together?"""

from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from faig.experiment.stage import Unit
from faig.experiment.truth.context import Subject, TruthStage
from faig.results.truth_tables import SHAPLEY
from faig.truth.shapley import coalitions, worth


class Shapley(TruthStage):
    """Shapley values from random coalitions; leaves ``shapley.csv``."""

    name, last, tables = "shapley", SHAPLEY.name, (SHAPLEY,)

    def determined(self) -> dict[str, Any]:
        """Which filters in which coalitions, too."""
        return super().determined() | {"every": self.config.every, "shapley": self.config.shapley.model_dump()}

    def units(self, subject: Subject, run: Path) -> dict[str, Unit]:  # noqa: ARG002 - as the others are called
        """A unit for each pair of coalitions."""
        return {f"coalition-{number}": partial(in_coalition, subject, number) for number in range(self._pairs)}

    def frames(self, units: list[Any]) -> list[pd.DataFrame]:
        """Means over the pairs of coalitions, with what says how sure they are."""
        rows = pd.DataFrame([unit["loss"] for unit in units])  # [pair of coalitions, input and filter]
        error = rows.std() / len(rows) ** 0.5
        columns = {"value": rows.mean(), "error": error, "half": rows[::2].mean(), "other_half": rows[1::2].mean()}
        return [pd.DataFrame({name: units[0][name] for name in ("input", "index")} | columns)]

    @property
    def _pairs(self) -> int:
        return self.config.shapley.pairs


def in_coalition(subject: Subject, number: int) -> dict[str, list[Any]]:
    """What every filter adds to the loss in one coalition and its complement: columns of equal length."""
    pair, filters = subject.pair, subject.reverted
    drawn = coalitions(pair.space, subject.config.shapley.pairs, subject.seed)
    coalition = next(islice(drawn, number, None))
    loss = worth(pair.target, pair.baseline, subject.cases, coalition, filters)
    return {
        "input": [name for name in loss for _ in filters],
        "index": [index for _ in loss for index in filters.tolist()],
        "loss": [value for values in loss.values() for value in values[filters].tolist()],
    }
