"""The network with banks of filters, which a classifier mixes in: what it computes, and where it begins."""

import pytest
import torch
from torch.nn import functional

from conftest import TINY, nudged, tiny_network
from faig.common.errors import InputError
from faig.filters import FilterSpace
from faig.networks.architectures import build, recognise
from faig.networks.checkpoint import load_network, network_metadata, save_network
from faig.networks.export import export
from faig.networks.fingerprint import network_fingerprint
from faig.networks.tiling import reach

NAME = "srresnet-banks"
SIZES = {"features": 6, "blocks": 2}
META = {"architecture": NAME, "arguments": {"scale": 2} | TINY[NAME]}


def scattered(network, seed=3):
    """With places all over the network."""
    generator = torch.Generator().manual_seed(seed)
    for bank in network.banks:
        bank.places.copy_(torch.randperm(bank.filters, generator=generator)[: len(bank.places)])
    return network


def plain_and_banked(scale=2, **sizes):
    networks = []
    for name, more in (("srresnet", {}), (NAME, {"banks": (7, 30), "classifier_width": 5})):
        torch.manual_seed(7)
        networks.append(build(name, scale=scale, **(SIZES | sizes), **more).eval().requires_grad_(False))
    return networks


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_is_the_plain_network_with_weights_of_each_image(scale):
    """What each image sees is written out: a plain network, whose filters the banks change one by one."""
    network, images = scattered(tiny_network(NAME, scale)), torch.rand(3, 3, 9, 6)
    state = network.state_dict()
    plain = build("srresnet", scale=scale, features=4, blocks=2).eval().requires_grad_(False)
    names = plain.state_dict().keys()
    space = FilterSpace.of(plain)
    for image, seen, probabilities in zip(images, network(images), network.probabilities(images), strict=True):
        weights = {name: state[name].clone() for name in names}
        for bank, probability in zip(("banks.0", "banks.1"), probabilities, strict=True):
            for place, value in zip(state[f"{bank}.places"].tolist(), state[f"{bank}.values"], strict=True):
                layer, out, inp = space.locate(place)
                weights[f"{layer}.weight"][out, inp] += probability * value
        plain.load_state_dict(weights)
        torch.testing.assert_close(seen, plain(image[None])[0])


def test_probabilities_are_the_classifiers():
    network, image = tiny_network(NAME), torch.rand(2, 3, 9, 6)
    weights, x = network.state_dict(), image
    for layer, stride in ((0, 1), (2, 2), (4, 2)):
        weight, bias = (weights[f"classifier.{layer}.{part}"] for part in ("weight", "bias"))
        x = functional.leaky_relu(functional.conv2d(x, weight, bias, stride, padding=1), 0.1)
    logits = x.mean((2, 3)) @ weights["classifier.7.weight"].flatten(1).T + weights["classifier.7.bias"]
    torch.testing.assert_close(network.probabilities(image), 1 / (1 + (-logits).exp()))


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 8])
def test_begins_as_the_plain_network_of_the_same_seed(scale):
    plain, banked = plain_and_banked(scale)
    for image in torch.rand(2, 1, 3, 7, 5):
        assert torch.equal(plain(image), banked(image))
    banked.requires_grad_(True)(image).sum().backward()
    assert all(bank.values.grad.abs().max() > 0 for bank in banked.banks)  # it can leave what it begins as


def test_one_image_has_nothing_to_do_with_the_others_of_its_batch():
    network, images = scattered(tiny_network(NAME)), torch.rand(3, 3, 9, 8)
    torch.testing.assert_close(network(images), torch.cat([network(image[None]) for image in images]))


@pytest.mark.parametrize("untrained", [True, False])
def test_depends_on_the_whole_image_trained_or_not(untrained):
    """Untrained its banks add nothing yet: tiles would do, and do no longer a step later."""
    assert reach(plain_and_banked()[1] if untrained else tiny_network(NAME), 2) is None


@pytest.mark.parametrize(
    "sizes",
    [{}, {"features": 4, "blocks": 3, "banks": [5], "classifier_width": 7}, {"blocks": 0, "banks": [1, 20, 3]}],
)
def test_recognised_from_weights_alone(sizes):
    with torch.device("meta"):
        weights = build(NAME, scale=3, **sizes).state_dict()
        found = recognise(weights)
        assert found.architecture == NAME
        again = build(NAME, **found.arguments).state_dict()
    assert {key: value.shape for key, value in again.items()} == {key: value.shape for key, value in weights.items()}
    assert found.arguments.items() >= ({"scale": 3} | sizes).items()


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
@pytest.mark.parametrize("half", [False, True])
def test_places_are_part_of_the_file(suffix, half, tmp_path):
    network, file = scattered(tiny_network(NAME)), tmp_path / f"net.{suffix}"
    export(network, file, META if suffix == "safetensors" else {}, half=half)
    again, image = load_network(file), torch.rand(1, 3, 9, 7)
    assert all(torch.equal(mine.places, bank.places) for mine, bank in zip(again.banks, network.banks, strict=True))
    torch.testing.assert_close(again(image), network(image), rtol=0, atol=1e-2 if half else 1e-6)
    assert network_metadata(file)["architecture"] == NAME
    assert network_fingerprint(scattered(network, seed=4)) != network_fingerprint(again)


WRONG = {
    "outside": (lambda places: places + 400, "name filter 4[0-9]*, and the network has 0 to [0-9]*$"),
    "negative": (lambda places: places - 1, "name filter -1, and"),
    "twice": (lambda places: places // 2, "name filter 0 twice"),
    "rounded": (lambda places: places.half(), "are of float16; whole numbers of 64 bits are needed"),
    "narrow": (lambda places: places.int(), "are of int32; whole"),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("metadata", [META, {}])
def test_places_that_are_none_are_refused(wrong, metadata, tmp_path):
    """Loaded in silence they would be other filters, or fail in the middle of a run."""
    change, message = WRONG[wrong]
    weights = tiny_network(NAME).state_dict()
    file = tmp_path / "net.safetensors"
    save_network(file, weights | {"banks.1.places": change(weights["banks.1.places"])}, metadata)
    with pytest.raises(InputError, match=f"net.safetensors: banks.1.places {message}"):
        load_network(file)


@pytest.mark.parametrize(
    ("banks", "told"),
    [
        ([], "banks: one at least"),
        ([0], "is not above 0"),
        ([10**12], r"a bank of 1000000000000 filters, in a network that has \d+$"),
        ([5, True], "is no number"),
    ],
)
def test_banks_that_make_no_sense(banks, told):
    with pytest.raises(InputError, match=told):
        build(NAME, banks=banks, **SIZES)


def test_weights_are_counted_once_for_each_filter_of_a_bank():
    plain, banked = plain_and_banked()
    more = sum(weight.numel() for weight in banked.parameters()) - sum(weight.numel() for weight in plain.parameters())
    assert more - sum(weight.numel() for weight in banked.classifier.parameters()) == 9 * (7 + 30)


@pytest.mark.slow
def test_onnx_classifies_images_of_any_size(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    network = nudged(scattered(tiny_network(NAME)), size=0.1)
    export(network, tmp_path / "net.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    for height, width in ((20, 31), (64, 5), (3, 3)):
        image = torch.rand(1, 3, height, width)
        found = torch.from_numpy(session.run(None, {"input": image.numpy()})[0])
        torch.testing.assert_close(found, network(image), rtol=0, atol=1e-4)
