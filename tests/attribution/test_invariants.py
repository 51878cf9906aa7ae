"""What holds for every method, network and degradation, on odd, non-square images."""

import copy
import functools
from collections.abc import Callable

import pytest
import torch
from torch import nn

from conftest import PlainPair, nudged, path_scores, tiny_network
from faig.attribution.cache import MemoryCache
from faig.attribution.integration.quadrature import gauss_legendre, riemann_left
from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.attribution.result import Attribution
from faig.filters import FilterSet, FilterSpace, rank
from faig.imaging.cases import CLEAN, Case, degrade_case
from faig.imaging.degradation import Degradation
from faig.intervention.edit import graft, modulate, revert
from faig.networks.adapters import padded

DEGRADATIONS = {
    CLEAN: Degradation(),
    "blur": Degradation(blur=2),
    "noise": Degradation(noise=0.1),
    "jpeg": Degradation(jpeg=30),
}


class Mixed(nn.Module):
    """Stride, depthwise, 1×1, dilation, groups, and transposed convolutions, one with groups and no bias."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 6, (3, 5), stride=2, padding=(1, 2))
        self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.mix = nn.Conv2d(6, 4, 1)
        self.wide = nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=2)
        self.up = nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1, groups=2, bias=False)
        self.out = nn.ConvTranspose2d(6, 3, 2, stride=2)

    def forward(self, x):
        y = self.mix(self.depthwise(self.down(x).relu())).relu()
        y = self.out(self.up(y + self.wide(y)).relu())
        return y[..., : 2 * x.shape[-2], : 2 * x.shape[-1]]


class Shared(nn.Module):
    """One convolution used three times, and another that has its weight."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Conv2d(3, 4, 3, padding=1)
        self.again = nn.Conv2d(4, 4, 3, padding=1)
        self.twin = nn.Conv2d(4, 4, 3, padding=1)
        self.twin.weight = self.again.weight
        self.tail = nn.Conv2d(4, 12, 3, padding=1)

    def forward(self, x):
        y = self.head(x).relu()
        for _ in range(3):
            y = y + self.again(y).relu()
        return nn.functional.pixel_shuffle(self.tail(self.twin(y).relu()), 2)


class Windows(nn.Module):
    """Takes sizes divisible by 4 alone."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 6, 4, stride=4)
        self.up = nn.ConvTranspose2d(6, 3, 8, stride=8)

    def forward(self, x):
        assert not any(side % 4 for side in x.shape[-2:])
        return self.up(self.down(x).relu())


def made(kind: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return kind().eval().requires_grad_(False)


NETWORKS = {
    "srresnet": tiny_network,
    "srcnn-style": lambda: tiny_network("srcnn-style"),
    "mixed": lambda: made(Mixed),
    "shared": lambda: made(Shared),
    "adapted": lambda: padded(made(Windows), 4),
}
Given = tuple[nn.Module, nn.Module, list[Case]]  # target, baseline and images

networks = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "srresnet" else pytest.mark.slow) for name in NETWORKS]
)
methods = pytest.mark.parametrize("method", METHODS)
kinds = pytest.mark.parametrize("kind", ["blur", "noise", "jpeg"])


@functools.cache
def pair_of(name: str) -> tuple[nn.Module, nn.Module]:
    """Target and baseline, in double precision; not to be altered."""
    baseline = NETWORKS[name]()
    return nudged(baseline, size=0.1).double(), baseline.double()


@functools.cache
def cases() -> tuple[Case, ...]:
    """Two, of LR sizes 9×7 and 9×8."""
    generator = torch.Generator().manual_seed(5)
    made = [
        degrade_case(f"image{i}", torch.rand(3, 18, 14 + 2 * i, generator=generator), DEGRADATIONS, 2) for i in range(2)
    ]
    return tuple(Case(c.name, c.gt.double(), {kind: lr.double() for kind, lr in c.lr.items()}) for c in made)


def as_it_is(target: nn.Module, baseline: nn.Module) -> Given:
    return target, baseline, list(cases())


def other_names(target: nn.Module, baseline: nn.Module) -> Given:
    """Layers of other names, images in another order."""
    return nn.Sequential(copy.deepcopy(target)), nn.Sequential(copy.deepcopy(baseline)), list(cases())[::-1]


def twice(target: nn.Module, baseline: nn.Module) -> Given:
    return target, baseline, [*cases(), *cases()]


def half_at_rest(target: nn.Module, baseline: nn.Module) -> Given:
    """The weights of every other layer are equal."""
    baseline = copy.deepcopy(baseline)
    for layer in FilterSpace.of(target).layers[::2]:
        baseline.get_parameter(layer.kernels.key).copy_(target.get_parameter(layer.kernels.key))
    return target, baseline, list(cases())


@functools.cache
def raw_scores(name: str, given: Callable[[nn.Module, nn.Module], Given]) -> MemoryCache:
    """For all methods that are made of the same."""
    del name, given
    return MemoryCache()


@functools.cache
def attributed(method: str, name: str, given: Callable[[nn.Module, nn.Module], Given]) -> Attribution:
    target, baseline, images = given(*pair_of(name))
    return METHODS[method].attribute(PlainPair(target, baseline), images, Options(nodes=3), raw_scores(name, given))


def scores(method: str, kind: str, name: str, given: Callable[[nn.Module, nn.Module], Given]) -> torch.Tensor:
    """One score per filter, by the method."""
    return attributed(method, name, given).scores[kind]


def same(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Equal but for the order of summation."""
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12 * float(expected.abs().max()))


