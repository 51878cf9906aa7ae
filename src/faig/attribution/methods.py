"""Methods: ways to score every filter of a pair, for each degradation.

A method is where its raw numbers come from (`sources`) and how they become one score per image and filter
(`Combine`). To add one, write what is missing of the two and a line in `METHODS`.

Source: Xie et al., NeurIPS 2021, where an equation is named; the rest is ours.
"""

import dataclasses
import logging
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from faig.attribution.accumulate import ComputeOptions, Sample
from faig.attribution.budget import Stable, rounds, within_budget
from faig.attribution.cache import Cache, MemoryCache
from faig.attribution.gradients import precision_of
from faig.attribution.objectives import (
    Objective,
    in_decibels,
    objective_fingerprint,
    objective_of,
    sums_over_pixels,
)
from faig.attribution.options import SUBTRACT, Options
from faig.attribution.path import WeightPath
from faig.attribution.raw_scores import Contribution, PerImage, RawScores
from faig.attribution.result import TOP, Attribution, NetworkPair
from faig.attribution.schedule import Schedule
from faig.attribution.sources import (
    ImageSource,
    InputLine,
    LinearPrediction,
    PathIntegral,
    Seed,
    Settled,
    Source,
    TargetGradient,
    WeightChange,
    WeightSource,
)
from faig.attribution.tiling import Tiler
from faig.attribution.uncertainty import ranking_error
from faig.common.distributed import ALONE, Processes
from faig.common.errors import FaigWarning, InputError
from faig.common.progress import Track, silent
from faig.common.version import versions
from faig.filters import FilterSet, Scores
from faig.imaging.cases import CLEAN, Case, degradations_of
from faig.networks.fingerprint import case_fingerprints, network_fingerprint

logger = logging.getLogger("faig")

Combine = Callable[[RawScores, str, str], PerImage]  # of raw scores, a degradation, and ``mean`` or ``strongest``


def contrast(raw: RawScores, kind: str, against: str = "mean") -> PerImage:
    """Discriminative score (Eq. 7), per image: ``s_f(x_d) - s_f(x_other)``.

    With one degradation alone, clean is subtracted where it is given; otherwise nothing is, and a warning says so.

    Args:
        raw: the raw scores.
        kind: the degradation.
        against: what ``other`` is where there are more than two degradations (ours): ``mean``, the mean over the
            others, or ``strongest``, for each filter the one on which its mean score over images is largest.
    """
    others = [raw.score[other] for other in raw.degradations if other != kind]
    if others:
        return raw.score[kind] - _subtracted(others, against)
    if CLEAN in raw.score:
        return raw.score[kind] - raw.score[CLEAN]
    warnings.warn(
        f"{kind} is the only degradation and there are no clean images: nothing is subtracted from its scores",
        FaigWarning,
        stacklevel=3,
    )
    return raw.score[kind]


def raw_scores(raw: RawScores, kind: str, against: str = "mean") -> PerImage:  # noqa: ARG001 - as the others are called
    """``s_f(x_d)`` per image: nothing is subtracted."""
    return raw.score[kind]


def signed(raw: RawScores, kind: str, against: str = "mean") -> PerImage:
    """``Σ c_i(x_d) - s_f(x_other) - s_f(x_clean)`` per image (ours).

    Asks for filters whose reverting raises the loss on d and does nothing elsewhere, clean images included; ``against``
    as in `contrast`.
    """
    others = [raw.score[other] for other in raw.degradations if other != kind]
    elsewhere = _subtracted(others, against) if others else 0
    return raw.signed[kind] - elsewhere - raw.score[CLEAN]


