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

STRENGTH = "strength"  # name of the input
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
    ) -> None:
        super().__init__()
        check_pair(target, baseline)
        self.functions = list(functions or {})
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

    def forward(self, image: Tensor, strength: Tensor) -> Tensor:
        """The network's output, not clipped.

        Args:
            image: ``[1, channel, height, width]`` in [0, 1].
            strength: ``[function]``, or ``[unit]``: 0 is off, 1 the target.
        """
        if self.functions:
            strength = farthest_from_target(self.off + strength[:, None] * (1 - self.off))
        spread = self.space.spread(strength)
        weights = {
            key: between(self.get_buffer(name), self.network.get_parameter(key), spread[key])
            for key, name in self.low.items()
        }
        return torch.func.functional_call(self.network, weights, (image,))


def export_turnable(network: Turnable, path: Path, channels: int) -> float:
    """Write a pair as one ONNX graph with the inputs ``image`` and ``strength``.

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
    return write_onnx(
        network,
        path,
        channels,
        image="image",
        further={STRENGTH: torch.full((network.inputs,), 0.5)},
        trials=[(torch.full((network.inputs,), strength),) for strength in TRIED],
        close=CLOSE,
        metadata={"functions": json.dumps(network.functions), "scale": str(scale_of(network.network))},
    )
