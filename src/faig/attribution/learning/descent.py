"""Steps that lower the distance from the goals: kept every few, so that a killed run goes on from there."""

import hashlib
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from faig.attribution.cache import Cache
from faig.attribution.learning.goals import Goals
from faig.attribution.learning.turning import TurningNetwork
from faig.attribution.raw_scores import RawScores
from faig.common.progress import Track

KEPT_EVERY = 10  # steps
_STATE = "state"  # what it is kept as

State = Float[Tensor, "part unit"]


@dataclass(frozen=True)
class Schedule:
    """How many steps, and what they see.

    Attributes:
        steps: how many.
        together: images of a step, each with all its inputs.
        rate: of the first step; it falls to 0 as a cosine.
        seed: what the order of the images depends on.
    """

    steps: int
    together: int
    rate: float
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """The rate of a step."""
        return self.rate * (1 + math.cos(math.pi * step / self.steps)) / 2

    def batches(self, count: int) -> Iterator[list[int]]:
        """Which of so many images each step takes: all of them once, shuffled, then again."""
        generator, together = torch.Generator().manual_seed(self.seed), min(self.together, count)
        indices: list[int] = []
        for _ in range(self.steps):
            while len(indices) < together:
                indices += torch.randperm(count, generator=generator).tolist()
            yield indices[:together]
            indices = indices[together:]

    def passes(self, count: int, inputs: int) -> int:
        """How many passes, forward and backward, the steps take with so many images of so many inputs each."""
        return self.steps * min(self.together, count) * inputs


class Descent(ABC):
    """What is learned for one function.

    Args:
        network: at any strengths.
        goals: what it shall do.
        schedule: of the steps.
        cache: keeps states.
        determined: what determines them; JSON-able.
    """

    def __init__(
        self, network: TurningNetwork, goals: Goals, schedule: Schedule, cache: Cache, determined: dict[str, Any]
    ) -> None:
        self.network, self.goals, self.schedule = network, goals, schedule
        self._cache, self._determined = cache, determined

    @property
    def ends(self) -> tuple[float, float]:
        """The mean squared errors of target and baseline on the images with the degradation."""
        return self.goals.errors

    @abstractmethod
    def start(self) -> State:
        """The state before the first step."""

    @abstractmethod
    def strengths(self, state: State) -> Float[Tensor, " unit"]:
        """The strengths that a state stands for."""

    @abstractmethod
    def step(self, state: State, index: int, slopes: Float[Tensor, " unit"]) -> State:
        """The state after a step, given the derivative of the loss by each strength."""

    def learn(self, track: Track, label: str) -> None:
        """Take all steps, or those that are left, and keep the last state; see `learned`."""
        first, state = self._resumed()
        batches = list(self.schedule.batches(len(self.goals.examples)))[first:]
        for index, chosen in enumerate(track(batches, label, len(batches)), first):
            self.network.turn(self.strengths(state))
            total = torch.zeros_like(state[0])
            for example in (example for image in chosen for example in self.goals.examples[image]):
                loss = self.goals.loss(self.network(example.lr), example)
                total += self.network.slopes(loss / len(chosen))
            state = self.step(state, index, total)
            if (index + 1) % KEPT_EVERY == 0 or index + 1 == self.schedule.steps:
                names = [str(part) for part in range(len(state))]
                self._cache.save(self._key(index + 1), RawScores(names, {_STATE: state.cpu()}))

    def learned(self) -> State:
        """The state after the last step, once `learn` has run in any process that shares the cache."""
        return self._cache.load(self._key(self.schedule.steps)).score[_STATE]

    def reached(self, state: State) -> float:
        """How much of the goal on the images with the degradation is reached with what was learned; see `Goals`."""
        self.network.turn(self.strengths(state))
        return self.goals.reached(self.network)

    def _resumed(self) -> tuple[int, State]:
        for done in range(self.schedule.steps, 0, -1):
            if self._key(done) in self._cache:
                return done, self._cache.load(self._key(done)).score[_STATE].to(self.start())
        return 0, self.start()

    def _key(self, done: int) -> str:
        """What the state after so many steps is kept under: a hash of all that determines it."""
        determined = self._determined | {"step": done}
        return hashlib.sha256(json.dumps(determined, sort_keys=True).encode()).hexdigest()[:32]
