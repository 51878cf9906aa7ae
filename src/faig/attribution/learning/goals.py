"""What an altered network shall make of images, and how far it is from that."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.imaging.cases import Case
from faig.imaging.metrics import gradient_map, gray
from faig.networks.calls import run
from faig.networks.inference import evaluating


@dataclass(frozen=True)
class Example:
    """One input and what the altered network shall make of it.

    Attributes:
        lr: ``[1, channel, height, width]``.
        output: the goal, ``[channel, rows, columns]``.
        map: its gradient map in gray, ``[rows, columns]``.
        weight: of its distance.
    """

    lr: Float[Tensor, "1 channel height width"]
    output: Float[Tensor, "channel rows columns"]
    map: Float[Tensor, "rows columns"]
    weight: float = 1.0


class Goals:
    """On one degradation the donor's output; on all other inputs the receiver's own.

    Inputs with several degradations at once are left out: neither end is the goal there.

    Args:
        receiver: the network that is altered: the target where a function is reverted.
        donor: where its weights come from.
        cases: images, each with an input of the degradation.
        kind: the degradation whose function is meant.
        own: weight of its inputs; all others' is 1.

    Attributes:
        examples: by case, one for each input.
    """

    def __init__(
        self, receiver: nn.Module, donor: nn.Module, cases: Sequence[Case], kind: str, own: float = 1.0
    ) -> None:
        like = next(receiver.parameters())
        maps, pixels = [], []
        self.examples: list[list[Example]] = []
        with evaluating(receiver), evaluating(donor):
            for case in cases:
                inputs = {name: lr[None].to(like) for name, lr in case.lr.items() if "+" not in name}
                goals = {name: run(donor if name == kind else receiver, lr)[0] for name, lr in inputs.items()}
                examples = {
                    name: Example(lr, goals[name], _map(goals[name]), own if name == kind else 1.0)
                    for name, lr in inputs.items()
                }
                unaltered = run(receiver, inputs[kind])[0]
                maps.append(_distance(_map(unaltered), examples[kind].map))
                pixels.append(_distance(unaltered, goals[kind]))
                self.examples.append(list(examples.values()))
        # what altering everything does to images with the degradation; 1e-12 where the two ends do the same
        self._map_scale, self._pixel_scale = (
            torch.stack(distances).mean().clamp(min=1e-12) for distances in (maps, pixels)
        )

    def loss(self, output: Float[Tensor, "channel rows columns"], goal: Example) -> Tensor:
        """Mean squared distance from the goal in the gradient map plus that in pixels, each as a share of its scale."""
        in_map, in_pixels = _distance(_map(output), goal.map), _distance(output, goal.output)
        return goal.weight * (in_map / self._map_scale + in_pixels / self._pixel_scale)


def _map(output: Tensor) -> Tensor:
    return gradient_map(gray(output))


def _distance(first: Tensor, second: Tensor) -> Tensor:
    return (first - second).square().mean()
