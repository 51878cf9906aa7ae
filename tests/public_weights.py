"""Weights under the names that others publish them by, and what is held against theirs."""

import re

import torch
from torch import nn

from faig.networks.checkpoint import load_network

EXACT = {"atol": 1e-5, "rtol": 0.0}
SIZES = ((9, 7), (6, 11))


def noisy(network: nn.Module) -> nn.Module:
    """With weights of ordinary size in every layer."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn(weight.shape, generator=generator) * 0.05)
    return network.eval().requires_grad_(False)


def image(height: int, width: int, channels: int = 3) -> torch.Tensor:
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(1))


def same(ours: nn.Module, theirs: nn.Module, channels: int = 3) -> None:
    for height, width in SIZES:
        x = image(height, width, channels)
        torch.testing.assert_close(ours(x), theirs(x.clone()), **EXACT)


def loaded(weights: dict[str, torch.Tensor], tmp_path) -> nn.Module:
    torch.save({"params": weights}, tmp_path / "net.pth")
    return load_network(tmp_path / "net.pth")


def under(names: dict[str, str], weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Ours under other names; each rule is applied to each name."""
    found = {}
    for name, weight in weights.items():
        for old, new in names.items():
            name = re.sub(old, new, name)
        found[name] = weight
    return found