@pytest.mark.slow
@networks
def test_completeness(name):
    for rule, holds in ((gauss_legendre(32), True), (riemann_left(1), False)):  # the check can fail
        for kind, delta in path_scores(*pair_of(name), list(cases())[:1], rule).delta().items():
            assert (abs(delta) < 0.03) is holds, kind


@pytest.mark.slow
@networks
@methods
@kinds
def test_other_names_of_layers_and_another_order_of_images_change_nothing(name, method, kind):
    assert FilterSpace.of(other_names(*pair_of(name))[0]).describe() != FilterSpace.of(pair_of(name)[0]).describe()
    same(scores(method, kind, name, other_names), scores(method, kind, name, as_it_is))


@networks
@methods
@kinds
def test_every_image_twice_changes_no_mean(name, method, kind):
    same(scores(method, kind, name, twice), scores(method, kind, name, as_it_is))


@networks
@pytest.mark.parametrize("method", [m for m in METHODS if METHODS[m].source.name not in ("ig", "random")])
@kinds
def test_what_did_not_change_scores_zero(name, method, kind):
    found, space = scores(method, kind, name, half_at_rest), FilterSpace.of(pair_of(name)[0])
    resting = FilterSet.of_layers(space, [layer.name for layer in space.layers[::2]])
    assert not found[resting.mask].any()
    assert found[~resting.mask].any()


@networks
@methods
def test_interventions_touch_exactly_their_filters_and_are_undone_to_the_bit(name, method):
    target, baseline = pair_of(name)
    space = FilterSpace.of(target)
    chosen = FilterSet.top(space, rank(scores(method, "noise", name, as_it_is)), 0.3)
    for altered, own in (
        (revert(target, baseline, chosen), target),
        (modulate(target, baseline, chosen, 1.5), target),
        (graft(target, baseline, chosen), baseline),
    ):
        before, after = own.state_dict(), altered.state_dict()
        differing = {key: before[key] != after[key] for key in before}
        numbers = {key: values.double() for key, values in differing.items()}
        assert FilterSet(space, space.sum_per_unit(numbers) > 0) == chosen
        assert not any(values.any() for key, values in differing.items() if values.ndim != 4)
        other = (own, altered) if own is target else (altered, own)
        restored = (modulate(*other, chosen, 1.0) if own is target else revert(*other, chosen)).state_dict()
        assert all(torch.equal(restored[key], before[key]) for key in before)
