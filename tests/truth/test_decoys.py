"""Weights that say nothing: what decoys change, what fools a ranking, and how alignment undoes it."""

import pytest
import torch
from torch import nn

from conftest import path_scores, tiny_cases, tiny_network
from faig.attribution.integration.quadrature import gauss_legendre
from faig.attribution.methods import METHODS
from faig.common.errors import InputError
from faig.filters import rank
from faig.networks.graph import Link, Suffix, links
from faig.truth import (
    scaled,
    swapped,
)

pytestmark = pytest.mark.slow


def test_links_are_found_by_what_follows_not_by_name():
    names = [("features.0", "features.2", 1), ("features.2", "features.4", 1), ("features.4", "features.7", 4)]
    assert links(tiny_network("srcnn-style")) == [*(Link(*name) for name in names), Link("features.7", "features.9", 1)]
    # A residual stream has several readers; it is no link.
    within = [Link("body.0.conv1", "body.0.conv2", 1), Link("upconv1", "conv_hr", 4), Link("conv_hr", "conv_last", 1)]
    assert links(tiny_network("srresnet")) == within
    assert links(tiny_network("srresnet", scale=3))[1].group == 9
    smooth = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GELU(), nn.Conv2d(4, 3, 3))
    assert links(smooth) == []
    with pytest.raises(InputError, match="no two convolutions of this network"):
        scaled(smooth, 2.0, 1)


def test_a_network_that_cannot_be_traced_says_so():
    class Picky(nn.Conv2d):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) if x.mean() > 0 else x

    with pytest.raises(InputError, match="the network cannot be traced"):
        links(nn.Sequential(Picky(3, 3, 1), nn.ReLU(), nn.Conv2d(3, 3, 1)).append(Branch()))


class Branch(nn.Module):
    """Depends on its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.sum() > 0 else -x


def test_a_layer_that_runs_twice_is_refused():
    conv = nn.Conv2d(3, 3, 1)
    with pytest.raises(InputError, match="the layer 0 runs 2 times"):
        Suffix(nn.Sequential(conv, conv), torch.rand(1, 3, 2, 2)).given("0")


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("make", [lambda net: scaled(net, 3.0, 2, seed=1), lambda net: swapped(net, 1, seed=1)])
@pytest.mark.parametrize("architecture", ["srresnet", "srcnn-style"])
def test_decoys_change_nothing_but_weights(architecture, make, scale):
    target = tiny_network(architecture, scale)
    found, image = make(target), torch.rand(1, 3, 9, 7)
    torch.testing.assert_close(found.network(image), target(image), rtol=1e-4, atol=1e-5)
    space = found.decoys.space
    moved = space.sum_per_unit({k: (v - target.get_parameter(k)).abs() for k, v in found.network.named_parameters()})
    assert moved[~found.decoys.mask].max() < 1e-6
    assert 0.1 < found.decoys.mask.float().mean() < 1


def test_too_many_decoys_are_refused():
    with pytest.raises(InputError, match="6 decoys in a link of 4 channels"):
        swapped(tiny_network("srresnet"), 3)


def test_faig_of_decoys_alone_is_zero_once_aligned():
    from faig.networks.align import align

    baseline = tiny_network("srresnet")
    decoyed = swapped(scaled(baseline, 4.0, 3, seed=2).network, 2, seed=3).network
    cases = tiny_cases(count=1)
    fooled, found = (
        path_scores(net, baseline, cases, gauss_legendre(3)) for net in (decoyed, align(decoyed, baseline))
    )
    scores = [METHODS["faig"].scores(one, "blur").abs().max() for one in (fooled, found)]
    assert scores[1] < 1e-4 * scores[0]
    assert set(rank(METHODS["faig"].scores(fooled, "blur"))[:3].tolist()) != {0, 1, 2}
