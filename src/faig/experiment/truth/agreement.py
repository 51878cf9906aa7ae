"""The stage ``agreement``: how well does every method agree with what is known, and what do its top sets do?"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from faig.attribution.options import TOP
from faig.common.progress import silent
from faig.experiment.stage import Unit
from faig.experiment.truth.alone import Alone
from faig.experiment.truth.context import FUNCTIONS, PerInput, Subject, TruthStage, barriers, per_filter
from faig.experiment.truth.greedy import Greedy
from faig.experiment.truth.shapley import Shapley
from faig.filters import FilterSet, Scores, rank
from faig.intervention.edit import revert
from faig.intervention.effect import leak, switched_off
from faig.intervention.measure import Reference, measure, measure_reference
from faig.intervention.wreck import described, wrecked
from faig.networks.fingerprint import case_fingerprints
from faig.results.cells import read_table
from faig.results.truth_tables import AGREEMENT, ALONE, GREEDY, SHAPLEY, TOPS
from faig.truth import ahead, precision, rank_correlation, specific

CHANNEL = "gray"
GREEDY_NAME = "greedy"  # what it chose is a ranking up to the top 1% only


class Agreement(TruthStage):
    """Methods held against what is known; leaves ``agreement.csv`` and ``tops.csv``."""

    name, last, tables = "agreement", TOPS.name, (AGREEMENT, TOPS)

    def determined(self) -> dict[str, Any]:
        """What is known, who is asked, and what effects are measured on."""
        return {
            "truths": {stage.name: stage(self.study).determined() for stage in (Shapley, Greedy)},
            "methods": self.config.methods,
            "nodes": self.config.nodes,
            "proportions": self.config.proportions,
            "measure": {subject.key: case_fingerprints(subject.measured) for subject in self.subjects},
        }

    def units(self, subject: Subject, run: Path) -> dict[str, Unit]:  # noqa: ARG002 - as the others are called
        """One unit a pair."""
        return {"agreement": partial(agreement_rows, subject, self.study.out)}

    def frames(self, units: list[Any]) -> list[pd.DataFrame]:
        """Of each table its rows."""
        (unit,) = units
        return [pd.DataFrame(unit[table.name]) for table in self.tables]


def agreement_rows(subject: Subject, out: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of a pair, by table.

    Args:
        subject: the pair.
        out: the directory of the study, in which the truths stand.
    """
    pair = subject.pair
    attributions = subject.attribute(pair.target)
    barrier = barriers(attributions)
    reference = measure_reference(pair.target, pair.baseline, pair.scale, subject.measured, CHANNEL, None, silent)
    agreement, tops = [], []
    for kind in FUNCTIONS:
        known = truths(subject, out, kind)
        scores = {method: attribution.scores[kind] for method, attribution in attributions.items()} | known
        halves = half_agreement(subject, out, kind)
        for method, values in scores.items():
            agreement.append(
                {
                    "function": kind,
                    "method": method,
                    "alone": rank_correlation(values, known["alone"]),
                    "alone_top": precision(values, known["alone"], TOP),
                    "shapley": rank_correlation(values, known["Shapley"]),
                    "shapley_top": precision(values, known["Shapley"], TOP),
                    "halves": halves,
                    "barrier": barrier[kind],
                }
            )
            tops += [
                {"function": kind, "method": method, **row}
                for row in reverted(subject, reference, method, values, kind)
            ]
    return {AGREEMENT.name: agreement, TOPS.name: tops}


def truths(subject: Subject, out: Path, kind: str) -> dict[str, Scores]:
    """What is known of a function, as scores by name."""
    alone = specific(per_filter(out / Alone.name, ALONE, subject, "loss"), kind)
    shares = specific(_shapley(subject, out, "value"), kind)
    rows = read_table(out / Greedy.name, GREEDY)
    own = (rows["pair"] == subject.name) & (rows["seed"] == subject.training_seed) & (rows["function"] == kind)
    chosen = torch.tensor(rows[own].sort_values("rank")["index"].to_numpy())
    return {"alone": alone, "Shapley": shares, GREEDY_NAME: ahead(chosen, alone)}


def half_agreement(subject: Subject, out: Path, kind: str) -> float:
    """Rank correlation of the Shapley values by each half of the coalitions; NaN where there is one pair of them."""
    if subject.config.shapley.pairs < 2:
        return float("nan")
    halves = (specific(_shapley(subject, out, column), kind) for column in ("half", "other_half"))
    return rank_correlation(*halves)


def reverted(
    subject: Subject, reference: Reference, method: str, scores: Scores, kind: str
) -> Iterator[dict[str, Any]]:
    """What reverting the top of a ranking does, for each proportion."""
    pair, order = subject.pair, rank(scores)
    for proportion in subject.config.proportions:
        if method == GREEDY_NAME and proportion > TOP:
            continue
        network = revert(pair.target, pair.baseline, FilterSet.top(pair.space, order, proportion))
        measured = measure(network, reference, pair.scale, CHANNEL, None)
        elsewhere = {name: each.to_target for name, each in measured.items() if name != kind}
        whole = reference.between[kind]
        yield {
            "proportion": proportion,
            "switched_off": switched_off(measured[kind].to_baseline, whole).value,
            "leak": leak(elsewhere, whole).value,
            "wrecked": described(wrecked([measured], reference)),
        }


def _shapley(subject: Subject, out: Path, column: str) -> PerInput:
    return per_filter(out / Shapley.name, SHAPLEY, subject, column)
