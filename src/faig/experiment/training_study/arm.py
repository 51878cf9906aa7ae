"""The stage of one arm: its trainings, one for each seed, and the PSNR of what they end in."""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from faig import zoo
from faig.common.progress import Track
from faig.common.version import versions
from faig.experiment.stage import kept_units
from faig.experiment.training_study.context import TrainingStudy, TrainingStudyStage
from faig.imaging.cases import Case
from faig.intervention.measure import psnrs
from faig.networks.fingerprint import case_fingerprints, network_fingerprint, set_fingerprints
from faig.networks.inference import restore
from faig.results.table import write_table
from faig.results.training_tables import COST, PSNRS
from faig.training.data import Patches
from faig.training.start import first_network, rates_of, train_at
from faig.training.teachers import Goals

ARMS = "arms"  # folder of all of them
CPU = torch.device("cpu")
PROBE = 48  # LR pixels a side of the image that multiply-adds are counted on


class ArmStage(TrainingStudyStage):
    """An arm, trained and measured; leaves a folder of each seed's training, ``psnr.csv`` and ``cost.csv``.

    Args:
        study: to which it belongs; units are found.
        arm: its name.
    """

    last = COST.name

    def __init__(self, study: TrainingStudy, arm: str) -> None:
        super().__init__(study)
        self.arm = arm

    def determined(self) -> dict[str, Any]:
        """Networks, images, units, and how they are trained."""
        return {
            "trainings": {str(seed): self._training(seed) for seed in self.config.training_seeds},
            "measure": case_fingerprints(self.study.measured),
            "threads": self.config.threads,
            "versions": versions(),
        }

    def _training(self, seed: int) -> dict[str, Any]:
        config = self.study.training(self.arm, seed)
        network, chosen = first_network(config, CPU), self.study.chosen(self.arm, seed)
        rates = None if chosen else rates_of(network, config)
        return {
            "settings": config.result_settings(),
            "start": network_fingerprint(network),
            "learn": Patches(config.data, self.study.scale, config.seed).source.fingerprint(),
            "units": set_fingerprints(chosen) or None,
            "rates": rates.fingerprint if rates else None,
            "teachers": Goals(config, CPU).fingerprints,
        }

    def work(self, run: Path, track: Track) -> None:
        """Train for one seed after the other, or for several at a time; a training that was stopped goes on."""
        seeds, config = self.config.training_seeds, self.config
        units = {str(seed): partial(train_and_measure, self.study, self.arm, seed, run) for seed in seeds}
        done = kept_units(run, units, track, self.arm, processes=config.processes, threads=config.threads)
        for table, part in ((PSNRS, "psnr"), (COST, "cost")):
            write_table(run, table, pd.concat([pd.DataFrame(unit[part]) for unit in done.values()], ignore_index=True))


def train_and_measure(study: TrainingStudy, arm: str, seed: int, run: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of both tables of one training."""
    from faig.training.loop import train  # needs faig[train]

    config = study.training_in(run / str(seed), arm, seed)
    trained = train(config, device=study.config.device)
    assert trained is not None  # there is no time limit
    network, begun = zoo.load(str(trained)), first_network(config, CPU)
    keys = {"arm": arm, "seed": seed}
    cost = {
        "parameters": sum(weight.numel() for weight in network.parameters()),
        "moved": moved(begun, network) if config.network.start else float("nan"),
        "multiply_adds": multiply_adds(network),
    }
    parts = train_at(begun, rates_of(begun, config))
    whole = {id(weight) for weight, _ in parts}
    cost["trained"] = sum(int(rate.expand_as(weight).count_nonzero()) for weight, rate in parts) + sum(
        weight.numel() for weight in begun.parameters() if weight.requires_grad and id(weight) not in whole
    )
    measured = psnr_of(network.to(study.config.device), study.measured, study.scale)
    rows = [
        {**keys, "input": kind, "image": case.name, "photo": case.photo, "psnr": float(value)}
        for kind, values in measured.items()
        for case, value in zip(study.measured, values, strict=True)
    ]
    return {"psnr": rows, "cost": [keys | cost | {"iterations": config.optimizer.iterations}]}


def psnr_of(network: nn.Module, cases: list[Case], scale: int) -> dict[str, list[float]]:
    """PSNR in dB of every image, by input."""
    return {
        kind: psnrs([restore(network, case.lr[kind]) for case in cases], cases, scale).tolist() for kind in cases[0].lr
    }


def moved(begun: nn.Module, trained: nn.Module) -> float:
    """``‖trained - start‖ / ‖start‖`` over all weights."""
    old, new = (torch.cat([w.detach().flatten() for w in each.parameters()]) for each in (begun, trained))
    return float((new - old).norm() / old.norm())


def multiply_adds(network: nn.Module) -> float:
    """Multiply-adds of matrix products and convolutions, per LR pixel."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, 3, PROBE, PROBE))
    return counter.get_total_flops() / 2 / PROBE**2
