"""The integrals: from a pair of networks and some images to each filter's contribution.

Source: Xie et al., NeurIPS 2021 (FAIG), where an equation is named; the rest is ours.
"""

from collections.abc import Callable, Sequence

import torch
from torch import nn

from faig.attribution.integration.accumulate import WHOLE, AlongInputs, AlongPath, ComputeOptions, Sample, Sums
from faig.attribution.integration.objectives import Objective, squared_error
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import Quadrature, graded_levels
from faig.attribution.raw_scores import Contribution
from faig.common.errors import InputError
from faig.filters import FilterSpace, Scores

Settled = Callable[[list[Contribution]], bool]


def along_path(
    path: WeightPath,
    space: FilterSpace,
    rule: Quadrature,
    samples: Sequence[Sample],
    compute: ComputeOptions = WHOLE,
    objective: Objective = squared_error,
) -> list[Contribution]:
    """Integrate the loss gradient from target to baseline.

    Args:
        path: from target to baseline; its network moves.
        space: the filters to sum up by.
        rule: where to evaluate the gradient.
        samples: images of one size.
        compute: tiles, and how many samples run together.
        objective: the loss.

    Returns:
        A contribution by sample.

    Raises:
        InputError: the loss is not finite somewhere on the path, or the output is not of the GT's size.
    """
    integral = AlongPath(path, samples, compute, objective)
    return integral.contributions(space, 1, integral.add_rule(space, rule))


def until_settled(
    path: WeightPath,
    space: FilterSpace,
    settled: Settled,
    samples: Sequence[Sample],
    compute: ComputeOptions = WHOLE,
    objective: Objective = squared_error,
) -> list[Contribution]:
    """Integrate as `along_path` by the graded rule, with three times the nodes until that is enough (ours).

    Args:
        path: from target to baseline; its network moves.
        space: the filters to sum up by.
        settled: whether contributions are exact enough, given those of the level before as their coarse part.
        samples: images of one size.
        compute: tiles, and how many samples run together.
        objective: the loss.

    Returns:
        A contribution by sample.
    """
    integral, coarse = AlongPath(path, samples, compute, objective), None
    for level in graded_levels():
        integral.add(level.nodes, level.shares)
        contributions = integral.contributions(space, level.scale, coarse)
        if coarse is not None and settled(contributions):
            break
        coarse = integral.scores(space, level.scale)
    return contributions


def along_inputs(
    network: nn.Module, space: FilterSpace, rule: Quadrature, samples: Sequence[Sample], compute: ComputeOptions = WHOLE
) -> list[Contribution]:
    """Integrated gradients (``ig``) on the target alone: from the clean LR to each degraded one.

    Per weight the mean over the line's images of the gradient of the output's sum; per filter the sum of
    absolute values after the mean; not multiplied by a difference, as published.

    Args:
        network: the target; left as it is, but its weights must be ready to be differentiated by.
        space: the filters to sum up by.
        rule: where on the line, α = 0 being the clean LR.
        samples: degraded images of one size, with their clean LR.
        compute: tiles, and how many samples run together.

    Raises:
        InputError: a sample has no clean LR.
    """
    for sample in samples:
        if sample.clean is None:
            raise InputError(f"ig needs clean LR images, and {sample.name} has none", setting="lr")
    weights: Sums = {key: network.get_parameter(key) for key in space.keys}
    integral = AlongInputs(network, weights, samples, compute)
    coarse = integral.add_rule(space, rule)
    coarse_scores = [score for score, _ in coarse] if coarse else [None] * len(samples)
    pairs = zip(integral.scores(space), coarse_scores, strict=True)
    return [Contribution(score, coarse_score=coarse_score) for (score, _), coarse_score in pairs]


def change(path: WeightPath, space: FilterSpace) -> Scores:
    """``Σ|θ - θ̄| / Σ|θ̄|`` of each filter: 0 where nothing changed, infinite where only the baseline is 0."""
    moved = space.sum_per_unit({key: delta.abs() for key, delta in path.difference.items()})
    path.move(1.0)
    size = space.sum_per_unit({key: weight.detach().abs() for key, weight in path.parameters.items()})
    return torch.where(moved == 0, torch.zeros_like(moved), moved / size).cpu()
