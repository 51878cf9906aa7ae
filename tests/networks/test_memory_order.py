"""Weights in the order of memory that is fast where it is right: gradients along the path."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from faig.attribution.integration.path import WeightPath
from faig.networks.trial import Trial
from two_layers import Two, two


class Normalised(nn.Module):
    """torch's backward of InstanceNorm is wrong where a convolution gives it channels last, and later ones too."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 8, 3, padding=1)
        self.conv, self.norm = nn.Conv2d(8, 8, 3, padding=1), nn.InstanceNorm2d(8, affine=True)
        self.tail = nn.Conv2d(8, 12, 3, padding=1)

    def forward(self, x):
        y = self.head(x)
        return functional.pixel_shuffle(self.tail(y + self.norm(self.conv(y).relu())), 2)


class Voluminous(nn.Module):
    """Has weights of five dimensions beside the usual ones."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.tail = nn.Conv3d(1, 4, 3, padding=1), nn.Conv2d(12, 3, 3, padding=1)

    def forward(self, x):
        return self.tail(self.head(x[:, None]).relu().flatten(1, 2))


def channels_last(network: nn.Module) -> bool:
    """Whether the weights of its 2-D convolutions are laid out so."""
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    return all(module.weight.is_contiguous(memory_format=torch.channels_last) for module in convolutions)


@pytest.mark.parametrize(("kind", "fast"), [(Two, True), (Voluminous, True), (Normalised, False)])
@pytest.mark.parametrize("given", [torch.contiguous_format, torch.channels_last])
def test_gradients_are_right_in_the_order_that_the_path_takes(kind, fast, given):
    pair = two(kind)
    for network in pair:
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.to(memory_format=given)
    path = WeightPath(*pair)
    assert channels_last(path.network) is fast
    image, exact = torch.rand(1, 3, 14, 10), two(kind)[0].double().requires_grad_(True)
    exact_gradients = torch.autograd.grad(exact(image.double()).square().sum(), list(exact.parameters()))
    path.network(image).square().sum().backward()
    largest = max(gradient.abs().max() for gradient in exact_gradients)
    for weight, gradient in zip(path.parameters.values(), exact_gradients, strict=True):
        assert (weight.grad - gradient).abs().max() <= 1e-5 * largest


def test_the_fast_order_would_be_wrong():
    trial = Trial.of(two(Normalised)[0])
    assert trial.agrees(trial.network)
    assert not trial.agrees(trial.network.to(memory_format=torch.channels_last))
