"""The stage ``decoys``: which methods rank filters high that moved and change nothing?"""

import copy
from functools import partial
from pathlib import Path
from typing import Any

from torch import nn

from faig.attribution.options import TOP
from faig.attribution.result import Attribution
from faig.common.settings import count_of
from faig.experiment.stage import Unit
from faig.experiment.truth.context import FUNCTIONS, Subject, TruthStage, barriers, fast
from faig.filters import rank
from faig.networks.align import align
from faig.results.truth_tables import DECOYS
from faig.truth import Decoyed, scaled, swapped

SCALED = 2  # channels of each link


class Decoys(TruthStage):
    """Targets with decoys, as they are and aligned with the baseline; leaves ``decoys.csv``."""

    name, last, tables = "decoys", DECOYS.name, (DECOYS,)

    def determined(self) -> dict[str, Any]:
        """Which decoys, and who is asked, too."""
        return super().determined() | {
            "decoys": self.config.decoys.model_dump(),
            "methods": self.config.methods,
            "nodes": self.config.nodes,
        }

    def units(self, subject: Subject, run: Path) -> dict[str, Unit]:  # noqa: ARG002 - as the others are called
        """One unit a pair: what is said without decoys is said once."""
        return {"decoys": partial(decoy_and_ask, subject)}


def decoy_and_ask(subject: Subject) -> list[dict[str, Any]]:
    """How many decoys every method ranks in its top 1%: without them, with them, and aligned."""
    target, baseline = subject.pair.target, subject.pair.baseline

    def asked(network: nn.Module) -> dict[str, Attribution]:
        return subject.attribute(fast(copy.deepcopy(network)))

    without = {"without": asked(target), "aligned without": asked(align(target, baseline))}
    rows = []
    for (what, size), decoyed in made(subject).items():
        versions = without | {"with": asked(decoyed.network), "aligned": asked(align(decoyed.network, baseline))}
        for version in ("without", "with", "aligned", "aligned without"):
            labels = {"decoy": what, "size": size, "version": version}
            rows += [labels | row for row in counted(versions[version], decoyed)]
    return rows


def made(subject: Subject) -> dict[tuple[str, float], Decoyed]:
    """The pair's target with decoys of every kind and size."""
    target, part, seed = subject.pair.target, subject.config.decoys, subject.seed
    return {("scaled", factor): scaled(target, factor, SCALED, seed=seed) for factor in part.factors} | {
        ("swapped", float(count)): swapped(target, count, seed=seed) for count in part.swaps
    }


def counted(attributions: dict[str, Attribution], decoyed: Decoyed) -> list[dict[str, Any]]:
    """How many decoys stand in the top 1% of each method, for each function."""
    top, barrier = count_of(TOP, len(decoyed.decoys.space)), barriers(attributions)
    return [
        {
            "function": kind,
            "method": method,
            "decoys": len(decoyed.decoys),
            "top": top,
            "in_top": int(decoyed.decoys.mask[rank(attribution.scores[kind])[:top]].sum()),
            "barrier": barrier[kind],
        }
        for method, attribution in attributions.items()
        for kind in FUNCTIONS
    ]
