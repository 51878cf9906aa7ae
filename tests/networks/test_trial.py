"""Networks that would give wrong results in silence are refused, by what they do; those that are like them are not."""

import copy
import functools
import types

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from conftest import tiny_network
from faig.attribution.integration.path import WeightPath
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import graft, modulate, revert, transplant
from faig.networks.adapters import adapted, padded
from faig.networks.align import align
from faig.networks.calls import copied
from faig.networks.trial import Trial
from two_layers import Two, two


def wrapped(network: nn.Module) -> None:
    inner = network.forward
    network.forward = lambda x: inner(x)


def bound_method(network: nn.Module) -> None:
    network.forward = types.MethodType(lambda self, x: self.second(self.first(x).relu()), network)


def wrapped_part(network: nn.Module) -> None:
    network.second[0].forward = functools.wraps(network.second[0].forward)(
        lambda x, inner=network.second[0].forward: inner(x)
    )


def compiled(network: nn.Module) -> None:
    network.forward = torch.compile(network.forward, backend="eager")


@pytest.mark.parametrize("replace", [wrapped, wrapped_part, pytest.param(compiled, marks=pytest.mark.slow)])
@pytest.mark.parametrize("asks", [False, True])
def test_a_forward_bound_to_the_original_is_refused_everywhere(replace, asks):
    target, baseline = two()
    space = FilterSpace.of(target)
    some = FilterSet.of(space, [0, 5])
    for network in (target, baseline):
        replace(network)
        network.requires_grad_(asks)
    for use in (
        lambda: WeightPath(target, baseline),
        lambda: revert(target, baseline, some),
        lambda: modulate(target, baseline, some, 0.5),
        lambda: graft(target, baseline, some),
        lambda: transplant(target, baseline, torch.tensor([0]), torch.tensor([1])),
        lambda: align(target, baseline),
        lambda: padded(target, 2),
    ):
        with pytest.raises(InputError, match=r"original's (first|second\.0)\.weight.*adapters\.adapted\(network"):
            use()
    assert all(weight.requires_grad is asks for network in (target, baseline) for weight in network.parameters())


def test_a_forward_bound_to_a_third_network_is_refused():
    target, baseline = two()
    other, _ = two()
    for network in (target, baseline):
        network.forward = other.forward
    with pytest.raises(InputError, match="no weight of the network has an effect on its output"):
        WeightPath(target, baseline)


@pytest.mark.parametrize("replace", [bound_method, None], ids=["bound method", "as it is"])
def test_a_forward_that_copies_follow_stays(replace):
    target, baseline = two()
    if replace:
        replace(target)
    path, image = WeightPath(target, baseline), torch.rand(1, 3, 6, 7)
    torch.testing.assert_close(path.move(1.0)(image), baseline(image))
    everything = ~FilterSet.of(FilterSpace.of(target), [])
    assert not torch.equal(revert(target, baseline, everything)(image), target(image))


def test_adapted_networks_stay():
    target, baseline = (adapted(padded(network, 4), lambda forward, x: forward(2 * x) / 2) for network in two())
    image = torch.rand(1, 3, 6, 7)
    torch.testing.assert_close(WeightPath(target, baseline).move(1.0)(image), baseline(image))


class Weighed(Two):
    """Computes its weights from others, and stores nothing; has weights that nothing uses."""

    def __init__(self) -> None:
        super().__init__()
        self.spare = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        y = functional.conv2d(x, self.first.weight - self.first.weight.mean((2, 3), keepdim=True), padding=1)
        return self.second(y.relu())


def test_weights_that_are_computed_or_idle_are_allowed():
    target, baseline = two(Weighed)
    space = FilterSpace.of(target)
    path = WeightPath(target, baseline)
    assert not path.is_point
    image = torch.rand(1, 3, 6, 7)
    spare = FilterSet.of_layers(space, ["spare"])
    assert torch.equal(revert(target, baseline, spare)(image), target(image))
    assert not torch.equal(revert(target, baseline, ~spare)(image), target(image))


class Cut(Two):
    """Its first convolution gets no gradient."""

    def forward(self, x):
        return self.second(self.first(x).relu().detach())


class Ungraded(Two):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


