"""Finding filters: raw scores of every case, unit by unit, then rankings by method."""

import dataclasses
import functools
import logging
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from faig.attribution.accumulate import ComputeOptions, Sample
from faig.attribution.integral import Settled, along_inputs, along_path, change, until_settled
from faig.attribution.methods import AT_TARGET, METHODS, only, random_scores
from faig.attribution.objectives import Objective, in_decibels, objective_fingerprint, objective_of, sums_over_pixels
from faig.attribution.path import WeightPath, disconnected
from faig.attribution.quadrature import Quadrature, quadrature
from faig.attribution.rankings import write_index, write_ranking, write_sums
from faig.attribution.raw_scores import Contribution, PerImage, RawScores
from faig.attribution.score_files import load_scores, save_scores
from faig.attribution.tiling import Tiler
from faig.attribution.uncertainty import SamplingError, ranking_error, sampling_error
from faig.common.distributed import Alone
from faig.common.errors import FaigWarning, InputError
from faig.common.progress import Track, silent
from faig.experiment.config import PairConfig
from faig.experiment.networks import pair_fingerprint, versions
from faig.experiment.units import Units
from faig.filters import FilterSet, Scores
from faig.imaging.cases import CLEAN, Case, degradations_of
from faig.networks.fingerprint import case_fingerprints, network_fingerprint
from faig.pair import Pair
from faig.results.run_directory import UNITS

if TYPE_CHECKING:
    from accelerate import Accelerator

logger = logging.getLogger("faig")

TOP = 0.01  # the proportion whose sampling error is told
FILE_OF_RAW = {"path": "faig", "gradient": "gradient", "ig": "ig"}


