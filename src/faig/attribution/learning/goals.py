"""What an altered network shall make of images, and how far it is from that."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.imaging.cases import Case
from faig.imaging.metrics import gradient_map, gray
from faig.networks.calls import evaluating, run

NOTHING = 1e-12  # what is smaller is no unit to measure in


@dataclass(frozen=True)
class Example:
    """One input and what the altered network shall make of it.

    Attributes:
        lr: ``[1, channel, height, width]``.
        output: the goal, ``[channel, rows, columns]``.
        map: its gradient map in gray, ``[rows, columns]``.
        weight: of its distance.
        pixel_unit: what the mean squared distance in pixels is a share of.
    """

    lr: Float[Tensor, "1 channel height width"]
    output: Float[Tensor, "channel rows columns"]
    map: Float[Tensor, "rows columns"]
    weight: float
    pixel_unit: Float[Tensor, ""]


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
        errors: mean squared errors against the GT on the degradation, of the receiver and of the donor.
    """

    def __init__(
        self, receiver: nn.Module, donor: nn.Module, cases: Sequence[Case], kind: str, own: float = 1.0
    ) -> None:
        like = next(receiver.parameters())
        names = [name for name in cases[0].lr if "+" not in name]
        inputs = [{name: case.lr[name][None].to(like) for name in names} for case in cases]
        with evaluating(receiver), evaluating(donor):
            kept = [{name: run(receiver, lr)[0] for name, lr in of_case.items()} for of_case in inputs]
            given = [run(donor, of_case[kind])[0] for of_case in inputs]
        changed = [of_case[kind] for of_case in kept]
        donated = [{kind: output} for output in given]
        self.errors = float(_mean(_errors(cases, kept, kind))), float(_mean(_errors(cases, donated, kind)))
        self._own = names.index(kind)
        self._map_unit = _mean(_distance(_map(a), _map(b)) for a, b in zip(changed, given, strict=True))
        apart = _mean(map(_distance, changed, given))
        pixel_units = {
            name: apart if name == kind else _mean(_errors(cases, kept, name)).minimum(apart) for name in names
        }
        self.examples: list[list[Example]] = []
        for place, of_case in enumerate(inputs):
            goals = kept[place] | {kind: given[place]}
            self.examples.append(
                [
                    Example(lr, goals[name], _map(goals[name]), own if name == kind else 1.0, pixel_units[name])
                    for name, lr in of_case.items()
                ]
            )

    def loss(self, output: Float[Tensor, "channel rows columns"], goal: Example) -> Tensor:
        """Mean squared distance from the goal in the gradient map plus that in pixels, each in units of its own.

        In the gradient map the unit is what altering everything does to images with the degradation. In pixels it is
        the same, or on other inputs the receiver's own error against the GT where that is smaller: a share of it is a
        loss in dB.
        """
        in_map, in_pixels = _distance(_map(output), goal.map), _distance(output, goal.output)
        return goal.weight * (in_map / self._map_unit + in_pixels / goal.pixel_unit)

    @torch.no_grad()
    def reached(self, network: Callable[[Tensor], Tensor]) -> float:
        """How much of what altering everything does to images with the degradation is done, in the gradient map.

        Args:
            network: altered; makes ``[channel, rows, columns]`` of ``[1, channel, height, width]``.

        Returns:
            1 where its outputs are the donor's, 0 where they are as far from them as the receiver's: where a function
            is reverted, how far it is switched off, see `faig.intervention.effect.switched_off`.
        """
        own = [of_case[self._own] for of_case in self.examples]
        return 1 - float(_mean(_distance(_map(network(each.lr)), each.map) for each in own) / self._map_unit)


def _errors(cases: Sequence[Case], outputs: Sequence[dict[str, Tensor]], name: str) -> Iterable[Tensor]:
    """Mean squared errors of outputs for an input, against the GT."""
    return (_distance(output[name], case.gt.to(output[name])) for case, output in zip(cases, outputs, strict=True))


def _map(output: Tensor) -> Tensor:
    return gradient_map(gray(output))


def _distance(first: Tensor, second: Tensor) -> Tensor:
    return (first - second).square().mean()


def _mean(distances: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(distances)).mean().clamp(min=NOTHING)