class Reentrant(Two):
    def forward(self, x):
        return self.second(checkpoint(lambda y: self.first(y).relu(), x, use_reentrant=True))


@pytest.mark.parametrize("kind", [Cut, Ungraded, Reentrant])
@pytest.mark.filterwarnings("ignore:.*None of the inputs have requires_grad.*")
def test_weights_that_no_gradient_reaches_are_refused_on_the_path_alone(kind):
    target, baseline = two(kind)
    with pytest.raises(InputError, match=r"no gradient reaches first\.weight"):
        WeightPath(target, baseline)
    image, everything = torch.rand(1, 3, 6, 7), ~FilterSet.of(FilterSpace.of(target), [])
    assert not torch.equal(revert(target, baseline, everything)(image), target(image))


class Shifted(Two):
    """Has a number that is no weight, and no saved buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("shift", torch.zeros(1), persistent=False)

    def forward(self, x):
        return super().forward(x + self.shift)


def other_buffer(network: nn.Module) -> None:
    network.shift += 1


def other_activation(network: nn.Module) -> None:
    network.forward = types.MethodType(lambda self, x: self.second(self.first(x).tanh()), network)


def other_part(network: nn.Module) -> None:
    network.second.append(nn.Sigmoid())


@pytest.mark.parametrize("differ", [other_buffer, other_activation, other_part])
@pytest.mark.parametrize("which", [0, 1])
def test_a_pair_that_differs_in_what_is_no_weight_is_refused(differ, which):
    pair = two(Shifted)
    WeightPath(*pair)
    differ(pair[which])
    with pytest.raises(InputError, match="they differ in what is no weight"):
        WeightPath(*pair)


class Noisy(Two):
    def forward(self, x):
        return super().forward(x + 0.1 * torch.randn_like(x))


def test_chance_in_a_network_is_no_difference_and_the_callers_chance_goes_on():
    pair = two(Noisy)
    before = torch.get_rng_state()
    WeightPath(*pair)
    assert torch.equal(torch.get_rng_state(), before)


def test_networks_are_left_as_they_were():
    pair = two()
    for network in pair:
        network.train()
        network.first.requires_grad_(True)
        network.second.eval()
    before = copy.deepcopy([network.state_dict() for network in pair])
    WeightPath(*pair)
    revert(*pair, FilterSet.of(FilterSpace.of(pair[0]), [0]))
    for network, kept in zip(pair, before, strict=True):
        assert [module.training for module in network.modules()] == [True, True, False, False]
        assert [weight.requires_grad for weight in network.parameters()] == [True, True, False, False]
        assert all(weight.grad is None for weight in network.parameters())
        assert all(torch.equal(weight, kept[key]) for key, weight in network.state_dict().items())


def test_networks_that_are_too_large_for_the_smallest_image_are_tried_on_a_larger_one():
    class Deep(Two):
        def forward(self, x):
            assert x.shape[-1] >= 16
            return super().forward(x)

    pair = two(Deep)
    assert Trial.of(pair[0]).image.shape == (1, 3, 16, 16)
    wrapped(pair[0])
    with pytest.raises(InputError, match="computes by the original's"):
        WeightPath(*pair)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*deprecated.*")
def test_what_cannot_be_copied_says_so():
    network = nn.Sequential(torch.nn.utils.weight_norm(nn.Conv2d(3, 3, 1)))
    network(torch.rand(1, 3, 4, 4))
    with pytest.raises(InputError, match=r"cannot be copied .*remove_weight_norm"):
        WeightPath(network, network)
    with pytest.raises(InputError, match=r"cannot be copied .*remove_weight_norm"):
        padded(network, 4)
    network = tiny_network()
    network.log = open(__file__)  # noqa: SIM115
    with network.log, pytest.raises(InputError, match=r"cannot be copied .*holds a file"):
        copied(network)

    class Itself(Two):
        def __deepcopy__(self, memo):
            return self

    with pytest.raises(InputError, match=r"shares first\.weight with it"):
        copied(Itself())


def test_a_parametrized_network_is_refused_in_a_line():
    pair = [nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 3, 1))) for _ in range(2)]
    WeightPath(*pair)
    with pytest.raises(InputError, match="not a plain parameter"):
        FilterSpace.of(pair[0])