@dataclass(frozen=True)
class Finder:
    """Attributes the cases of a study and keeps finished units in its run directory.

    Attributes:
        run: the open run directory.
        pair: the networks.
        cases: what filters are found on.
        config: the study's settings.
        track: shows progress.
        method: that the tolerance is for.
    """

    run: Path
    pair: Pair
    cases: list[Case]
    config: PairConfig
    track: Track = silent
    method: str = "faig"

    def raw(self, raw: str, name: str) -> RawScores:
        """Raw scores of one kind, from the file ``name`` of the run directory or computed and written there.

        Args:
            raw: ``path``, ``gradient`` or ``ig`` (see `methods.Method`).
            name: of the file.
        """
        if (self.run / name).exists():
            return load_scores(self.run / name)[0]
        self.compute(raw, Alone())
        found = self.gathered(raw)
        self._save(raw, found, name)
        return found

    def gathered(self, raw: str) -> RawScores:
        """Raw scores of one kind, from its units, which are all computed."""
        decibels = raw != "ig" and in_decibels(self._objective)
        return dataclasses.replace(self._units(raw).gather(), decibels=decibels)

    def check(self) -> None:
        """Raise InputError, before anything is computed, for an image too large, or settings that do not agree."""
        if self.config.tolerance is not None and METHODS[self.method].raw != "path":
            raise InputError(f"--tolerance: the method {self.method} does not integrate along the path; give --nodes")
        if self.config.objective != "squared" and METHODS[self.method].raw not in ("path", "gradient"):
            raise InputError(f"--objective {self.config.objective}: the method {self.method} looks at no loss")
        _ = self.among  # refuses a pattern of no layer
        for height, width in {case.gt.shape[1:] for case in self.cases}:
            h, w = height // self.pair.scale, width // self.pair.scale
            if len(self._tiler.grid(h, w)) > 1 and not sums_over_pixels(self._objective):
                raise InputError(
                    f"--objective {self.config.objective} is no sum over pixels, so an LR image of {w}x{h} cannot be "
                    f"run by tiles, and it does not fit --memory {self.config.memory / 1e9:g}GB; give it more, or "
                    "smaller images (faig data crop)"
                )

    def compute(self, raw: str, processes: "Accelerator | Alone") -> None:
        """Compute the missing units of one kind of raw scores: this process's share of them."""
        share = slice(processes.process_index, None, processes.num_processes)
        track = self.track if processes.is_main_process else silent
        start = time.perf_counter()
        count = self._units(raw).compute(track, f"attribute ({FILE_OF_RAW[raw]})", share)
        processes.wait_for_everyone()
        if count:
            logger.info("%s: %d jobs of this process in %.2f s", FILE_OF_RAW[raw], count, time.perf_counter() - start)

    def _units(self, raw: str) -> Units:
        config, pair = self.config, self.pair
        rule = self.rule(raw)
        adaptive = self._adaptive(raw)

        def integrate(path: WeightPath, samples: Sequence[Sample], compute: ComputeOptions) -> list[Contribution]:
            if raw == "ig":
                path.move(0.0)
                return along_inputs(path.network, pair.space, rule, samples, compute)
            if adaptive:
                return until_settled(path, pair.space, self._settled(samples), samples, compute, self._objective)
            return along_path(path, pair.space, rule, samples, compute, self._objective)

        return Units(
            folder=self.run / UNITS,
            path=pair.path,
            cases=self.cases,
            tiler=self._tiler,
            threads=config.threads,
            precision=config.precision,
            determined=pair_fingerprint(pair, config)
            | {"raw": raw, "rule": dataclasses.astuple(rule), "method": self.method, "against": config.against},
            integrate=integrate,
            clean=raw != "ig",
            jointly=adaptive,
        )

    @functools.cached_property
    def _tiler(self) -> Tiler:
        return Tiler(self.pair.path.network, self.pair.scale, self.config.memory)

    @functools.cached_property
    def _objective(self) -> Objective:
        return objective_of(self.config.objective)

    @functools.cached_property
    def among(self) -> FilterSet | None:
        """The filters that are ranked, where those of some layers are not."""
        chosen, left_out = self.config.layers, self.config.not_layers
        return FilterSet.of_layers(self.pair.space, chosen, left_out) if chosen or left_out else None

    def _rows(self, method: str) -> Callable[[RawScores, str], PerImage] | None:
        """A method's score of each image and filter, those that are not ranked below all others."""
        rows = METHODS[method].against(self.config.against).rows
        return rows and (lambda found, kind: only(rows(found, kind), self.among))

    def _adaptive(self, raw: str) -> bool:
        return raw == "path" and self.config.tolerance is not None

    def _settled(self, samples: Sequence[Sample]) -> Settled:
        """Whether another third of the nodes would leave the top sets of these images as they are.

        One image may be wrong by more than the tolerance: errors of different images even out in the ranking.
        """
        rows, tolerance = self._rows(self.method), self.config.tolerance
        assert rows is not None
        assert tolerance is not None
        allowed = (1 - tolerance) * len(self.cases) ** 0.5

        def settled(found: list[Contribution]) -> bool:
            names = dict.fromkeys(sample.name for sample in samples)
            for name in names:
                parts = {v.kind: part for v, part in zip(samples, found, strict=True) if v.name == name}
                image = RawScores.of(name, parts)
                errors = [ranking_error(rows, image, kind, TOP) for kind in image.degradations]
                if sum(errors) / len(errors) > allowed:
                    return False
            return True

        return settled

    def _save(self, raw: str, found: RawScores, name: str) -> None:
        rule = self.rule(raw)
        nodes = next(iter(found.losses.values())).shape[1] - 2 if found.losses else len(rule)
        metadata: dict[str, Any] = {
            "method": FILE_OF_RAW[raw],
            "quadrature": "graded" if self._adaptive(raw) else rule.rule,
            "nodes": nodes,
            "layers": self.pair.space.describe(),
            "fingerprint": {
                "target": network_fingerprint(self.pair.target),
                "baseline": network_fingerprint(self.pair.baseline),
                "images": case_fingerprints(self.cases),
            },
            "against": self.config.against,
            "ranking_error": self.integral_errors(raw, found),
            "threads": self.config.threads,
            "versions": versions(),
        }
        if self.config.objective != "squared" and raw != "ig":
            metadata |= objective_fingerprint(self.config.objective)
        if self.among is not None:
            metadata["ranked"] = [layer.name for layer in self.among.space.layers if layer.start in self.among]
        save_scores(self.run / name, found, metadata)
        for kind, error in metadata["ranking_error"].items():
            logger.info("%s, %s: the integral leaves about %.1f%% of the top 1%% wrong", self.method, kind, 100 * error)
            if self.config.tolerance is not None and error > 1 - self.config.tolerance:
                logger.warning("%s, %s: that is more than the tolerance allows", self.method, kind)
        for kind, delta in found.delta().items():
            barrier = found.barriers()[kind]
            logger.info("%s, %s: convergence delta %+.3e, barrier %.3f", FILE_OF_RAW[raw], kind, delta, barrier)

    def integral_errors(self, raw: str, found: RawScores) -> dict[str, float]:
        """Estimated share of the top 1% that an exact integral would fill with others, by degradation."""
        rows = self._rows(self.method)
        if rows is None or METHODS[self.method].raw != raw or found.coarse() is None:
            return {}
        return {kind: ranking_error(rows, found, kind, TOP) for kind in found.degradations}

    def rule(self, raw: str) -> Quadrature:
        """The nodes of a kind of raw scores."""
        return AT_TARGET if raw == "gradient" else quadrature(self.config.quadrature, self.config.nodes)

    def scores(self, method: str, raw: RawScores | None, seed: int) -> dict[str, Scores]:
        """One score per filter, by degradation.

        Args:
            method: a key of ``METHODS``.
            raw: what `raw` gave, where the method has images.
            seed: of ``random``.
        """
        kinds = degradations_of(self.cases)
        if METHODS[method].rows is not None and raw is not None:
            return {kind: METHODS[method].against(self.config.against).combine(raw, kind) for kind in kinds}
        same = change(self.pair.path, self.pair.space) if method == "change" else random_scores(self.pair.space, seed)
        return dict.fromkeys(kinds, same)

    def doubts(self, method: str, raw: RawScores | None) -> dict[str, SamplingError]:
        """What other images would have changed of the top 1%, by degradation; nothing for a method without images."""
        rows = self._rows(method)
        if rows is None or raw is None:
            return {}
        found = {
            kind: sampling_error(rows(raw, kind), TOP, seed=self.config.seed) for kind in degradations_of(self.cases)
        }
        for kind, doubt in found.items():
            logger.info(
                "%s, %s: of the top %g%%, %d of %d filters with 95%% confidence; found again by a resample of the "
                "images %.0f%%, by the other half of them %.0f%%",
                *(method, kind, 100 * TOP, doubt.confident, doubt.size, 100 * doubt.overlap, 100 * doubt.halves),
            )
        return found