def signed_net(raw: RawScores, kind: str, against: str = "mean") -> PerImage:
    """As `signed`, with the absolute value after the sums: ``Σ c_i(x_d) - |Σ c_i(x_other)| - |Σ c_i(x_clean)|`` (ours).

    What cancels within a filter, or between images, counts as nothing. Each absolute value is that of the mean over
    images, so a row has its sign; the mean of the rows is the score.
    """
    nets = {given: rows * rows.mean(0).sign() for given, rows in raw.signed.items() if given != kind}
    others = [net for given, net in nets.items() if given != CLEAN]
    elsewhere = _subtracted(others, against) if others else 0
    return raw.signed[kind] - elsewhere - nets[CLEAN]


def _subtracted(others: list[PerImage], against: str) -> PerImage:
    scores = torch.stack(others)
    if against == "mean":
        return scores.mean(0)
    strongest = scores.mean(1, keepdim=True).argmax(0, keepdim=True)  # by the mean over images: one for each filter
    return scores.gather(0, strongest.expand(1, *scores.shape[1:]))[0]


@dataclass(frozen=True)
class Method:
    """A way to score filters.

    Attributes:
        name: by which people choose it.
        about: what it asks, in a line.
        source: how raw numbers are computed.
        combine: from raw numbers to one score per image and filter for a degradation; None where the source looks at
            no image.
        needs_clean: whether it takes clean images.
    """

    name: str
    about: str
    source: Source
    combine: Combine | None = None
    needs_clean: bool = False

    def rows(self, raw: RawScores, kind: str, against: str = "mean") -> PerImage:
        """One score per image and filter for a degradation.

        Raises:
            InputError: the method looks at no image, needs clean ones that are not there, or ``against`` is unknown.
        """
        if against not in SUBTRACT:
            raise InputError(f"against {against!r} is not one of {', '.join(SUBTRACT)}", setting="against")
        if self.combine is None:
            raise InputError(f"the method {self.name} looks at no image, so it has no scores by image")
        if self.needs_clean and self.source.on_clean and CLEAN not in raw.score:
            raise self._lacks_clean()
        return self.combine(raw, kind, against)

    def scores(self, raw: RawScores, kind: str, against: str = "mean") -> Scores:
        """One score per filter for a degradation: the mean over images.

        Raises:
            InputError: see `rows`.
        """
        return self.rows(raw, kind, against).mean(0)

    def attribute(
        self,
        pair: NetworkPair,
        cases: Sequence[Case],
        options: Options | None = None,
        cache: Cache | None = None,
        *,
        processes: Processes = ALONE,
        track: Track = silent,
    ) -> Attribution:
        """Score every filter of a pair.

        Args:
            pair: target and baseline.
            cases: what filters are found on, each with the same degradations.
            options: see `Options`; the defaults where there are none.
            cache: keeps what is computed: given again, nothing is computed twice. Several processes share a folder.
            processes: that work together; each computes its share and returns the whole.
            track: shows progress.

        Returns:
            Scores by degradation, with what is needed to judge them.

        Raises:
            InputError: networks, images or options do not fit.
        """
        options = options or Options()
        self.check(pair, cases, options)
        cache = MemoryCache() if cache is None else cache
        space = pair.space
        ranked = FilterSet.of_layers(space, options.layers, options.not_layers) if options.chooses_layers else None
        if isinstance(self.source, WeightSource):
            same = self.source.scores(pair.path, space, options.seed)
            return Attribution(self, space, dict.fromkeys(degradations_of(list(cases)), same), options, ranked)
        options, ordered = within_budget(options, cases, len(self._versions(cases[0])))
        assert isinstance(self.source, ImageSource)
        job = _ImageJob(self, self.source, pair, options, ranked, Tiler(pair.path.network, pair.scale, options.memory))
        stable = Stable(options.stable, TOP)
        for chosen in rounds(options, ordered):
            raw = job.run(chosen, cache, processes, track)
            scores = {kind: self.scores(raw, kind, options.against) for kind in raw.degradations}
            enough = len(chosen) == len(ordered) or stable(scores, len(chosen))
            processes.wait_for_everyone()  # all have read the units, which the first may remove when all is done
            if enough:
                break
        attribution = Attribution(self, space, scores, options, ranked, raw)
        return dataclasses.replace(attribution, metadata=job.metadata(attribution, chosen))

    def check(self, pair: NetworkPair, cases: Sequence[Case], options: Options) -> None:
        """Raise InputError, before anything is computed, for images or options that the method cannot take."""
        source = self.source
        if not cases or not degradations_of(list(cases)):
            raise InputError("there are no images with a degradation to find filters on", setting="lr")
        _ = options.chooses_layers and FilterSet.of_layers(pair.space, options.layers, options.not_layers)
        if self.needs_clean and CLEAN not in cases[0].lr:
            raise self._lacks_clean()
        if options.budget is not None and not source.has_nodes:
            raise InputError(f"the method {self.name} has no nodes to spend a budget on", setting="budget")
        if options.tolerance is not None and not source.on_path:
            raise InputError(
                f"the method {self.name} does not integrate along the path, so there is no tolerance to keep; give nodes",
                setting="tolerance",
            )
        if options.objective != "squared" and not source.has_loss:
            raise InputError(
                f"the method {self.name} looks at no loss, so not at {options.objective} either", setting="objective"
            )
        if isinstance(source, ImageSource):
            self._check_sizes(pair, cases, options)

    def applicable(self, options: Options) -> Options:
        """The options without those that say nothing to this method, for runs of several methods."""
        changes: dict[str, Any] = {} if self.source.on_path else {"tolerance": None}
        return options.model_copy(update=changes if self.source.has_loss else changes | {"objective": "squared"})

    def _check_sizes(self, pair: NetworkPair, cases: Sequence[Case], options: Options) -> None:
        tiler = Tiler(pair.path.network, pair.scale, options.memory)
        for height, width in {case.gt.shape[1:] for case in cases}:
            h, w = height // pair.scale, width // pair.scale
            if len(tiler.grid(h, w)) > 1 and not sums_over_pixels(objective_of(options.objective)):
                raise InputError(
                    f"the objective {options.objective} is no sum over pixels, so an LR image of {w}x{h} cannot be run "
                    f"by tiles, and it does not fit {options.memory / 1e9:g}GB of memory; give it more, or smaller "
                    "images",
                    setting="memory",
                )

    def _versions(self, case: Case) -> list[str]:
        """The LR images of a case that are looked at."""
        return [kind for kind in case.lr if self.source.on_clean or kind != CLEAN]

    def _lacks_clean(self) -> InputError:
        return InputError(f"the method {self.name} needs clean LR images, and there are none", setting="lr")


