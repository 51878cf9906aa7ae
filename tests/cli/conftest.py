"""Tiny networks and drawn images, and a run on them."""

import shutil
from pathlib import Path

import pytest
import torch

from conftest import nudged, tiny_network
from faig.imaging.images import write_image
from faig.networks.checkpoint import save_network


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Networks and images, made once; tests write elsewhere."""
    folder = tmp_path_factory.mktemp("place")
    baseline = tiny_network()
    arguments = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    save_network(folder / "baseline.safetensors", baseline.state_dict(), arguments)
    target = nudged(baseline, size=0.02)
    save_network(folder / "target.safetensors", target.state_dict(), arguments)
    torch.save({"params_ema": target.state_dict()}, folder / "target.pth")
    save_network(folder / "other.safetensors", tiny_network("srcnn-style").state_dict(), {})
    broken = target.state_dict() | {"conv_hr.bias": torch.full((4,), float("nan"))}
    save_network(folder / "nan.safetensors", broken, arguments)
    torch.save(target, folder / "pickle.pth")
    (folder / "gt").mkdir()
    generator = torch.Generator().manual_seed(0)
    for name, height, width in (("one", 40, 36), ("two", 36, 48), ("three", 36, 36)):
        write_image(folder / "gt" / f"{name}.png", torch.rand(3, height, width, generator=generator))
    (folder / "odd").mkdir()
    write_image(folder / "odd" / "odd.png", torch.rand(3, 41, 36, generator=generator))
    (folder / "small").mkdir()
    write_image(folder / "small" / "strip.png", torch.rand(3, 300, 14, generator=generator))
    (folder / "empty").mkdir()
    (folder / "text.pth").write_text("no network")
    return folder


@pytest.fixture(scope="module")
def pair(place) -> list[object]:
    return ["--baseline", place / "baseline.safetensors", "--target", place / "target.safetensors"]


@pytest.fixture(scope="module")
def once(tmp_path_factory) -> Path:
    """Where what takes long is kept for all tests of a file."""
    return tmp_path_factory.mktemp("once")


@pytest.fixture
def attributed(faig, place, pair, once, tmp_path) -> Path:
    """A finished ``faig attribute``."""
    if not (once / "run").exists():
        images = ["--gt", place / "gt", "--degrade", "blur=2", "--degrade", "noise=0.1"]
        code, out, err = faig("attribute", *pair, *images, "--nodes", 2, "--out", once / "run")
        assert code == 0, err
        assert "convergence delta" in out
    return shutil.copytree(once / "run", tmp_path / "run")
