"""The stage ``reverting``: which units of every trained network do methods find, and what does reverting them do?"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from faig.attribution.cache import MemoryCache
from faig.attribution.methods import MASK, METHODS, method_of
from faig.attribution.options import Options
from faig.common.progress import Track
from faig.common.statistics import estimate_mean, interval_columns
from faig.common.version import versions
from faig.experiment.comparison_tables import summary_row
from faig.experiment.stage import kept_units
from faig.experiment.training_study.arm import ARMS, ArmStage
from faig.experiment.training_study.context import TrainingStudy, TrainingStudyStage
from faig.filters import FilterSet
from faig.intervention.edit import revert
from faig.intervention.knob import CONTROLS, turn
from faig.intervention.measure import Reference, measure, measure_reference
from faig.intervention.wreck import described, wrecked
from faig.networks.checkpoint import load_network
from faig.networks.fingerprint import case_fingerprints
from faig.pair import Pair
from faig.results.table import write_table
from faig.results.training_tables import HALVES, REVERTED
from faig.training.run_files import RESULT

REVERTING = "reverting"
HALF = 0.5
RATIOS = ("switched_off", "leak", "switched_off_pixels", "leak_pixels")


class Reverting(TrainingStudyStage):
    """Methods asked about every trained network and its start; leaves ``halves.csv`` and ``reverted.csv``."""

    last = REVERTED.name

    def determined(self) -> dict[str, Any]:
        """The trained networks, who is asked, on what, and what is measured on."""
        assert self.config.revert is not None
        return {
            "arms": {name: ArmStage(self.study, name).determined() for name in self.config.arms},
            "revert": self.config.revert.model_dump(),
            "images": case_fingerprints(self.study.found_on),
            "nodes": self.config.nodes,
            "seed": self.config.seed,
            "threads": self.config.threads,
            "versions": versions(),
        }

    def work(self, run: Path, track: Track) -> None:
        """One training after the other."""
        config = self.config
        units = {
            f"{arm}-{seed}": partial(revert_found, self.study, arm, seed)
            for arm in config.arms
            for seed in config.training_seeds
        }
        done = kept_units(run, units, track, REVERTING, processes=config.processes, threads=config.threads)
        for place, table in enumerate((HALVES, REVERTED)):
            write_table(run, table, [row for unit in done.values() for row in unit[place]])


def revert_found(study: TrainingStudy, arm: str, seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of both tables of one training."""
    config = study.config
    assert config.revert is not None
    pair = Pair(target=load_network(study.out / ARMS / arm / str(seed) / RESULT), baseline=study.starts[seed])
    reference = measure_reference(pair.target, pair.baseline, study.scale, study.measured)
    halves: list[dict[str, Any]] = []
    reverted: list[dict[str, Any]] = []
    cache, keys = MemoryCache(), {"arm": arm, "seed": seed}
    for name in config.revert.methods:
        ranks = METHODS.get(name)
        options = Options(seed=seed + config.seed, threads=config.threads)
        if ranks is not None:
            options = ranks.applicable(options.model_copy(update={"nodes": config.nodes}))
        found = method_of(name).attribute(pair, study.found_on, options, cache)
        for kind in found.degradations:
            # A learned set is of one size, at others it means nothing.
            for proportion in [options.top] if ranks is None else config.revert.proportions:
                chosen = found.top(kind, proportion)
                network = revert(pair.target, pair.baseline, chosen)
                row = {"function": kind, "method": name, "proportion": proportion, "units": len(chosen)}
                measured = measure(network, reference, study.scale)
                told = summary_row(kind, [measured], reference, config.seed)
                row |= {column: told[column] for name in RATIOS for column in interval_columns(name)}
                row |= {"lost": told["psnr_elsewhere"], "barrier": found.barrier.get(kind, float("nan"))}
                reverted.append(keys | row | {"wrecked": described(wrecked([measured], reference))})
            if name == MASK.name:
                halves += [keys | row for row in _halves(study, pair, reference, kind, chosen)]
    return halves, reverted


def _halves(
    study: TrainingStudy, pair: Pair, reference: Reference, kind: str, chosen: FilterSet
) -> Iterator[dict[str, Any]]:
    """A function at half strength, by the learned set and by each knob that needs none: PSNR less the target's."""
    knobs = {"learned": turn(pair.target, pair.baseline, {kind: chosen}, {kind: HALF})}
    knobs |= {name: control(pair.target, pair.baseline, HALF) for name, control in CONTROLS.items()}
    for knob, network in knobs.items():
        measured = measure(network, reference, study.scale)
        for name, of_input in measured.items():
            change = of_input.psnr - reference.psnr[name][0]
            row = {"function": kind, "knob": knob, "input": name}
            yield row | estimate_mean(change, photos=reference.photos, seed=study.config.seed).columns("change")
