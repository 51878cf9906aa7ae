import pytest
import torch
from torch import nn

from conftest import nudged, tiny_network
from faig.common.errors import InputError
from faig.networks.align import align, rearrange
from faig.networks.graph import Link, links
from faig.truth import scaled, swapped


def distance(one: nn.Module, other: nn.Module) -> float:
    return float(sum((a - b).square().sum() for a, b in zip(one.parameters(), other.parameters(), strict=True)))


def both(network: nn.Module) -> nn.Module:
    return swapped(scaled(network, 5.0, 3, seed=1).network, 2, seed=2).network


@pytest.mark.slow
@pytest.mark.parametrize("scale", [2, 3, 4])
def test_aligned_decoys_are_gone(pair, scale):
    """However the target's channels stand and whatever their scale, the same network comes out."""
    architecture = "srresnet" if hasattr(pair[0], "body") else "srcnn-style"
    baseline = tiny_network(architecture, scale)
    target = nudged(baseline, size=0.01)
    plain, found = align(target, baseline), align(both(target), baseline)
    assert distance(both(target), baseline) > 3 * distance(target, baseline)
    torch.testing.assert_close(found.state_dict(), plain.state_dict(), rtol=1e-3, atol=1e-4)
    image = torch.rand(1, 3, 7, 9)
    torch.testing.assert_close(found(image), target(image), rtol=1e-4, atol=1e-5)


def test_alignment_brings_nearer_and_leaves_the_given_alone(pair):
    target, baseline = pair
    before = {key: value.clone() for key, value in target.state_dict().items()}
    assert distance(align(target, baseline), baseline) <= distance(target, baseline)
    torch.testing.assert_close(dict(target.state_dict()), before, rtol=0, atol=0)


def test_an_aligned_network_stays(pair):
    once = align(*pair)
    torch.testing.assert_close(align(once, pair[1]).state_dict(), once.state_dict(), rtol=1e-5, atol=1e-6)
    assert distance(align(pair[1], pair[1]), pair[1]) < 1e-10


def test_the_best_scale_by_hand():
    """One channel of weights 2 and 1/2, the baseline's 1 and 1: c = 1/2 makes them equal."""

    def series(first: float, second: float) -> nn.Module:
        network = nn.Sequential(nn.Conv2d(3, 1, 1, bias=False), nn.LeakyReLU(0.1), nn.Conv2d(1, 3, 1, bias=False))
        network[0].weight.data.fill_(first)
        network[2].weight.data.fill_(second)
        return network

    aligned = align(series(2, 0.5), series(1, 1))
    assert aligned[0].weight.flatten().tolist() == pytest.approx([1, 1, 1])
    assert aligned[2].weight.flatten().tolist() == pytest.approx([1, 1, 1])


def test_dead_channels_do_no_harm(pair):
    target, baseline = pair
    with torch.no_grad():
        link = links(target)[0]
        target.get_submodule(link.writer).weight[0] = 0
        target.get_submodule(link.writer).bias[0] = 0
        target.get_submodule(link.reader).weight[:, 1] = 0
    assert all(bool(weight.isfinite().all()) for weight in align(target, baseline).parameters())


def test_a_wrong_link_is_noticed(pair, monkeypatch):
    """A channel that others read too is none to be swapped: the check says so."""
    target, baseline = pair
    monkeypatch.setattr("faig.networks.align.links", lambda network: [wrong(network)])
    with pytest.raises(InputError, match="aligned, the target computes something else"):
        align(target, baseline)


def wrong(network: nn.Module) -> Link:
    """Two convolutions of as many channels that do not follow each other."""
    if hasattr(network, "body"):
        return Link("conv_first", "body.0.conv1", 1)
    return Link("features.2", "features.9", 1)


def test_rearranging_keeps_the_function(pair):
    target = pair[0]
    image = torch.rand(1, 3, 6, 8)
    before = target(image)
    for link in links(target):
        units = target.get_submodule(link.reader).in_channels
        rearrange(target, link, torch.randperm(units), torch.rand(units) + 0.5)
    torch.testing.assert_close(target(image), before, rtol=1e-4, atol=1e-5)
