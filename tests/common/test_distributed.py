"""What is set for a while is as before afterwards."""

import pytest
import torch

from faig.attribution.integration.gradients import precision_of
from faig.common.distributed import tf32
from faig.training.config import TrainingConfig
from faig.training.loop import train


def switches() -> tuple[bool, bool]:
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


@pytest.mark.parametrize("allowed", [True, False])
def test_tf32_is_restored_also_after_an_error(allowed):
    before = switches()
    with tf32(allowed):
        assert switches() == (allowed, allowed)
    assert switches() == before
    with pytest.raises(ZeroDivisionError), tf32(allowed):
        raise ZeroDivisionError
    assert switches() == before


@pytest.mark.parametrize(("precision", "allowed"), [("float32", False), ("tf32", True), ("bf16", False)])
def test_precision_means_what_it_says(precision, allowed):
    before = switches()
    with precision_of(precision):
        assert switches() == (allowed, allowed)
    assert switches() == before


@pytest.mark.parametrize(("precision", "allowed"), [("float32", False), ("tf32", True), ("bfloat16", True)])
def test_training_computes_in_its_precision_and_puts_it_back(tmp_path, monkeypatch, precision, allowed):
    optimizer = {"iterations": 1, "precision": precision}
    settings = {"name": "a", "data": {"gt": "b"}, "optimizer": optimizer, "out": str(tmp_path / "out")}
    during = []
    monkeypatch.setattr("faig.training.loop._train", lambda *_: during.append(switches()))
    before = switches()
    train(TrainingConfig.model_validate(settings))
    assert during == [(allowed, allowed)]
    assert switches() == before
