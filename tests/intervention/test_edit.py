import copy

import pytest
import torch
from torch import nn

from conftest import nudged, tiny_network
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import cut, graft, modulate, revert, transplant


class Mixed(nn.Module):
    """Groups, a transposed convolution with groups, a depthwise one, and a linear layer that is no filter."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(4, 6, 3, groups=2)
        self.b = nn.ConvTranspose2d(6, 4, (3, 1), groups=2)
        self.c = nn.Conv2d(4, 4, 1, groups=4)
        self.d = nn.Linear(2, 2)


def mixed_pair() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    baseline = Mixed().requires_grad_(False)
    return nudged(baseline), baseline


PAIRS = {
    "mixed": mixed_pair,
    "srresnet": lambda: (nudged(tiny_network("srresnet")), tiny_network("srresnet")),
    "srcnn-style": lambda: (nudged(tiny_network("srcnn-style")), tiny_network("srcnn-style")),
}


@pytest.fixture(params=list(PAIRS))
def networks(request):
    return PAIRS[request.param]()


@pytest.fixture
def some(networks) -> FilterSet:
    """Every third filter."""
    space = FilterSpace.of(networks[0])
    return FilterSet.of(space, range(0, len(space), 3))


def differing_filters(first: nn.Module, second: nn.Module) -> FilterSet:
    """Filters in which two networks differ; asserts that nothing else does."""
    space = FilterSpace.of(first)
    a, b = first.state_dict(), second.state_dict()
    keys = set(space.keys)
    assert all(torch.equal(a[key], b[key]) for key in a if key not in keys)
    return FilterSet(space, space.sum_per_unit({key: (a[key] != b[key]).float() for key in keys}) > 0)


def test_revert_touches_exactly_its_filters(networks, some):
    target, baseline = networks
    reverted = revert(target, baseline, some)
    assert differing_filters(reverted, target) == some
    assert revert(target, baseline, some - some).state_dict().keys() == target.state_dict().keys()
    assert len(differing_filters(revert(target, baseline, some - some), target)) == 0


def test_graft_touches_exactly_its_filters(networks, some):
    target, baseline = networks
    assert differing_filters(graft(target, baseline, some), baseline) == some


def test_reverting_and_grafting_meet(networks, some):
    """Filters of the set from the baseline, the others from the target, seen from both ends; biases stay apart."""
    target, baseline = networks
    one, other = revert(target, baseline, some), graft(target, baseline, ~some)
    for key in some.space.keys:
        assert torch.equal(one.get_parameter(key), other.get_parameter(key))


def test_giving_the_target_back_restores_it_bit_for_bit(networks, some):
    target, baseline = networks
    back = modulate(target, revert(target, baseline, some), some, 1.0)
    assert all(torch.equal(weight, target.state_dict()[key]) for key, weight in back.state_dict().items())


@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0, 1.5, -0.5])
def test_modulate_is_linear_and_exact_at_both_ends(networks, some, strength):
    target, baseline = networks
    altered = modulate(target, baseline, some, strength)
    masks = some.space.spread(some.mask)
    for key, mask in masks.items():
        low, high, got = (n.get_parameter(key) for n in (baseline, target, altered))
        chosen = mask.expand_as(got)
        expected = low + strength * (high - low)
        if strength in (0, 1):
            assert torch.equal(got[chosen], (low if strength == 0 else high)[chosen])
        torch.testing.assert_close(got[chosen], expected[chosen])
        assert torch.equal(got[~chosen], high[~chosen])


def test_the_given_networks_stay_as_they_are(networks, some):
    before = copy.deepcopy([network.state_dict() for network in networks])
    modulate(*networks, some, 0.5)
    graft(*networks, some)
    for network, kept in zip(networks, before, strict=True):
        assert all(torch.equal(weight, kept[key]) for key, weight in network.state_dict().items())


def test_refuses_networks_of_two_architectures(networks, some):
    with pytest.raises(InputError, match="is in the target but not in the baseline"):
        revert(networks[0], nn.Conv2d(1, 1, 1), some)


def test_kernels_become_the_weight_again():
    network = Mixed()
    for layer in FilterSpace.of(network).layers:
        weight = network.get_parameter(layer.kernels.key)
        assert torch.equal(layer.kernels.join(layer.kernels.split(weight)), weight)


def test_a_transplant_in_place_is_a_graft(networks):
    target, baseline = networks
    space = FilterSpace.of(target)
    chosen = FilterSet.of(space, range(1, len(space), 3))
    moved = transplant(target, baseline, chosen.indices, chosen.indices)
    for one, other in zip(moved.parameters(), graft(target, baseline, chosen).parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_a_transplant_changes_its_places_as_the_sources_changed():
    target, baseline = PAIRS["srresnet"]()
    space = FilterSpace.of(target)
    sources, places = torch.tensor([0, 40]), torch.tensor([50, 3])
    moved = transplant(target, baseline, sources, places)

    def kernel(network, index):
        layer = space.layer_of(index)
        return layer.kernels.split(network.get_parameter(layer.kernels.key))[index - layer.start]

    for source, place in zip(sources.tolist(), places.tolist(), strict=True):
        change = kernel(target, source) - kernel(baseline, source)
        assert torch.allclose(kernel(moved, place), kernel(baseline, place) + change, atol=1e-6)
    rest = ~FilterSet.of(space, places)
    assert all(torch.equal(kernel(moved, i), kernel(baseline, i)) for i in rest.indices.tolist())


def test_a_kernel_does_not_fit_everywhere():
    target, baseline = mixed_pair()
    space = FilterSpace.of(target)
    small = space.index("c", 0, 0)
    with pytest.raises(InputError, match=r"filter 0 of a is \(3, 3\), but .* of c is \(1, 1\)"):
        transplant(target, baseline, torch.tensor([0]), torch.tensor([small]))


def test_cut_filters_are_zero_and_others_are_not(networks):
    target, _ = networks
    space = FilterSpace.of(target)
    chosen = FilterSet.of(space, [0, len(space) - 1])
    sizes = space.sum_per_unit({key: weight.abs() for key, weight in cut(target, chosen).named_parameters()})
    before = space.sum_per_unit({key: weight.abs() for key, weight in target.named_parameters()})
    assert (sizes[chosen.mask] == 0).all()
    assert torch.equal(sizes[~chosen.mask], before[~chosen.mask])
