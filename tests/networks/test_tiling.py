"""How far a network sees, and grids of tiles that cover an image."""

import itertools
import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from faig.networks.architectures import SRCNNStyle, SRResNet
from faig.networks.tiling import LEAST, Reach, _cut, best_grid, of_one_size, reach


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


def sums(height: int, width: int, seen: Reach, most: int) -> list[int]:
    """The pixels, frames counted, of every grid whose tiles fit, by trying all."""
    rows, columns = (
        [cuts for parts in range(1, max(1, side // LEAST) + 1) if (cuts := _cut(side, parts, seen))]
        for side in (height, width)
    )
    return [
        sum(y.framed) * sum(x.framed)
        for y, x in itertools.product(rows, columns)
        if max(y.framed) * max(x.framed) <= most
    ]


@settings(deadline=None)
@given(
    height=st.integers(1, 400),
    width=st.integers(1, 400),
    pixels=st.integers(0, 30),
    align=st.sampled_from([1, 2, 8]),
    most=st.integers(LEAST**2, 20_000),
)
def test_no_other_grid_has_less_frame(height, width, pixels, align, most):
    seen = Reach(pixels, align)
    grid = best_grid(height, width, seen, most)
    possible = sums(height, width, seen, most)
    assert (grid is None) == (not possible)
    if grid is not None:
        assert sum(tile.pixels for tile in grid) == min(possible)
        assert max(tile.pixels for tile in grid) <= most


@pytest.mark.parametrize("size", [(1, 1_000_000), (1_000_000, 1), (3, 300_000), (16, 200_000), (8000, 6000)])
@pytest.mark.parametrize("most", [LEAST**2, 5_000, 1_000_000])
def test_a_grid_is_found_soon(size, most):
    begun = time.process_time()
    best_grid(*size, Reach(9, 1), most)
    assert time.process_time() - begun < 20


@settings(deadline=None)
@given(
    height=st.integers(40, 400),
    width=st.integers(40, 400),
    pixels=st.integers(0, 9),
    align=st.sampled_from([1, 2, 8]),
)
def test_tiles_of_one_size_see_what_they_saw(height, width, pixels, align):
    grid = best_grid(height, width, Reach(pixels, align), 2 * LEAST**2)
    if grid is None:
        return
    alike = of_one_size(grid, height, width, align)
    assert [tile.own for tile in alike] == [tile.own for tile in grid]
    for tile, before in zip(alike, grid, strict=True):
        top, bottom, left, right = tile.framed
        above, below, beside, beyond = before.framed
        assert 0 <= top <= above < below <= bottom <= height
        assert 0 <= left <= beside < beyond <= right <= width
        assert top % align == left % align == 0
    sizes = {(tile.framed[1] - tile.framed[0], tile.framed[3] - tile.framed[2]) for tile in alike}
    assert len(sizes) == 1 or alike == grid
    if align == 1:
        assert len(sizes) == 1
