"""What the stages of the ground truth study share: the small pairs with their images, and how units are computed."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import torch
from torch import Tensor, nn

from faig import zoo
from faig.attribution.cache import MemoryCache
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.attribution.result import Attribution
from faig.common.progress import Track
from faig.common.version import versions
from faig.experiment.stage import Stage, Unit, kept_units
from faig.experiment.truth.config import TruthConfig
from faig.imaging.cases import Case, degrade_case
from faig.imaging.degradation import paper_preset
from faig.imaging.metrics import in_channels
from faig.imaging.photos import busiest, photograph
from faig.networks.fingerprint import case_fingerprints, ends_fingerprints
from faig.pair import Pair
from faig.results.cells import read_table
from faig.results.table import Table, write_table

FUNCTIONS = ("blur", "noise")  # the paper's
SPREAD = 4  # each so-many-th of the busiest crops of a photo is taken
MEASURED_SIDE = 48  # GT pixels of a crop that effects are measured on, at least

PerInput = dict[str, Tensor]  # by input, ``[1, filter]``


@dataclass(frozen=True, eq=False)
class Subject:
    """A small pair and the images of the study; what is loaded is not sent along to other processes.

    Attributes:
        config: the study's settings.
        name: of the pair.
        training_seed: of its training.
    """

    config: TruthConfig
    name: str
    training_seed: int

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.config, self.name, self.training_seed)

    @property
    def key(self) -> str:
        """The pair and its seed, for names of units."""
        return f"{self.name}-{self.training_seed}"

    @property
    def seed(self) -> int:
        """Of everything random about this pair."""
        return self.training_seed + self.config.seed

    @cached_property
    def pair(self) -> Pair:
        """The networks, their weights in the order that convolutions are fastest with.

        Raises:
            InputError: a file cannot be loaded, or the two are no pair.
        """
        target, baseline = zoo.load_networks(
            target=self.config.network(self.name, self.training_seed, "target"),
            baseline=self.config.network(self.name, self.training_seed, "baseline"),
        )
        return Pair(target=fast(target), baseline=fast(baseline))

    @cached_property
    def cases(self) -> list[Case]:
        """The images that filters are ranked on, and reverted alone on."""
        return self._crops(self.config.find, self.config.crops, self.config.side)

    @cached_property
    def measured(self) -> list[Case]:
        """The images that effects are measured on."""
        return self._crops(self.config.measure, max(2, self.config.crops), max(MEASURED_SIDE, self.config.side))

    @property
    def reverted(self) -> Tensor:
        """Flat indices of the filters that are reverted alone."""
        return torch.arange(0, len(self.pair.space), self.config.every)

    def attribute(self, target: nn.Module) -> dict[str, Attribution]:
        """Score a target's filters, against the pair's baseline, by every method of the study."""
        pair, cache = Pair(target=target, baseline=self.pair.baseline), MemoryCache()
        options = Options(nodes=self.config.nodes, seed=self.seed, threads=self.config.threads)
        methods = [METHODS[name] for name in self.config.methods]
        return {
            method.name: method.attribute(pair, self.cases, method.applicable(options), cache) for method in methods
        }

    def _crops(self, photos: list[str], count: int, side: int) -> list[Case]:
        """Busy crops of photos, far from each other."""
        return [
            degrade_case(f"{photo}_{y}_{x}", crop, paper_preset(), self.pair.scale, photo=photo)
            for photo in photos
            for image in [in_channels(photograph(photo), self.pair.channels)]
            for (y, x), crop in busiest(image, side, count, every=SPREAD).items()
        ]


@dataclass(frozen=True)
class TruthStudy:
    """The study under way.

    Attributes:
        config: its settings.
        out: its directory; a stage has a folder in it.
    """

    config: TruthConfig
    out: Path

    @cached_property
    def subjects(self) -> list[Subject]:
        """The small pairs, seed after seed."""
        return [Subject(self.config, name, seed) for seed in self.config.training_seeds for name in self.config.pairs]


class TruthStage(Stage):
    """A question of the study: units of every pair, and one row or more of each table from them.

    Args:
        study: to which it belongs; the stages before it are finished.

    Attributes:
        name: of its folder.
        tables: that it leaves, the last one last.
    """

    name: ClassVar[str]
    tables: ClassVar[tuple[Table, ...]]

    def __init__(self, study: TruthStudy) -> None:
        self.study, self.config, self.subjects = study, study.config, study.subjects

    @abstractmethod
    def units(self, subject: Subject, run: Path) -> dict[str, Unit]:
        """What is computed of a pair, by name."""

    def frames(self, units: list[Any]) -> list[pd.DataFrame]:
        """The rows of each table about a pair, from its units; here all units together are the one table."""
        return [pd.concat([pd.DataFrame(unit) for unit in units], ignore_index=True)]

    def determined(self) -> dict[str, Any]:
        """Networks, images they are ranked on, seed."""
        return {
            "pairs": {
                subject.key: {
                    **ends_fingerprints(subject.pair.target, subject.pair.baseline),
                    "images": case_fingerprints(subject.cases),
                }
                for subject in self.subjects
            },
            "seed": self.config.seed,
            "threads": self.config.threads,
            "versions": versions(),
        }

    def work(self, run: Path, track: Track) -> None:
        """Compute the units that are missing, and write the tables."""
        plan = {subject: self.units(subject, run) for subject in self.subjects}
        named = {f"{subject.key}-{name}": unit for subject, units in plan.items() for name, unit in units.items()}
        config = self.config
        computed = kept_units(run, named, track, self.name, processes=config.processes, threads=config.threads)
        rows: list[list[pd.DataFrame]] = []
        for subject, units in plan.items():
            frames = self.frames([computed[f"{subject.key}-{name}"] for name in units])
            rows.append([frame.assign(pair=subject.name, seed=subject.training_seed) for frame in frames])
        for table, of_pairs in zip(self.tables, zip(*rows, strict=True), strict=True):
            write_table(run, table, pd.concat(of_pairs, ignore_index=True))


def per_filter(folder: Path, table: Table, subject: Subject, column: str) -> PerInput:
    """A number of every filter of a pair from a stage's table, as `truth.specific` takes it; 0 where it has none."""
    rows = read_table(folder, table)
    rows = rows[(rows["pair"] == subject.name) & (rows["seed"] == subject.training_seed)]
    numbers = {}
    for name, group in rows.groupby("input", sort=False):
        values = torch.zeros(1, len(subject.pair.space))
        values[0, torch.tensor(group["index"].to_numpy())] = torch.tensor(group[column].to_numpy()).float()
        numbers[str(name)] = values
    return numbers


def barriers(attributions: Mapping[str, Attribution]) -> dict[str, float]:
    """The path check by degradation; NaN where no method integrates along the path."""
    on_path = next((each for each in attributions.values() if each.method.source.on_path), None)
    return dict.fromkeys(FUNCTIONS, float("nan")) if on_path is None else on_path.barrier


def fast(network: nn.Module) -> nn.Module:
    """The network itself, its weights in the order that convolutions are fastest with."""
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
