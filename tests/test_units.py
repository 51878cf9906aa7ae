"""Units beyond the paper's filters: channels, layers, and filters with everything else after them."""

import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call

import faig
from conftest import nudged
from faig.attribution.integration.accumulate import Sample
from faig.attribution.integration.integral import along_path
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import gauss_legendre
from faig.common.errors import InputError
from faig.filters import UNITS, FilterSet, FilterSpace, Strengths, rank
from faig.filters.strengths import turned
from faig.imaging.cases import make_cases
from faig.intervention.edit import graft, mix, modulate, revert

EVERY_UNIT = [("filter", True), ("channel", False), ("layer", False)]


class Gate(nn.Module):
    """Bare parameters of two kinds, as attention blocks have them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.rand(1, channels, 1, 1))
        self.table = nn.Parameter(torch.rand(2, channels))
        self.scale = nn.Parameter(torch.tensor(0.7))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gain * self.scale + self.table.sum(0).view(1, -1, 1, 1)


class Everything(nn.Module):
    """Every kind of parameter that restoration networks have: x2, RGB."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.slope = nn.PReLU(6)
        self.grouped = nn.Conv2d(6, 6, 3, padding=1, groups=2)
        self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.norm = nn.LayerNorm(6)
        self.linear = nn.Linear(6, 6)
        self.gate = Gate(6)
        self.shared = self.first_again = nn.Conv2d(6, 6, 1)
        self.up = nn.ConvTranspose2d(6, 4, 2, stride=2, groups=2)
        self.last = nn.Conv2d(4, 3, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.depthwise(self.grouped(self.slope(self.first(x))))
        x = self.linear(self.norm(x.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        x = self.first_again(torch.tanh(self.shared(self.gate(x))))
        return self.last(self.up(x))


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(0)
    baseline = Everything().eval().requires_grad_(False)
    return nudged(baseline), baseline


def integrated(target, baseline, lr, gt, nodes=16):
    """``(θ̄ - θ) ∫ ∂L/∂γ dα`` of every parameter in float64, by plain autograd."""
    low, high = ({k: w.detach().double() for k, w in net.named_parameters()} for net in (baseline, target))
    network, rule = nn.Module.double(Everything().requires_grad_(False)), gauss_legendre(nodes)
    total = {key: torch.zeros_like(weight) for key, weight in low.items()}
    for alpha, share in zip(rule.nodes, rule.weights, strict=True):
        weights = {key: (high[key] + alpha * (low[key] - high[key])).requires_grad_() for key in low}
        loss = (functional_call(network, weights, (lr[None].double(),))[0] - gt.double()).square().sum()
        for key, gradient in zip(weights, torch.autograd.grad(loss, list(weights.values())), strict=True):
            total[key] += share * gradient * (low[key] - high[key])
    return total


@pytest.mark.parametrize(("unit", "everything"), EVERY_UNIT)
def test_every_number_is_in_one_unit(pair, unit, everything):
    target, _ = pair
    space = FilterSpace.of(target, unit, everything)
    counts = {key: torch.zeros_like(weight) for key, weight in target.named_parameters()}
    sizes = torch.zeros(len(space))
    for index in range(len(space)):
        for key, chosen in space.spread(FilterSet.of(space, [index]).mask).items():
            counts[key] += chosen.expand_as(counts[key])
            sizes[index] += chosen.expand_as(counts[key]).sum()
    assert all(bool((count == 1).all()) for count in counts.values())
    ones = {key: torch.ones_like(weight) for key, weight in target.named_parameters()}
    assert torch.equal(space.sum_per_unit(ones), sizes)


def test_a_channel_is_all_that_makes_one_output(pair):
    """Reverting channel c of a module changes that module's output c and no other."""
    target, baseline = pair
    space = FilterSpace.of(target, "channel")
    inputs = {"first": torch.rand(1, 3, 8, 8), "slope": torch.randn(1, 6, 8, 8), "linear": torch.rand(8, 6)}
    inputs |= {"grouped": torch.rand(1, 6, 8, 8), "up": torch.rand(1, 6, 8, 8), "norm": torch.randn(8, 6)}
    for name, x in inputs.items():
        channel = 2
        chosen = FilterSet.of(space, [space.index(name, channel)])
        before, after = (net.get_submodule(name)(x) for net in (target, revert(target, baseline, chosen)))
        axis = 1 if before.ndim == 4 else -1
        changed = (before != after).movedim(axis, 0).flatten(1).any(1)
        assert changed.nonzero().flatten().tolist() == [channel], name


@pytest.mark.parametrize(("unit", "everything"), EVERY_UNIT)
def test_reverting_all_is_the_baseline_bit_for_bit(pair, unit, everything):
    target, baseline = pair
    space = FilterSpace.of(target, unit, everything)
    assert space.everything
    for altered, own in (
        (revert(target, baseline, ~FilterSet.of(space, [])), baseline),
        (graft(target, baseline, ~FilterSet.of(space, [])), target),
        (modulate(target, baseline, ~FilterSet.of(space, []), 1.0), target),
    ):
        for key, weight in own.state_dict().items():
            assert weight.numpy().tobytes() == altered.state_dict()[key].numpy().tobytes(), key


@pytest.mark.parametrize(("unit", "everything"), [("filter", False), *EVERY_UNIT])
def test_scores_are_those_of_plain_autograd_and_sum_to_the_change_of_loss(pair, unit, everything):
    target, baseline = pair
    lr = torch.rand(3, 9, 7, generator=torch.Generator().manual_seed(1))
    gt = torch.rand(3, 18, 14, generator=torch.Generator().manual_seed(2))
    space = FilterSpace.of(target, unit, everything)
    (found,) = along_path(WeightPath(target, baseline), space, gauss_legendre(16), [Sample("a", "blur", gt, lr)])
    exact = integrated(target, baseline, lr, gt)
    signed = space.sum_per_unit(exact)
    absolute = space.sum_per_unit({key: values.abs() for key, values in exact.items()})
    scale = float(absolute.max())
    assert float((found.signed - signed).abs().max()) < 1e-4 * scale
    assert float((found.score - absolute).abs().max()) < 1e-4 * scale
    if space.everything:
        gained = sum(
            sign * float((net(lr[None])[0] - gt).square().sum()) for net, sign in ((baseline, 1), (target, -1))
        )
        assert float(found.signed.sum()) == pytest.approx(gained, rel=1e-3)


def test_the_papers_numbers_come_first_where_everything_is_ranked(pair):
    filters, everything = (FilterSpace.of(pair[0], "filter", flag) for flag in (False, True))
    assert everything.layers[: len(filters.layers)] == filters.layers
    names = [layer.name for layer in everything.layers]
    assert len(set(names)) == len(names)
    assert {"first.bias", "slope", "norm", "linear", "up.bias"} <= set(names)
    assert "depthwise.bias" not in names


@pytest.mark.parametrize(("unit", "everything"), [("filter", False), *EVERY_UNIT])
def test_a_numbering_is_described_and_read_back(pair, unit, everything):
    space = FilterSpace.of(pair[0], unit, everything)
    read = FilterSpace.described(space.describe())
    assert read == space
    assert (read.unit, read.everything, len(read)) == (space.unit, space.everything, len(space))
    with pytest.raises(InputError, match="this numbering is from a file"):
        read.spread(torch.zeros(len(read)))


def test_an_unknown_unit_is_refused(pair):
    with pytest.raises(InputError, match="unit 'neuron' is not one of filter, channel, layer"):
        FilterSpace.of(pair[0], "neuron")
    assert UNITS == ("filter", "channel", "layer")


def test_a_network_of_linear_layers_has_no_filters_but_channels():
    network = nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4))
    with pytest.raises(InputError, match="no Conv2d or ConvTranspose2d, so no filters"):
        FilterSpace.of(network)
    assert len(FilterSpace.of(network, "channel")) == 8


def test_strengths_turn_each_unit_by_itself_and_are_exact_at_both_ends(pair, tmp_path):
    target, baseline = pair
    space = FilterSpace.of(target, "channel")
    values = torch.rand(len(space), generator=torch.Generator().manual_seed(3))
    values[:3] = torch.tensor([0.0, 1.0, 1.5])
    strengths = Strengths(space, values)
    altered = mix(target, baseline, strengths)
    for key, strength in space.spread(values).items():
        low, high, mixed = (net.get_parameter(key) for net in (baseline, target, altered))
        torch.testing.assert_close(mixed, low + strength * (high - low))
    assert torch.equal(altered.first.weight[0], baseline.first.weight[0])
    assert torch.equal(altered.first.bias[1], target.first.bias[1])
    strengths.save(tmp_path / "strengths.safetensors")
    read = Strengths.load(tmp_path / "strengths.safetensors")
    assert torch.equal(read.values, values)
    for key, weight in mix(target, baseline, read).state_dict().items():
        assert torch.equal(weight, altered.state_dict()[key])
    for strength, end in ((1.0, target.state_dict()), (0.0, altered.state_dict())):
        assert all(
            torch.equal(weight, end[key])
            for key, weight in modulate(target, baseline, read, strength).state_dict().items()
        )


def test_strengths_of_another_network_are_refused(pair):
    target, baseline = pair
    other = FilterSpace.of(nn.Conv2d(3, 3, 3), "channel")
    with pytest.raises(InputError, match="do not fit a network of"):
        mix(target, baseline, Strengths(FilterSpace.described(other.describe()), torch.ones(3)))
    with pytest.raises(InputError, match="2 strengths for a space of 3 channels"):
        Strengths(other, torch.ones(2))
    with pytest.raises(InputError, match=r"the strength of weight\[1\] is nan"):
        Strengths(other, torch.tensor([1.0, float("nan"), 0.0]))


def test_functions_turn_together_whichever_comes_first(pair):
    space = FilterSpace.of(pair[0])
    blur, noise = FilterSet.of(space, [0, 1]), FilterSet.of(space, [1, 2])
    one = turned({"blur": blur, "noise": noise}, {"blur": 0.2, "noise": 0.7})
    other = turned({"noise": noise, "blur": blur}, {"blur": 0.2, "noise": 0.7})
    assert torch.equal(one.values, other.values)
    torch.testing.assert_close(one.values[:4], torch.tensor([0.2, 0.2, 0.7, 1.0]))
    torch.testing.assert_close(
        turned({"blur": blur, "noise": noise}, {"blur": 1.5}).values[:3], torch.tensor([1.5, 1.5, 1.0])
    )


def test_a_ranking_of_channels_orders_all(pair):
    space = FilterSpace.of(pair[0], "channel")
    scores = torch.rand(len(space))
    assert FilterSet.top(space, rank(scores), 1.0) == ~FilterSet.of(space, [])


@pytest.mark.parametrize(("unit", "everything"), [("filter", False), *EVERY_UNIT])
def test_an_attribution_says_what_its_units_leave_out(pair, unit, everything):
    """Of biases that do most of what changed: filters alone carry little, and say so."""
    baseline = pair[1]
    target = copy.deepcopy(baseline)
    with torch.no_grad():
        target.last.bias += 0.3
        target.last.weight *= 1.01
    cases = make_cases({"one": torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(4))}, {"noise": 0.1}, 2)
    found = faig.Pair(target=target, baseline=baseline, unit=unit, everything=everything).attribute(cases)
    if unit == "filter" and not everything:
        assert abs(found.carried["noise"]) < 0.1
        assert "of the change of loss on clean, " in found.left_out
        assert "left out: filters carry" in repr(found)
    else:
        assert found.carried["noise"] == pytest.approx(1, abs=0.02)
        assert found.left_out is None
