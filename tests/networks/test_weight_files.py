"""Weight files of others: what is no weights, no metadata or no such network is one line, quickly; nothing is run."""

import json
import struct
import time

import pytest
import torch
from safetensors.torch import save, save_file

from conftest import tiny_network
from faig.common.errors import InputError
from faig.common.tensors import METADATA_KEY
from faig.networks.checkpoint import load_network, network_metadata

ARGUMENTS = {"scale": 2, "features": 4, "blocks": 1}


@pytest.fixture(scope="module")
def weights():
    return tiny_network().state_dict()


def stated(tmp_path, weights, text: str):
    save_file(weights, tmp_path / "net.safetensors", {METADATA_KEY: text})
    return tmp_path / "net.safetensors"


def refused(path, limit: float = 5.0) -> str:
    """The one line that a file is refused with, by both readers."""
    begun = time.process_time()
    with pytest.raises(InputError) as error:
        load_network(path)
    assert time.process_time() - begun < limit
    assert str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "metadata is a JSON list, no object"),
        ("null", "metadata is a JSON NoneType"),
        ("7", "metadata is a JSON int"),
        ("{", "no JSON that can be read"),
        ("[" * 10_000 + "]" * 10_000, "no JSON that can be read"),
        ('{"arguments": ' + "9" * 5000 + "}", "no JSON that can be read"),
        ('{"architecture": {"a": 1}}', "'architecture' in its metadata is a dict, no str"),
        ('{"architecture": null}', "'architecture' in its metadata is a NoneType"),
        ('{"architecture": "srresnet", "arguments": [1, 2]}', "'arguments' in its metadata is a list, no dict"),
        ('{"architecture": "resnet"}', "architecture 'resnet' is unknown"),
        ('{"architecture": "srresnet", "arguments": {"depth": 3}}', "depth"),
    ],
)
def test_metadata_of_another_shape(tmp_path, weights, text, message):
    assert message in refused(stated(tmp_path, weights, text))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("blocks", 10**9),
        ("blocks", 10**30),
        ("blocks", -1),
        ("blocks", 1e9),
        ("blocks", "many"),
        ("blocks", None),
        ("features", 10**9),
        ("features", 4000),
        ("scale", 10**9),
        ("scale", 0),
        ("scale", [2] * 1000),
    ],
)
def test_a_network_larger_than_the_file_is_not_built(tmp_path, weights, name, value):
    metadata = {"architecture": "srresnet", "arguments": ARGUMENTS | {name: value}}
    said = refused(stated(tmp_path, weights, json.dumps(metadata)))
    assert any(
        part in said for part in ("is not what the file holds", "srresnet", "scale 0 is not one of", " the network")
    )


def test_widths_without_end(tmp_path):
    weights = tiny_network("srcnn-style").state_dict()
    metadata = {"architecture": "srcnn-style", "arguments": {"scale": 2, "widths": [4] * 100_000}}
    assert "is not what the file holds" in refused(stated(tmp_path, weights, json.dumps(metadata)))


def test_memory_is_taken_only_for_what_the_file_holds(tmp_path, weights):
    """One wide tensor lets a width pass that would take 30 GB."""
    metadata = {"architecture": "srresnet", "arguments": ARGUMENTS | {"features": 29_000}}
    path = stated(tmp_path, weights | {"wide": torch.zeros(29_000)}, json.dumps(metadata))
    assert "conv_first.weight is (29000, 3, 3, 3) in the network but (4, 3, 3, 3) in the file" in refused(path)


def test_what_the_metadata_says_is_built(tmp_path, weights):
    path = stated(tmp_path, weights, json.dumps({"architecture": "srresnet", "arguments": ARGUMENTS}))
    network = load_network(path)
    assert all(torch.equal(value, weights[key]) for key, value in network.state_dict().items())
    assert network_metadata(path)["arguments"] == ARGUMENTS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.to_sparse(), "of sparse_coo layout"),
        (lambda w: w.to(torch.complex64), "is of complex64"),
        (lambda w: w.to(torch.float8_e4m3fn), "is of float8_e4m3fn"),
        (lambda w: torch.zeros(1).expand(w.shape), "whose values share memory"),
        (lambda w: torch.zeros(1).expand(100_000, 100_000), "whose values share memory"),
        (lambda w: torch.empty(w.shape, device="meta"), "without values"),
    ],
)
def test_tensors_that_are_no_weights(tmp_path, weights, change, message):
    name = next(iter(weights))
    torch.save(weights | {name: change(weights[name])}, tmp_path / "net.pth")
    assert message in refused(tmp_path / "net.pth")


@pytest.mark.parametrize("key", [7, b"conv", ("a", "b"), None])
def test_names_that_are_no_text(tmp_path, weights, key):
    torch.save(weights | {key: torch.zeros(2)}, tmp_path / "net.pth")
    assert "holds no state dict" in refused(tmp_path / "net.pth")


def test_a_type_that_torch_does_not_have(tmp_path, weights):
    data = save(weights)
    size = struct.unpack("<Q", data[:8])[0]
    head = data[8 : 8 + size].replace(b'"F32"', b'"F31"')
    (tmp_path / "net.safetensors").write_bytes(data[:8] + head + data[8 + size :])
    assert "is not a whole safetensors file" in refused(tmp_path / "net.safetensors")
