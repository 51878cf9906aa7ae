"""Raw scores of many images: the units that are missing are computed, and all are gathered."""

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from faig.attribution.cache import Cache
from faig.attribution.integration.accumulate import Sample
from faig.attribution.integration.gradients import precision_of
from faig.attribution.integration.objectives import Objective, in_decibels, objective_fingerprint, objective_of
from faig.attribution.integration.tiling import GradientTiler
from faig.attribution.options import TOP, Options
from faig.attribution.raw_scores import Contribution, PerImage, RawScores
from faig.attribution.result import NetworkPair
from faig.attribution.schedule import Schedule
from faig.attribution.sources import ImageSource, Settled, Task
from faig.attribution.uncertainty import ranking_error
from faig.common.distributed import Processes
from faig.common.progress import Track, silent
from faig.common.version import versions
from faig.filters import FilterSet
from faig.imaging.cases import Case
from faig.networks.fingerprint import ends_fingerprints

logger = logging.getLogger("faig")

Rows = Callable[[RawScores, str], PerImage]  # of raw scores and a degradation


@dataclass(frozen=True)
class RawScoring:
    """Raw scores of one method of one pair: computed unit by unit, kept in a cache, gathered.

    Attributes:
        source: computes the numbers.
        pair: the networks.
        options: how to attribute.
        ranked: the filters that are ranked, where those of some layers are not.
        tolerance_method: rows of the method whose top sets must stand within a tolerance, and its name.
    """

    source: ImageSource
    pair: NetworkPair
    options: Options
    ranked: FilterSet | None
    tolerance_method: tuple[str, Rows]

    def run(self, cases: list[Case], cache: Cache, processes: Processes, track: Track) -> RawScores:
        """Compute this process's share of the missing units, and gather all."""
        schedule = self._schedule(cases, cache)
        share = slice(processes.process_index, None, processes.num_processes)
        start = time.perf_counter()
        shown = track if processes.is_main_process else silent
        with precision_of(self.options.precision):
            count = schedule.compute(shown, f"attributing ({self.source.name})", share)
        processes.wait_for_everyone()
        if count:
            seconds = time.perf_counter() - start
            logger.info("%s: %d jobs of this process in %.2f s", self.source.name, count, seconds)
        decibels = self.source.has_loss and in_decibels(self._objective)
        return dataclasses.replace(schedule.gather(), decibels=decibels)

    @property
    def _objective(self) -> Objective:
        return objective_of(self.options.objective)

    @property
    def _adaptive(self) -> bool:
        return self.options.tolerance is not None

    def _schedule(self, cases: list[Case], cache: Cache) -> Schedule:
        options, objective = self.options, self._objective
        settled = self._settled(len(cases)) if self._adaptive else None
        task = Task(self.pair.space, options, objective, settled)

        determined: dict[str, Any] = {
            "source": self.source.name,
            "rule": dataclasses.astuple(self.source.rule(options)),
            **ends_fingerprints(self.pair.target, self.pair.baseline),
            "units": [self.pair.space.unit, self.pair.space.everything],
            "device": self.pair.path.device.type,
            "versions": versions(),
        } | options.determining
        if options.objective != "squared":
            determined |= objective_fingerprint(options.objective)
        if self._adaptive:
            determined |= {"tolerance_method": self.tolerance_method[0], "against": options.against}
            determined |= {"images": len(cases), "layers": options.layers, "not_layers": options.not_layers}
        return Schedule(
            cache=cache,
            path=self.pair.path,
            cases=cases,
            tiler=GradientTiler(self.pair.path.network, self.pair.scale, options.memory),
            threads=options.threads,
            precision=options.precision,
            determined=determined,
            integrate=lambda path, samples, compute: self.source.contributions(path, samples, compute, task),
            clean=self.source.on_clean,
            jointly=self._adaptive,
        )

    def _settled(self, images: int) -> Settled:
        """Whether another third of the nodes would leave the top sets of these images as they are.

        One image may be wrong by more than the tolerance: errors of different images even out in the ranking.
        """
        tolerance, rows = self.options.tolerance, self.tolerance_method[1]
        assert tolerance is not None
        allowed = (1 - tolerance) * images**0.5

        def settled(samples: Sequence[Sample], contributions: list[Contribution]) -> bool:
            for name in dict.fromkeys(sample.name for sample in samples):
                pairs = zip(samples, contributions, strict=True)
                image = RawScores.of(name, {sample.kind: part for sample, part in pairs if sample.name == name})
                errors = [ranking_error(rows, image, kind, TOP) for kind in image.degradations]
                if sum(errors) / len(errors) > allowed:
                    return False
            return True

        return settled
