"""Training of a network with banks: which filters these are of, and what is refused. And of some layers alone."""

import pytest
import torch
from safetensors.torch import load_file

from conftest import nudged, tiny_network, training_config
from faig.attribution.files.rankings import write_ranking
from faig.common.errors import FaigWarning, InputError
from faig.filters import FilterSet, FilterSpace, Strengths
from faig.networks.architectures import build
from faig.networks.checkpoint import load_network, save_network
from faig.training.banks import label_error
from faig.training.loop import train

SIZES = {"scale": 2, "features": 4, "blocks": 1}
BANKS = (5, 8)


@pytest.fixture
def banked(settings, tmp_path):
    """The settings of a training that gives banks to a plain network, and the order of filters of each."""
    plain = build("srresnet", **SIZES)
    space, generator = FilterSpace.of(plain), torch.Generator().manual_seed(0)
    save_network(tmp_path / "plain.safetensors", plain.state_dict(), {"architecture": "srresnet", "arguments": SIZES})
    orders = {}
    for name in ("blur", "noise"):
        scores = torch.rand(len(space), generator=generator)
        write_ranking(tmp_path / f"{name}.csv", space, scores)
        orders[name] = scores.argsort(descending=True)
    network = {
        "architecture": "srresnet-banks",
        "arguments": SIZES | {"banks": list(BANKS), "classifier_width": 3},
        "start": str(tmp_path / "plain.safetensors"),
        "strict": False,
    }
    optimizer = settings["optimizer"] | {"learning_rate": 1e-2}
    files = {name: str(tmp_path / f"{name}.csv") for name in orders}
    return settings | {"network": network, "banks": files, "optimizer": optimizer}, [*orders.values()]


def trained(settings, **changes):
    with pytest.warns(FaigWarning, match="weights do not fit and stay as they were, first banks"):
        return train(training_config(settings, **changes))


def test_banks_are_of_the_first_filters_of_their_rankings(banked):
    settings, orders = banked
    end, start = load_file(trained(settings)), load_file(settings["network"]["start"])
    for bank, (order, size) in enumerate(zip(orders, BANKS, strict=True)):
        assert torch.equal(end[f"banks.{bank}.places"], order[:size])
        assert end[f"banks.{bank}.values"].abs().max() > 1e-3
    assert all((end[name] != weight).any() for name, weight in start.items())


def test_a_stopped_training_goes_on_with_its_places(banked, tmp_path):
    settings, _ = banked
    whole = load_file(trained(settings))
    with pytest.warns(FaigWarning, match="do not fit"):
        assert train(training_config(settings, out=str(tmp_path / "stopped")), max_seconds=0) is None
    resumed = load_file(trained(settings, out=str(tmp_path / "stopped")))
    assert all(torch.equal(resumed[name], weight) for name, weight in whole.items())


@pytest.mark.filterwarnings("ignore:.*do not fit")
def test_rankings_of_other_filters_are_another_training(banked):
    settings, _ = banked
    first, second = settings["banks"].values()
    assert train(training_config(settings), max_seconds=0) is None
    with pytest.raises(InputError, match=r"was written with files\.network\.start"):
        train(training_config(settings, banks={"blur": second, "noise": first}))


def test_trained_banks_go_on_where_they_are(banked, tmp_path):
    settings, orders = banked
    first = trained(settings)
    network = settings["network"] | {"start": str(first), "strict": True}
    end = load_file(train(training_config(settings, network=network, banks={}, out=str(tmp_path / "more"))))
    assert torch.equal(end["banks.1.places"], orders[1][: BANKS[1]])
    assert (end["banks.1.values"] != load_file(first)["banks.1.values"]).any()
    with pytest.raises(InputError, match=r"network\.start: .*: the bank was trained at other filters; begin with"):
        train(training_config(settings, network=network, out=str(tmp_path / "other")))


def test_layers_alone_are_trained(banked):
    settings, _ = banked
    end = load_file(trained(settings, layers=["banks.*", "classifier.*"]))
    assert all(torch.equal(end[name], weight) for name, weight in load_file(settings["network"]["start"]).items())
    assert end["banks.0.values"].abs().max() > 1e-3
    with pytest.warns(FaigWarning, match="do not fit"), pytest.raises(InputError, match="was written with layers"):
        train(training_config(settings))  # in the same folder, all layers


@pytest.mark.parametrize("pattern", ["bank.*", "body", "conv_first.weight"])
def test_layers_that_the_network_does_not_have(settings, pattern):
    with pytest.raises(InputError, match=rf"layers: the network has no layer '{pattern}'; it has body\.0\.conv1, "):
        train(training_config(settings, layers=["conv_hr", pattern]))


