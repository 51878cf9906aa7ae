"""The stage ``attributed``: which filters hold what an arm learned, each network against the one that it began as.

Filters that methods find are given the weights back that training began with, and what that changes is measured. Where
a set is learned, its function is set to half strength too, beside the knobs that need no set.
"""

import fnmatch
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from faig import zoo
from faig.analysis.layers import found_by_layer
from faig.attribution.cache import MemoryCache
from faig.attribution.methods import MASK, METHODS, method_of
from faig.attribution.options import Options
from faig.common.errors import InputError
from faig.common.progress import Track
from faig.common.statistics import estimate_mean
from faig.experiment.stage import kept_units
from faig.experiment.training_study.arm import ARMS, CPU, ArmStage
from faig.experiment.training_study.config import AttributedPart
from faig.experiment.training_study.context import TrainingStudy, TrainingStudyStage
from faig.filters import FilterSet, FilterSpace
from faig.imaging.cases import Case
from faig.intervention.knob import CONTROLS, turn
from faig.intervention.measure import Reference, measure, measure_reference
from faig.intervention.summary import summarise
from faig.intervention.wreck import described, wrecked
from faig.networks.fingerprint import case_fingerprints
from faig.pair import Pair
from faig.results.table import write_table
from faig.results.training_tables import ATTRIBUTED, ATTRIBUTED_LAYERS, GIVEN_BACK, HALVES
from faig.training.banks import place_banks
from faig.training.run_files import RESULT
from faig.training.start import first_network

ATTRIBUTION = "attributed"
TRUST = ("convergence_delta", "barrier")
HALF = 0.5
Rows = list[dict[str, Any]]


