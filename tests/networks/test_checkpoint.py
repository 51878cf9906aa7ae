import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file, save_model
from torch import nn

from conftest import tiny_network
from faig.common.errors import InputError
from faig.networks.checkpoint import load_network, network_metadata, save_network
from faig.networks.export import export
from faig.networks.weight_files import read_weights

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
        lambda w: {"state_dict": {f"_orig_mod.{key}": value for key, value in w.items()}, "iteration": 3},
        lambda w: {"model": {f"module._orig_mod.{key}": value for key, value in w.items()}, "optimizer": {"lr": 0.1}},
    ],
)
def test_pth_files(weights, tmp_path, wrap):
    torch.save(wrap(weights), tmp_path / "net.pth")
    assert equal(load_network(tmp_path / "net.pth"), weights)


def test_half_precision_is_loaded_as_float32(weights, tmp_path):
    half = {key: value.half() for key, value in weights.items()}
    save_network(tmp_path / "half.safetensors", half, METADATA)
    network = load_network(tmp_path / "half.safetensors")
    assert equal(network, {key: value.float() for key, value in half.items()})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_both_halves_from_both_kinds_of_file(weights, tmp_path, dtype):
    half = {key: value.to(dtype) for key, value in weights.items()}
    torch.save(half, tmp_path / "half.pth")
    save_file(half, tmp_path / "half.safetensors")
    for name in ("half.pth", "half.safetensors"):
        assert equal(load_network(tmp_path / name), {key: value.float() for key, value in half.items()})


def test_an_optimiser_beside_the_weights(tmp_path):
    network = tiny_network().requires_grad_(True)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.rand(1, 3, 5, 5)).sum().backward()
    optimizer.step()
    torch.save({"optimizer": optimizer.state_dict(), "model": network.state_dict(), "epoch": 3}, tmp_path / "net.pth")
    assert equal(load_network(tmp_path / "net.pth"), network.state_dict())


class Wrapped(nn.Module):
    """A network with a part that is called as a wrapper's prefix is, and one without."""

    def __init__(self, part: str, *, alone: bool) -> None:
        super().__init__()
        self.add_module(part, nn.Conv2d(3, 3, 3, padding=1))
        if not alone:
            self.last = nn.Conv2d(3, 3, 3, padding=1)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("part", ["module", "_orig_mod"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod."])
def test_parts_that_are_called_as_prefixes_are(tmp_path, suffix, alone, part, prefix):
    network = Wrapped(part, alone=alone)
    stored = {prefix + key: value for key, value in network.state_dict().items()}
    file = tmp_path / f"net.{suffix}"
    torch.save({"params": stored}, file) if suffix == "pth" else save_file(stored, file)
    assert equal(load_network(file, lambda: Wrapped(part, alone=alone)), network.state_dict())
    export(network, file)
    assert equal(load_network(file, lambda: Wrapped(part, alone=alone)), network.state_dict())


def test_prefixes_of_some_names_alone_stay(tmp_path, weights):
    torch.save(
        {("module." * (key != "conv_hr.bias")) + key: value for key, value in weights.items()}, tmp_path / "a.pth"
    )
    with pytest.raises(InputError, match=r"a\.pth: conv_first\.weight is in the network but not in the file"):
        load_network(tmp_path / "a.pth", tiny_network)


class Tied(nn.Module):
    """Two layers of one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(3, 3, 3, padding=1, bias=False) for _ in range(2))
        self.second.weight = self.first.weight


def test_tied_weights_under_one_name(tmp_path):
    network = Tied()
    save_model(network, str(tmp_path / "model.safetensors"))
    assert len(load_file(tmp_path / "model.safetensors")) == 1
    save_file({"module.second.weight": network.second.weight.detach()}, tmp_path / "plain.safetensors")
    for name in ("model", "plain"):
        loaded = load_network(tmp_path / f"{name}.safetensors", Tied)
        assert equal(loaded, network.state_dict())
        assert loaded.first.weight is loaded.second.weight


def test_tied_weights_of_a_network_that_is_recognised(tmp_path):
    network = tiny_network()
    network.body[0].conv2.weight = network.body[0].conv1.weight
    save_model(network, str(tmp_path / "net.safetensors"))
    assert "body.0.conv2.weight" not in load_file(tmp_path / "net.safetensors")
    assert equal(load_network(tmp_path / "net.safetensors"), network.state_dict())


def test_tied_weights_that_differ_in_the_file(tmp_path):
    torch.save({"first.weight": torch.zeros(3, 3, 3, 3), "second.weight": torch.ones(3, 3, 3, 3)}, tmp_path / "net.pth")
    with pytest.raises(InputError, match=r"net\.pth: second\.weight and first\.weight differ, but are one weight"):
        load_network(tmp_path / "net.pth", Tied)


def test_weights_that_are_missing_are_not_tied_to_anything(tmp_path):
    save_file({"weight": torch.zeros(3, 3, 3, 3)}, tmp_path / "net.safetensors")
    with pytest.raises(InputError, match=r"bias is in the network but not in the file"):
        load_network(tmp_path / "net.safetensors", lambda: nn.Conv2d(3, 3, 3))


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


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (
            {"weight": torch.zeros(1), "best": np.float64(1)},
            r"it holds numpy\._?core\.multiarray\.scalar, which is no weight",
        ),
        (nn.Conv2d(3, 3, 3), r"it holds torch\.nn\.modules\.conv\.Conv2d, which is no weight"),
        ("script", "it is a TorchScript program"),
        (b"<html>", r"it is damaged, or was not written by torch\.save"),
    ],
)
def test_why_a_file_cannot_be_loaded_is_one_clean_line(tmp_path, content, why):
    file = tmp_path / "net.pth"
    if isinstance(content, bytes):
        file.write_bytes(content)
    elif content == "script":
        with warnings.catch_warnings(action="ignore"):
            torch.jit.script(nn.Identity()).save(str(file))
    else:
        torch.save(content, file)
    with pytest.raises(InputError) as refused:
        load_network(file)
    advice = "save its state dict alone: torch.save(network.state_dict(), file)"
    assert re.fullmatch(
        rf".*net\.pth: cannot be loaded as weights only \({why}\); {re.escape(advice)}", str(refused.value)
    )


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


def test_saving_into_no_folder(weights, tmp_path):
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        save_network(tmp_path / "none" / "net.safetensors", weights, {})
    save_network(tmp_path / "net.safetensors", weights, {})
    assert load_file(tmp_path / "net.safetensors").keys() == weights.keys()


STOPPED = """
import torch
from pathlib import Path
from faig.networks.checkpoint import save_pickle

def stop(*_):
    raise KeyboardInterrupt

torch.serialization._open_zipfile_writer_buffer.__exit__ = stop  # as a signal does, before torch's writer is done
try:
    save_pickle({"weight": torch.rand(1000)}, Path("net.pth"))
except KeyboardInterrupt:
    raise SystemExit(7) from None
"""


@pytest.mark.slow
def test_a_signal_while_torch_writes_leaves_the_process_alive(tmp_path):
    ended = subprocess.run([sys.executable, "-c", STOPPED], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (7, "")
    assert not (tmp_path / "net.pth").exists()
