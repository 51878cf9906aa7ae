import copy

import pytest
import torch
from torch import nn

from conftest import nudged, tiny_network
from faig.attribution.integration.path import WeightPath, barrier, disconnected
from faig.common.errors import InputError
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


def test_says_so_only_above_the_limit():
    assert disconnected({"blur": 1.1}) is None
    assert "not connected (barrier 3.40 on noise;" in disconnected({"blur": 1.0, "noise": 3.4})