@dataclass(frozen=True)
class _ImageJob:
    """One method's raw numbers of one pair."""

    method: Method
    source: ImageSource
    pair: NetworkPair
    options: Options
    ranked: FilterSet | None
    tiler: Tiler

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

    def metadata(self, attribution: Attribution, cases: list[Case]) -> dict[str, Any]:
        """What a file of the raw scores says of how they were made; neither time nor host."""
        raw = attribution.raw
        assert raw is not None
        rule, options = self.source.rule(self.options), self.options
        metadata: dict[str, Any] = {
            "method": self.method.name,
            "quadrature": "graded" if self._adaptive else rule.rule,
            "nodes": next(iter(raw.losses.values())).shape[1] - 2 if raw.losses else len(rule),
            "layers": self.pair.space.describe(),
            "fingerprint": {
                "target": network_fingerprint(self.pair.target),
                "baseline": network_fingerprint(self.pair.baseline),
                "images": case_fingerprints(cases),
            },
            "against": options.against,
            "ranking_error": attribution.ranking_error,
            "threads": options.threads,
            "versions": versions(),
        }
        if options.objective != "squared":
            metadata |= objective_fingerprint(options.objective)
        if self.ranked is not None:
            metadata["ranked"] = [layer.name for layer in self.ranked.space.layers if layer.start in self.ranked]
        return metadata

    @property
    def _objective(self) -> Objective:
        return objective_of(self.options.objective)

    @property
    def _adaptive(self) -> bool:
        return self.options.tolerance is not None

    def _schedule(self, cases: list[Case], cache: Cache) -> Schedule:
        options, objective = self.options, self._objective
        settled = self._settled(len(cases)) if self._adaptive else None

        def integrate(path: WeightPath, samples: Sequence[Sample], compute: ComputeOptions) -> list[Contribution]:
            return self.source.contributions(path, self.pair.space, samples, compute, options, objective, settled)

        determined: dict[str, Any] = {
            "source": self.source.name,
            "rule": dataclasses.astuple(self.source.rule(options)),
            "target": network_fingerprint(self.pair.target),
            "baseline": network_fingerprint(self.pair.baseline),
            "device": self.pair.path.device.type,
            "versions": versions(),
        } | options.determining
        if options.objective != "squared":
            determined |= objective_fingerprint(options.objective)
        if self._adaptive:
            determined |= {"judge": self._judge.name, "against": options.against, "images": len(cases)}
            determined |= {"layers": options.layers, "not_layers": options.not_layers}
        return Schedule(
            cache=cache,
            path=self.pair.path,
            cases=cases,
            tiler=self.tiler,
            threads=options.threads,
            precision=options.precision,
            determined=determined,
            integrate=integrate,
            clean=self.source.on_clean,
            jointly=self._adaptive,
        )

    @property
    def _judge(self) -> Method:
        return METHODS[self.options.judge] if self.options.judge else self.method

    def _settled(self, images: int) -> Settled:
        """Whether another third of the nodes would leave the top sets of these images as they are.

        One image may be wrong by more than the tolerance: errors of different images even out in the ranking.
        """
        tolerance, judge, against = self.options.tolerance, self._judge, self.options.against
        assert tolerance is not None
        allowed = (1 - tolerance) * images**0.5

        def rows(raw: RawScores, kind: str) -> PerImage:
            return keep_only(judge.rows(raw, kind, against), self.ranked)

        def settled(samples: Sequence[Sample], contributions: list[Contribution]) -> bool:
            for name in dict.fromkeys(sample.name for sample in samples):
                pairs = zip(samples, contributions, strict=True)
                image = RawScores.of(name, {sample.kind: part for sample, part in pairs if sample.name == name})
                errors = [ranking_error(rows, image, kind, TOP) for kind in image.degradations]
                if sum(errors) / len(errors) > allowed:
                    return False
            return True

        return settled


