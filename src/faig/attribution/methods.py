"""Methods: ways to score every filter of a pair, for each degradation.

A method is where its raw numbers come from (`sources`) and how they become one score per image and filter
(`Combine`). To add one, write what is missing of the two and a line in `METHODS`.

Source: Xie et al., NeurIPS 2021, where an equation is named; the rest is ours.
"""

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from faig.attribution.budget import Stable, rounds, within_budget
from faig.attribution.cache import Cache, MemoryCache
from faig.attribution.combine import Combine, contrast, keep_only, raw_scores, signed, signed_net
from faig.attribution.integration.objectives import (
    objective_fingerprint,
    objective_of,
    sums_over_pixels,
)
from faig.attribution.integration.tiling import GradientTiler
from faig.attribution.learning.mask import LearnedMask
from faig.attribution.learning.method import LearningMethod
from faig.attribution.learning.strengths import LearnedStrengths
from faig.attribution.options import SUBTRACT, TOP, Options
from faig.attribution.raw_scores import PerImage, RawScores
from faig.attribution.result import Attribution, NetworkPair
from faig.attribution.scoring import RawScoring
from faig.attribution.sources import (
    ImageSource,
    InputLine,
    LinearPrediction,
    PathIntegral,
    Seed,
    Source,
    TargetGradient,
    WeightChange,
    WeightSource,
)
from faig.common.distributed import ALONE, Processes
from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.common.version import versions
from faig.filters import FilterSet, Scores
from faig.imaging.cases import CLEAN, Case, degradations_of
from faig.imaging.sameness import check_inputs_differ
from faig.networks.fingerprint import case_fingerprints, ends_fingerprints

logger = logging.getLogger("faig")


@dataclass(frozen=True)
class Method:
    """A way to score filters.

    Attributes:
        name: the one that users choose it by.
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
            scores = dict.fromkeys(degradations_of(list(cases)), same)
            metadata = {"fingerprint": ends_fingerprints(pair.target, pair.baseline)}
            return Attribution(self, space, scores, options, ranked, metadata=metadata)
        options, ordered = within_budget(options, cases, len(self._versions(cases[0])))
        assert isinstance(self.source, ImageSource)
        settling = ranking_method(options.tolerance_method) if options.tolerance_method else self

        def settled_rows(raw: RawScores, kind: str) -> PerImage:
            return keep_only(settling.rows(raw, kind, options.against), ranked)

        scoring = RawScoring(self.source, pair, options, ranked, (settling.name, settled_rows))
        stable = Stable(options.stable, TOP)
        for chosen in rounds(options, ordered):
            raw = scoring.run(chosen, cache, processes, track)
            scores = {kind: self.scores(raw, kind, options.against) for kind in raw.degradations}
            enough = len(chosen) == len(ordered) or stable(scores, len(chosen))
            processes.wait_for_everyone()  # all have read the units, which the first may remove when all is done
            if enough:
                break
        attribution = Attribution(self, space, scores, options, ranked, raw)
        return dataclasses.replace(attribution, metadata=self._metadata(attribution, pair, chosen))

    def check(self, pair: NetworkPair, cases: Sequence[Case], options: Options) -> None:
        """Raise InputError, before anything is computed, for images or options that the method cannot take."""
        source = self.source
        if not cases or not degradations_of(list(cases)):
            raise InputError("there are no images with a degradation to find filters on", setting="lr")
        check_inputs_differ(cases)
        _ = options.chooses_layers and FilterSet.of_layers(pair.space, options.layers, options.not_layers)
        if self.needs_clean and CLEAN not in cases[0].lr:
            raise self._lacks_clean()
        if options.resamples:
            raise InputError(f"the method {self.name} resamples what it keeps of each image", setting="resamples")
        if options.budget is not None and not source.has_nodes:
            raise InputError(f"the method {self.name} has no nodes to spend a budget on", setting="budget")
        if options.tolerance is not None and not source.on_path:
            raise InputError(
                f"the method {self.name} does not integrate along the path, so it keeps no tolerance; give nodes",
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
        tiler = GradientTiler(pair.path.network, pair.scale, options.memory)
        for height, width in {case.gt.shape[1:] for case in cases}:
            h, w = height // pair.scale, width // pair.scale
            if len(tiler.grid(h, w)) > 1 and not sums_over_pixels(objective_of(options.objective)):
                raise InputError(
                    f"the objective {options.objective} is no sum over pixels, so an LR image of {w}x{h} cannot be run "
                    f"by tiles, and it does not fit {options.memory / 1e9:g}GB of memory; give it more, or smaller "
                    "images",
                    setting="memory",
                )

    def _metadata(self, attribution: Attribution, pair: NetworkPair, cases: list[Case]) -> dict[str, Any]:
        """What a file of the raw scores says of how they were made; neither time nor host."""
        raw, options, ranked = attribution.raw, attribution.options, attribution.ranked
        assert raw is not None
        assert isinstance(self.source, ImageSource)
        rule = self.source.rule(options)
        nodes = next(iter(raw.losses.values())).shape[1] - 2 if raw.losses else len(rule)
        metadata: dict[str, Any] = {
            "method": self.name,
            "quadrature": "graded" if options.tolerance is not None else rule.rule,
            "nodes": nodes,
            "passes": nodes * len(raw.images) * len(raw.score),
            "layers": pair.space.describe(),
            "fingerprint": ends_fingerprints(pair.target, pair.baseline) | {"images": case_fingerprints(cases)},
            "against": options.against,
            "ranking_error": attribution.ranking_error,
            "threads": options.threads,
            "versions": versions(),
        }
        if options.objective != "squared":
            metadata |= objective_fingerprint(options.objective)
        if reason := attribution.distrust:
            metadata["distrust"] = reason
        if ranked is not None:
            metadata["ranked"] = [layer.name for layer in ranked.space.layers if layer.start in ranked]
        return metadata

    def _versions(self, case: Case) -> list[str]:
        """The LR images of a case that are looked at."""
        return [kind for kind in case.lr if self.source.on_clean or kind != CLEAN]

    def _lacks_clean(self) -> InputError:
        return InputError(f"the method {self.name} needs clean LR images, and there are none", setting="lr")


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

# with clean images, and without
MASK = LearnedMask(start={True: METHODS["signed"], False: METHODS["faig"]})
STRENGTHS = LearnedStrengths()
LEARNED: Mapping[str, LearningMethod] = {method.name: method for method in (MASK, STRENGTHS)}
ALL: Mapping[str, Method | LearningMethod] = {**METHODS, **LEARNED}  # what `attribute` can do

PAPER = "faig"
DEFAULT = PAPER  # the one place that says which method is meant where none is named


def method_of(name: str) -> Method | LearningMethod:
    """The method of a name: one that ranks, or one that learns.

    Raises:
        InputError: there is none.
    """
    if name not in ALL:
        raise InputError(f"method {name!r} is not one of {', '.join(ALL)}", setting="method")
    return ALL[name]


def ranking_method(name: str) -> Method:
    """The method of a name, of those that rank.

    Raises:
        InputError: there is none.
    """
    if name not in METHODS:
        raise InputError(f"method {name!r} is not one of {', '.join(METHODS)}", setting="method")
    return METHODS[name]