def test_labels_teach_the_classifier_what_is_on_a_patch(banked, tmp_path):
    """With them alone to learn from, it is right at last; and they change nothing but by the classifier."""
    settings, _ = banked
    degradation = {"blur": 2, "blur_probability": 0.0, "noise": 0.1, "noise_probability": 1.0}
    settings = settings | {"data": settings["data"] | {"degradation": degradation}, "layers": ["classifier.*"]}
    settings = settings | {"optimizer": settings["optimizer"] | {"iterations": 25, "ema": 0}}
    said = {}
    for weight in (None, 100.0):
        end = trained(settings, label_loss=weight, out=str(tmp_path / str(weight)))
        said[weight] = load_network(end).probabilities(torch.rand(1, 3, 16, 16))[0]
    assert said[100.0][0] < said[None][0] - 0.05  # never blurry
    assert said[100.0][1] > said[None][1] + 0.05  # always noisy


def test_the_label_error_is_the_cross_entropy_of_each_banks_own_label(banked):
    settings, _ = banked
    data = settings["data"] | {"degradation": {"blur": 2, "degrade": {"jpeg:40": 0.5}}}
    files = {"jpeg:40": settings["banks"]["noise"], "blur": settings["banks"]["blur"]}
    config = training_config(settings, data=data, banks=files, label_loss=1.0)
    network, lr = tiny_network("srresnet-banks"), torch.rand(2, 3, 9, 8)
    chosen = torch.tensor([[True, True, False], [False, True, True]])  # blur, noise, JPEG
    p = network.probabilities(lr)
    expected = -torch.stack([1 - p[0, 0], p[0, 1], p[1, 0], 1 - p[1, 1]]).log().mean()
    torch.testing.assert_close(label_error(network, config, lr, chosen), expected)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"banks": {}}, "label_loss is of what banks are mixed in by: name them"),
        ({"banks": {"haze": "a.csv", "noise": "b.csv"}}, "label_loss: the bank 'haze' is none of blur, noise"),
    ],
)
def test_labels_that_patches_do_not_have(banked, changes, told):
    with pytest.raises(ValueError, match=told):
        training_config(banked[0], label_loss=0.1, **changes)


def rewritten(tmp_path, kind):
    """A file in place of the second ranking."""
    space = FilterSpace.of(build("srresnet", **SIZES), "channel" if kind == "channels" else "filter")
    if kind == "strengths":
        Strengths.of(FilterSet.of(space, [1])).save(tmp_path / "s.safetensors")
        return str(tmp_path / "s.safetensors")
    few = FilterSet.of(space, range(3)) if kind == "few" else None
    write_ranking(tmp_path / "noise.csv", space, torch.rand(len(space)), ranked=few)
    return str(tmp_path / "noise.csv")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("few", r"noise\.csv: ranks 3 filters, and the bank has 8"),
        ("channels", r"noise\.csv: is no ranking of filters"),
        ("strengths", r"s\.safetensors: is no ranking of filters"),
    ],
)
def test_what_is_no_ranking_for_a_bank(banked, tmp_path, kind, told):
    settings, _ = banked
    file = rewritten(tmp_path, kind)
    with pytest.warns(FaigWarning, match="do not fit"), pytest.raises(InputError, match=told):
        train(training_config(settings, banks=settings["banks"] | {"noise": file}))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_as_many_rankings_as_banks(banked, count):
    """Without them banks would be of the network's very first filters, in silence."""
    settings, _ = banked
    files = dict([*(settings["banks"] | {"third": settings["banks"]["blur"]}).items()][:count])
    told = f"banks: {count} rankings for a network with 2 banks"
    with pytest.warns(FaigWarning, match="do not fit"), pytest.raises(InputError, match=told):
        train(training_config(settings, banks=files))


def test_networks_without_banks_or_start(banked, settings):
    files = banked[0]["banks"]
    network = settings["network"] | {"start": banked[0]["network"]["start"]}
    with pytest.raises(InputError, match="banks: 2 rankings for a network with 0 banks"):
        train(training_config(settings, network=network, banks=files))
    with pytest.raises(ValueError, match=r"banks needs network\.start"):
        training_config(settings, banks=files)
    random = banked[0]["network"] | {"start": None}
    with pytest.raises(InputError, match="banks: 0 rankings for a network with 2 banks"):
        train(training_config(settings, network=random))


def test_a_bank_is_not_moved_once_it_was_trained():
    network = nudged(build("srresnet-banks", banks=(3,), **SIZES))
    before = network.banks[0].places.clone()
    with pytest.raises(InputError, match="was trained at other filters"):
        network.banks[0].place(before + 1)
    assert torch.equal(network.banks[0].places, before)
