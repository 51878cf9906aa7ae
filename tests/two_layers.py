"""A pair of the smallest networks, to give bad habits to."""

import torch
from torch import nn

from conftest import nudged


class Two(nn.Module):
    """Two convolutions; the second is a part with a forward of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.second = nn.Sequential(nn.Conv2d(4, 3, 3, padding=1))

    def forward(self, x):
        return self.second(self.first(x).relu())


def two(kind: type[nn.Module] = Two) -> tuple[nn.Module, nn.Module]:
    """A target and its baseline."""
    torch.manual_seed(0)
    baseline = kind().eval().requires_grad_(False)
    return nudged(baseline, size=0.1), baseline
