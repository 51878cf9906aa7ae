"""Every architecture that is recognised, by every unit: scores against plain autograd, and exact ends."""

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call

from conftest import TINY, nudged, tiny_network
from faig.attribution.integration.accumulate import Sample
from faig.attribution.integration.integral import along_path
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import gauss_legendre
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import revert
from faig.networks.checkpoint import load_network
from faig.networks.inference import channels_of, scale_of
from faig.networks.torchvision_stand_in import torchvision_or_stand_in
from spandrels import TINY as SPANDRELS
from spandrels import tiny

pytestmark = pytest.mark.filterwarnings("ignore:torch.meshgrid", "ignore:.saved_variables")

UNITS = {
    "filter": ("filter", False),
    "everything": ("filter", True),
    "channel": ("channel", False),
    "layer": ("layer", False),
}
RULE = gauss_legendre(2)
NO_GRADIENTS = {"SPAN", "PLKSR"}  # the first computes its convolutions from others without, the second in place
TOO_SLOW = {"SCUNet"}  # it cannot be made tiny


def exact(target: nn.Module, baseline: nn.Module, sample: Sample) -> dict[str, torch.Tensor]:
    """The sums of the rule in float64, by autograd alone: ``(θ̄ - θ) Σ share × ∂L/∂γ`` of every number."""
    network = copy.deepcopy(target).double()
    low, high = ({key: w.double() for key, w in net.named_parameters()} for net in (baseline, target))
    total = {key: torch.zeros_like(weight) for key, weight in low.items()}
    for alpha, share in zip(RULE.nodes, RULE.weights, strict=True):
        weights = {key: (high[key] + alpha * (low[key] - high[key])).requires_grad_() for key in low}
        output = functional_call(network, weights, (sample.lr[None].double(),))[0]
        loss = (output - sample.gt.double()).square().sum()
        found = torch.autograd.grad(loss, list(weights.values()), allow_unused=True, materialize_grads=True)
        for key, gradient in zip(weights, found, strict=True):
            total[key] += share * gradient * (low[key] - high[key])
    return total


def check(target: nn.Module, baseline: nn.Module) -> None:
    channels, scale = channels_of(target), scale_of(target)
    generator = torch.Generator().manual_seed(1)
    lr, gt = (torch.rand(channels, 9 * s, 8 * s, generator=generator) for s in (1, scale))
    sample = Sample("image", "noise", gt, lr)
    by_weight, path = exact(target, baseline, sample), WeightPath(target, baseline)
    for unit, everything in UNITS.values():
        space = FilterSpace.of(target, unit, everything)
        (found,) = along_path(path, space, RULE, [sample])
        for values, expected in (
            (found.signed, space.sum_per_unit(by_weight)),
            (found.score, space.sum_per_unit({key: each.abs() for key, each in by_weight.items()})),
        ):
            largest = float(expected.abs().max())
            assert float((values - expected).abs().max()) <= 1e-4 * largest, (unit, everything)
        reverted = revert(target, baseline, ~FilterSet.of(space, []))
        if space.everything:
            for key, weight in baseline.state_dict().items():
                assert weight.numpy().tobytes() == reverted.state_dict()[key].numpy().tobytes(), key


@pytest.mark.parametrize("name", TINY)
def test_scores_are_exact_and_reverting_all_is_the_baseline(name):
    baseline = tiny_network(name)
    check(nudged(baseline, size=0.02), baseline)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SPANDRELS.keys() - TOO_SLOW))
def test_the_same_of_spandrels(name, tmp_path):
    with torchvision_or_stand_in():
        pytest.importorskip("spandrel")
    torch.save({"params": tiny(name).state_dict()}, tmp_path / "net.pth")
    baseline = load_network(tmp_path / "net.pth")
    target = nudged(baseline, size=0.01)
    if name in NO_GRADIENTS:
        with pytest.raises(InputError, match=r"no gradient (comes|reaches)|overwrites its own weight"):
            WeightPath(target, baseline)
        return
    check(target, baseline)
