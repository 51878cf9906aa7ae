"""A network that takes the strengths of its functions as an input: a knob for programs without this package (ours)."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.filters import FilterSpace, Strengths
from faig.filters.strengths import farthest_from_target, turned
from faig.intervention.edit import Units, between, network_space
from faig.networks.calls import copied
from faig.networks.compatibility import check_pair
from faig.networks.inference import scale_of
from faig.networks.onnx import write_onnx

STRENGTH, KEPT = "strength", "kept"  # names of the inputs
TRIED = (0.0, 0.5, 1.0, 1.5)
CLOSE = 1e-5


class Turnable(nn.Module):
    """Takes images ``[1, channel, height, width]`` and strengths; returns what the network at these makes of them.

    The weights are mixed anew at every call: ``baseline + strength × (target - baseline)``, as `edit.mix` does.

    Args:
        target: weights at strength 1.
        baseline: weights at strength 0.
        functions: what each is; a call has one strength for each, in this order. None for one strength per unit.
        space: the units, where there are no functions.
        cuttable: a call has a third input, one number for each unit that its weights are multiplied by: 0 cuts it.

    Raises:
        InputError: the networks do not fit each other, or the functions are of different units.
    """

    off: Tensor

    def __init__(
        self,
        target: nn.Module,
        baseline: nn.Module,
        functions: Mapping[str, Units] | None,
        space: FilterSpace | None = None,
        *,
        cuttable: bool = False,
    ) -> None:
        super().__init__()
        check_pair(target, baseline)
        self.functions, self.cuttable = list(functions or {}), cuttable
        if functions:
            space = turned(functions, {}).space  # refuses those of different units
            off = torch.stack([Strengths.of(units).values for units in functions.values()])
        elif space is not None:
            off = torch.zeros(1, len(space))
        else:
            raise InputError("no functions to turn")
        self.space = network_space(target, space)
        self.register_buffer("off", off)
        self.network = copied(target).eval().requires_grad_(False)
        moves = self.space.spread((off != 1).any(0))
        self.low = {key: f"low_{index}" for index, key in enumerate(moves) if bool(moves[key].any())}
        for key, name in self.low.items():
            self.register_buffer(name, baseline.get_parameter(key).detach().clone())

    @property
    def inputs(self) -> int:
        """How many strengths a call has."""
        return len(self.functions) or len(self.space)

    def forward(self, image: Tensor, strength: Tensor, kept: Tensor | None = None) -> Tensor:
        """The network's output, not clipped.

        Args:
            image: ``[1, channel, height, width]`` in [0, 1].
            strength: ``[function]``, or ``[unit]``: 0 is off, 1 the target.
            kept: ``[unit]``: 1, or 0 of units that are cut, as `edit.cut` does; None: all are kept.
        """
        if self.functions:
            strength = farthest_from_target(self.off + strength[:, None] * (1 - self.off))
        spread = self.space.spread(strength)
        weights = {
            key: between(self.get_buffer(name), self.network.get_parameter(key), spread[key])
            for key, name in self.low.items()
        }
        if kept is not None:
            weights |= {
                key: weights.get(key, self.network.get_parameter(key)) * factor
                for key, factor in self.space.spread(kept).items()
            }
        return torch.func.functional_call(self.network, weights, (image,))


def export_turnable(network: Turnable, path: Path, channels: int) -> float:
    """Write a pair as one ONNX graph with the inputs ``image``, ``strength`` and, where units can be cut, ``kept``.

    Args:
        network: at any strengths.
        path: the ``.onnx`` file; its metadata are ``functions``, a JSON list in the order of the input, and ``scale``.
        channels: of the images.

    Returns:
        The largest difference to PyTorch's output, at four strengths on images of three sizes.

    Raises:
        InputError: see `write_onnx`.
    """
    if path.suffix != ".onnx":
        raise InputError(f"{path}: a graph with strengths as an input is written as .onnx")
    further = {STRENGTH: torch.full((network.inputs,), 0.5)}
    trials: list[tuple[Tensor, ...]] = [(torch.full((network.inputs,), strength),) for strength in TRIED]
    if network.cuttable:
        further[KEPT] = torch.ones(len(network.space))
        odd = torch.arange(len(network.space)) % 2  # half of the units are cut in half of the trials
        trials = [(*each, further[KEPT] if at % 2 else odd.float()) for at, each in enumerate(trials)]
    return write_onnx(
        network,
        path,
        channels,
        image="image",
        further=further,
        trials=trials,
        close=CLOSE,
        metadata={"functions": json.dumps(network.functions), "scale": str(scale_of(network.network))},
    )