class Attributed(TrainingStudyStage):
    """What arms made of their starts, attributed; leaves ``attributed.csv``, its layers, and ``halves.csv``.

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
            "arms": {name: ArmStage(self.study, name).determined() for name in self.config.attributed_arms()},
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
            for arm in self.config.attributed_arms()
            for seed in config.training_seeds
        }
        done = kept_units(run, units, track, ATTRIBUTION, processes=config.processes, threads=config.threads)
        tables = [HALVES] if MASK.name in self.part.methods else []
        for table in (*tables, ATTRIBUTED, ATTRIBUTED_LAYERS):
            write_table(run, table, [row for unit in done.values() for row in unit[table.name]])


def attribute(study: TrainingStudy, part: AttributedPart, arm: str, seed: int) -> dict[str, Rows]:
    """The rows of all tables of one training."""
    run = study.out / ARMS / arm / str(seed)
    config = study.training_in(run, arm, seed)
    begun = first_network(config, CPU).eval().requires_grad_(False)
    place_banks(begun, config)
    trained = zoo.load(str(run / RESULT))
    pair = Pair(target=trained, baseline=begun, device=study.config.device)
    reference = measure_reference(pair.target, pair.baseline, pair.scale, study.measured[: part.images])
    tables: dict[str, Rows] = {table.name: [] for table in (ATTRIBUTED, ATTRIBUTED_LAYERS, HALVES)}
    training = {"arm": arm, "seed": seed}
    for name, proportion, chosen, trust in _sets(study, part, pair, seed):
        given_back = rows_given_back(pair, reference, chosen, trust, study.config.seed)
        [counts] = found_by_layer(pair.space, chosen.mask[None])
        for kind, row in given_back.items():
            keys = training | {"chosen": name, "function": kind, "proportion": proportion}
            tables[ATTRIBUTED.name].append(keys | row)
            tables[ATTRIBUTED_LAYERS.name] += [
                keys | {"layer": layer.name, "filters": layer.count, "found": int(count)}
                for layer, count in zip(pair.space.layers, counts, strict=True)
            ]
            if name == MASK.name:
                halves = _halves(pair, reference, kind, chosen, study.config.seed)
                tables[HALVES.name] += [training | half for half in halves]
    return tables


def rows_given_back(
    pair: Pair, reference: Reference, chosen: FilterSet, trust: Mapping[str, dict[str, float]], seed: int
) -> dict[str, dict[str, Any]]:
    """What giving filters back changes, by the function that they are of.

    Args:
        pair: its target is altered.
        reference: what both ends do.
        chosen: the filters.
        trust: by function, how far it can be trusted that they are the right ones.
        seed: of the intervals.

    Returns:
        Rows of the table `ATTRIBUTED`, without what names them.
    """
    measured = measure(pair.revert(chosen), reference, pair.scale)
    inputs = {row["input"]: row for row in summarise(measured, reference, seed)}
    columns = [column for each in GIVEN_BACK for column in each.names]
    return {
        kind: {"filters": len(chosen)}
        | {column: inputs[kind][column] for column in columns}
        | {"psnr_elsewhere": min(row["psnr_gain"] for other, row in inputs.items() if other != kind)}
        | trusted
        | {"wrecked": described(wrecked([measured], reference))}
        for kind, trusted in trust.items()
    }


def _sets(
    study: TrainingStudy, part: AttributedPart, pair: Pair, seed: int
) -> Iterator[tuple[str, float, FilterSet, dict[str, dict[str, float]]]]:
    """What is given back: what chose it, its proportion, the filters, and by function, how far they can be trusted."""
    config, space = study.config, pair.space
    options = Options(nodes=config.nodes, seed=seed + config.seed, threads=config.threads)
    yield from found_sets(pair, study.found_on, part.methods, part.proportions, options)
    for name, chosen in of_branches(space, part).items():
        yield name, len(chosen) / len(space), chosen, {kind: dict.fromkeys(TRUST, math.nan) for kind in config.degrade}


def found_sets(
    pair: Pair, cases: list[Case], methods: Iterable[str], proportions: Iterable[float], options: Options
) -> Iterator[tuple[str, float, FilterSet, dict[str, dict[str, float]]]]:
    """The first filters of every method, of every function and size; a learned set is of one size.

    Yields:
        The method, the size as a proportion, the filters, and for their function, how far they can be trusted.
    """
    cache = MemoryCache()
    for name in methods:
        ranks = METHODS.get(name)
        asked = ranks.applicable(options) if ranks else Options(seed=options.seed, threads=options.threads)
        found = method_of(name).attribute(pair, cases, asked, cache)
        for kind in found.degradations:
            trust = {kind: {of: getattr(found, of).get(kind, math.nan) for of in TRUST}}
            for proportion in proportions if ranks else [options.top]:
                yield name, proportion, found.top(kind, proportion), trust


def _halves(pair: Pair, reference: Reference, kind: str, chosen: FilterSet, seed: int) -> Iterator[dict[str, Any]]:
    """A function at half strength, by its learned set and by each knob that needs none: PSNR less the target's."""
    knobs = {MASK.name: turn(pair.target, pair.baseline, {kind: chosen}, {kind: HALF})}
    knobs |= {name: control(pair.target, pair.baseline, HALF) for name, control in CONTROLS.items()}
    for knob, network in knobs.items():
        for name, of_input in measure(network, reference, pair.scale).items():
            change = estimate_mean(of_input.psnr - reference.psnr[name][0], photos=reference.photos, seed=seed)
            yield {"function": kind, "knob": knob, "input": name} | change.columns("change")


def check_branches(study: TrainingStudy, part: AttributedPart) -> None:
    """Raise InputError for a branch that none of the networks has, before anything is trained."""
    known: dict[str, FilterSet] = {}
    seed = study.config.training_seeds[0]
    arms = study.config.attributed_arms()
    for arm in arms:
        known |= of_branches(FilterSpace.of(first_network(study.training(arm, seed), CPU)), part)
    if missing := [name for name in part.branches if name not in known]:
        raise InputError(
            f"attributed.branches.{missing[0]}: none of {', '.join(arms)} has layers for each of "
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
