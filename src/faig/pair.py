"""A pair of networks: the target, and the baseline that it was fine-tuned from."""

from functools import cached_property

from torch import nn

from faig.attribution.path import WeightPath
from faig.filters import FilterSpace
from faig.networks.inference import scale_of


class Pair:
    """A target and its baseline, ready to be compared.

    Args:
        target: θ.
        baseline: θ̄, the network that the target was fine-tuned from.

    Raises:
        InputError: the two are of different architectures.
    """

    def __init__(self, *, target: nn.Module, baseline: nn.Module) -> None:
        self.target, self.baseline = target, baseline
        self.path = WeightPath(target, baseline)

    @cached_property
    def space(self) -> FilterSpace:
        """The numbering of the filters."""
        return FilterSpace.of(self.target)

    @cached_property
    def scale(self) -> int:
        """How many times larger an output is than its input."""
        return scale_of(self.target)
