"""A tiny pair with images, and settings that compare methods on it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from conftest import nudged, tiny_network
from faig.experiment.config import ImagesConfig
from faig.imaging.images import write_image
from faig.networks.checkpoint import save_network


@pytest.fixture(scope="package")
def place(tmp_path_factory) -> Path:
    """A folder with the pair and two folders of images, ``gt`` and ``find``."""
    folder = tmp_path_factory.mktemp("study")
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    baseline = tiny_network()
    save_network(folder / "baseline.safetensors", baseline.state_dict(), metadata)
    save_network(folder / "target.safetensors", nudged(baseline, size=0.02).state_dict(), metadata)
    generator = torch.Generator().manual_seed(0)
    for part, count in (("gt", 2), ("find", 2)):
        (folder / part).mkdir()
        for i in range(count):
            write_image(folder / part / f"{part}{i}.png", torch.rand(3, 24 + 2 * i, 28, generator=generator))
    return folder


@pytest.fixture(scope="package")
def pair_settings(place) -> Callable[..., dict]:
    """What gives the settings of a run on the pair and its images, with changes."""

    def changed(**changes) -> dict:
        return {
            "baseline": str(place / "baseline.safetensors"),
            "target": str(place / "target.safetensors"),
            "images": ImagesConfig(gt=place / "gt", degrade={"blur": 2.0, "noise": 0.1}),
            "nodes": 3,
            "threads": 2,
            **changes,
        }

    return changed
