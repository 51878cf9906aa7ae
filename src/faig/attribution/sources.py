"""Where a method's raw numbers come from. Methods of one source share them.

A source with images computes what one image with one degradation says; `schedule` brings tiles, threads, several
processes and resuming to each of them. A source without images scores filters at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from faig.attribution.integration.accumulate import ComputeOptions, Sample
from faig.attribution.integration.integral import along_inputs, along_path, change, until_settled
from faig.attribution.integration.linear import predict_reverting
from faig.attribution.integration.objectives import Objective
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import Quadrature, quadrature, riemann_left
from faig.attribution.options import Options
from faig.attribution.raw_scores import Contribution
from faig.filters import FilterSpace, Scores

Settled = Callable[[Sequence[Sample], list[Contribution]], bool]


@dataclass(frozen=True)
class Task:
    """The attribution that a source works for.

    Attributes:
        space: the filters.
        options: how to attribute.
        objective: the loss.
        settled: whether contributions are exact enough; given where there is a tolerance.
    """

    space: FilterSpace
    options: Options
    objective: Objective
    settled: Settled | None = None


class Source(ABC):
    """How raw numbers are computed.

    Attributes:
        name: what the numbers are called in progress labels, file names and caches.
        on_clean: whether clean images have numbers of their own.
        has_nodes: whether more nodes can be taken, so that a budget can be spent on them.
        on_path: whether it integrates along the path, so that there is a convergence delta and a tolerance.
        has_loss: whether it looks at a loss, so that there can be another one.
    """

    name: ClassVar[str]
    on_clean: ClassVar[bool] = True
    has_nodes: ClassVar[bool] = False
    on_path: ClassVar[bool] = False
    has_loss: ClassVar[bool] = False


class ImageSource(Source):
    """Raw numbers of each image with each degradation."""

    @abstractmethod
    def rule(self, options: Options) -> Quadrature:
        """The nodes at which something is computed; what they are nodes of is the source's own matter."""

    @abstractmethod
    def contributions(
        self, path: WeightPath, samples: Sequence[Sample], compute: ComputeOptions, task: Task
    ) -> list[Contribution]:
        """What some samples say of every filter.

        Args:
            path: from target to baseline; its network moves.
            samples: images of one size.
            compute: tiles, and how many samples run together.
            task: filters, options, loss.

        Returns:
            A contribution by sample.
        """


class WeightSource(Source):
    """Scores of all filters, the same for every degradation, without any image."""

    @abstractmethod
    def scores(self, path: WeightPath, space: FilterSpace, seed: int) -> Scores:
        """One score per filter."""


class PathIntegral(ImageSource):
    """The loss gradient, integrated along the straight path from target to baseline (the paper's)."""

    name = "faig"
    has_nodes = on_path = has_loss = True

    def rule(self, options: Options) -> Quadrature:
        """The rule of the integral."""
        return quadrature(options.quadrature, options.nodes)

    def contributions(
        self, path: WeightPath, samples: Sequence[Sample], compute: ComputeOptions, task: Task
    ) -> list[Contribution]:
        """Integrate by the rule, or with as many nodes as the tolerance needs."""
        if (settled := task.settled) is None:
            return along_path(path, task.space, self.rule(task.options), samples, compute, task.objective)
        return until_settled(
            path, task.space, lambda so_far: settled(samples, so_far), samples, compute, task.objective
        )


class TargetGradient(ImageSource):
    """The integral's one node at the target: what is left of FAIG without a path."""

    name = "gradient"
    has_loss = True

    def rule(self, options: Options) -> Quadrature:  # noqa: ARG002 - as the others are called
        """One node, at the target."""
        return riemann_left(1)

    def contributions(
        self, path: WeightPath, samples: Sequence[Sample], compute: ComputeOptions, task: Task
    ) -> list[Contribution]:
        """The gradient at the target, times the difference."""
        return along_path(path, task.space, self.rule(task.options), samples, compute, task.objective)


class InputLine(ImageSource):
    """The gradient of the target's output, averaged over images on the line from the clean LR to the degraded one."""

    name = "ig"
    on_clean = False
    has_nodes = True

    def rule(self, options: Options) -> Quadrature:
        """The nodes on the line."""
        return quadrature(options.quadrature, options.nodes)

    def contributions(
        self, path: WeightPath, samples: Sequence[Sample], compute: ComputeOptions, task: Task
    ) -> list[Contribution]:
        """See `integral.along_inputs`."""
        return along_inputs(path.move(0.0), task.space, self.rule(task.options), samples, compute)


class LinearPrediction(ImageSource):
    """What reverting each filter alone would do, predicted to first order of the network (ours; see `linear`)."""

    name = "predicted"
    has_nodes = True

    def rule(self, options: Options) -> Quadrature:
        """One node for each random vector that is drawn."""
        return riemann_left(options.nodes)

    def contributions(
        self, path: WeightPath, samples: Sequence[Sample], compute: ComputeOptions, task: Task
    ) -> list[Contribution]:
        """See `linear.predict_reverting`."""
        return predict_reverting(path, task.space, samples, compute, task.options.nodes, task.options.seed)


class WeightChange(WeightSource):
    """How much training moved each filter (the paper's comparison)."""

    name = "change"

    def scores(self, path: WeightPath, space: FilterSpace, seed: int) -> Scores:  # noqa: ARG002 - as the others are
        """See `integral.change`."""
        return change(path, space)


class Seed(WeightSource):
    """Nothing but chance (the paper's comparison)."""

    name = "random"

    def scores(self, path: WeightPath, space: FilterSpace, seed: int) -> Tensor:  # noqa: ARG002 - as the others are
        """See `random_scores`."""
        return random_scores(space, seed)


def random_scores(space: FilterSpace, seed: int) -> Scores:
    """Uniform scores in [0, 1) that depend on the seed alone."""
    return torch.rand(len(space), generator=torch.Generator().manual_seed(seed))
