"""Networks that a function in a file of the user builds."""

import pytest
import torch

from faig.common.errors import InputError
from faig.networks.checkpoint import load_builder, load_network
from faig.networks.weight_files import read_weights


def equal(network, weights) -> bool:
    found = network.state_dict()
    return found.keys() == weights.keys() and all(torch.equal(found[key], weights[key]) for key in weights)


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
