"""The integrals: from a pair of networks and some images to each weight's contribution.

All views that are integrated together share each interpolated network; weights move along the path in place.
Source: Xie et al., NeurIPS 2021 (FAIG), where an equation is named; the rest is ours.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.attribution import Attribution, Contribution, join
from faig.cases import CLEAN, Case
from faig.errors import InputError
from faig.filters import FilterSpace, Scores
from faig.passes import Numbers, Objective, Passes, squared_error, total_output
from faig.path import WeightPath
from faig.quadrature import Quadrature, graded_levels
from faig.tiling import Grid, whole

Sums = dict[str, Tensor]  # one for each weight, [view, ...]
Pairs = list[tuple[Scores, Scores]]  # by view: sums of absolute values and of values, per filter
Settled = Callable[[list[Contribution]], bool]


@dataclass(frozen=True)
class View:
    """One image with one degradation: the unit of work.

    Attributes:
        name: of the image.
        kind: the degradation, or ``clean``.
        gt: in [0, 1].
        lr: in [0, 1].
        clean: the clean LR, which ``ig`` needs.
    """

    name: str
    kind: str
    gt: Float[Tensor, "3 height width"]
    lr: Float[Tensor, "3 _ _"]
    clean: Float[Tensor, "3 _ _"] | None = None


@dataclass(frozen=True)
class Manner:
    """How passes are computed; the result is the same but for rounding.

    Attributes:
        grid: tiles; the whole image where there are none.
        together: how many views go through the network at once.
        precision: ``float32``, or ``bf16`` on a GPU.
    """

    grid: Grid = ()
    together: int = 1
    precision: str = "float32"


WHOLE = Manner()


def views_of(case: Case) -> list[View]:
    """The LR versions of a case, one by one."""
    clean = case.lr.get(CLEAN)
    return [View(case.name, kind, case.gt, lr, clean) for kind, lr in case.lr.items()]


def along_path(
    path: WeightPath, space: FilterSpace, rule: Quadrature, views: Sequence[View], manner: Manner = WHOLE
) -> list[Contribution]:
    """Integrate the loss gradient from target to baseline.

    Args:
        path: from target to baseline; its network moves.
        space: the filters to sum up by.
        rule: where to evaluate the gradient.
        views: of one size.
        manner: of computing.

    Returns:
        A contribution by view.

    Raises:
        InputError: the loss is not finite somewhere on the path, or the output is not of the GT's size.
    """
    integral = _OnPath(path, views, manner)
    integral.add(rule.nodes, rule.weights, rule.coarse)
    coarse = _scores(space, integral.coarse, path.difference) if any(rule.coarse) else None
    return integral.contributions(space, 1, coarse)


def until_settled(
    path: WeightPath, space: FilterSpace, settled: Settled, views: Sequence[View], manner: Manner = WHOLE
) -> list[Contribution]:
    """Integrate as `along_path` by the graded rule, with three times the nodes until that is enough (ours).

    Args:
        path: from target to baseline; its network moves.
        space: the filters to sum up by.
        settled: told what was found, the level before being its coarse part; asked from the second level on.
        views: of one size.
        manner: of computing.

    Returns:
        A contribution by view.
    """
    integral, coarse = _OnPath(path, views, manner), None
    for level in graded_levels():
        integral.add(level.nodes, level.shares)
        found = integral.contributions(space, level.scale, coarse)
        if coarse is not None and settled(found):
            break
        coarse = integral.scores(space, level.scale)
    return found


def along_inputs(
    network: nn.Module, space: FilterSpace, rule: Quadrature, views: Sequence[View], manner: Manner = WHOLE
) -> list[Contribution]:
    """Integrated gradients (``ig``) on the target alone: from the clean LR to each degraded one.

    Per weight the mean over the line's images of the gradient of the output's sum; per filter the sum of
    absolute values after the mean; not multiplied by a difference, as published.

    Args:
        network: the target; left as it is, but its weights must be ready to be differentiated by.
        space: the filters to sum up by.
        rule: where on the line, α = 0 being the clean LR.
        views: degraded ones, of one size.
        manner: of computing.

    Raises:
        InputError: a view has no clean LR.
    """
    for view in views:
        if view.clean is None:
            raise InputError(f"ig needs clean LR images, and {view.name} has none; pass --lr clean=DIR")
    weights: Sums = {layer.key: network.get_parameter(layer.key) for layer in space.layers}
    integral = _OnLine(network, weights, views, manner)
    integral.add(rule.nodes, rule.weights, rule.coarse)
    found = _scores(space, integral.fine)
    coarse = _scores(space, integral.coarse) if any(rule.coarse) else [(None, None)] * len(views)
    return [Contribution(score, coarse_score=other) for (score, _), (other, _) in zip(found, coarse, strict=True)]


def change(path: WeightPath, space: FilterSpace) -> Scores:
    """``Σ|θ - θ̄| / Σ|θ̄|`` of each filter: 0 where nothing changed, infinite where only the baseline is 0."""
    moved = space.sum_per_filter({key: delta.abs() for key, delta in path.difference.items()})
    path.move(1.0)
    size = space.sum_per_filter({key: weight.detach().abs() for key, weight in path.parameters.items()})
    return torch.where(moved == 0, torch.zeros_like(moved), moved / size).cpu()


def attribute(target: nn.Module, baseline: nn.Module, cases: Iterable[Case], rule: Quadrature) -> Attribution:
    """FAIG's raw scores of all filters on all cases.

    Args:
        target: θ.
        baseline: θ̄, the network the target was fine-tuned from.
        cases: each with the same degradations.
        rule: e.g. ``gauss_legendre(16)``, or ``riemann_left(100)`` as in the paper.

    Returns:
        Raw scores; rank them with `methods.contrast`.

    Raises:
        InputError: the networks do not fit each other, or a case does not fit them.
    """
    path, space = WeightPath(target, baseline), FilterSpace.of(target)

    def parts() -> Iterator[Attribution]:
        for case in cases:
            views = views_of(case)
            found = along_path(path, space, rule, views)
            yield Attribution.of(case.name, {view.kind: part for view, part in zip(views, found, strict=True)})

    return join(parts())


class _Integral:
    """Weighted sums of the gradients of several views, over nodes.

    Attributes:
        fine: the sums.
        coarse: the same over fewer nodes.
        values: the objective at each node, ``[view]``.
    """

    def __init__(
        self, network: nn.Module, weights: Sums, objective: Objective, views: Sequence[View], manner: Manner
    ) -> None:
        self.views, self.manner = views, manner
        device = next(network.parameters()).device
        self.gt = torch.stack([view.gt for view in views]).to(device)
        self.lr = torch.stack([view.lr for view in views]).to(device)
        self.grid = manner.grid or whole(*self.lr.shape[2:])
        scale = self.gt.shape[-1] // self.lr.shape[-1]
        self.passes = Passes(network, weights, objective, scale, manner.precision)
        self.fine, self.coarse = _zeros(weights, len(views)), _zeros(weights, len(views))
        self.values: dict[float, Numbers] = {}

    def move(self, alpha: float) -> Tensor:
        """Go to a node; returns what the network sees there, ``[view, 3, height, width]``."""
        raise NotImplementedError

    def add(self, nodes: Sequence[float], shares: Sequence[float], coarse: Sequence[float] = ()) -> None:
        """Evaluate the gradients at some nodes, and add each ``share`` times."""
        for alpha, share, rough in itertools.zip_longest(nodes, shares, coarse, fillvalue=0.0):
            seen = self.move(alpha)
            values = [self._gradients(seen, part, share, rough) for part in self._parts()]
            self.values[alpha] = self._finite(torch.cat(values), alpha)

    def _gradients(self, seen: Tensor, part: slice, share: float, rough: float) -> Numbers:
        value = torch.zeros(len(seen[part]), dtype=torch.float64)
        for tile in self.grid:
            try:
                of_tile, gradients = self.passes.gradients(seen[part], self.gt[part], tile)
            except InputError as error:
                raise InputError(f"{self.views[0].name}: {error}") from None
            value += of_tile.double().cpu()
            for key, gradient in zip(self.fine, gradients, strict=True):
                if gradient is not None:
                    self.fine[key][part].add_(gradient, alpha=share)
                    if rough:
                        self.coarse[key][part].add_(gradient, alpha=rough)
        return value

    def _parts(self) -> Iterator[slice]:
        for start in range(0, len(self.views), self.manner.together):
            yield slice(start, min(start + self.manner.together, len(self.views)))

    def _finite(self, values: Numbers, alpha: float) -> Numbers:
        for view, value in zip(self.views, values.tolist(), strict=True):
            if not math.isfinite(value):
                raise InputError(
                    f"{view.name} ({view.kind}): the loss is {value} at α = {alpha:g}; check weights and images"
                )
        return values


class _OnPath(_Integral):
    """From target to baseline, the image at rest."""

    def __init__(self, path: WeightPath, views: Sequence[View], manner: Manner) -> None:
        super().__init__(path.network, path.moving, squared_error, views, manner)
        self.path = path
        self.ends = [self._value(alpha) for alpha in (0.0, 1.0)]

    def move(self, alpha: float) -> Tensor:
        self.path.move(alpha)
        return self.lr

    def scores(self, space: FilterSpace, scale: float) -> Pairs:
        """Of the sums so far, times ``scale``."""
        return _scores(space, self.fine, self.path.difference, scale)

    def contributions(self, space: FilterSpace, scale: float, coarse: Pairs | None) -> list[Contribution]:
        """Of the sums so far, times ``scale``."""
        totals = torch.stack([_by_view(self.fine[key], self.path.difference[key]) for key in self.fine]).sum(0) * scale
        losses = torch.stack([self.ends[0], *(self.values[alpha] for alpha in sorted(self.values)), self.ends[1]], 1)
        return [
            Contribution(score, signed, total, loss, *(coarse[i] if coarse else (None, None)))
            for i, ((score, signed), total, loss) in enumerate(
                zip(self.scores(space, scale), totals.cpu(), losses, strict=True)
            )
        ]

    def _value(self, alpha: float) -> Numbers:
        seen = self.move(alpha)
        try:
            values = [self.passes.values(seen[part], self.gt[part], self.grid) for part in self._parts()]
        except InputError as error:
            raise InputError(f"{self.views[0].name}: {error}") from None
        return self._finite(torch.cat(values), alpha)


class _OnLine(_Integral):
    """From clean to degraded input, the network at rest."""

    def __init__(self, network: nn.Module, weights: Sums, views: Sequence[View], manner: Manner) -> None:
        super().__init__(network, weights, total_output, views, manner)
        self.clean = torch.stack([view.clean for view in views if view.clean is not None]).to(self.lr)

    def move(self, alpha: float) -> Tensor:
        return torch.lerp(self.clean, self.lr, alpha)


def _zeros(weights: Mapping[str, Tensor], views: int) -> Sums:
    return {key: weight.new_zeros(views, *weight.shape) for key, weight in weights.items()}


def _by_view(values: Tensor, factor: Tensor) -> Float[Tensor, " view"]:
    return (values * factor).flatten(1).sum(1, dtype=torch.float64)


def _scores(space: FilterSpace, sums: Sums, factor: Mapping[str, Tensor] | None = None, scale: float = 1) -> Pairs:
    """Per filter ``Σ|c_i|`` (Eq. 6) and ``Σ c_i``, on the CPU; c_i the sums, times ``factor`` where there is one."""
    found = []
    for i in range(len(next(iter(sums.values())))):
        parts = {}
        for layer in space.layers:
            if layer.key in sums:
                part = sums[layer.key][i] * scale
                parts[layer.key] = part * factor[layer.key] if factor is not None else part
            elif factor is not None:  # it did not move
                parts[layer.key] = torch.zeros_like(factor[layer.key])
        absolute = space.sum_per_filter({key: part.abs() for key, part in parts.items()})
        found.append((absolute.cpu(), space.sum_per_filter(parts).cpu()))
    return found
