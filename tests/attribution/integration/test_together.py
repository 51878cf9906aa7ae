"""Networks that do not take several images at once are given them one by one: what is plain stays exact."""

import logging

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from conftest import nudged, tiny_cases
from faig.attribution.integration.accumulate import ComputeOptions, samples_of
from faig.attribution.integration.integral import along_path
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import graded
from faig.common.errors import InputError
from faig.filters import FilterSpace


class Doubled(torch.autograd.Function):
    """A step with a backward pass of its own, as NAFNet's LayerNorm2d has."""

    @staticmethod
    def forward(_, x):
        return 2 * x

    @staticmethod
    def backward(_, gradient):
        return 2 * gradient


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 12, 3, padding=1)
        self.up = nn.PixelShuffle(2)

    def forward(self, x):
        return self.up(self.second(self.middle(self.first(x).relu())))

    def middle(self, y):
        return 2 * y


class Custom(Plain):
    def middle(self, y):
        return Doubled.apply(y)


class Checkpointed(Plain):
    def middle(self, y):
        return checkpoint(lambda z: 2 * z, y, use_reentrant=False)


class Item(Plain):
    def middle(self, y):
        return y * (2 if y.mean().item() > -1 else 3)


class Branching(Plain):
    def middle(self, y):
        return 2 * y if y.mean() > -1 else y


class OutOfPlace(Plain):
    """Fills a tensor that knows nothing of the images."""

    def middle(self, y):
        z = torch.zeros(y.shape, dtype=y.dtype)
        z += y
        return 2 * z


KINDS = [Custom, Checkpointed, Item, Branching, OutOfPlace]


def pair_of(kind: type[nn.Module]) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    baseline = kind().eval().requires_grad_(False)
    return nudged(baseline, size=0.1), baseline


@pytest.mark.parametrize("together", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_one_by_one_is_what_it_would_be_together(kind, together, caplog):
    caplog.set_level(logging.INFO, "faig")
    samples = samples_of(tiny_cases(count=1)[0])
    compute = ComputeOptions(together=together)
    space = FilterSpace.of(pair_of(kind)[0])
    path = WeightPath(*pair_of(kind))
    found = along_path(path, space, graded(3), samples, compute)
    along_path(path, space, graded(3), samples, compute)
    assert caplog.text.count("one by one, for it does not take several at once") == 1
    expected = along_path(WeightPath(*pair_of(Plain)), space, graded(3), samples, compute)
    for one, other in zip(found, expected, strict=True):
        for name in ("score", "signed", "total", "losses", "coarse_score"):
            torch.testing.assert_close(getattr(one, name), getattr(other, name), rtol=1e-4, atol=1e-4)


def test_what_is_taken_together_is_not_said(caplog):
    caplog.set_level(logging.INFO, "faig")
    space = FilterSpace.of(pair_of(Plain)[0])
    along_path(
        WeightPath(*pair_of(Plain)), space, graded(1), samples_of(tiny_cases(count=1)[0]), ComputeOptions(together=3)
    )
    assert not caplog.text


class Odd(Plain):
    def forward(self, x):
        if x.shape[-1] == 10:
            raise IndexError("ten columns")
        return super().forward(x)


def test_what_is_wrong_with_the_network_itself_comes_up(caplog):
    caplog.set_level(logging.INFO, "faig")
    path = WeightPath(*pair_of(Odd))
    samples = samples_of(tiny_cases(count=1)[0])
    with pytest.raises(InputError, match=r"image0: .*10x14 \(IndexError: ten columns\)"):
        along_path(path, FilterSpace.of(path.network), graded(1), samples, ComputeOptions(together=3))
    assert "one by one" not in caplog.text