def needs(methods: Iterable[str]) -> list[str]:
    """The kinds of raw scores that some methods are made of, each once."""
    return [raw for raw in FILE_OF_RAW if any(METHODS[method].raw == raw for method in methods)]


def check_methods(methods: Iterable[str], cases: list[Case]) -> None:
    """Raise InputError, before anything is computed, for a method that needs clean images where there are none."""
    for method in methods:
        if (method == "signed" or METHODS[method].raw == "ig") and CLEAN not in cases[0].lr:
            raise InputError(f"the method {method} needs clean LR images; pass --lr clean=DIR")


def check_connected(raws: Iterable[RawScores]) -> None:
    """Warn, on screen and in the log, where the path check fails."""
    barriers = {kind: value for raw in raws for kind, value in raw.barriers().items()}
    if message := disconnected(barriers):
        logger.warning("%s", message)
        warnings.warn(message, FaigWarning, stacklevel=2)


def find_filters(finder: Finder, method: str) -> dict[str, Scores]:
    """``faig attribute``: scores and rankings of one method, written into the run directory."""
    raws = needs([method])
    raw = finder.raw(raws[0], "scores.safetensors") if raws else None
    if raw is not None:
        check_connected([raw])
    scores = finder.scores(method, raw, finder.config.seed)
    write_rankings(finder, scores, finder.doubts(method, raw))
    return scores


def write_rankings(
    finder: Finder, scores: dict[str, Scores], doubts: dict[str, SamplingError], prefix: str = ""
) -> None:
    """``filters-<prefix><degradation>.csv``, and sums by channel and layer.

    Without a prefix, and where every filter is ranked, also the paper's ``<degradation>_index.txt``.
    """
    run, space, among = finder.run, finder.pair.space, finder.among
    for kind, values in scores.items():
        write_ranking(run / f"filters-{prefix}{kind}.csv", space, values, doubts.get(kind), among)
        write_sums(run / f"channels-{prefix}{kind}.csv", space, values, ("layer", "out"), among)
        write_sums(run / f"layers-{prefix}{kind}.csv", space, values, ("layer",), among)
        if not prefix and among is None:
            write_index(run / f"{kind}_index.txt", values)