def keep_only(rows: PerImage, ranked: FilterSet | None) -> Tensor:
    """The rows with every filter that is not ranked below all that are."""
    if ranked is None:
        return rows
    return rows.masked_fill(~ranked.mask, float(rows.min() - rows.abs().max()) - 1)


_PATH, _GRADIENT, _LINE = PathIntegral(), TargetGradient(), InputLine()

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method("faig", "the paper's: the integral's absolute values, minus the others'", _PATH, contrast),
        Method("signed", "raises the loss on its own input and does nothing elsewhere", _PATH, signed, True),
        Method("signed-net", "as signed, what cancels counting as nothing", _PATH, signed_net, True),
        Method("gradient", "one node of the integral, at the target", _GRADIENT, raw_scores),
        Method("gradient-contrastive", "the same, minus the others'", _GRADIENT, contrast),
        Method("ig", "the paper's comparison: integrated gradients over inputs", _LINE, raw_scores, True),
        Method("ig-contrastive", "the same, minus the others'", _LINE, contrast, True),
        Method("predicted", "what reverting each filter alone would do", LinearPrediction(), signed_net, True),
        Method("change", "the paper's comparison: how much weights moved", WeightChange()),
        Method("random", "chance", Seed()),
    )
}

DEFAULT = "faig"  # the one place that says which method is meant where none is named
