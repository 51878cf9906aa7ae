"""The stage ``greedy``: which filter does most once others are reverted?"""

from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from faig.attribution.options import TOP
from faig.common.settings import count_of
from faig.experiment.stage import Unit
from faig.experiment.truth.alone import Alone
from faig.experiment.truth.context import FUNCTIONS, Subject, TruthStage, per_filter
from faig.filters import rank
from faig.results.truth_tables import ALONE, GREEDY
from faig.truth import greedy, specific


class Greedy(TruthStage):
    """Greedy reverting among the filters that do most alone, as many as the top 1%; leaves ``greedy.csv``."""

    name, last, tables = "greedy", GREEDY.name, (GREEDY,)

    def determined(self) -> dict[str, Any]:
        """What each filter does alone, and how many are chosen from."""
        return {"alone": Alone(self.study).determined(), "greedy": self.config.greedy.model_dump()}

    def units(self, subject: Subject, run: Path) -> dict[str, Unit]:  # noqa: ARG002 - as the others are called
        """A unit for each function."""
        change = per_filter(self.study.out / Alone.name, ALONE, subject, "loss")
        count = count_of(self.config.greedy.among, len(subject.pair.space))
        return {kind: partial(choose, subject, kind, rank(specific(change, kind))[:count]) for kind in FUNCTIONS}


def choose(subject: Subject, kind: str, candidates: Tensor) -> list[dict[str, Any]]:
    """The rows of a pair and a function."""
    pair = subject.pair
    count = count_of(TOP, len(pair.space))
    chosen = greedy(pair.target, pair.baseline, subject.cases, kind, candidates, count)
    return [{"function": kind, "rank": number, "index": index} for number, index in enumerate(chosen.tolist(), 1)]
