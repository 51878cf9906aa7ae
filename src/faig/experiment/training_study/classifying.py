"""The stage ``classifying``: how far does each trained network mix each of its banks in, and does that tell inputs?"""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from faig.common.progress import Track
from faig.common.statistics import Numbers, estimate_mean
from faig.experiment.stage import kept_units
from faig.experiment.training_study.arm import ARMS, ArmStage
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.training_study.context import TrainingStudy, TrainingStudyStage
from faig.networks.architectures import BankedSRResNet
from faig.networks.checkpoint import load_network
from faig.results.table import write_table
from faig.results.training_tables import PROBABILITIES
from faig.training.run_files import RESULT

CLASSIFYING = "classifying"


class Classifying(TrainingStudyStage):
    """What the classifiers of networks with banks say of every input; leaves ``probabilities.csv``."""

    last = PROBABILITIES.name

    @staticmethod
    def banked(config: TrainingStudyConfig) -> list[str]:
        """The arms whose networks have banks."""
        return [name for name in config.arms if config.settings(name).banks]

    def determined(self) -> dict[str, Any]:
        """The trained networks, and what is measured on."""
        arms = {name: ArmStage(self.study, name).determined() for name in self.banked(self.config)}
        return {"arms": arms, "seed": self.config.seed}

    def work(self, run: Path, track: Track) -> None:
        """One training after the other."""
        config = self.config
        units = {
            f"{arm}-{seed}": partial(classify, self.study, arm, seed)
            for arm in self.banked(config)
            for seed in config.training_seeds
        }
        done = kept_units(run, units, track, CLASSIFYING, processes=config.processes, threads=config.threads)
        write_table(run, PROBABILITIES, [row for rows in done.values() for row in rows])


def classify(study: TrainingStudy, arm: str, seed: int) -> list[dict[str, Any]]:
    """The rows of one training."""
    network, banks = load_network(study.out / ARMS / arm / str(seed) / RESULT), study.config.settings(arm).banks
    assert isinstance(network, BankedSRResNet)
    assert banks is not None
    photos = [case.photo for case in study.measured]
    probabilities = {
        kind: torch.cat([network.probabilities(case.lr[kind][None]) for case in study.measured]).double().numpy()
        for kind in study.measured[0].lr
    }
    return [
        {"arm": arm, "seed": seed, "bank": bank, "input": kind}
        | estimate_mean(values[:, place], photos=photos, seed=study.config.seed).columns("probability")
        | {"auc": float("nan") if kind == bank else area_under_roc(probabilities[bank][:, place], values[:, place])}
        for place, bank in enumerate(banks.degradations)
        for kind, values in probabilities.items()
    ]


def area_under_roc(own: Numbers, other: Numbers) -> float:
    """The area under the ROC curve: of all pairs of an own and another value, how often the own is larger."""
    apart = np.subtract.outer(own, other)
    return float(((apart > 0) + 0.5 * (apart == 0)).mean())
