import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from conftest import tiny_network
from faig.common.errors import InputError
from faig.common.settings import count_of
from faig.filters import FilterSet, FilterSpace, rank
from faig.networks.architectures import SRCNNStyle, SRResNet

LAYERS = {
    "plain": nn.Conv2d(3, 5, 3),
    "one by one": nn.Conv2d(4, 2, 1, bias=False),
    "wide kernel, dilated, strided": nn.Conv2d(2, 3, (5, 2), dilation=2, stride=2),
    "groups": nn.Conv2d(6, 4, 3, groups=2),
    "depthwise": nn.Conv2d(4, 4, 3, groups=4),
    "transposed": nn.ConvTranspose2d(3, 5, 4, stride=2),
    "transposed, groups": nn.ConvTranspose2d(6, 4, (3, 2), groups=2),
}


def kernel(layer: nn.Module, weight: torch.Tensor, out: int, inp: int) -> torch.Tensor:
    """The kernel that leads from input ``inp`` of its group to output ``out``, by PyTorch's documentation."""
    if not isinstance(layer, nn.ConvTranspose2d):
        return weight[out, inp]
    per_group_out, per_group_in = layer.out_channels // layer.groups, layer.in_channels // layer.groups
    group = out // per_group_out
    return weight[group * per_group_in + inp, out % per_group_out]


@pytest.mark.parametrize("name", LAYERS)
def test_kernels_are_where_the_numbering_says(name):
    layer = LAYERS[name]
    space = FilterSpace.of(layer)
    values = torch.rand_like(layer.weight)
    sums = space.sum_per_unit({"weight": values})
    assert len(sums) == len(space) == layer.out_channels * layer.in_channels // layer.groups
    for index in range(len(space)):
        _, out, inp = space.locate(index)
        torch.testing.assert_close(sums[index], kernel(layer, values, out, inp).sum())
        hit = space.spread(FilterSet.of(space, [index]).mask)["weight"].expand_as(values)
        torch.testing.assert_close(values[hit], kernel(layer, values, out, inp).flatten())


@pytest.mark.parametrize("name", LAYERS)
def test_a_kernel_feeds_its_output_alone(name):
    """Zeroing filter (out, in) changes output ``out`` and no other, and only through its input."""
    layer = LAYERS[name].requires_grad_(False)
    space = FilterSpace.of(layer)
    image = torch.rand(1, layer.in_channels, 12, 13)
    index = len(space) // 2
    _, out, _ = space.locate(index)
    weight = layer.weight.clone()
    before = layer(image)
    layer.weight[space.spread(FilterSet.of(space, [index]).mask)["weight"].expand_as(weight)] = 0
    after = layer(image)
    layer.weight.copy_(weight)
    changed = [
        channel for channel in range(layer.out_channels) if not torch.equal(before[0, channel], after[0, channel])
    ]
    assert changed == [out]


@pytest.mark.parametrize(("network", "count"), [(SRResNet(), 151_936), (SRCNNStyle(), 156_224)])
def test_the_papers_networks(network, count):
    space = FilterSpace.of(network)
    assert len(space) == count
    assert space.keys == [k for k, v in network.state_dict().items() if v.ndim == 4]


SPACE = FilterSpace.of(tiny_network())


@given(st.integers(0, len(SPACE) - 1))
def test_locate_and_index_are_inverse(index):
    assert SPACE.index(*SPACE.locate(index)) == index


def test_there_is_no_such_filter():
    with pytest.raises(InputError, match=f"filter {len(SPACE)} is outside 0 to {len(SPACE) - 1}"):
        SPACE.locate(len(SPACE))
    with pytest.raises(InputError, match="no convolution 'body'"):
        SPACE.index("body", 0, 0)
    with pytest.raises(InputError, match=r"conv_last has 3x4 filters, so none at \[3, 0\]"):
        SPACE.index("conv_last", 3, 0)
    with pytest.raises(InputError, match="filter -1 is outside"):
        FilterSet.of(SPACE, [-1])


