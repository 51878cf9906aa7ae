"""The straight path, in parameter space, from the target to the baseline."""

import copy

import torch
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.networks.calls import copied
from faig.networks.compatibility import check_pair
from faig.networks.trial import Trial, check_end, in_order


class WeightPath:
    """``γ(α) = θ + α (θ̄ - θ)``: α = 0 is the target θ, α = 1 the baseline θ̄, both bit-exact.

    The caller's networks are left as they are; `network` is the one that moves.

    Args:
        target: θ.
        baseline: θ̄, of the same architecture.

    Raises:
        InputError: the networks differ in a key, a shape, a shared weight or a buffer (the message names the first),
            or in what is no weight; or gradients of the target would not be right: see `Trial`.
    """

    def __init__(self, target: nn.Module, baseline: nn.Module) -> None:
        check_pair(target, baseline)
        trial, network = Trial.of(target), copied(target).eval().requires_grad_(True)
        fast = trial.agrees(in_order(trial.network, torch.channels_last))
        self.network = in_order(network, torch.channels_last if fast else torch.contiguous_format)
        self.parameters: dict[str, Tensor] = dict(self.network.named_parameters())
        ends = dict(baseline.named_parameters())
        self._start = {key: weight.detach().clone() for key, weight in self.parameters.items()}
        self._end = {key: torch.empty_like(w).copy_(ends[key].detach()) for key, w in self._start.items()}
        self.difference = {key: self._end[key] - start for key, start in self._start.items()}
        self._moving = [key for key, delta in self.difference.items() if bool(delta.any())] or list(self.difference)
        check_end(self.move(1.0), baseline, trial.image)
        self.move(0.0)

    @classmethod
    def of_pair(cls, target: nn.Module, baseline: nn.Module, named: str) -> "WeightPath":
        """The path of two networks that are a pair; ``named`` is what messages begin with.

        Raises:
            InputError: as above; or the two have equal weights.
        """
        try:
            path = cls(target, baseline)
            if path.is_point:
                raise InputError("have equal weights, so nothing tells them apart")
        except InputError as error:
            raise error.at(named) from None
        return path

    def twin(self) -> "WeightPath":
        """The same path with a network of its own, which moves by itself."""
        twin = copy.copy(self)
        twin.network = copy.deepcopy(self.network)
        twin.parameters = dict(twin.network.named_parameters())
        return twin

    @property
    def moving(self) -> dict[str, Tensor]:
        """The parameters of `network` that differ between the two ends; all, where none does."""
        return {key: self.parameters[key] for key in self._moving}

    def move(self, alpha: float) -> nn.Module:
        """Give `network` the weights γ(α) and return it."""
        with torch.no_grad():
            for key, weight in self.parameters.items():
                torch.lerp(self._start[key], self._end[key], alpha, out=weight.data)
        return self.network

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(iter(self.parameters.values())).device

    @property
    def is_point(self) -> bool:
        """Whether target and baseline are equal."""
        return not any(bool(delta.any()) for delta in self.difference.values())


def barrier(losses: Tensor, loss_target: float, loss_baseline: float) -> float:
    """Path check (ours): the largest loss on the path, as a multiple of the larger end's.

    Args:
        losses: ``[node]``, at the nodes, summed over images.
        loss_target: at α = 0, summed over the same images.
        loss_baseline: at α = 1.
    """
    ends = max(loss_target, loss_baseline)
    largest = max(ends, float(losses.max()))
    return largest / ends if ends else 1.0
