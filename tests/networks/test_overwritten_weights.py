"""Networks whose forward writes their own weights are refused."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from faig.attribution.integration.path import WeightPath
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import revert
from two_layers import two


class Folding(nn.Module):
    """A re-parameterised block: two branches, folded into the one convolution that runs."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow, self.folded = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        self.fold(self.wide.weight.detach() + functional.pad(self.narrow.weight.detach(), (1, 1, 1, 1)))
        return self.folded(x)

    def fold(self, weight):
        raise NotImplementedError


class Copied(Folding):
    def fold(self, weight):
        with torch.no_grad():
            self.folded.weight.copy_(weight)


class Data(Folding):
    def fold(self, weight):
        self.folded.weight.data = weight


class Unseen(Folding):
    def fold(self, weight):
        self.folded.weight.data.copy_(weight)  # a change that torch does not count


class Replaced(Folding):
    def fold(self, weight):
        self.folded.weight = nn.Parameter(weight)


class Removed(Folding):
    def fold(self, weight):
        if "weight" in self.folded._parameters:
            del self.folded.weight
        self.folded.weight = weight


@pytest.mark.parametrize("kind", [Copied, Data, Unseen, Replaced, Removed])
@pytest.mark.parametrize("ran_before", [False, True])
def test_a_forward_that_overwrites_weights_is_refused(kind, ran_before):
    target, baseline = two(kind)
    if ran_before and kind is not Removed:  # what it writes is there already
        target(torch.rand(1, 3, 8, 8))
        baseline(torch.rand(1, 3, 8, 8))
    with pytest.raises(InputError, match=r"overwrites its own weight folded\.weight"):
        WeightPath(target, baseline)
    with pytest.raises(InputError, match=r"overwrites its own weight folded\.weight"):
        revert(target, baseline, FilterSet.of_layers(FilterSpace.of(target), ["folded"]))
