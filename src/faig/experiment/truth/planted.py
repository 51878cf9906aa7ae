"""The stage ``planted``: which methods find a function in the filters that could learn it?"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from faig.common.progress import Track
from faig.experiment.stage import Unit
from faig.experiment.truth.context import FUNCTIONS, Subject, TruthStage, barriers, fast
from faig.filters import FilterSet, rank
from faig.imaging.cases import CLEAN
from faig.imaging.photos import GroundTruth, photograph, write_images
from faig.intervention.edit import revert
from faig.intervention.measure import psnrs
from faig.networks.fingerprint import case_fingerprints
from faig.networks.inference import restore
from faig.results.run_directory import UNITS
from faig.results.truth_tables import PLANTED
from faig.training.config import DataConfig, DegradationConfig
from faig.training.data import Patches, degrade_batch
from faig.truth import alone, carriers, disjoint, distance, drift, plant, recall
from faig.truth.planted import Batch

LEARNING_RATE, DRIFT_RATE = 1e-3, 2e-3
PATCHES = 4  # a step
DRIFT_SEED = 100  # apart from that of planting


class Planted(TruthStage):
    """Two functions planted in known filters, then everything else moves; leaves ``planted.csv``."""

    name, last, tables = "planted", PLANTED.name, (PLANTED,)

    def determined(self) -> dict[str, Any]:
        """How functions are planted, who is asked, and what PSNR is measured on, too."""
        return super().determined() | {
            "every": self.config.every,
            "planted": self.config.planted.model_dump(),
            "methods": self.config.methods,
            "nodes": self.config.nodes,
            "measure": {subject.key: case_fingerprints(subject.measured) for subject in self.subjects},
        }

    def work(self, run: Path, track: Track) -> None:
        """Whole photos to train on, for as long as there is work, and then as every stage."""
        photos = [GroundTruth(name, photograph(name), name) for name in self.config.find]
        write_images(photos, _photos(run))
        super().work(run, track)

    def units(self, subject: Subject, run: Path) -> dict[str, Unit]:
        """One unit a pair: no network outlives it."""
        return {"planted": partial(plant_and_ask, subject, _photos(run))}


def plant_and_ask(subject: Subject, photos: Path) -> list[dict[str, Any]]:
    """Plant two functions, see what carries them, let everything drift, and ask every method where they are.

    Args:
        subject: the pair; its target takes no part but to be compared with.
        photos: folder of what the functions are learned on.

    Returns:
        The rows of the pair.
    """
    part, baseline, seed = subject.config.planted, subject.pair.baseline, subject.seed
    sets = disjoint(subject.pair.space, FUNCTIONS, part.proportion, seed=seed)
    target = fast(plant(baseline, sets, batches(subject, photos, seed), part.steps, LEARNING_RATE))
    both = sets[FUNCTIONS[0]] | sets[FUNCTIONS[1]]
    change = alone(target, baseline, subject.cases, both.indices[:: subject.config.every])
    carrying = {kind: carriers(change.loss[kind].mean(0), chosen) for kind, chosen in sets.items()}
    whole = distance(target, baseline)
    moving = drift(target, both, batches(subject, photos, seed + DRIFT_SEED), DRIFT_RATE)
    rows, drifted = [], target
    for size in part.drifts:
        while size and (drifted is target or distance(drifted, target) < size * whole):
            drifted = next(moving)
        rows += [{"drift": size, **row} for row in ask(subject, drifted, sets, carrying)]
    return rows


def ask(
    subject: Subject, network: nn.Module, sets: dict[str, FilterSet], carrying: dict[str, torch.Tensor]
) -> Iterator[dict[str, Any]]:
    """How well every method finds each planted function in a network."""
    attributions, baseline = subject.attribute(network), subject.pair.baseline
    barrier = barriers(attributions)
    for kind, chosen in sets.items():
        other = next(sets[name] for name in FUNCTIONS if name != kind)
        count = int(carrying[kind].sum())
        qualities = {
            "psnr": quality(subject, network, kind),
            "psnr_reverted": quality(subject, revert(network, baseline, chosen), kind),
            "psnr_other_reverted": quality(subject, revert(network, baseline, other), kind),
            "psnr_target": quality(subject, subject.pair.target, kind),
            "psnr_baseline": quality(subject, baseline, kind),
            "psnr_clean": quality(subject, network, CLEAN),
            "psnr_clean_baseline": quality(subject, baseline, CLEAN),
        }
        for method, attribution in attributions.items():
            scores = attribution.scores[kind]
            first = rank(scores)[:count]
            yield {
                "function": kind,
                "method": method,
                "planted": len(chosen),
                "carriers": count,
                "recall": recall(scores, carrying[kind]),
                "own": float(chosen.mask[first].float().mean()),
                "other": float(other.mask[first].float().mean()),
                "barrier": barrier[kind],
            } | qualities


def quality(subject: Subject, network: nn.Module, kind: str) -> float:
    """Mean PSNR in dB on the photos that effects are measured on."""
    outputs = [restore(network, case.lr[kind]) for case in subject.measured]
    return float(psnrs(outputs, subject.measured, subject.pair.scale).mean())


def batches(subject: Subject, photos: Path, seed: int) -> Iterator[Batch]:
    """Random patches of photos, each clean, blurry and noisy, without end."""
    scale, degradation = (
        subject.pair.scale,
        DegradationConfig(blur=2, blur_probability=1, noise=0.1, noise_probability=1),
    )
    side = subject.config.side // scale
    source = Patches(DataConfig(gt=photos, lr_patch=side, batch=PATCHES, degradation=degradation), scale, seed)
    done = {CLEAN: (False, False), "blur": (True, False), "noise": (False, True)}  # in the order of the draws
    step = 0
    while True:
        batch = source.batch(step)
        versions = {
            kind: degrade_batch(
                replace(batch, chosen=torch.tensor([which]).expand_as(batch.chosen)), scale, degradation
            )
            for kind, which in done.items()
        }
        yield versions[CLEAN][0], {kind: lr for kind, (_, lr) in versions.items()}
        step += 1


def _photos(run: Path) -> Path:
    return run / UNITS / "photos"
