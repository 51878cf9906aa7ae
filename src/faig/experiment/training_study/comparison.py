"""The stage ``comparison``: how much is gained over the start, and which arm is ahead."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from faig.common.progress import Track
from faig.common.statistics import Estimate, Numbers, estimate_mean, spread_of
from faig.experiment.stage import kept_units
from faig.experiment.training_study.arm import ARMS, ArmStage, psnr_of
from faig.experiment.training_study.context import TrainingStudy, TrainingStudyStage
from faig.networks.fingerprint import network_fingerprint
from faig.results.cells import read_table
from faig.results.table import write_table
from faig.results.training_tables import AHEAD, COST, GAINS, PSNRS, TRAINED

COMPARISON = "comparison"
Gains = dict[str, Numbers]  # by input ``[seed, image]``, in dB over the start


class ArmComparison(TrainingStudyStage):
    """All arms against each other; leaves ``trained.csv``, ``gains.csv``, ``ahead.csv`` and ``cost.csv``."""

    last = COST.name

    def determined(self) -> dict[str, Any]:
        """The arms, and what each is held against."""
        return {
            "arms": {name: ArmStage(self.study, name).determined() for name in self.config.arms},
            "starts": {str(seed): network_fingerprint(start) for seed, start in self.study.starts.items()},
            "against": {name: against(self.study, name) for name in self.config.arms},
            "seed": self.config.seed,
        }

    def work(self, run: Path, track: Track) -> None:
        """Measure the starts, and hold what the arms left against them and each other."""
        config, photos = self.config, [case.photo for case in self.study.measured]
        units = {str(seed): partial(start_psnr, self.study, seed) for seed in config.training_seeds}
        starts = kept_units(run, units, track, "starts", processes=config.processes, threads=config.threads)
        gains = {name: self._gains(name, starts) for name in config.arms}

        def estimated(name: str, values: Numbers) -> dict[str, float]:
            """A number of one seed ``[image]``, or of all ``[seed, image]``: then with their spread."""
            row = estimate_mean(values.reshape(-1, len(photos)).mean(0), photos=photos, seed=config.seed).columns(name)
            return row if values.ndim == 1 else row | {f"{name}_spread": spread_of(values.mean(1))}

        trained, means, ahead = [], [], []
        for name, of_arm in gains.items():
            for kind, values in of_arm.items():
                apart = values - gains[config.control][kind]
                for place, seed in enumerate(config.training_seeds):
                    row = {"arm": name, "seed": seed, "input": kind} | estimated("gain", values[place])
                    none = Estimate(float("nan"), float("nan"), float("nan")).columns("ahead")
                    trained.append(row | (none if name == config.control else estimated("ahead", apart[place])))
                means.append({"arm": name, "input": kind} | estimated("gain", values))
                ahead += [
                    {"arm": name, "against": other, "input": kind} | estimated("ahead", values - gains[other][kind])
                    for other in against(self.study, name)
                ]
        write_table(run, TRAINED, trained)
        write_table(run, GAINS, means)
        write_table(run, AHEAD, ahead)
        costs = [read_table(self.study.out / ARMS / name, COST) for name in config.arms]
        write_table(run, COST, pd.concat(costs, ignore_index=True))

    def _gains(self, arm: str, starts: dict[str, dict[str, list[float]]]) -> Gains:
        """What an arm gained, of each seed and image."""
        rows = read_table(self.study.out / ARMS / arm, PSNRS)
        names = [case.name for case in self.study.measured]
        psnr = {key: group.set_index("image")["psnr"][names] for key, group in rows.groupby(["seed", "input"])}
        return {
            kind: np.array([psnr[int(seed), kind].to_numpy() - of_seed[kind] for seed, of_seed in starts.items()])
            for kind in self.study.measured[0].lr
        }


def against(study: TrainingStudy, arm: str) -> list[str]:
    """What an arm is held against: the control, and what it names itself."""
    control = study.config.control
    return [*dict.fromkeys(([] if arm == control else [control]) + study.config.arms[arm].against)]


def start_psnr(study: TrainingStudy, seed: int) -> dict[str, list[float]]:
    """PSNR of a start, in dB, of every image, by input."""
    return psnr_of(study.starts[seed].to(study.config.device), study.measured, study.scale)
