import copy

import pytest
import torch
from torch import nn

from conftest import nudged, tiny_network
from faig.attribution.integration.path import WeightPath, barrier
from faig.attribution.trust import disconnected, not_closing
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace
from faig.intervention.edit import revert
from faig.networks.compatibility import check_pair


def test_ends_are_bit_exact_and_the_middle_is_the_mean(pair):
    target, baseline = pair
    path = WeightPath(target, baseline)
    for alpha, end in ((0.0, target), (1.0, baseline), (0.3, None), (1.0, baseline), (0.0, target)):
        moved = path.move(alpha).state_dict()
        for key, weight in moved.items():
            start, stop = target.state_dict()[key], baseline.state_dict()[key]
            if end is not None:
                assert torch.equal(weight, end.state_dict()[key])
            else:
                torch.testing.assert_close(weight, start + alpha * (stop - start))


def test_the_callers_networks_stay_as_they_are(pair):
    before = [copy.deepcopy(network.state_dict()) for network in pair]
    path = WeightPath(*pair)
    path.move(0.5)
    for network, kept in zip(pair, before, strict=True):
        assert not any(weight.requires_grad for weight in network.parameters())
        assert all(torch.equal(weight, kept[key]) for key, weight in network.state_dict().items())


def test_names_the_first_difference_of_two_architectures():
    with pytest.raises(InputError, match=r"conv_first\.weight is in the target but not in the baseline"):
        check_pair(tiny_network("srresnet"), tiny_network("srcnn-style"))
    with pytest.raises(InputError, match=r"upconv1\.weight is \(16, 4, 3, 3\) in the target but \(36, 4, 3, 3\)"):
        check_pair(tiny_network(scale=2), tiny_network(scale=3))


def test_refuses_buffers_that_differ():
    target = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)).eval()
    baseline = copy.deepcopy(target)
    check_pair(target, baseline)
    baseline[1].running_mean += 1
    with pytest.raises(InputError, match=r"buffer 1\.running_mean differs"):
        check_pair(target, baseline)


class Tied(nn.Module):
    """The second convolution may have the weight of the first."""

    def __init__(self, tied: bool) -> None:
        super().__init__()
        self.head, self.again = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        if tied:
            self.again.weight = self.head.weight

    def forward(self, x):
        return self.again(self.head(x).relu())


@pytest.mark.parametrize(("one", "other"), [("target", "baseline"), ("baseline", "target")])
def test_refuses_a_weight_that_only_one_shares(one, other):
    pair = Tied(one == "target"), Tied(one == "baseline")
    words = rf"again\.weight is the same weight as head\.weight in the {one}, but not in the {other}"
    some = FilterSet.of(FilterSpace.of(Tied(True)), [0])
    for use in (lambda: check_pair(*pair), lambda: WeightPath(*pair), lambda: revert(*pair, some)):
        with pytest.raises(InputError, match=words):
            use()


@pytest.mark.parametrize("tied", [False, True])
def test_a_weight_that_both_share_or_neither_has_the_right_end(tied):
    target, baseline = Tied(tied).eval(), Tied(tied).eval()
    path, image = WeightPath(target, baseline), torch.rand(1, 3, 5, 6)
    torch.testing.assert_close(path.move(1.0)(image), baseline(image))
    assert len(path.parameters) == (3 if tied else 4)


def test_refuses_what_is_a_parameter_in_one_alone():
    target, baseline = Tied(False), Tied(False)
    for network, other in ((target, baseline), (baseline, target)):
        bias = network.again.bias
        del network.again.bias
        network.again.register_buffer("bias", bias.detach())
        with pytest.raises(InputError, match=r"again\.bias is a parameter in the (target|baseline), but not in the"):
            check_pair(network, other)
        del network.again.bias
        network.again.bias = bias


def test_knows_a_point_from_a_path():
    network = tiny_network()
    assert WeightPath(network, copy.deepcopy(network)).is_point
    assert not WeightPath(nudged(network), network).is_point


@pytest.mark.parametrize(
    ("losses", "ends", "expected"),
    [([3.0, 2.0], (4.0, 1.0), 1.0), ([3.0, 8.0, 2.0], (4.0, 1.0), 2.0), ([0.0], (0.0, 0.0), 1.0)],
)
def test_barrier(losses, ends, expected):
    assert barrier(torch.tensor(losses), *ends) == expected


def test_says_that_an_integral_does_not_close_only_above_the_limit():
    assert not_closing({"blur": 0.05, "noise": 0.0}) is None
    assert "(it misses 2230% on noise of the change of loss;" in not_closing({"blur": 0.05, "noise": 22.3})
    assert "nan% on blur" in not_closing({"blur": float("nan")})


def test_says_so_only_above_the_limit():
    assert disconnected({"blur": 1.1}) is None
    assert "not connected (barrier 3.40 on noise;" in disconnected({"blur": 1.0, "noise": 3.4})
