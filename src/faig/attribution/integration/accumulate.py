"""Weighted sums, over the nodes of a rule, of the gradients of several images.

All samples that are summed up together share each interpolated network; weights move along the path in place.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.attribution.integration.gradients import LossGradients, Numbers
from faig.attribution.integration.objectives import Objective, squared_error, total_output
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import Quadrature
from faig.attribution.raw_scores import Contribution
from faig.common.errors import InputError
from faig.common.signals import stop_if_signalled
from faig.filters import FilterSpace, Scores
from faig.imaging.cases import CLEAN, Case
from faig.networks.tiling import Grid, whole

Sums = dict[str, Tensor]  # one for each weight, [sample, ...]
Pairs = list[tuple[Scores, Scores]]  # by sample: sums of absolute values and of values, per filter


@dataclass(frozen=True)
class Sample:
    """One image with one degradation: the unit of work.

    Attributes:
        name: the image's name.
        kind: the degradation, or ``clean``.
        gt: the ground truth, in [0, 1].
        lr: the low-resolution image, in [0, 1].
        clean: the clean LR, which ``ig`` needs.
    """

    name: str
    kind: str
    gt: Float[Tensor, "channel height width"]
    lr: Float[Tensor, "channel _ _"]
    clean: Float[Tensor, "channel _ _"] | None = None


@dataclass(frozen=True)
class ComputeOptions:
    """How passes are computed; the result is the same but for rounding.

    Attributes:
        grid: tiles; the whole image where there are none.
        together: how many samples go through the network at once.
        precision: ``float32``, or ``bf16`` on a GPU.
    """

    grid: Grid = ()
    together: int = 1
    precision: str = "float32"


WHOLE = ComputeOptions()


def samples_of(case: Case) -> list[Sample]:
    """The LR versions of a case, one by one."""
    clean = case.lr.get(CLEAN)
    return [Sample(case.name, kind, case.gt, lr, clean) for kind, lr in case.lr.items()]


class GradientSum(ABC):
    """Weighted sums of the gradients of several samples, over nodes.

    Attributes:
        sums: one for each weight, ``[sample, ...]``.
        values: the objective at each node, ``[sample]``.
        factor: turns the sums into contributions when multiplied by them; None for 1.
    """

    def __init__(
        self,
        network: nn.Module,
        weights: Sums,
        objective: Objective,
        samples: Sequence[Sample],
        compute: ComputeOptions,
        factor: Sums | None = None,
    ) -> None:
        self.samples, self.compute, self.factor = samples, compute, factor
        device = next(network.parameters()).device
        self.gt = torch.stack([sample.gt for sample in samples]).to(device)
        self.lr = torch.stack([sample.lr for sample in samples]).to(device)
        self.grid = compute.grid or whole(*self.lr.shape[2:])
        scale = self.gt.shape[-1] // self.lr.shape[-1]
        self.loss_gradients = LossGradients(network, weights, objective, scale, compute.precision)
        self.sums = {key: _zeros(len(samples), weight) for key, weight in weights.items()}
        starts = range(0, len(samples), compute.together)
        self.parts = [slice(start, min(start + compute.together, len(samples))) for start in starts]
        self.values: dict[float, Numbers] = {}

    @abstractmethod
    def move(self, alpha: float) -> Tensor:
        """Go to a node; returns the images that the network sees there, ``[sample, channel, height, width]``."""

    def add(self, nodes: Sequence[float], shares: Sequence[float]) -> None:
        """Evaluate the gradients at some nodes, and add each ``share`` times."""
        for alpha, share in zip(nodes, shares, strict=True):
            inputs = self.move(alpha)
            values = [self._add(inputs, part, share) for part in self.parts]
            self.values[alpha] = self._finite(torch.cat(values), alpha)

    def add_rule(self, space: FilterSpace, rule: Quadrature) -> Pairs | None:
        """Evaluate all nodes of a rule; returns the scores by a third of them alone (see `Quadrature.coarse`)."""
        nodes = list(zip(rule.nodes, rule.weights, rule.coarse, strict=True))
        rough = [(alpha, share) for alpha, share, coarse in nodes if coarse]
        coarse_scores = None
        if rough:
            self.add(*zip(*rough, strict=True))
            coarse_scores = self.scores(space, 1 / sum(share for _, share in rough))
        self.add(*zip(*((alpha, share) for alpha, share, coarse in nodes if not coarse), strict=True))
        return coarse_scores

    def scores(self, space: FilterSpace, scale: float = 1) -> Pairs:
        """Per filter ``Σ|c_i|`` (Eq. 6) and ``Σ c_i`` of each sample, on the CPU; c_i the sums times ``scale``."""
        pairs = []
        for i in range(len(self.samples)):
            sums = {key: values[i] for key, values in self.sums.items()}
            if self.factor is not None:  # weights that do not move have no sum
                sums = {key: sums[key] * by if key in sums else torch.zeros_like(by) for key, by in self.factor.items()}
            signed = space.sum_per_unit(sums) * scale
            absolute = space.sum_per_unit({key: part.abs() for key, part in sums.items()}) * scale
            pairs.append((absolute.cpu(), signed.cpu()))
        return pairs

    def _add(self, inputs: Tensor, part: slice, share: float) -> Numbers:
        value = torch.zeros(len(inputs[part]), dtype=torch.float64)
        sums = [values[part] for values in self.sums.values()]
        for tile in self.grid:
            stop_if_signalled()  # in a thread nothing else would: the command would wait for all of its passes
            with self._named():
                tile_value, gradients = self.loss_gradients.gradients(inputs[part], self.gt[part], tile)
            value += tile_value.cpu().double()
            torch._foreach_add_(sums, gradients, alpha=share)
        return value

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Name the image in an error of the network's."""
        try:
            yield
        except InputError as error:
            raise InputError(f"{self.samples[0].name}: {error}") from None

    def _finite(self, values: Numbers, alpha: float) -> Numbers:
        for sample, value in zip(self.samples, values.tolist(), strict=True):
            if not math.isfinite(value):
                raise InputError(
                    f"{sample.name} ({sample.kind}): the loss is {value} at α = {alpha:g}; check weights and images"
                )
        return values


