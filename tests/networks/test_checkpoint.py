import pickle

import pytest
import torch
from safetensors.torch import load_file, save_file

from conftest import tiny_network
from faig.common.errors import InputError
from faig.networks.checkpoint import load_builder, load_network, network_metadata, read_weights, save_network

METADATA = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}, "note": {"b": 1, "a": 2}}


@pytest.fixture
def weights():
    return tiny_network().state_dict()


def equal(network, weights) -> bool:
    found = network.state_dict()
    return found.keys() == weights.keys() and all(torch.equal(found[key], weights[key]) for key in weights)


def test_safetensors_round_trip(weights, tmp_path):
    for name in ("a", "b"):
        save_network(tmp_path / f"{name}.safetensors", weights, METADATA)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    network = load_network(tmp_path / "a.safetensors")
    assert equal(network, weights)
    assert not network.training
    assert not any(weight.requires_grad for weight in network.parameters())
    assert network_metadata(tmp_path / "a.safetensors") == METADATA


@pytest.mark.parametrize("architecture", ["srresnet", "srcnn-style"])
def test_without_metadata_it_is_recognised(architecture, tmp_path):
    weights = tiny_network(architecture, 3).state_dict()
    save_file(weights, tmp_path / "plain.safetensors")
    assert equal(load_network(tmp_path / "plain.safetensors"), weights)
    assert network_metadata(tmp_path / "plain.safetensors")["architecture"] == architecture


@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: w,
        lambda w: {"params": w},
        lambda w: {"params_ema": w},
        lambda w: {"params_ema": w, "params": {key: value + 1 for key, value in w.items()}},
        lambda w: {"params": {f"module.{key}": value for key, value in w.items()}},
    ],
)
def test_basicsr_files(weights, tmp_path, wrap):
    torch.save(wrap(weights), tmp_path / "net.pth")
    assert equal(load_network(tmp_path / "net.pth"), weights)


def test_half_precision_is_loaded_as_float32(weights, tmp_path):
    half = {key: value.half() for key, value in weights.items()}
    save_network(tmp_path / "half.safetensors", half, METADATA)
    network = load_network(tmp_path / "half.safetensors")
    assert equal(network, {key: value.float() for key, value in half.items()})


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_is_refused_and_not_run(tmp_path):
    (tmp_path / "bomb.pth").write_bytes(pickle.dumps({"params": Bomb(tmp_path / "boom")}))
    torch.save({"params": Bomb(tmp_path / "boom")}, tmp_path / "bomb2.pth")
    for name in ("bomb.pth", "bomb2.pth"):
        with pytest.raises(InputError, match=rf"{name}: cannot be loaded as weights only .*save its state dict alone"):
            load_network(tmp_path / name)
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("keep", [0, 10, 500, -20])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_cut_short(weights, tmp_path, keep, suffix):
    file = tmp_path / f"net.{suffix}"
    torch.save(weights, file) if suffix == "pth" else save_network(file, weights, METADATA)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(InputError, match=rf"net\.{suffix}: "):
        load_network(file)


def test_not_finite(weights, tmp_path):
    weights["conv_hr.weight"][1, 2, 0, 0] = float("inf")
    save_network(tmp_path / "net.safetensors", weights, METADATA)
    with pytest.raises(InputError, match=r"net\.safetensors: conv_hr\.weight holds values that are not finite"):
        load_network(tmp_path / "net.safetensors")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.pth", None, "no such file"),
        ("net.onnx", b"x", r"a network is a \.safetensors or a \.pth file"),
    ],
)
def test_what_is_no_network(tmp_path, name, content, message):
    if content:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rf"{name}: {message}"):
        load_network(tmp_path / name)


@pytest.mark.parametrize("content", [{}, {"iter": 3}, [torch.zeros(1)], {"params": {"a": 1}}])
def test_a_pth_without_a_state_dict(tmp_path, content):
    torch.save(content, tmp_path / "net.pth")
    with pytest.raises(InputError, match=r"net\.pth: holds no state dict"):
        read_weights(tmp_path / "net.pth")


def test_metadata_that_does_not_fit_names_the_first_key(weights, tmp_path):
    wrong = METADATA | {"arguments": {"scale": 2, "features": 8, "blocks": 1}}
    save_network(tmp_path / "net.safetensors", weights, wrong)
    told = r"net\.safetensors: conv_first\.weight is \(8, 3, 3, 3\) in the network but \(4, 3, 3, 3\) in the file"
    with pytest.raises(InputError, match=told):
        load_network(tmp_path / "net.safetensors")


SOURCE = """
from torch import nn
def make(): return nn.Conv2d(3, 3, 3, padding=1)
def fail(): raise RuntimeError("no")
def number(): return 3
constant = 4
"""


def test_a_builder_of_ones_own(tmp_path):
    (tmp_path / "own.py").write_text(SOURCE)
    builder = load_builder(f"{tmp_path / 'own.py'}:make")
    torch.save(builder().state_dict(), tmp_path / "net.pth")
    assert equal(load_network(tmp_path / "net.pth", builder), read_weights(tmp_path / "net.pth")[0])
    torch.save({"bias": torch.zeros(3)}, tmp_path / "bad.pth")
    with pytest.raises(InputError, match=r"bad\.pth: weight is in the network but not in the file"):
        load_network(tmp_path / "bad.pth", builder)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("none", "has no function 'none'"),
        ("constant", "has no function"),
        ("fail", "RuntimeError: no"),
        ("number", "int"),
    ],
)
def test_builders_that_do_not_build(tmp_path, function, message):
    (tmp_path / "own.py").write_text(SOURCE)
    with pytest.raises(InputError, match=rf"arch .*own\.py:{function}: .*{message}"):
        load_builder(f"{tmp_path / 'own.py'}:{function}")()


@pytest.mark.parametrize("spec", ["make", "none.py:make", ":make"])
def test_builders_that_are_no_file(spec):
    with pytest.raises(InputError, match=r"expected file\.py:function"):
        load_builder(spec)


def test_a_builder_file_that_fails(tmp_path):
    (tmp_path / "own.py").write_text("import nothing_like_this")
    with pytest.raises(InputError, match=r"own\.py fails: ModuleNotFoundError"):
        load_builder(f"{tmp_path / 'own.py'}:make")


def test_saving_into_no_folder(weights, tmp_path):
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        save_network(tmp_path / "none" / "net.safetensors", weights, {})
    save_network(tmp_path / "net.safetensors", weights, {})
    assert load_file(tmp_path / "net.safetensors").keys() == weights.keys()
