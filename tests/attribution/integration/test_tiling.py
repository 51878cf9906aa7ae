"""Tiles: how far a network sees, and gradients that are those of the whole image."""

import pytest
import torch
from torch import nn

from conftest import nudged, tiny_cases, tiny_network
from faig.attribution.integration.accumulate import ComputeOptions, samples_of
from faig.attribution.integration.integral import along_path
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import graded
from faig.attribution.integration.tiling import Reach, Tiler, best_grid, reach, saved_bytes, whole
from faig.common.errors import InputError
from faig.filters import FilterSpace
from faig.imaging.cases import degrade_case
from faig.imaging.degradation import paper_preset
from faig.networks.architectures import SRCNNStyle, SRResNet


class Windows(nn.Module):
    """Each window of 8 pixels sees itself alone: not alike at every pixel."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        b, c, h, w = x.shape
        x = self.conv(x).view(b, c, h // 8, 8, w // 8, 8)
        return (x + x.mean((3, 5), keepdim=True)).reshape(b, c, h, w)


class Everywhere(nn.Module):
    """Every output pixel depends on the mean of the image."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        return self.conv(x) + x.mean((2, 3), keepdim=True)


@pytest.mark.parametrize(
    ("network", "scale", "pixels"),
    [
        (nn.Sequential(nn.Conv2d(3, 3, 1)), 1, 0),
        (nn.Sequential(nn.Conv2d(3, 3, 5, padding=2), nn.ReLU(), nn.Conv2d(3, 3, 3, padding=1)), 1, 3),
        (nn.Sequential(nn.Conv2d(3, 3, 3, padding=4, dilation=4)), 1, 4),
        # conv_first, two in the block, upconv1: 4; conv_hr and conv_last at twice the size: 1
        (SRResNet(2, features=4, blocks=1), 2, 5),
        (SRCNNStyle(2, widths=(4, 4)), 2, 4),
    ],
)
def test_reach_is_what_the_layers_add_up_to(network, scale, pixels):
    assert reach(network, scale) == Reach(pixels, 1)


def test_tiles_of_windows_begin_where_windows_do():
    found = reach(Windows(), 1)
    assert found is not None
    assert found.align == 8
    assert 4 <= found.pixels <= 7


def test_no_reach_where_all_depends_on_all():
    assert reach(Everywhere(), 1) is None


@pytest.mark.parametrize("size", [(60, 60), (61, 83), (200, 47), (33, 500)])
@pytest.mark.parametrize("seen", [Reach(0, 1), Reach(5, 1), Reach(9, 8)])
def test_a_grid_covers_every_pixel_once(size, seen):
    height, width = size
    most = 50 * 50
    grid = best_grid(height, width, seen, most)
    assert grid is not None
    covered = torch.zeros(height, width)
    for tile in grid:
        top, bottom, left, right = tile.own
        covered[top:bottom, left:right] += 1
        assert tile.pixels <= most
        above, below, before, after = tile.framed
        assert above == max(0, above) <= max(0, top - seen.pixels)
        assert before <= max(0, left - seen.pixels)
        assert below >= min(height, bottom + seen.pixels)
        assert after >= min(width, right + seen.pixels)
        assert above % seen.align == before % seen.align == 0
    assert (covered == 1).all()


def test_no_grid_where_the_frame_alone_is_too_large():
    assert best_grid(500, 500, Reach(40, 1), 60 * 60) is None


def test_the_grid_has_the_least_frame():
    # One tile more along the long side, and none along the short one.
    grid = best_grid(40, 400, Reach(5, 1), 40 * 210)
    assert grid is not None
    assert [tile.own for tile in grid] == [(0, 40, 0, 200), (0, 40, 200, 400)]


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
    assert Tiler(network, 2, 3e9).grid(30, 40) == whole(30, 40)
    needed = Tiler(network, 2, 3e9)
    budget = 3e9 - (needed.most_pixels() - 60 * 60) * needed.bytes_per_pixel
    grid = Tiler(network, 2, budget).grid(100, 100)
    assert len(grid) > 1
    assert max(tile.pixels for tile in grid) <= 60 * 60
    with pytest.raises(InputError, match=r"needs at least 0\.\d\dGB of memory, and may use 0\.1GB"):
        Tiler(network, 2, 1e8).grid(100, 100)


def test_says_so_where_tiles_will_not_do():
    tiler = Tiler(Everywhere(), 1, 5.2e8)
    with pytest.raises(InputError, match=r"LR image of 3000x3000 needs .*GB of memory, .*depends on the whole image"):
        tiler.grid(3000, 3000)


def test_cases_that_fit_are_not_probed(monkeypatch):
    monkeypatch.setattr("faig.attribution.integration.tiling.reach", lambda *a: pytest.fail("probed"))
    case = tiny_cases()[0]
    assert len(Tiler(tiny_network(), 2, 3e9).grid(*case.lr["clean"].shape[1:])) == 1
