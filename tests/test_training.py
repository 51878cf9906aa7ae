"""Training on drawn images: the same run whether killed or not, and it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from faig.checkpoint import load_network, network_metadata
from faig.degradation import RADIUS, Degradation, gaussian_blur
from faig.errors import InputError
from faig.images import write_image
from faig.training.config import DegradationConfig, OptimizerConfig, TrainingConfig, read_config
from faig.training.data import Patches, degrade_batch
from faig.training.loop import Report, learning_rate, train


class Killed(Exception):
    """Stands for kill -9."""


@pytest.fixture
def drawn(tmp_path) -> Path:
    """A folder of GT images: slanted stripes."""
    folder = tmp_path / "gt"
    folder.mkdir()
    y, x = torch.meshgrid(torch.arange(40.0), torch.arange(36.0), indexing="ij")
    for i in range(3):
        wave = (torch.sin(x / (2 + i) + y / 5) + 1) / 2
        write_image(folder / f"stripes{i}.png", torch.stack([wave, 1 - wave, wave * y / 40]))
    return folder


@pytest.fixture
def settings(drawn, tmp_path) -> dict:
    return {
        "name": "tiny",
        "network": {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}},
        "data": {"gt": str(drawn), "lr_patch": 8, "batch": 2, "degradation": {"blur": 2, "noise": 0.1}},
        "optimizer": {"iterations": 12, "learning_rate": 1e-3, "ema": 0.9},
        "checkpoint_every": 5,
        "seed": 3,
        "out": str(tmp_path / "run"),
    }


def config(settings: dict, **changes) -> TrainingConfig:
    return TrainingConfig.model_validate(settings | changes)


def test_a_killed_run_ends_with_the_same_weights(settings, tmp_path):
    losses: dict[str, dict[int, float]] = {"unbroken": {}, "killed": {}}

    def note(name: str, die_at: int | None = None):
        def say(report: Report) -> None:
            losses[name][report.iteration] = report.loss
            if report.iteration == die_at:
                raise Killed

        return say

    unbroken = train(config(settings, out=str(tmp_path / "unbroken")), note("unbroken"))
    killed = config(settings, out=str(tmp_path / "killed"))
    with pytest.raises(Killed):
        train(killed, note("killed", die_at=8))
    losses["killed"] = {i: loss for i, loss in losses["killed"].items() if i <= 5}  # the last checkpoint
    again = train(killed, note("killed"))
    assert losses["killed"] == losses["unbroken"]
    first, second = load_file(unbroken), load_file(again)
    assert all(torch.equal(weight, second[key]) for key, weight in first.items())


def test_it_learns(settings):
    # At random weights the network is the bilinear enlargement; stripes are easy to do better on.
    losses = []
    train(
        config(
            settings,
            data=settings["data"] | {"degradation": {}},
            optimizer={"iterations": 200, "learning_rate": 5e-3, "ema": 0.9},
        ),
        lambda report: losses.append(report.loss),
    )
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:20])


def test_a_target_starts_from_its_baseline_and_the_record_says_so(settings, drawn, tmp_path):
    validation = {"gt": str(drawn), "every": 100, "images": 2}
    baseline = train(config(settings, out=str(tmp_path / "baseline"), validation=validation))
    tuned = config(
        settings,
        out=str(tmp_path / "target"),
        network=settings["network"] | {"start": str(baseline)},
        optimizer={"iterations": 1, "learning_rate": 1e-9, "ema": 0},
    )
    target = train(tuned)
    torch.testing.assert_close(load_file(target), load_file(baseline), rtol=0, atol=1e-7)
    record = network_metadata(target)
    assert record["training"]["start"]["config"]["name"] == "tiny"
    scores = network_metadata(baseline)["training"]["validation"]
    assert scores[0]["iteration"] == 12
    assert scores[0]["clean"] > scores[0]["blur"] > 10
    assert not load_network(target).training


def test_refuses_another_configuration_and_another_architecture(settings, tmp_path):
    first = train(config(settings))
    with pytest.raises(InputError, match=r"state\.pth: belongs to another configuration"):
        train(config(settings, seed=4))
    wider = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 8, "blocks": 1}, "start": str(first)}
    with pytest.raises(InputError, match=r"conv_first\.weight is \(8, 3, 3, 3\) in the configuration"):
        train(config(settings, network=wider, out=str(tmp_path / "wider")))


def test_batches_depend_on_seed_and_iteration_alone(settings):
    data = config(settings).data
    first, second = Patches(data, 2, seed=1), Patches(data, 2, seed=1)
    first.batch(0)
    assert all(torch.equal(a, b) for a, b in zip(first.batch(7), second.batch(7), strict=True))
    assert not torch.equal(first.batch(7)[1], first.batch(8)[1])
    assert not torch.equal(first.batch(7)[1], Patches(data, 2, seed=2).batch(7)[1])


def test_blur_and_noise_are_drawn_independently():
    """A quarter each is clean, blurry, noisy and both; blur is that of the whole image, not of the patch."""
    generator = torch.Generator().manual_seed(0)
    wide = 0.2 + 0.6 * torch.rand(400, 3, 24 + 2 * RADIUS, 24 + 2 * RADIUS, generator=generator).round()
    rng = np.random.default_rng(0)
    gt, lr = degrade_batch(wide, 2, DegradationConfig(blur=2, noise=0.1), rng)
    assert torch.equal(gt, wide[..., RADIUS:-RADIUS, RADIUS:-RADIUS])
    clean = torch.stack([Degradation()(patch, 2) for patch in gt])
    blurred = torch.stack([Degradation()(p, 2) for p in gaussian_blur(wide, 2.0)[..., RADIUS:-RADIUS, RADIUS:-RADIUS]])
    off_clean, off_blurred = ((lr - other).square().mean((1, 2, 3)).sqrt() for other in (clean, blurred))
    shares = [
        (off_clean < 0.003).float().mean().item(),
        (off_blurred < 0.003).float().mean().item(),
        ((off_clean > 0.07) & (off_clean < 0.12)).float().mean().item(),
        ((off_blurred > 0.07) & (off_blurred < 0.12)).float().mean().item(),
    ]
    assert shares == pytest.approx([0.25] * 4, abs=0.07)
    assert sum(shares) == pytest.approx(1)


def test_patches_smaller_than_asked_for(settings):
    with pytest.raises(InputError, match=r"stripes\d\.png: 36x40 is smaller than a GT patch of 64"):
        Patches(config(settings, data=settings["data"] | {"lr_patch": 32}).data, 2, 0).batch(0)


def test_schedule_is_a_cosine():
    optimizer = OptimizerConfig(iterations=100, learning_rate=1.0, final_learning_rate=0.0)
    assert [learning_rate(optimizer, i) for i in (0, 50, 100)] == pytest.approx([1, 0.5, 0], abs=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sead": 3}, "sead: Extra inputs are not permitted"),
        ({"optimizer": {"iterations": 0}}, r"optimizer\.iterations: Input should be greater than 0 \(got 0\)"),
        ({"data": {"lr_patch": 3}}, r"data\.gt: Field required"),
        ({"seed": "x"}, "seed: Input should be a valid integer"),
    ],
)
def test_bad_configurations(settings, tmp_path, change, message):
    file = tmp_path / "train.yaml"
    file.write_text(yaml.safe_dump(settings | change))
    with pytest.raises(InputError, match=message):
        read_config(file)
    file.write_text(yaml.safe_dump(settings))
    assert read_config(file).name == "tiny"


@pytest.mark.parametrize("text", ["a: [", "- 1", ""])
def test_what_is_no_configuration(tmp_path, text):
    file = tmp_path / "train.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=r"train\.yaml: is not"):
        read_config(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_config(tmp_path / "none.yaml")
