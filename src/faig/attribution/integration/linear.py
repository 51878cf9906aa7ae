"""What reverting each filter alone would do, predicted for all filters at once (ours).

A network of convolutions and ReLUs is piecewise linear in the weights of one layer, so with ``Δ_f`` the step of filter
f from target to baseline and J the derivative of the output at the target,

    F' - F ≈ J_f Δ_f,    L(F') - L(F) ≈ 2 (F - y) · J_f Δ_f + ‖J_f Δ_f‖².

The first term is the loss gradient. For the second, a random vector r of ±1 per output value has
``E[(r · J_f Δ_f)²] = ‖J_f Δ_f‖²``: one backward pass gives a draw of it for every filter (after Hutchinson, 1990).
"""

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor

from faig.attribution.integration.accumulate import ComputeOptions, Sample
from faig.attribution.integration.path import WeightPath
from faig.attribution.raw_scores import Contribution
from faig.filters import FilterSpace, Scores
from faig.networks.calls import run
from faig.networks.tiling import whole


def predict_reverting(
    path: WeightPath, space: FilterSpace, samples: Sequence[Sample], compute: ComputeOptions, draws: int, seed: int
) -> list[Contribution]:
    """One forward and ``draws + 1`` backward passes a sample.

    Args:
        path: from target to baseline; its network moves.
        space: the filters.
        samples: images of one size.
        compute: tiles; the squared change of an image is the sum over its tiles.
        draws: random vectors; the output's change has a relative standard error of at most √(2 / draws) an image.
        seed: what the vectors depend on, beside the sample's name and degradation.

    Returns:
        By sample, with ``signed`` the predicted ``L(F') - L(F)`` of reverting each filter alone, the loss being the
        squared error, and ``score`` the predicted ``‖F' - F‖²``.
    """
    network = path.move(0.0)
    weights = {key: path.parameters[key] for key in space.keys}

    def step_along(output: Tensor, direction: Tensor) -> Scores:
        passed = torch.autograd.grad(
            output, list(weights.values()), direction, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        steps = zip(weights, passed, strict=True)
        return space.sum_per_unit({key: gradient * path.difference[key] for key, gradient in steps}).cpu()

    contributions = []
    for sample in samples:
        scale = sample.gt.shape[-1] // sample.lr.shape[-1]
        lr, gt = sample.lr.to(path.device)[None], sample.gt.to(path.device)
        key = hashlib.sha256(f"{seed} {sample.name} {sample.kind}".encode()).digest()
        generator = torch.Generator().manual_seed(int.from_bytes(key[:7], "big"))
        loss, squares = (torch.zeros(len(space), dtype=next(iter(weights.values())).dtype) for _ in range(2))
        for tile in compute.grid or whole(*sample.lr.shape[1:]):
            output = tile.output(run(network, tile.lr(lr)), scale)[0]
            loss += step_along(output, 2 * (output.detach() - tile.gt(gt, scale)))
            for _ in range(draws):
                signs = 2 * torch.randint(2, output.shape, generator=generator) - 1
                squares += step_along(output, signs.to(output)).square() / draws
        contributions.append(Contribution(score=squares, signed=loss + squares))
    return contributions
