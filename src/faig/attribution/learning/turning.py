"""A network whose units are turned in place, again and again, and what turning them does to a loss."""

import torch
from jaxtyping import Float
from torch import Tensor

from faig.attribution.result import NetworkPair
from faig.networks.calls import gradients, run


class TurningNetwork:
    """The pair's network at any strengths.

    Args:
        pair: target and baseline.
        rest: what is in no unit is the target's at 0 and the baseline's at 1.
    """

    def __init__(self, pair: NetworkPair, rest: float = 0.0) -> None:
        path = pair.path.twin()
        self._space, self._network = pair.space, path.move(rest)
        self._weights = {key: path.parameters[key] for key in pair.space.keys}
        high, low = (dict(network.named_parameters()) for network in (pair.target, pair.baseline))
        self._high, self._low = ({key: end[key].detach() for key in self._weights} for end in (high, low))

    def turn(self, strengths: Float[Tensor, " unit"]) -> None:
        """Give each unit ``baseline + strength × (target - baseline)``."""
        spread = self._space.spread(strengths)
        with torch.no_grad():
            for key, weight in self._weights.items():
                torch.lerp(self._low[key], self._high[key], spread[key].to(weight), out=weight.data)

    def __call__(self, lr: Float[Tensor, "1 channel height width"]) -> Float[Tensor, "channel rows columns"]:
        """The output, not clipped; gradients flow to the weights."""
        return run(self._network, lr)[0]

    def slopes(self, loss: Tensor) -> Float[Tensor, " unit"]:
        """The derivative of a loss by each unit's strength."""
        by_weight = zip(self._weights, gradients(loss, list(self._weights.values())), strict=True)
        moved = {
            key: (self._high[key] - self._low[key]) * (0 if gradient is None else gradient)
            for key, gradient in by_weight
        }
        return self._space.sum_per_unit(moved)
