"""The stage ``functions``: how far do the trained networks do what the baseline does, on one kind of input alone?"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from faig.common.progress import Track, silent
from faig.common.statistics import Estimate, Numbers, estimate, spread_of
from faig.experiment.stage import kept_units
from faig.experiment.training_study.arm import ARMS, ArmStage
from faig.experiment.training_study.context import TrainingStudy, TrainingStudyStage
from faig.intervention.measure import from_json, measure, measure_reference, to_json
from faig.intervention.wreck import described, wrecked
from faig.networks.checkpoint import load_network
from faig.networks.fingerprint import network_fingerprint
from faig.results.table import write_table
from faig.results.training_tables import SWITCHED
from faig.training.run_files import RESULT

FUNCTIONS = "functions"
MEASURES = {
    "": ("to_baseline", "to_target", "between"),
    "_pixels": ("pixels_to_baseline", "pixels_to_target", "pixels"),
}


class Functions(TrainingStudyStage):
    """Switched off and leak of every arm, as a start's reverted filters have them; leaves ``switched.csv``."""

    last = SWITCHED.name

    def determined(self) -> dict[str, Any]:
        """The arms, the baselines, and the functions."""
        seeds = self.config.training_seeds
        return {
            "arms": {name: ArmStage(self.study, name).determined() for name in self.config.arms},
            "baselines": {str(seed): network_fingerprint(self.study.pair(seed).baseline) for seed in seeds},
            "functions": self.config.functions,
            "seed": self.config.seed,
        }

    def work(self, run: Path, track: Track) -> None:
        """Measure every arm of each seed, and put the seeds together."""
        config = self.config
        units = {str(seed): partial(measure_arms, self.study, seed) for seed in config.training_seeds}
        done = kept_units(run, units, track, FUNCTIONS, processes=config.processes, threads=config.threads)
        rows = [
            {"arm": arm, "function": kind} | self._row(kind, [unit["between"] for unit in done.values()], of_arm)
            for arm in config.arms
            for of_arm in [[unit["arms"][arm] for unit in done.values()]]
            for kind in config.functions
        ]
        write_table(run, SWITCHED, rows)

    def _row(self, kind: str, between: Sequence[Any], of_arm: Sequence[Any]) -> dict[str, Any]:
        """Of an arm's units, one of each seed: means of the seeds' ratios, photos resampled together."""
        measured = [from_json(unit["measured"]) for unit in of_arm]
        row: dict[str, Any] = {}
        others = [name for name in measured[0] if name != kind]
        for end, (to_baseline, to_target, whole) in MEASURES.items():
            wholes = [np.array(each[whole][kind]) for each in between]
            own = [[getattr(each[kind], to_baseline)] for each in measured]
            elsewhere = [[getattr(each[name], to_target) for name in others] for each in measured]
            for name, groups in (("switched_off", own), ("leak", elsewhere)):
                seeds = [self._ratio(name, group, [one]).value for group, one in zip(groups, wholes, strict=True)]
                row |= self._ratio(name, [each for group in groups for each in group], wholes).columns(f"{name}{end}")
                row[f"{name}{end}_spread"] = spread_of(np.array(seeds))
        reasons = dict.fromkeys(unit["wrecked"] for unit in of_arm if unit["wrecked"])
        return row | {"wrecked": "; ".join(reasons)}

    def _ratio(self, name: str, parts: Sequence[Numbers], wholes: Sequence[Numbers]) -> Estimate:
        """The mean over seeds of ``leak``, the largest part / the whole, or of ``switched_off``, 1 less that.

        Args:
            name: of the two.
            parts: ``[image]`` each, as many of each seed, seed by seed.
            wholes: ``[image]``, one of each seed.
        """
        count = len(parts) // len(wholes)

        def ratio(*means: Any) -> Any:
            each = [
                np.maximum.reduce(means[place * count : (place + 1) * count]) / means[len(parts) + place]
                for place in range(len(wholes))
            ]
            return np.mean(each, axis=0) if name == "leak" else 1 - np.mean(each, axis=0)

        photos = [case.photo for case in self.study.measured]
        return estimate(ratio, *parts, *wholes, photos=photos, seed=self.config.seed)


def measure_arms(study: TrainingStudy, seed: int) -> dict[str, Any]:
    """What every arm does to all inputs, held against the start and its baseline; JSON-able."""
    pair, scale = study.pair(seed), study.scale
    device = study.config.device
    reference = measure_reference(
        pair.target.to(device), pair.baseline.to(device), scale, study.measured, "gray", None, silent
    )
    arms = {}
    for arm in study.config.arms:
        network = load_network(study.out / ARMS / arm / str(seed) / RESULT).to(device)
        measured = measure(network, reference, scale)
        reasons = described(wrecked([measured], reference))
        arms[arm] = {"measured": to_json(measured), "wrecked": reasons}
    return {
        "between": {"between": _lists(reference.between), "pixels": _lists(reference.pixels_between)},
        "arms": arms,
    }


def _lists(values: Mapping[str, Numbers]) -> dict[str, list[float]]:
    return {kind: numbers.tolist() for kind, numbers in values.items()}
