"""What the stages of a training study share: starts, images, and the configuration of every training."""

import functools
import operator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from faig import zoo
from faig.attribution.files.rankings import read_ranking, write_ranking
from faig.common.errors import InputError
from faig.common.settings import count_of, validated
from faig.experiment.stage import Stage
from faig.experiment.study.locations import elsewhere
from faig.experiment.training_study.config import SEED, Found, TrainingStudyConfig
from faig.filters import FilterSet, FilterSpace, Order
from faig.imaging.cases import Case
from faig.networks.checkpoint import network_metadata
from faig.networks.inference import channels_of, scale_of
from faig.pair import Pair
from faig.training.config import TrainingConfig

FOUND = "found"  # the stage that finds units
UNITS = "units.csv"  # those of a training, first in its own ranking


@dataclass(frozen=True, eq=False)
class TrainingStudy:
    """The study under way; what is loaded is not sent along to other processes.

    Attributes:
        config: its settings.
        out: its directory; a stage has a folder in it.
    """

    config: TrainingStudyConfig
    out: Path
    _trainings: dict[tuple[str, int], TrainingConfig] = field(default_factory=dict, init=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.config, self.out)

    @cached_property
    def starts(self) -> dict[int, nn.Module]:
        """The networks that trainings begin with, by seed.

        Raises:
            InputError: a file cannot be loaded, or they do not enlarge alike.
        """
        starts = {seed: zoo.load(self.named(self.config.start, seed)) for seed in self.config.training_seeds}
        for seed, network in starts.items():
            if (scale_of(network), channels_of(network)) != (scale_of(starts[self.config.training_seeds[0]]), 3):
                raise InputError(
                    f"{self.named(self.config.start, seed)}: all starts take RGB, and enlarge by the same scale",
                    setting="start",
                )
        return starts

    @cached_property
    def scale(self) -> int:
        """By how much the networks enlarge."""
        return scale_of(self.starts[self.config.training_seeds[0]])

    def pair(self, seed: int) -> Pair:
        """A start, and the baseline that it was fine-tuned from.

        Raises:
            InputError: the two are no pair.
        """
        assert self.config.baseline is not None
        return Pair(target=self.starts[seed], baseline=self.named(self.config.baseline, seed))

    @cached_property
    def found_on(self) -> list[Case]:
        """The images that units are found on."""
        return self._cases("find")

    @cached_property
    def measured(self) -> list[Case]:
        """The images that PSNR is measured on."""
        return self._cases("measure")

    def _cases(self, part: str) -> list[Case]:
        return self.config.images_of(part, self.out).cases(self.scale, self.config.seed)

    def named(self, name: str, seed: int) -> str:
        """The name of a network or a ranking, of one seed."""
        return name.replace(SEED, str(seed))

    def ranking(self, method: str, degradation: str, seed: int) -> Path:
        """The file of all units, as a method ranks them."""
        return self.out / FOUND / str(seed) / f"{method}-{degradation}.csv"

    def chosen(self, arm: str, seed: int) -> dict[str, FilterSet]:
        """The units of an arm that were found, by degradation. The stage `FOUND` is finished."""
        found = self.config.settings(arm).found
        space, size = FilterSpace.of(self.starts[seed]), self._size(arm, seed)
        generator = torch.Generator().manual_seed(seed + self.config.seed)
        sets: dict[str, FilterSet] = {}
        orders: list[Order] = []
        for kind in found.degradations if found else ():
            assert found is not None
            order = read_ranking(self.ranking(found.method, kind, seed), space)
            before = size * sum(torch.equal(order, other) for other in orders)
            orders.append(order)
            if before + size > len(order):
                raise InputError(
                    f"arms.{arm}: {found.method} ranks {len(order)} units, too few for so many a top of each"
                )
            top = order[before : before + size]
            sets[kind] = FilterSet.of(space, elsewhere(space, top, generator) if found.same_layers else top)
        return sets

    def _size(self, arm: str, seed: int) -> int:
        """How many units an arm asks for, of each degradation; 0 where it asks for none."""
        settings = self.config.settings(arm)
        if settings.found is None:
            return 0
        assert settings.top is not None
        return count_of(settings.top, len(FilterSpace.of(self.starts[seed])))

    def training(self, arm: str, seed: int) -> TrainingConfig:
        """The configuration of a training, before its units are found: to be looked at, and not to train by.

        Raises:
            InputError: it makes no sense; the line names the arm.
        """
        if (arm, seed) not in self._trainings:
            self._trainings[arm, seed] = validated(TrainingConfig, self._settings(arm, seed), f"arms.{arm}")
        return self._trainings[arm, seed]

    def training_in(self, folder: Path, arm: str, seed: int) -> TrainingConfig:
        """The configuration of a training in its folder, where the ranking of units that were found is written."""
        changes: dict[str, Any] = {"out": folder}
        settings, sets = self.config.settings(arm), self.chosen(arm, seed)
        if settings.found:
            folder.mkdir(parents=True, exist_ok=True)
        if settings.banks:
            changes["banks"] = {kind: str(folder / f"bank-{kind}.csv") for kind in sets}
            for kind, chosen in sets.items():
                write_ranking(changes["banks"][kind], chosen.space, chosen.mask.float())
        elif sets:
            chosen = functools.reduce(operator.or_, sets.values())
            write_ranking(folder / UNITS, chosen.space, chosen.mask.float())
            part = "filters" if settings.filters else "protect"
            changes |= {part: str(folder / UNITS), "top": len(chosen) / len(chosen.space)}
        return self.training(arm, seed).model_copy(update=changes)

    def _settings(self, arm: str, seed: int) -> dict[str, Any]:
        """The configuration of a training, unchecked."""
        settings, start = self.config.settings(arm), self.named(self.config.start, seed)
        network = {"start": start} | settings.network
        if network["start"] is not None:
            network["start"] = self.named(str(network["start"]), seed)
        if "architecture" not in network:
            metadata = network_metadata(zoo.find(start))
            if "architecture" not in metadata:
                raise InputError(f"{start}: is of no architecture that is trained here; give another", setting="start")
            network = {"architecture": metadata["architecture"], "arguments": metadata["arguments"]} | network
        if settings.banks:
            banks = [self._size(arm, seed)] * len(settings.banks.degradations)
            network["arguments"] = network.get("arguments", {}) | {"banks": banks}
        rankings: dict[str, str | None] = {
            name: UNITS if isinstance(units, Found) else units and self.named(units, seed)
            for name, units in (("filters", settings.filters), ("protect", settings.protect))
        }
        degradation = settings.data.get("degradation", {})
        if isinstance(degradation, dict):  # else the model refuses it
            degradation = {"downsampling": self.config.downsampling} | degradation
        return rankings | {
            "name": f"{arm}-{seed}",
            "network": network,
            "data": settings.data | {"gt": self.out / "images" / "learn", "degradation": degradation},
            "optimizer": settings.optimizer,
            "top": None if settings.banks else settings.top,
            "layers": settings.layers,
            "banks": dict.fromkeys(settings.banks.degradations, UNITS) if settings.banks else {},
            "label_loss": settings.label_loss,
            "teachers": {name: self.named(file, seed) for name, file in settings.teachers.items()},
            "seed": seed + self.config.seed,
            "out": self.out,
        }


class TrainingStudyStage(Stage):
    """A stage of a training study.

    Args:
        study: to which it belongs; the stages before it are finished.
    """

    def __init__(self, study: TrainingStudy) -> None:
        self.study, self.config = study, study.config