def test_a_shared_weight_counts_once():
    network = nn.Sequential(nn.Conv2d(4, 4, 3), nn.Conv2d(4, 4, 3), nn.Conv2d(4, 2, 1))
    network[1].weight = network[0].weight
    assert [layer.name for layer in FilterSpace.of(network).layers] == ["0", "2"]
    twice = nn.Sequential(network[0], nn.ReLU(), network[0])
    assert len(FilterSpace.of(twice)) == 16


def test_what_has_no_filters_to_number():
    with pytest.raises(InputError, match="no Conv2d or ConvTranspose2d"):
        FilterSpace.of(nn.Linear(2, 2))
    with pytest.raises(InputError, match="weight is not a plain parameter"):
        FilterSpace.of(nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 3, 3))))


@pytest.mark.parametrize(
    ("proportion", "total", "count"),
    [(0.01, 151_936, 1519), (0.1, 156_224, 15_622), (0.29, 100, 29), (1e-9, 100, 1), (1.0, 7, 7), (0.03, 100, 3)],
)
def test_count_of(proportion, total, count):
    assert count_of(proportion, total) == count


@pytest.mark.parametrize("proportion", [0.0, -0.1, 1.01, float("nan")])
def test_count_of_what_is_no_proportion(proportion):
    with pytest.raises(InputError, match=r"outside \(0%, 100%\]"):
        count_of(proportion, 100)


def test_ties_go_by_index():
    scores = torch.tensor([1.0, 3.0, 2.0, 3.0, float("inf"), -1.0])
    assert rank(scores).tolist() == [4, 1, 3, 2, 0, 5]
    with pytest.raises(InputError, match="filter 2 is not a number"):
        rank(torch.tensor([1.0, 2.0, float("nan")]))


some = st.sets(st.integers(0, len(SPACE) - 1))


@given(some, some)
def test_set_operations(a, b):
    first, second = FilterSet.of(SPACE, a), FilterSet.of(SPACE, b)
    assert set(first.indices.tolist()) == a
    assert set((first | second).indices.tolist()) == a | b
    assert set((first & second).indices.tolist()) == a & b
    assert set((first - second).indices.tolist()) == a - b
    assert len(~first) == len(SPACE) - len(a)
    assert ~~first == first
    assert (first == second) == (a == b)
    assert all(index in first for index in a)


def test_top():
    order = torch.arange(len(SPACE)).flip(0)
    assert FilterSet.top(SPACE, order, 2 / len(SPACE)).indices.tolist() == [len(SPACE) - 2, len(SPACE) - 1]
    with pytest.raises(InputError, match="but the ranking has only 3"):
        FilterSet.top(SPACE, order[:3], 0.5)


def test_sets_of_two_networks_do_not_mix():
    other = FilterSpace.of(tiny_network("srcnn-style"))
    with pytest.raises(InputError, match="different networks"):
        FilterSet.of(SPACE, [0]) | FilterSet.of(other, [0])
    with pytest.raises(InputError, match="a mask of 3 filters for a space of"):
        FilterSet(SPACE, torch.zeros(3, dtype=torch.bool))


def test_layers_by_pattern():
    def named(*patterns: list[str]) -> list[str]:
        found = FilterSet.of_layers(SPACE, *patterns)
        return [layer.name for layer in SPACE.layers if layer.start in found]

    names = [layer.name for layer in SPACE.layers]
    assert named() == names
    assert named(["body.*"]) == ["body.0.conv1", "body.0.conv2"]
    assert named(["conv_*", "body.?.conv1"], ["*_last"]) == ["conv_first", "body.0.conv1", "conv_hr"]
    assert named([], ["body.*"]) == [name for name in names if not name.startswith("body.")]
    assert len(FilterSet.of_layers(SPACE, ["body.*"])) == 2 * 4 * 4
    with pytest.raises(InputError, match=r"no layer is named 'tail\*'; there are conv_first, body"):
        named(["tail*"])
    with pytest.raises(InputError, match="no layer is left without body"):
        named(["body.*"], ["body.*"])


def test_ranking_some_keeps_their_numbers():
    scores = torch.rand(len(SPACE), generator=torch.Generator().manual_seed(0))
    some = FilterSet.of_layers(SPACE, ["body.*"])
    order = rank(scores, some)
    assert order.tolist() == [index for index in rank(scores).tolist() if index in some]