class AlongPath(GradientSum):
    """Gradients along the path from target to baseline, whose images stay the same."""

    def __init__(
        self, path: WeightPath, samples: Sequence[Sample], compute: ComputeOptions, objective: Objective = squared_error
    ) -> None:
        super().__init__(path.network, path.moving, objective, samples, compute, path.difference)
        self.path = path
        self.ends = [self._value(alpha) for alpha in (0.0, 1.0)]

    def move(self, alpha: float) -> Tensor:
        """Move the weights to the node."""
        self.path.move(alpha)
        return self.lr

    def contributions(self, space: FilterSpace, scale: float, coarse: Pairs | None) -> list[Contribution]:
        """What the sums so far, times ``scale``, contribute; one for each sample."""
        shares = [
            (sums * self.path.difference[key]).reshape(len(sums), -1).sum(1).cpu().double()
            for key, sums in self.sums.items()
        ]
        totals = torch.stack(shares).sum(0) * scale
        losses = torch.stack([self.ends[0], *(self.values[alpha] for alpha in sorted(self.values)), self.ends[1]], 1)
        parts = zip(self.scores(space, scale), totals, losses, strict=True)
        fine = [Contribution(score, signed, total, loss) for (score, signed), total, loss in parts]
        if coarse is None:
            return fine
        pairs = zip(fine, coarse, strict=True)
        return [replace(part, coarse_score=score, coarse_signed=signed) for part, (score, signed) in pairs]

    def _value(self, alpha: float) -> Numbers:
        inputs = self.move(alpha)
        with self._named():
            values = [self.loss_gradients.values(inputs[part], self.gt[part], self.grid) for part in self.parts]
        return self._finite(torch.cat(values), alpha)


class AlongInputs(GradientSum):
    """Gradients along the line from clean to degraded images, whose network stays the same."""

    def __init__(self, network: nn.Module, weights: Sums, samples: Sequence[Sample], compute: ComputeOptions) -> None:
        super().__init__(network, weights, total_output, samples, compute)
        self.clean = torch.stack([sample.clean for sample in samples if sample.clean is not None]).to(self.lr)

    def move(self, alpha: float) -> Tensor:
        """Move the images to the node."""
        return torch.lerp(self.clean, self.lr, alpha)


def _zeros(samples: int, weight: Tensor) -> Float[Tensor, "sample ..."]:
    """Zeros for each sample, laid out in memory as the weight is: adding tensors of different layouts is slow."""
    flat = weight.new_zeros(samples * weight.numel())
    return flat.as_strided((samples, *weight.shape), (weight.numel(), *weight.stride()))
