"""What reverting each filter alone would do, predicted for all filters at once (ours).

A network of convolutions and ReLUs is piecewise linear in the weights of one layer, so with ``Δ_f`` the step of filter
f from target to baseline and J the derivative of the output at the target,

    F' - F ≈ J_f Δ_f,    L(F') - L(F) ≈ 2 (F - y) · J_f Δ_f + ‖J_f Δ_f‖².

The first term is the loss gradient. For the second, a random vector r of ±1 per output value has
``E[(r · J_f Δ_f)²] = ‖J_f Δ_f‖²``: one backward pass gives a draw of it for every filter (after Hutchinson, 1990).
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from faig.attribution.path import WeightPath
from faig.attribution.raw_scores import PerImage
from faig.filters import FilterSpace, Scores
from faig.imaging.cases import Case
from faig.truth.alone import Changes

DRAWS = 12  # backward passes an image: as many as the integral has nodes by default


def predicted(
    target: nn.Module, baseline: nn.Module, cases: Sequence[Case], draws: int = DRAWS, *, seed: int = 0
) -> Changes:
    """Predict `alone.alone` by one forward and ``draws + 1`` backward passes an image.

    Args:
        target: θ.
        baseline: θ̄.
        cases: each with the same degradations.
        draws: random vectors; the output's change has a relative standard error of at most √(2 / draws) an image.
        seed: of the vectors.

    Raises:
        InputError: the networks do not fit each other.
    """
    path, space = WeightPath(target, baseline), FilterSpace.of(target)
    network, generator = path.move(0.0), torch.Generator().manual_seed(seed)
    weights = {layer.key: path.parameters[layer.key] for layer in space.layers}

    def along(output: Tensor, direction: Tensor) -> Scores:
        found = torch.autograd.grad(output, list(weights.values()), direction, retain_graph=True)
        steps = zip(weights, found, strict=True)
        return space.sum_per_filter({key: gradient * path.difference[key] for key, gradient in steps}).cpu()

    loss: dict[str, list[Tensor]] = {kind: [] for kind in cases[0].lr}
    output: dict[str, list[Tensor]] = {kind: [] for kind in cases[0].lr}
    for case in cases:
        for kind, lr in case.lr.items():
            found = network(lr[None].to(path.device))[0]
            slope = along(found, 2 * (found.detach() - case.gt.to(found)))
            squares = torch.zeros_like(slope)
            for _ in range(draws):
                signs = 2 * torch.randint(2, found.shape, generator=generator) - 1
                squares += along(found, signs.to(found)).square() / draws
            loss[kind].append(slope + squares)
            output[kind].append(squares)
    return Changes(*(_stacked(part) for part in (loss, output)))


def _stacked(rows: dict[str, list[Tensor]]) -> dict[str, PerImage]:
    return {kind: torch.stack(found) for kind, found in rows.items()}
