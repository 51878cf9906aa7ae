"""The pieces of benchmarks/truth.py: what is known of each small pair, and what every method says of it."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from pieces import keep, keep_json, shipped
from torch import Tensor, nn

from faig.attribution.accumulate import samples_of
from faig.attribution.integral import along_inputs, along_path, change
from faig.attribution.methods import AT_TARGET, METHODS
from faig.attribution.path import WeightPath
from faig.attribution.quadrature import graded
from faig.attribution.raw_scores import RawScores, join
from faig.attribution.sources import random_scores
from faig.common.settings import count_of
from faig.filters import FilterSet, FilterSpace, Scores, rank
from faig.imaging.cases import CLEAN, Case, degrade_case
from faig.imaging.degradation import paper_preset
from faig.imaging.images import write_image
from faig.imaging.metrics import psnr
from faig.imaging.photos import busiest, photograph
from faig.networks.align import align
from faig.networks.checkpoint import load_network
from faig.networks.inference import restore
from faig.training.config import DataConfig, DegradationConfig
from faig.training.data import Patches, degrade_batch
from faig.truth import alone, disjoint, drift, greedy, plant, predicted, recall, scaled, specific, swapped
from faig.truth.planted import Batch
from faig.truth.shapley import coalitions, worth

FOUND_ON, MEASURED_ON = ("astronaut", "rocket"), ("chelsea", "coffee")
SCALE, KINDS = 2, ("blur", "noise")
TOP = 0.01
CARRIED = 0.9  # share of the loss that carriers make up when they are reverted one by one

Rankings = dict[str, dict[str, Scores]]  # by method, by degradation


@dataclass(frozen=True)
class Sizes:
    """How much is computed.

    Attributes:
        crops: of each photo that filters are found on.
        side: of a crop, in GT pixels.
        draws: nodes of integrals, and random vectors of predictions.
        pairs: of coalitions.
        among: proportion of the filters that greedy reverting chooses from.
        steps: of planting each set.
        planted: proportion of each planted set.
        drifts: how far everything else moves, as a multiple of the planted change.
        factors: of scaled decoys; 1 is none.
        swaps: pairs of channels of each link.
        every: only every so many filters are reverted alone; the others count as 0.
    """

    crops: int = 2
    side: int = 32
    draws: int = 12
    pairs: int = 3
    among: float = 0.03
    steps: int = 1000
    planted: float = 0.2
    drifts: tuple[float, ...] = (0.0, 0.1, 0.25, 0.5)
    factors: tuple[float, ...] = (1.25, 2.0, 4.0, 8.0)
    swaps: tuple[int, ...] = (1, 2)
    every: int = 1


SMALL = Sizes(1, 16, 2, 1, 0.005, 2, 0.1, (0.0, 0.001), (4.0,), (), 80)


class Small:
    """A small pair, and the images of the study.

    Args:
        pair: e.g. ``srresnet-x2-small``.
        seed: of its training.
        sizes: of the study.
    """

    def __init__(self, pair: str, seed: int, sizes: Sizes) -> None:
        self.pair, self.seed, self.sizes = pair, seed, sizes
        self.target, self.baseline = (fast(load_network(shipped(pair, seed, role))) for role in ("target", "baseline"))
        self.space = FilterSpace.of(self.target)

    @cached_property
    def cases(self) -> list[Case]:
        """What filters are found on, and reverted alone on."""
        return crops(FOUND_ON, self.sizes.crops, self.sizes.side)

    @cached_property
    def others(self) -> list[Case]:
        """What effects are measured on: other photos."""
        return crops(MEASURED_ON, max(2, self.sizes.crops), max(48, self.sizes.side))

    @property
    def chosen(self) -> Tensor:
        """Flat indices of the filters that are reverted alone."""
        return torch.arange(0, len(self.space), self.sizes.every)

    def brute(self, file: Path) -> None:
        """Revert every filter alone; keep the means over images."""
        found = alone(self.target, self.baseline, self.cases, self.chosen)
        parts = {
            f"{part}/{kind}": rows.mean(0) for part in ("loss", "output") for kind, rows in vars(found)[part].items()
        }
        keep(file, parts)

    def coalition(self, place: int, file: Path) -> None:
        """One pair of coalitions, and what every filter adds in them."""
        coalition = list(coalitions(self.space, self.sizes.pairs, self.seed))[place]
        keep(file, worth(self.target, self.baseline, self.cases, coalition, self.chosen))

    def greedily(self, kind: str, truth: Scores, file: Path) -> None:
        """Filters in greedy order: as many as the top 1%."""
        candidates = rank(truth)[: count_of(self.sizes.among, len(self.space))]
        chosen = greedy(self.target, self.baseline, self.cases, kind, candidates, count_of(TOP, len(self.space)))
        keep(file, {"order": chosen})

    def planting(self, file: Path, folder: Path) -> None:
        """Plant two functions; see what carries them; let everything drift; ask every method where they are."""
        sizes, cases, told = self.sizes, self.cases, []
        sets = disjoint(self.space, KINDS[::-1], sizes.planted, seed=self.seed)  # deblurring on top of denoising
        target = fast(plant(self.baseline, sets, batches(folder, sizes, self.seed), sizes.steps, 3e-3, clean=0.2))
        both = FilterSet(self.space, torch.stack([chosen.mask for chosen in sets.values()]).any(0))
        change_ = alone(target, self.baseline, cases, both.indices[:: sizes.every])
        carriers = {kind: carrying(change_.loss[kind].mean(0), chosen) for kind, chosen in sets.items()}
        whole = distance(target, self.baseline)
        moving: Iterator[nn.Module] = drift(target, both, batches(folder, sizes, self.seed + 100), 2e-3)
        for size in sizes.drifts:
            drifted = target
            while size and (drifted is target or distance(drifted, target) < size * whole):
                drifted = next(moving)
            found, path = scores(drifted, self.baseline, cases, self.seed, sizes.draws)
            for kind, chosen in sets.items():
                other = next(sets[name] for name in KINDS if name != kind)
                for method, by_kind in found.items():
                    first = rank(by_kind[kind])[: int(carriers[kind].sum())]
                    told.append(
                        {
                            "drift": size,
                            "kind": kind,
                            "method": method,
                            "carriers": int(carriers[kind].sum()),
                            "planted": len(chosen),
                        }
                        | {
                            "recall": recall(by_kind[kind], carriers[kind]),
                            "own": float(chosen.mask[first].float().mean()),
                        }
                        | {"other": float(other.mask[first].float().mean()), "barrier": path.barriers()[kind]}
                        | {
                            "psnr": quality(drifted, self.others, kind),
                            "psnr_target": quality(self.target, self.others, kind),
                            "psnr_baseline": quality(self.baseline, self.others, kind),
                        }
                        | {
                            "psnr_clean": quality(drifted, self.others, CLEAN),
                            "psnr_clean_baseline": quality(self.baseline, self.others, CLEAN),
                        }
                    )
        keep_json(file, told)

    def decoying(self, file: Path) -> None:
        """Decoys of each kind: how many every method ranks in its top 1%, before, with them, and aligned."""
        sizes, told = self.sizes, []
        kinds: list[tuple[str, float, Callable[[], Any]]] = [
            ("scaled", factor, lambda factor=factor: scaled(self.target, factor, 2, seed=self.seed))
            for factor in sizes.factors
        ] + [
            ("swapped", count, lambda count=count: swapped(self.target, count, seed=self.seed)) for count in sizes.swaps
        ]

        def all_of(target: nn.Module) -> tuple[Rankings, RawScores]:
            return scores(fast(copy.deepcopy(target)), self.baseline, self.cases, self.seed, sizes.draws)

        without, aligned_without = all_of(self.target), all_of(align(self.target, self.baseline))
        for what, size, make in kinds:
            decoyed = make()
            versions = {
                "without": without,
                "with": all_of(decoyed.network),
                "aligned": all_of(align(decoyed.network, self.baseline)),
            }
            versions["aligned without"] = aligned_without
            for version, (found, path) in versions.items():
                told += [
                    {
                        "decoy": what,
                        "size": size,
                        "version": version,
                        "kind": kind,
                        "method": method,
                        "decoys": len(decoyed.decoys),
                    }
                    | {
                        "top": count_of(TOP, len(self.space)),
                        "in_top": int(decoyed.decoys.mask[rank(by_kind[kind])[: count_of(TOP, len(self.space))]].sum()),
                    }
                    | {"barrier": path.barriers()[kind]}
                    for method, by_kind in found.items()
                    for kind in KINDS
                ]
        keep_json(file, told)


def scores(
    target: nn.Module, baseline: nn.Module, cases: list[Case], seed: int, draws: int
) -> tuple[Rankings, RawScores]:
    """What every method says, and the integral along the path."""
    path, space = WeightPath(target, baseline), FilterSpace.of(target)

    def raw(integrate: Callable[[list[Any]], list[Any]], keep: Callable[[str], bool] = lambda kind: True) -> RawScores:
        parts = []
        for case in cases:
            samples = [sample for sample in samples_of(case) if keep(sample.kind)]
            parts.append(RawScores.of(case.name, dict(zip([v.kind for v in samples], integrate(samples), strict=True))))
        return join(parts)

    found = {
        "path": raw(lambda samples: along_path(path, space, graded(draws), samples)),
        "gradient": raw(lambda samples: along_path(path, space, AT_TARGET, samples)),
    }
    path.move(0.0)
    found["ig"] = raw(
        lambda samples: along_inputs(path.network, space, graded(draws), samples), lambda kind: kind != CLEAN
    )
    rankings: Rankings = {}
    for name, method in METHODS.items():
        if method.rows is not None:
            rankings[name] = {kind: method.combine(found[method.raw], kind) for kind in KINDS}
    rankings["change"] = dict.fromkeys(KINDS, change(path, space))
    rankings["random"] = dict.fromkeys(KINDS, random_scores(space, seed))
    guess = predicted(target, baseline, cases, draws, seed=seed)
    rankings["signed-net"] = {kind: specific(found["path"].signed, kind) for kind in KINDS}
    rankings["predicted"] = {kind: specific(guess.loss, kind) for kind in KINDS}
    rankings["predicted-output"] = {kind: specific(guess.output, kind) for kind in KINDS}
    return rankings, found["path"]


def carrying(change: Scores, chosen: FilterSet) -> Tensor:
    """The planted filters that carry a function: reverted one by one, they make up 90% of the loss; ``[filter]``."""
    gains = torch.where(chosen.mask, change, torch.zeros(())).clamp(min=0)
    order = rank(gains)
    count = int((gains[order].cumsum(0) < CARRIED * gains.sum()).sum()) + 1
    return torch.zeros_like(chosen.mask).index_fill(0, order[:count], True)


def quality(network: nn.Module, cases: list[Case], kind: str) -> float:
    """Mean PSNR in dB."""
    return sum(psnr(restore(network, case.lr[kind]), case.gt, border=SCALE) for case in cases) / len(cases)


def distance(one: nn.Module, other: nn.Module) -> float:
    """Norm of the difference of all weights."""
    pairs = zip(one.parameters(), other.parameters(), strict=True)
    return float(torch.stack([(a - b).detach().square().sum() for a, b in pairs]).sum().sqrt())


def fast(network: nn.Module) -> nn.Module:
    """Weights in the order that convolutions are fastest with."""
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def crops(photos: tuple[str, ...], count: int, side: int) -> list[Case]:
    """The busiest crops of photos, spread out."""
    return [
        degrade_case(f"{name}_{y}_{x}", crop, paper_preset(), SCALE)
        for name in photos
        for (y, x), crop in busiest(photograph(name), side, count, every=4).items()
    ]


def batches(folder: Path, sizes: Sizes, seed: int) -> Iterator[Batch]:
    """Patches of the photos that filters are found on, without end."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FOUND_ON:
        if not (folder / f"{name}.png").exists():
            write_image(folder / f"{name}.png", photograph(name))
    all_ = DegradationConfig(blur=2, blur_probability=1, noise=0.1, noise_probability=1)
    source = Patches(DataConfig(gt=folder, lr_patch=sizes.side // SCALE, batch=4, degradation=all_), SCALE, seed)
    step = 0
    while True:
        both = source.batch(step)
        done = {CLEAN: (False, False), "blur": (True, False), "noise": (False, True)}  # in the order of the draws
        kinds = {
            kind: replace(both, chosen=torch.tensor([which]).expand_as(both.chosen)) for kind, which in done.items()
        }
        made = {kind: degrade_batch(batch, SCALE, all_) for kind, batch in kinds.items()}
        yield made[CLEAN][0], {kind: lr for kind, (_, lr) in made.items()}
        step += 1
