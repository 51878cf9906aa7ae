"""Attribution: how much each filter contributes to what the target does and the baseline does not.

From one filter's weights to its score: `along_path` integrates the loss gradient of one case into signed
contributions ``c_i`` (one per weight) and sums them up by filter; `Attribution` gathers the cases; `methods` turns
them into one score per filter and degradation.

Source: Xie et al., NeurIPS 2021 (FAIG), where an equation is named; the rest is ours.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.cases import CLEAN, Case
from faig.errors import InputError
from faig.filters import FilterSpace, Scores
from faig.images import Image, Resized
from faig.path import WeightPath, barrier
from faig.quadrature import Quadrature

PerImage = Float[Tensor, "image filter"]


@dataclass(frozen=True)
class Contribution:
    """What one image with one degradation says.

    Attributes:
        score: ``s_f(x)`` of every filter: the sum of ``|c_i|`` over its weights (Eq. 6).
        signed: the sum of ``c_i`` over its weights; None for ``ig``.
        total: the sum of ``c_i`` over all parameters, biases too; None for ``ig``.
        losses: at α = 0, at the nodes, and at α = 1; None for ``ig``.
    """

    score: Scores
    signed: Scores | None = None
    total: Float[Tensor, ""] | None = None
    losses: Float[Tensor, " node_and_ends"] | None = None


def squared_error(output: Tensor, gt: Tensor) -> Tensor:
    """``‖F(θ, x) - y‖²``, summed over pixels and channels (Eq. 3)."""
    return (output - gt).square().sum()


def along_path(path: WeightPath, space: FilterSpace, rule: Quadrature, case: Case) -> dict[str, Contribution]:
    """Integrate the loss gradient from target to baseline, for every LR version of one case.

    All versions share each interpolated network.

    Args:
        path: from target to baseline.
        space: the filters to sum up by.
        rule: where to evaluate the gradient.
        case: one GT image and its LR versions.

    Returns:
        A contribution by degradation (and ``clean``).

    Raises:
        InputError: the loss is not finite somewhere on the path, or the output is not of the GT's size.
    """
    keys, weights = list(path.parameters), list(path.parameters.values())
    case = case.to(weights[0].device)
    integral = {kind: [torch.zeros_like(weight) for weight in weights] for kind in case.lr}
    losses: dict[str, list[float]] = {kind: [_loss(path, 0.0, case, kind)] for kind in case.lr}
    for alpha, share in zip(rule.nodes, rule.weights, strict=True):
        network = path.move(alpha)
        for kind, lr in case.lr.items():
            loss = squared_error(_run(network, lr, case), case.gt)
            losses[kind].append(_finite(loss, alpha, case, kind))
            gradients = torch.autograd.grad(loss, weights, allow_unused=True)
            for total, gradient in zip(integral[kind], gradients, strict=True):
                if gradient is not None:
                    total.add_(gradient, alpha=share)
    result = {}
    for kind in case.lr:
        losses[kind].append(_loss(path, 1.0, case, kind))
        # c_i = (θ̄_i - θ_i) ∫ ∂L/∂γ_i dα
        parts = {key: path.difference[key] * g for key, g in zip(keys, integral[kind], strict=True)}
        result[kind] = Contribution(
            score=space.sum_per_filter({key: part.abs() for key, part in parts.items()}).cpu(),
            signed=space.sum_per_filter(parts).cpu(),
            total=torch.stack([part.sum(dtype=torch.float64) for part in parts.values()]).sum().cpu(),
            losses=torch.tensor(losses[kind], dtype=torch.float64),
        )
    return result


def along_inputs(network: nn.Module, space: FilterSpace, rule: Quadrature, case: Case) -> dict[str, Contribution]:
    """Integrated gradients (``ig``) on the target alone: from the clean LR to each degraded one.

    Per weight the mean over the line's images of the gradient of the output's sum; per filter the sum of
    absolute values after the mean; not multiplied by a difference, as published.

    Args:
        network: the target; left as it is.
        space: the filters to sum up by.
        rule: where on the line, α = 0 being the clean LR.
        case: needs a ``clean`` LR.

    Raises:
        InputError: the case has no clean LR.
    """
    if CLEAN not in case.lr:
        raise InputError(f"ig needs clean LR images, and {case.name} has none; pass --lr clean=DIR")
    named = {key: weight.detach().clone().requires_grad_(True) for key, weight in network.named_parameters()}
    case = case.to(next(iter(named.values())).device)
    clean = case.lr[CLEAN]
    found = {}
    for kind, lr in case.lr.items():
        if kind == CLEAN:
            continue
        integral = {key: torch.zeros_like(weight) for key, weight in named.items()}
        for alpha, share in zip(rule.nodes, rule.weights, strict=True):
            image = torch.lerp(clean, lr, alpha)
            output = torch.func.functional_call(network, named, (image[None],)).sum()
            _finite(output, alpha, case, kind)
            gradients = torch.autograd.grad(output, list(named.values()), allow_unused=True)
            for total, gradient in zip(integral.values(), gradients, strict=True):
                if gradient is not None:
                    total.add_(gradient, alpha=share)
        score = space.sum_per_filter({key: total.abs() for key, total in integral.items()})
        found[kind] = Contribution(score.cpu())
    return found


def change(path: WeightPath, space: FilterSpace) -> Scores:
    """``Σ|θ - θ̄| / Σ|θ̄|`` of each filter: 0 where nothing changed, infinite where only the baseline is 0."""
    moved = space.sum_per_filter({key: delta.abs() for key, delta in path.difference.items()})
    path.move(1.0)
    size = space.sum_per_filter({key: weight.detach().abs() for key, weight in path.parameters.items()})
    return torch.where(moved == 0, torch.zeros_like(moved), moved / size).cpu()


@dataclass
class Attribution:
    """The raw scores of a set of images, before any subtraction.

    Attributes:
        images: names, one a row.
        score: ``s_f(x_d)`` by degradation (and ``clean``).
        signed: ``Σ c_i`` by degradation; empty for ``ig``.
        total: ``Σ c_i`` over all parameters, by degradation, ``[image]``; empty for ``ig``.
        losses: at α = 0, at the nodes, at α = 1, by degradation, ``[image, node + 2]``; empty for ``ig``.
    """

    images: list[str]
    score: dict[str, PerImage]
    signed: dict[str, PerImage] = field(default_factory=dict)
    total: dict[str, Float[Tensor, " image"]] = field(default_factory=dict)
    losses: dict[str, Float[Tensor, "image node_and_ends"]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, parts: Mapping[str, Contribution]) -> "Attribution":
        """The attribution of one image."""

        def row(get: Callable[[Contribution], Tensor | None]) -> dict[str, Tensor]:
            found = {kind: get(part) for kind, part in parts.items()}
            return {kind: value[None] for kind, value in found.items() if value is not None}

        return cls(
            images=[name],
            score=row(lambda part: part.score),
            signed=row(lambda part: part.signed),
            total=row(lambda part: part.total),
            losses=row(lambda part: part.losses),
        )

    @property
    def degradations(self) -> list[str]:
        """Names, without ``clean``."""
        return [kind for kind in self.score if kind != CLEAN]

    def delta(self) -> dict[str, float]:
        """Convergence delta by degradation: ``(Σ c - (L(θ̄) - L(θ))) / (L(θ̄) - L(θ))``, each summed over images.

        0 where both are 0; infinite where only the loss difference is.
        """
        result = {}
        for kind, total in self.total.items():
            gained = float((self.losses[kind][:, -1] - self.losses[kind][:, 0]).sum())
            missing = float(total.sum()) - gained
            result[kind] = missing / gained if gained else (0.0 if missing == 0 else float("inf"))
        return result

    def barriers(self) -> dict[str, float]:
        """Path check by degradation; above 1.1 the pair is not connected."""
        summed = {kind: losses.sum(0) for kind, losses in self.losses.items()}
        return {kind: barrier(losses[1:-1], float(losses[0]), float(losses[-1])) for kind, losses in summed.items()}


def join(parts: Iterable[Attribution]) -> Attribution:
    """Put the attributions of several sets of images together, rows in the order given.

    Raises:
        InputError: there are none.
    """
    found = list(parts)
    if not found:
        raise InputError("no cases to attribute")

    def rows(get: Callable[[Attribution], dict[str, Tensor]]) -> dict[str, Tensor]:
        return {kind: torch.cat([get(part)[kind] for part in found]) for kind in get(found[0])}

    return Attribution(
        images=[name for part in found for name in part.images],
        score=rows(lambda part: part.score),
        signed=rows(lambda part: part.signed),
        total=rows(lambda part: part.total),
        losses=rows(lambda part: part.losses),
    )


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
    return join(Attribution.of(case.name, along_path(path, space, rule, case)) for case in cases)


def _run(network: nn.Module, lr: Image, case: Case) -> Resized:
    output: Tensor = network(lr[None])[0]
    if output.shape != case.gt.shape:
        (_, h, w), (_, gh, gw) = output.shape, case.gt.shape
        raise InputError(f"{case.name}: the network gives {w}x{h}, but the GT is {gw}x{gh}")
    return output


def _loss(path: WeightPath, alpha: float, case: Case, kind: str) -> float:
    with torch.no_grad():
        output = _run(path.move(alpha), case.lr[kind], case)
        return _finite(squared_error(output, case.gt), alpha, case, kind)


def _finite(value: Tensor, alpha: float, case: Case, kind: str) -> float:
    number = value.item()
    if not torch.isfinite(value):
        raise InputError(f"{case.name} ({kind}): the loss is {number} at α = {alpha:g}; check weights and images")
    return number
