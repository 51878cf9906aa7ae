"""The method ``strengths``: one for each unit, at which the function is off (ours)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from faig.attribution.learning.descent import Descent, Schedule, State
from faig.attribution.learning.goals import Goals
from faig.attribution.learning.method import LearningMethod, Lesson
from faig.attribution.learning.turning import TurningNetwork
from faig.attribution.options import Options
from faig.attribution.result import NetworkPair
from faig.common.distributed import Processes
from faig.common.progress import Track
from faig.filters import Scores, Strengths

STEPS = 240
TOGETHER = 2
SIDE = 32  # LR pixels: many steps on small crops reach more than a quarter as many on crops of 64
RATE = 0.03
MOMENTS = (0.9, 0.99)  # of Adam
START = 0.3  # of what the fine-tuning changed, everywhere
OWN = 4.0  # weight of the function's own images: a knob wants off to be off; what leaks fades with the images' average
HIGHEST = 1.5


class StrengthDescent(Descent):
    """Adam, each strength held between 0 and `HIGHEST`; the state is strengths and both moments.

    Args:
        lesson: what is given.
        schedule: of the steps.
    """

    def __init__(self, lesson: Lesson, schedule: Schedule) -> None:
        pair = lesson.pair
        goals = Goals(pair.target, pair.baseline, lesson.cases, lesson.kind, OWN)
        super().__init__(TurningNetwork(pair), goals, schedule, lesson.cache, lesson.determined)
        free = torch.ones(len(pair.space)) if lesson.ranked is None else lesson.ranked.mask.float()
        self.free = free.to(pair.path.device)  # 0 where a unit stays the target's

    def start(self) -> State:
        """All that may be turned at `START`."""
        start = 1 - self.free * (1 - START)
        return torch.stack([start, torch.zeros_like(start), torch.zeros_like(start)])

    def strengths(self, state: State) -> Float[Tensor, " unit"]:
        """The first part."""
        return state[0]

    def step(self, state: State, index: int, slopes: Float[Tensor, " unit"]) -> State:
        """Adam's (Kingma and Ba, 2015)."""
        beta, gamma = MOMENTS
        first, second = beta * state[1] + (1 - beta) * slopes, gamma * state[2] + (1 - gamma) * slopes.square()
        size = (second / (1 - gamma ** (index + 1))).sqrt()
        towards = first / (1 - beta ** (index + 1)) / (size + 1e-12)
        values = state[0] - self.schedule.rate_at(index) * self.free * towards
        return torch.stack([values.clamp(0, HIGHEST), first, second])


@dataclass(frozen=True)
class LearnedStrengths(LearningMethod):
    """A method whose result is a strength for each unit: a tool that turns a function, not an explanation of it.

    A unit's score is how far it is turned from the target.
    """

    name: str = "strengths"
    about: str = "one strength for each unit, learned so that the function is off and all else stays"

    side: int = SIDE
    constants: ClassVar[tuple[Any, ...]] = (MOMENTS, START, OWN, HIGHEST)

    def schedule(self, options: Options) -> Schedule:
        """The steps of every function."""
        return Schedule(STEPS, TOGETHER, RATE, options.seed)

    def begin(self, lesson: Lesson, processes: Processes, track: Track) -> StrengthDescent:  # noqa: ARG002
        """The steps for one function, none of them taken."""
        return StrengthDescent(lesson, self.schedule(lesson.options))

    def scores(self, state: State) -> Scores:
        """How far each unit is turned from the target."""
        return (1 - state[0]).abs()

    def learned_strengths(self, pair: NetworkPair, state: State) -> Strengths:
        """Where the function is off."""
        return Strengths(pair.space, state[0])
