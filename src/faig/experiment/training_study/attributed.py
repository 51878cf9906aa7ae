"""The stage ``attributed``: which filters hold what an arm learned, each network against the one that it began as."""

import fnmatch
import math
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from faig import zoo
from faig.analysis.layers import found_by_layer
from faig.attribution.cache import MemoryCache
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.common.errors import InputError
from faig.common.progress import Track
from faig.experiment.stage import kept_units
from faig.experiment.training_study.arm import ARMS, CPU, ArmStage
from faig.experiment.training_study.config import AttributedPart
from faig.experiment.training_study.context import TrainingStudy, TrainingStudyStage
from faig.filters import FilterSet, FilterSpace
from faig.intervention.measure import measure, measure_reference
from faig.intervention.summary import summarise
from faig.intervention.wreck import described, wrecked
from faig.networks.fingerprint import case_fingerprints
from faig.pair import Pair
from faig.results.table import write_table
from faig.results.training_tables import ATTRIBUTED, ATTRIBUTED_LAYERS, GIVEN_BACK
from faig.training.banks import place_banks
from faig.training.run_files import RESULT
from faig.training.start import first_network

ATTRIBUTION = "attributed"
TRUST = ("convergence_delta", "barrier")
Rows = list[dict[str, Any]]


class Attributed(TrainingStudyStage):
    """What arms made of their starts, attributed; leaves ``attributed.csv`` and ``attributed-layers.csv``.

    Args:
        study: to which it belongs; the arms are trained.
        part: what is asked of them.
    """

    last = ATTRIBUTED_LAYERS.name

    def __init__(self, study: TrainingStudy, part: AttributedPart) -> None:
        super().__init__(study)
        self.part = part

    def determined(self) -> dict[str, Any]:
        """The trainings, the images, and what is asked."""
        return {
            "arms": {name: ArmStage(self.study, name).determined() for name in self.part.arms},
            "find": case_fingerprints(self.study.found_on),
            "attributed": self.part.model_dump(mode="json"),
            "nodes": self.config.nodes,
            "seed": self.config.seed,
        }

    def work(self, run: Path, track: Track) -> None:
        """Rank and revert the filters of each trained network."""
        config = self.config
        units = {
            f"{arm}-{seed}": partial(attribute, self.study, self.part, arm, seed)
            for arm in self.part.arms
            for seed in config.training_seeds
        }
        done = kept_units(run, units, track, ATTRIBUTION, processes=config.processes, threads=config.threads)
        for table in (ATTRIBUTED, ATTRIBUTED_LAYERS):
            write_table(run, table, [row for unit in done.values() for row in unit[table.name]])


def attribute(study: TrainingStudy, part: AttributedPart, arm: str, seed: int) -> dict[str, Rows]:
    """The rows of both tables of one training."""
    run = study.out / ARMS / arm / str(seed)
    config = study.training_in(run, arm, seed)
    begun = first_network(config, CPU).eval().requires_grad_(False)
    place_banks(begun, config)
    trained = zoo.load(str(run / RESULT))
    pair = Pair(target=trained, baseline=begun, device=study.config.device)
    reference = measure_reference(pair.target, pair.baseline, pair.scale, study.measured[: part.images])
    rows: Rows = []
    layers: Rows = []
    for name, proportion, chosen, trust in _sets(study, part, pair, seed):
        measured = measure(pair.revert(chosen), reference, pair.scale)
        inputs = {row["input"]: row for row in summarise(measured, reference, study.config.seed)}
        [counts] = found_by_layer(pair.space, chosen.mask[None])
        for kind, trusted in trust.items():
            keys = {"arm": arm, "seed": seed, "chosen": name, "function": kind, "proportion": proportion}
            rows.append(
                keys
                | {"filters": len(chosen)}
                | {column: inputs[kind][column] for each in GIVEN_BACK for column in each.names}
                | {"psnr_elsewhere": min(row["psnr_gain"] for other, row in inputs.items() if other != kind)}
                | trusted
                | {"wrecked": described(wrecked([measured], reference))}
            )
            layers += [
                keys | {"layer": layer.name, "filters": layer.count, "found": int(count)}
                for layer, count in zip(pair.space.layers, counts, strict=True)
            ]
    return {ATTRIBUTED.name: rows, ATTRIBUTED_LAYERS.name: layers}


def _sets(
    study: TrainingStudy, part: AttributedPart, pair: Pair, seed: int
) -> Iterator[tuple[str, float, FilterSet, dict[str, dict[str, float]]]]:
    """What is reverted: what chose it, its proportion, the filters, and by function, how far that can be trusted."""
    config, space, cache = study.config, pair.space, MemoryCache()
    options = Options(nodes=config.nodes, seed=seed + config.seed, threads=config.threads)
    for name in part.methods:
        method = METHODS[name]
        found = method.attribute(pair, study.found_on, method.applicable(options), cache)
        for kind in config.degrade:
            trust = {kind: {of: getattr(found, of).get(kind, math.nan) for of in TRUST}}
            for proportion in part.proportions:
                chosen = FilterSet.top(space, found.order(kind), proportion)
                yield name, proportion, chosen, trust
    for name, chosen in of_branches(space, part).items():
        yield name, len(chosen) / len(space), chosen, {kind: dict.fromkeys(TRUST, math.nan) for kind in config.degrade}


def check_branches(study: TrainingStudy, part: AttributedPart) -> None:
    """Raise InputError for a branch that none of the networks has, before anything is trained."""
    known: dict[str, FilterSet] = {}
    seed = study.config.training_seeds[0]
    for arm in part.arms:
        known |= of_branches(FilterSpace.of(first_network(study.training(arm, seed), CPU)), part)
    if missing := [name for name in part.branches if name not in known]:
        raise InputError(
            f"attributed.branches.{missing[0]}: none of {', '.join(part.arms)} has layers for each of "
            f"{', '.join(part.branches[missing[0]])}",
            setting="attributed",
        )


def of_branches(space: FilterSpace, part: AttributedPart) -> dict[str, FilterSet]:
    """All filters of each branch that the network has, by the branch's name."""
    layers = [layer.name for layer in space.layers]
    return {
        name: FilterSet.of_layers(space, patterns)
        for name, patterns in part.branches.items()
        if all(fnmatch.filter(layers, pattern) for pattern in patterns)
    }
