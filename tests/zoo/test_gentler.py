"""A shipped target that keeps a share of what its training changed."""

import runpy
from pathlib import Path

import pytest
import torch

from conftest import tiny_network
from faig import zoo
from faig.attribution.integration.path import WeightPath
from faig.networks.checkpoint import network_metadata, save_network
from faig.zoo.record import KEPT, relative_change, training_facts

SCRIPT = Path(__file__).parents[2] / "scripts" / "gentler.py"
TRAINING = {"config": {"optimizer": {"iterations": 10}}, "hardware": "a CPU", "start": {}}


@pytest.fixture
def written(tmp_path):
    """A function that trains, so far, and has the script write the target."""
    baseline, target = tiny_network(), tiny_network()
    record = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}, "training": TRAINING}
    main = runpy.run_path(str(SCRIPT))["main"]

    def write(times):
        with torch.no_grad():
            for weight, start in zip(target.parameters(), baseline.parameters(), strict=True):
                weight.copy_(start + times * torch.rand_like(start) * start.norm() / start.numel() ** 0.5)
        for name, network in (("baseline", baseline), ("trained", target)):
            save_network(tmp_path / f"{name}.safetensors", network.state_dict(), record)
        main(tmp_path / "baseline.safetensors", tmp_path / "trained.safetensors", tmp_path / "target.safetensors")
        return baseline, target, tmp_path / "target.safetensors"

    return write


def test_it_is_as_far_on_the_path_as_the_weights_may_move(written):
    baseline, target, file = written(1.0)
    assert relative_change(target, baseline) > 0.4
    network, training = zoo.load(str(file)), network_metadata(file)["training"]
    kept = training[KEPT]
    path = WeightPath(target, baseline)
    for weight, known in zip(network.parameters(), path.move(1 - kept).parameters(), strict=True):
        torch.testing.assert_close(weight, known, rtol=1e-3, atol=1e-3)  # float16
    assert relative_change(path.move(1 - kept), baseline) <= 0.3
    assert relative_change(path.move(1 - kept - 0.01), baseline) > 0.3
    told = training_facts(network_metadata(file))
    assert told["trained"].endswith(f"; {kept:g} of what it changed was kept")


def test_all_is_kept_of_a_training_that_moved_little(written):
    baseline, target, file = written(0.1)
    assert KEPT not in network_metadata(file)["training"]
    assert relative_change(zoo.load(str(file)), baseline) == pytest.approx(relative_change(target, baseline), rel=1e-2)
    assert "kept" not in training_facts(network_metadata(file))["trained"]
