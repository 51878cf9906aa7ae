"""The method ``learned``: the set itself, by steps through a hard mask that begins with a ranking (ours).

The mask holds the units with the highest scores; each step lowers all scores along the slope of the loss by the mask,
also of units that are not in it (a straight-through gradient: Bengio, Léonard and Courville, arXiv 1308.3432).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from faig.attribution.cache import Cache
from faig.attribution.learning.descent import Descent, Schedule, State
from faig.attribution.learning.goals import Goals
from faig.attribution.learning.method import LearningMethod, Lesson
from faig.attribution.learning.turning import TurningNetwork
from faig.attribution.options import Options
from faig.attribution.result import Attribution, NetworkPair
from faig.common.distributed import Processes
from faig.common.errors import InputError
from faig.common.progress import Track
from faig.common.settings import count_of
from faig.filters import FilterSet, Scores, rank
from faig.imaging.cases import CLEAN, Case

SENSES = ("revert", "graft")
STEPS = 26
TOGETHER = 4
SIDE = 64  # LR pixels
RATE = 0.2
NODES = 4  # of the integral of the ranking that it begins with; with 2, more steps reach less
FARTHEST = 3.0  # no score moves by more than so many rates


class MaskDescent(Descent):
    """The state is the scores; those of the first ``size`` are in the mask.

    Args:
        lesson: what is given.
        schedule: of the steps.
        scores: to begin with.
        reverts: whether the mask's units are given the baseline's weights, or else the target's.
    """

    def __init__(self, lesson: Lesson, schedule: Schedule, scores: Scores, *, reverts: bool) -> None:
        pair, self.ranked, self.reverts = lesson.pair, lesson.ranked, reverts
        self.size = min(count_of(lesson.options.top, len(pair.space)), len(lesson.ranked or pair.space))
        ends = (pair.target, pair.baseline) if reverts else (pair.baseline, pair.target)
        super().__init__(
            TurningNetwork(pair, rest=0.0 if reverts else 1.0),
            Goals(*ends, lesson.cases, lesson.kind),
            schedule,
            lesson.cache,
            lesson.determined | {"size": self.size},
        )
        self.begin_with = compressed(scores, self.size, lesson.ranked).to(pair.path.device)

    @property
    def ends(self) -> tuple[float, float]:
        """Of target and baseline, also where it is the baseline that is altered."""
        receiver, donor = self.goals.errors
        return (receiver, donor) if self.reverts else (donor, receiver)

    def start(self) -> State:
        """The scores to begin with."""
        return self.begin_with[None]

    def strengths(self, state: State) -> Float[Tensor, " unit"]:
        """0 in the mask and 1 elsewhere; or the other way round."""
        mask = torch.zeros_like(state[0]).scatter_(0, rank(state[0], self.ranked)[: self.size].to(state.device), 1.0)
        return 1 - mask if self.reverts else mask

    def step(self, state: State, index: int, slopes: Float[Tensor, " unit"]) -> State:
        """A unit with a slope as large as that of the last in a mask of the steepest moves by one rate."""
        by_mask = -slopes if self.reverts else slopes
        unit = by_mask.abs().topk(self.size).values[-1].clamp(min=1e-12)
        return state - self.schedule.rate_at(index) * (by_mask / unit).clamp(-FARTHEST, FARTHEST)


@runtime_checkable
class Ranking(Protocol):
    """A method to begin with."""

    def attribute(
        self,
        pair: NetworkPair,
        cases: Sequence[Case],
        options: Options,
        cache: Cache,
        *,
        processes: Processes,
        track: Track,
    ) -> Attribution:
        """Score every unit."""


@dataclass(frozen=True)
class LearnedMask(LearningMethod):
    """A set of the size ``Options.top``, learned.

    Attributes:
        start: what it begins with: by whether there are clean images.
        sense: ``revert`` makes the target do what the baseline does on the degradation, and what it does itself on
            every other input; ``graft`` makes the baseline do what the target does on the degradation, and what it does
            itself elsewhere.
        steps: how many.
    """

    start: Mapping[bool, Ranking] = field(repr=False)
    name: str = "learned"
    about: str = "the set itself, learned so that the function is off and all else stays; begins with signed"
    side: int = SIDE
    constants: ClassVar[tuple[Any, ...]] = (NODES, FARTHEST)
    sense: str = "revert"
    steps: int = STEPS

    def __post_init__(self) -> None:
        """Refuse an unknown sense."""
        if self.sense not in SENSES:
            raise InputError(f"sense {self.sense!r} is not one of {', '.join(SENSES)}")

    def schedule(self, options: Options) -> Schedule:
        """The steps of every function."""
        return Schedule(self.steps, TOGETHER, RATE, options.seed)

    def begin(self, lesson: Lesson, processes: Processes, track: Track) -> MaskDescent:
        """The steps for one function, none of them taken."""
        pair, options = lesson.pair, lesson.options
        nodes = options.model_copy(update={"nodes": NODES, "resamples": 0})
        method = self.start[CLEAN in lesson.cases[0].lr]
        ranking = method.attribute(pair, lesson.cases, nodes, lesson.cache, processes=processes, track=track)
        scores, reverts = ranking.scores[lesson.kind], self.sense == "revert"
        return MaskDescent(lesson, self.schedule(options), scores, reverts=reverts)

    def scores(self, state: State) -> Scores:
        """As they are after the last step; the first ``top`` are the mask."""
        return state[0]

    def passes_before(self, cases: Sequence[Case]) -> int:
        """Those of the ranking that it begins with; all functions share them."""
        return len(cases) * NODES * sum(1 for _ in cases[0].lr)


def compressed(scores: Scores, size: int, ranked: FilterSet | None = None) -> Scores:
    """Scores on a scale on which the last of the mask is at log 2, and a much higher one can still be caught up."""
    last = float(scores[rank(scores, ranked)[size - 1]])
    return torch.sign(scores) * torch.log1p(scores.abs() / max(last, 1e-12))
