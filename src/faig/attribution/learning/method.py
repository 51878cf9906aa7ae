"""What all learning methods share: which images they take, what they refuse, and what their result says."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from faig.attribution.cache import Cache, MemoryCache
from faig.attribution.integration.tiling import GradientTiler
from faig.attribution.learning.descent import Descent, Schedule, State
from faig.attribution.options import Options
from faig.attribution.raw_scores import PerImage, RawScores
from faig.attribution.result import Attribution, NetworkPair
from faig.attribution.sources import Source
from faig.attribution.uncertainty import SamplingError, relearned_error
from faig.common.distributed import ALONE, Processes
from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.common.statistics import resample_weights
from faig.common.version import versions
from faig.filters import FilterSet, Scores, Strengths
from faig.imaging.cases import Case, degradations_of, middle_of
from faig.imaging.sameness import check_inputs_differ
from faig.networks.fingerprint import case_fingerprints, ends_fingerprints
from faig.networks.tiling import LEAST


class Learned(Source):
    """Numbers that are learned, not summed up."""

    name = "learned"


@dataclass(frozen=True)
class Lesson:
    """What is given to learn one function.

    Attributes:
        pair: target and baseline.
        cases: the middles of the images.
        kind: the degradation whose function is meant.
        options: as they were given.
        ranked: the units that may be altered; None for all.
        cache: keeps what is computed.
        determined: what determines the steps; JSON-able.
    """

    pair: NetworkPair
    cases: list[Case]
    kind: str
    options: Options
    ranked: FilterSet | None
    cache: Cache
    determined: dict[str, Any]


class LearningMethod(ABC):
    """A method that learns what to alter.

    Attributes:
        name: the one that users choose it by.
        about: what it asks, in a line.
        side: LR pixels: of larger images the middle is looked at.
        source: where its numbers come from.
        constants: all else that determines its steps.
    """

    name: str
    about: str
    side: int
    constants: ClassVar[tuple[Any, ...]]
    source: ClassVar[Source] = Learned()

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
        """Learn what to alter so that each function is off.

        Args:
            pair: target and baseline.
            cases: what is learned on, each with the same degradations.
            options: ``seed``, ``threads``, ``memory``, ``top``, ``resamples``, ``layers`` and ``not_layers`` are
                heeded.
            cache: keeps the state every few steps: a killed run goes on from there.
            processes: the first learns, the others wait for it.
            track: shows progress.

        Raises:
            InputError: networks or images do not fit.
        """
        options = options or Options()
        self.check(pair, cases, options)
        cache = MemoryCache() if cache is None else cache
        tiler = GradientTiler(pair.path.network, pair.scale, options.memory)
        tiler.grid(LEAST, LEAST)  # refuses less memory than the network itself needs
        parts = [middle_of(case, min(self.side, math.isqrt(tiler.most_pixels())), pair.scale) for case in cases]
        ranked = FilterSet.of_layers(pair.space, options.layers, options.not_layers) if options.chooses_layers else None
        scores: dict[str, Scores] = {}
        strengths: dict[str, Strengths] = {}
        errors: dict[str, SamplingError] = {}
        reached: dict[str, float] = {}
        ends: dict[str, tuple[float, float]] = {}
        passes = self.passes_before(parts)
        for kind in degradations_of(list(cases)):
            states = []
            for place, images in enumerate([parts, *_resampled(parts, options)]):
                determined = self._determined(pair, images, options) | {"kind": kind}
                descent = self.begin(Lesson(pair, images, kind, options, ranked, cache, determined), processes, track)
                if processes.is_main_process:
                    again = f", resample {place} of {options.resamples}" if place else ""
                    descent.learn(track, f"learn {self.name} ({kind}){again}")
                processes.wait_for_everyone()
                states.append(descent.learned())
                count, inputs = len(images), len(descent.goals.examples[0])
                # goals are outputs of both ends, what is reached the altered network's, without gradients: a third each
                passes += descent.schedule.passes(count, inputs) + round(count * (inputs + 1 + (place == 0)) / 3)
                if place == 0:
                    reached[kind], ends[kind] = descent.reached(states[0]), descent.ends
            scores[kind], *others = map(self.scores, states)
            if options.resamples:
                errors[kind] = relearned_error(scores[kind], others, options.top, ranked)
            if (learned := self.learned_strengths(pair, states[0])) is not None:
                strengths[kind] = learned
        metadata = {
            "method": self.name,
            "steps": self.schedule(options).steps,
            "passes": passes,
            "reached": reached,
            "ends": ends,
            "fingerprint": ends_fingerprints(pair.target, pair.baseline),
        }
        return Attribution(self, pair.space, scores, options, ranked, None, metadata, strengths, errors)

    @abstractmethod
    def schedule(self, options: Options) -> Schedule:
        """The steps of every function."""

    @abstractmethod
    def begin(self, lesson: Lesson, processes: Processes, track: Track) -> Descent:
        """The steps for one function, none of them taken."""

    @abstractmethod
    def scores(self, state: State) -> Scores:
        """One score per unit of what was learned: the higher, the more it is part of the function."""

    def learned_strengths(self, pair: NetworkPair, state: State) -> Strengths | None:  # noqa: ARG002 - for some methods
        """The strengths at which the function is off, where these are what is learned."""
        return None

    def passes_before(self, cases: Sequence[Case]) -> int:  # noqa: ARG002 - for some methods
        """How many passes go before the first step, for all functions together."""
        return 0

    def rows(self, raw: RawScores, kind: str, against: str = "mean") -> PerImage:  # noqa: ARG002 - as methods are asked
        """No image has scores of its own.

        Raises:
            InputError: always.
        """
        raise InputError(f"the method {self.name} learns from all images together, so it has no scores by image")

    def check(self, pair: NetworkPair, cases: Sequence[Case], options: Options) -> None:
        """Raise InputError, before anything is computed, for images or options that the method cannot take."""
        if not cases or not degradations_of(list(cases)):
            raise InputError("there are no images with a degradation to learn from", setting="lr")
        check_inputs_differ(cases)
        if sum("+" not in kind for kind in cases[0].lr) < 2:
            what = "clean images, or another degradation"
            raise InputError(f"{self.name} needs inputs that shall stay as they are: {what}", setting="lr")
        for name in ("budget", "tolerance"):
            if getattr(options, name) is not None:
                raise InputError(f"the method {self.name} has no nodes, so no {name}", setting=name)
        if options.resamples and len({case.photo for case in cases}) < 2:
            raise InputError("resamples are of photos, and there is one", setting="resamples")
        if options.objective != "squared":
            raise InputError(f"the method {self.name} has an objective of its own", setting="objective")
        _ = options.chooses_layers and FilterSet.of_layers(pair.space, options.layers, options.not_layers)

    def _determined(self, pair: NetworkPair, cases: Sequence[Case], options: Options) -> dict[str, Any]:
        """What determines the steps of every function; JSON-able."""
        return {
            "source": self.name,
            "how": repr((self, self.schedule(options), self.constants)),
            **ends_fingerprints(pair.target, pair.baseline),
            "units": [pair.space.unit, pair.space.everything],
            "images": case_fingerprints(cases),
            "layers": [options.layers, options.not_layers],
            "versions": versions(),
        } | options.determining


def _resampled(cases: list[Case], options: Options) -> list[list[Case]]:
    """The images of each resample of the photos: as often as it counts them."""
    weights = resample_weights([case.photo for case in cases], options.resamples, options.seed)
    return [[case for case, times in zip(cases, row, strict=True) for _ in range(times)] for row in weights]
