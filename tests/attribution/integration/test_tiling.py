"""Gradients by tiles are those of the whole image."""

import pytest
import torch
from torch import nn

from conftest import WHOLE, nudged, tiny_cases, tiny_network
from faig.attribution.integration.accumulate import ComputeOptions, samples_of
from faig.attribution.integration.integral import along_path
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import graded
from faig.attribution.integration.tiling import GradientTiler, saved_bytes
from faig.common.errors import InputError
from faig.filters import FilterSpace
from faig.imaging.cases import degrade_case
from faig.imaging.degradation import paper_preset
from faig.networks.architectures import SRResNet
from faig.networks.tiling import best_grid, reach, whole


@pytest.mark.slow
@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("architecture", ["srresnet", "srcnn-style"])
def test_tiled_equals_untiled(architecture, scale):
    baseline = tiny_network(architecture, scale)
    path, space = WeightPath(nudged(baseline), baseline), FilterSpace.of(baseline)
    image = torch.rand(3, 61 * scale, 74 * scale, generator=torch.Generator().manual_seed(3))
    samples = samples_of(degrade_case("odd", image, {"blur": paper_preset()["blur"]}, scale))
    seen = reach(path.network, scale)
    assert seen is not None
    grid = best_grid(61, 74, seen, 38 * 42)
    assert grid is not None
    assert len({tile.own[0] for tile in grid}) > 1 < len({tile.own[2] for tile in grid})  # in both directions
    one, many = (along_path(path, space, graded(3), samples, ComputeOptions(tiles)) for tiles in (whole(61, 74), grid))
    for first, second in zip(one, many, strict=True):
        for name in ("score", "signed", "losses", "coarse_score"):
            ours, theirs = getattr(first, name), getattr(second, name)
            assert (ours - theirs).norm() <= 1e-5 * ours.norm(), name


def test_bytes_are_those_that_autograd_keeps():
    side = 48
    image, hidden = 4 * 3 * side * side, 4 * 8 * side * side
    conv, wide = (nn.Conv2d(3, channels, 3, padding=1) for channels in (3, 8))
    assert saved_bytes(conv, side) == image  # for the gradient of the weight
    assert saved_bytes(nn.Sequential(conv, nn.ReLU()), side) == 2 * image
    assert saved_bytes(nn.Sequential(wide, nn.ReLU(), nn.Conv2d(8, 3, 1)), side) == image + hidden  # shared
    assert saved_bytes(nn.Conv2d(1, 1, 3, padding=1), side) == image / 3  # gray


def test_a_small_budget_makes_tiles_and_a_smaller_one_says_what_is_needed():
    network = SRResNet(2, features=4, blocks=1)
    assert GradientTiler(network, 2, 3e9).grid(30, 40) == whole(30, 40)
    needed = GradientTiler(network, 2, 3e9)
    budget = 3e9 - (needed.most_pixels() - 60 * 60) * needed.bytes_per_pixel
    grid = GradientTiler(network, 2, budget).grid(100, 100)
    assert len(grid) > 1
    assert max(tile.pixels for tile in grid) <= 60 * 60
    with pytest.raises(InputError, match=r"needs at least 0\.\d\dGB of memory, and may use 0\.1GB"):
        GradientTiler(network, 2, 1e8).grid(100, 100)


@pytest.mark.parametrize("architecture", sorted(WHOLE))
def test_says_so_where_tiles_will_not_do(architecture):
    tiler = GradientTiler(tiny_network(architecture), 2, 5.2e8)
    with pytest.raises(InputError, match=r"LR image of 3000x3000 needs .*GB of memory, .*depends on the whole image"):
        tiler.grid(3000, 3000)


def test_cases_that_fit_are_not_probed(monkeypatch):
    monkeypatch.setattr("faig.networks.tiling.reach", lambda *a: pytest.fail("probed"))
    case = tiny_cases()[0]
    assert len(GradientTiler(tiny_network(), 2, 3e9).grid(*case.lr["clean"].shape[1:])) == 1
