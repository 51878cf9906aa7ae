"""Strengths learned for what they do, one per unit: a function is off where they are, and all else stays (ours).

A score ranks units one by one, and scores do not add up to what a set does. Strengths are asked for that directly: by
gradient steps on the outputs themselves, so that images with the degradation come out as the baseline's, and all others
as the target's, both in the gradient map of gray (the paper's measure) and in pixels.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from faig.attribution.cache import Cache, MemoryCache
from faig.attribution.integration.tiling import LEAST, Tiler
from faig.attribution.options import Options
from faig.attribution.raw_scores import PerImage, RawScores
from faig.attribution.result import Attribution, NetworkPair
from faig.attribution.sources import Source
from faig.common.distributed import ALONE, Processes
from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.common.version import versions
from faig.filters import FilterSet, Strengths
from faig.imaging.cases import Case, degradations_of, middle_of
from faig.imaging.metrics import gradient_map, gray
from faig.networks.calls import gradients, run
from faig.networks.fingerprint import case_fingerprints, network_fingerprint
from faig.networks.inference import evaluating

STEPS = 60
TOGETHER = 2  # images of a step, each with all its degradations
RATE = 0.1  # of the first step; falls to 0 as a cosine
MOMENTS = (0.9, 0.99)  # of Adam
START = 0.5  # half of what the fine-tuning changed, everywhere: DNI's middle
HIGHEST = 1.5
SIDE = 64  # LR pixels: of larger images the middle is looked at
KEPT_EVERY = 10  # steps

State = Float[Tensor, "part unit"]  # strengths, and both moments of Adam


class Learned(Source):
    """Numbers that are learned, not summed up."""

    name = "strengths"


@dataclass(frozen=True)
class Example:
    """One input and what the network at the strengths shall make of it.

    Attributes:
        lr: ``[1, channel, height, width]``.
        output: the goal, ``[channel, rows, columns]``.
        map: its gradient map in gray, ``[rows, columns]``.
    """

    lr: Tensor
    output: Tensor
    map: Tensor


class LearnedStrengths:
    """A method whose result is a strength for each unit: a tool that turns a function, not an explanation of it.

    Attributes:
        name: the one that users choose it by.
        about: what it asks, in a line.
        source: where its numbers come from.
    """

    name: ClassVar[str] = "strengths"
    about: ClassVar[str] = "one strength for each unit, learned so that the function is off and all else stays"
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
        """Learn the strengths at which each function is off.

        Args:
            pair: target and baseline.
            cases: what strengths are learned on, each with the same degradations.
            options: ``seed``, ``threads``, ``memory``, ``layers`` and ``not_layers`` are heeded.
            cache: keeps the state every few steps: a killed run goes on from there.
            processes: the first learns, the others wait for it.
            track: shows progress.

        Returns:
            Strengths by degradation; a unit's score is how far it is turned from the target.

        Raises:
            InputError: networks or images do not fit.
        """
        options = options or Options()
        self.check(pair, cases, options)
        cache = MemoryCache() if cache is None else cache
        tiler = Tiler(pair.path.network, pair.scale, options.memory)
        tiler.grid(LEAST, LEAST)  # refuses less memory than the network itself needs
        side = min(SIDE, math.isqrt(tiler.most_pixels()))
        parts = [middle_of(case, side, pair.scale) for case in cases]
        space, kinds = pair.space, degradations_of(list(cases))
        ranked = FilterSet.of_layers(space, options.layers, options.not_layers) if options.chooses_layers else None
        strengths = {}
        determined = _determined(pair, parts, options)
        for kind in kinds:
            learner = _Learner(pair, parts, kind, options, ranked, cache, determined)
            if processes.is_main_process:
                learner.learn(track)
            processes.wait_for_everyone()
            strengths[kind] = Strengths(space, cache.load(learner.key(STEPS)).score[kind][0])
        scores = {kind: (1 - each.values).abs() for kind, each in strengths.items()}
        inputs = len(parts[0].lr)
        passes = STEPS * min(TOGETHER, len(parts)) * inputs * len(kinds)
        metadata = {"method": self.name, "steps": STEPS, "passes": passes + round(len(parts) * inputs * len(kinds) / 3)}
        return Attribution(self, space, scores, options, ranked, None, metadata, strengths)

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
        if len(cases[0].lr) < 2:
            what = "clean images, or another degradation"
            raise InputError(f"{self.name} needs inputs that shall stay as they are: {what}", setting="lr")
        for name in ("budget", "tolerance"):
            if getattr(options, name) is not None:
                raise InputError(f"the method {self.name} has no nodes, so no {name}", setting=name)
        if options.objective != "squared":
            raise InputError(f"the method {self.name} has an objective of its own", setting="objective")
        _ = options.chooses_layers and FilterSet.of_layers(pair.space, options.layers, options.not_layers)


class _Learner:
    """The steps for one function."""

    def __init__(
        self,
        pair: NetworkPair,
        cases: Sequence[Case],
        kind: str,
        options: Options,
        ranked: FilterSet | None,
        cache: Cache,
        determined: dict[str, Any],
    ) -> None:
        self.pair, self.kind, self.options, self.cache, self.determined = pair, kind, options, cache, determined
        path = pair.path.twin()
        self.network = path.move(0.0)  # what is in no unit stays the target's
        self.weights = {key: path.parameters[key] for key in pair.space.keys}
        high, low = (dict(network.named_parameters()) for network in (pair.target, pair.baseline))
        self.high, self.low = ({key: end[key].detach() for key in self.weights} for end in (high, low))
        self.change = {key: self.high[key] - self.low[key] for key in self.weights}
        device = pair.path.device
        self.free = torch.ones(len(pair.space), device=device) if ranked is None else ranked.mask.float().to(device)
        with evaluating(pair.target), evaluating(pair.baseline):
            self.examples = [self._examples(case) for case in cases]
            own = [self._apart(case) for case in cases]
        self.map_scale, self.pixel_scale = (max(sum(part) / len(own), 1e-12) for part in zip(*own, strict=True))

    def key(self, step: int) -> str:
        """What the state after so many steps is kept under: a hash of all that determines it."""
        determined = self.determined | {"kind": self.kind, "step": step}
        return hashlib.sha256(json.dumps(determined, sort_keys=True).encode()).hexdigest()[:32]

    def learn(self, track: Track) -> None:
        """Take all steps, or those that are left, and keep the last state."""
        first, state = self._resumed()
        batches = list(_batches(len(self.examples), self.options.seed))[first:]
        for step, chosen in enumerate(track(batches, f"learn strengths ({self.kind})", len(batches)), first):
            state = self._step(state, step, chosen)
            if (step + 1) % KEPT_EVERY == 0 or step + 1 == STEPS:
                names = ["strengths", "first moment", "second moment"]
                self.cache.save(self.key(step + 1), RawScores(names, {self.kind: state.cpu()}))

    def _resumed(self) -> tuple[int, State]:
        for step in range(STEPS, 0, -1):
            if self.key(step) in self.cache:
                return step, self.cache.load(self.key(step)).score[self.kind].to(self.pair.path.device)
        start = 1 - self.free * (1 - START)
        return 0, torch.stack([start, torch.zeros_like(start), torch.zeros_like(start)])

    def _step(self, state: State, step: int, chosen: list[int]) -> State:
        spread = self.pair.space.spread(state[0])
        with torch.no_grad():
            for key, weight in self.weights.items():
                torch.lerp(self.low[key], self.high[key], spread[key].to(weight), out=weight.data)
        total = torch.zeros_like(state[0])
        examples = [example for index in chosen for example in self.examples[index]]
        for example in examples:
            loss = self._loss(run(self.network, example.lr)[0], example) / len(chosen)
            by_weight = zip(self.weights, gradients(loss, list(self.weights.values())), strict=True)
            moved = {key: self.change[key] * (0 if gradient is None else gradient) for key, gradient in by_weight}
            total += self.pair.space.sum_per_unit(moved)
        total *= self.free
        beta, gamma = MOMENTS
        first, second = beta * state[1] + (1 - beta) * total, gamma * state[2] + (1 - gamma) * total.square()
        rate = RATE * (1 + math.cos(math.pi * step / STEPS)) / 2
        size = (second / (1 - gamma ** (step + 1))).sqrt()
        values = state[0] - rate * self.free * (first / (1 - beta ** (step + 1))) / (size + 1e-12)
        return torch.stack([values.clamp(0, HIGHEST), first, second])

    def _loss(self, output: Tensor, goal: Example) -> Tensor:
        """Distance from the goal in both measures, each as a share of what turning everything off does."""
        in_map = (gradient_map(gray(output)) - goal.map).square().mean() / self.map_scale
        return in_map + (output - goal.output).square().mean() / self.pixel_scale

    def _examples(self, case: Case) -> list[Example]:
        """Every input of a case, its goal the baseline's output on the own degradation and the target's elsewhere."""
        examples = []
        for name, lr in case.lr.items():
            if "+" in name:  # of several degradations at once: neither end is the goal
                continue
            image = self._image(lr)
            output = run(self.pair.baseline if name == self.kind else self.pair.target, image)[0]
            examples.append(Example(image, output, gradient_map(gray(output))))
        return examples

    def _image(self, lr: Tensor) -> Tensor:
        """An image as the networks take it."""
        return lr[None].to(next(iter(self.high.values())))

    def _apart(self, case: Case) -> tuple[float, float]:
        """How far the ends are from each other on the own degradation: in gradient maps, and in pixels."""
        image = self._image(case.lr[self.kind])
        high, low = (run(network, image)[0] for network in (self.pair.target, self.pair.baseline))
        in_map = (gradient_map(gray(high)) - gradient_map(gray(low))).square().mean()
        return float(in_map), float((high - low).square().mean())


def _batches(count: int, seed: int) -> Iterator[list[int]]:
    """Which images each step takes: all of them once, shuffled, then again."""
    generator, together = torch.Generator().manual_seed(seed), min(TOGETHER, count)
    indices: list[int] = []
    for _ in range(STEPS):
        while len(indices) < together:
            indices += torch.randperm(count, generator=generator).tolist()
        yield indices[:together]
        indices = indices[together:]


def _determined(pair: NetworkPair, cases: Sequence[Case], options: Options) -> dict[str, Any]:
    """What determines the steps of every function; JSON-able."""
    return {
        "source": Learned.name,
        "how": [STEPS, TOGETHER, RATE, MOMENTS, START, HIGHEST],
        "target": network_fingerprint(pair.target),
        "baseline": network_fingerprint(pair.baseline),
        "units": [pair.space.unit, pair.space.everything],
        "images": case_fingerprints(cases),
        "layers": [options.layers, options.not_layers],
        "versions": versions(),
    } | options.determining
