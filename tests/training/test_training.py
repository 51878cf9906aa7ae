"""Training on drawn images: the same run whether killed or not, and it learns."""

import math

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from conftest import training_config
from faig.common.errors import InputError
from faig.imaging.degradation import Degradation
from faig.imaging.images import list_images, mod_crop, read_image
from faig.imaging.metrics import psnr
from faig.networks.checkpoint import load_network, network_metadata
from faig.networks.inference import channels_of, restore, scale_of
from faig.training.config import OptimizerConfig, read_config
from faig.training.loop import Report, learning_rate, train


class Killed(Exception):
    """Stands for kill -9."""


def test_a_killed_run_ends_with_the_same_weights(settings, tmp_path):
    losses: dict[str, dict[int, float]] = {"unbroken": {}, "killed": {}}

    def note(name: str, die_at: int | None = None):
        def say(report: Report) -> None:
            losses[name][report.iteration] = report.loss
            if report.iteration == die_at:
                raise Killed

        return say

    unbroken = train(training_config(settings, out=str(tmp_path / "unbroken")), note("unbroken"))
    killed = training_config(settings, out=str(tmp_path / "killed"))
    with pytest.raises(Killed):
        train(killed, note("killed", die_at=8))
    losses["killed"] = {i: loss for i, loss in losses["killed"].items() if i <= 5}  # the last checkpoint
    again = train(killed, note("killed"))
    assert losses["killed"] == losses["unbroken"]
    first, second = load_file(unbroken), load_file(again)
    assert all(torch.equal(weight, second[key]) for key, weight in first.items())


@pytest.mark.slow
def test_it_learns(settings):
    # At random weights the network is the bilinear enlargement; stripes are easy to do better on.
    losses = []
    train(
        training_config(
            settings,
            data=settings["data"] | {"degradation": {}},
            optimizer={"iterations": 200, "learning_rate": 5e-3, "ema": 0.9},
        ),
        lambda report: losses.append(report.loss),
    )
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:20])


def test_a_target_starts_from_its_baseline_and_the_record_says_so(settings, drawn, tmp_path):
    validation = {"gt": str(drawn), "every": 100, "images": 2}
    baseline = train(training_config(settings, out=str(tmp_path / "baseline"), validation=validation))
    tuned = training_config(
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


def test_validation_reduces_images_as_training_does(settings, drawn):
    """Bilinear patches and bicubic validation would tell of another network than the one that is trained."""
    validation = {"gt": str(drawn), "every": 100, "images": 2, "degrade": {"jpeg": 60, "own": "down:area+noise:0.1"}}
    shown = {}
    for how in ("bilinear", "bicubic"):
        data = settings["data"] | {"degradation": {"downsampling": how}}
        out = settings["out"] + how
        path = train(training_config(settings, data=data, validation=validation, out=out))
        last = network_metadata(path)["training"]["validation"][-1]
        network = load_network(path)
        gt = {name: mod_crop(read_image(file), 2) for name, file in sorted(list_images(drawn).items())[:2]}
        for kind, levels in {"clean": {}, "blur": {"blur": 2.0}, "noise": {"noise": 0.1}}.items():
            made = Degradation(**levels, downsampling=how)
            values = [psnr(restore(network, made(image, 2, name=name)), image, border=2) for name, image in gt.items()]
            assert last[kind] == pytest.approx(sum(values) / 2, abs=1e-4)
        shown[how] = last["clean"]
    assert abs(shown["bilinear"] - shown["bicubic"]) > 0.01


def test_refuses_another_configuration_and_another_architecture(settings, tmp_path):
    first = train(training_config(settings))
    with pytest.raises(InputError, match=r"state-00000012\.pth: was written with seed = 3, not 4; choose another out"):
        train(training_config(settings, seed=4))
    wider = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 8, "blocks": 1}, "start": str(first)}
    with pytest.raises(InputError, match=r"conv_first\.weight is \(8, 3, 3, 3\) in the configuration"):
        train(training_config(settings, network=wider, out=str(tmp_path / "wider")))


def test_schedule_is_a_cosine_that_may_restart():
    optimizer = OptimizerConfig(iterations=100, learning_rate=1.0, final_learning_rate=0.0)
    assert [learning_rate(optimizer, i) for i in (0, 50, 99)] == pytest.approx([1, 0.5, 0.000247], abs=1e-6)
    optimizer = optimizer.model_copy(update={"restart_every": 40})
    expected = [(1 + math.cos(math.pi * position / 40)) / 2 for position in (0, 20, 40, 1, 20, 40, 1)]
    assert [learning_rate(optimizer, i) for i in (0, 20, 40, 41, 60, 80, 81)] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sead": 3}, r"sead: there is no such setting; did you mean seed\?"),
        ({"lr_patch": 3}, r"lr_patch: there is no such setting; did you mean data\.lr_patch\?"),
        ({"optimizer": {"iterations": 3, "learning_rat": 1}}, r"did you mean optimizer\.learning_rate\?"),
        ({"validation": {"gt": "a", "evry": 1}}, r"did you mean validation\.every\?"),
        ({"out": "."}, "out: name a folder of its own"),
        ({"out": ""}, "out: is empty; name a file or a folder"),
        ({"out": "/proc/none/run"}, "run: cannot be written"),
        ({"seed": 2**70}, "seed: Input should be less than"),
        ({"network": {"arguments": {"scale": 2, "features": -4}}}, "network: architecture 'srresnet' with"),
        ({"network": {"arguments": {"scale": 2, "features": 0}}}, "network: "),
        (
            {"network": {"arguments": {"scale": 2, "channels": 1}}},
            "network: arguments: channels: networks are trained on RGB",
        ),
        ({"network": {"arguments": {"scale": 2.0}}}, r"network: .*2\.0"),
        ({"network": {"arguments": {"scale": 2, "architecture": "x"}}}, "architecture stands beside arguments"),
        ({"network": {"arguments": {"feature": 4, "scale": 2}}}, "unexpected keyword argument 'feature'"),
        ({"network": {"architecture": "srcnn-style", "arguments": {"scale": 2, "widths": []}}}, "srcnn-style"),
        ({"data": {"gt": "x", "degradation": {"noise": 50}}}, "noise 50 is outside 0 to 1"),
        ({"data": {"gt": "x", "degradation": {"blur": 50}}}, "blur 50"),
        ({"optimizer": {"iterations": 3, "betas": [2, 3]}}, r"optimizer\.betas\.0: Input should be less than 1"),
        ({"optimizer": {"iterations": 3, "learning_rate": float("inf")}}, "finite number"),
        ({"zzz": 1}, "zzz: there is no such setting; there are name, network, data"),
        ({"filters": "a.csv", "protect": "b.csv", "top": "1%"}, "filters and protect: give one of them"),
        ({"top": "1%"}, "top is of a ranking: give filters or protect"),
        ({"filters": "a.csv", "top": "1%"}, "filters needs network.start"),
        ({"protect": "a.csv", "top": "1%"}, "protect needs network.start"),
        ({"filters": "a.csv", "top": "0%"}, r"top: proportion 0% is outside"),
        (
            {"optimizer": {"iterations": 0}},
            r"optimizer\.iterations: .* greater than or equal to 1 \(got 0\)",
        ),
        ({"data": {"lr_patch": 3}}, r"data\.gt: Field required"),
        ({"seed": "x"}, "seed: Input should be a valid integer"),
    ],
)
def test_bad_configurations(settings, tmp_path, change, message):
    file = tmp_path / "train.yaml"
    file.write_text(yaml.safe_dump(settings | change))
    with pytest.raises(InputError, match=message):
        train(read_config(file)[0])
    file.write_text(yaml.safe_dump(settings))
    assert read_config(file)[0].name == "tiny"


def test_a_key_that_stands_there_twice(tmp_path):
    file = tmp_path / "train.yaml"
    file.write_text("name: a\nseed: 1\nseed: 2\n")
    with pytest.raises(InputError, match="seed is given twice, the second time in line 3"):
        read_config(file)


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "a: 2020-13-45"])
def test_what_is_no_configuration(tmp_path, text):
    file = tmp_path / "train.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=r"train\.yaml: is not"):
        read_config(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_config(tmp_path / "none.yaml")


@pytest.mark.slow
def test_a_denoiser_enlarges_nothing(settings):
    arguments = {"features": 4, "convolutions": 3, "channels": 3}
    settings["network"] = {"architecture": "dncnn", "arguments": arguments}
    network = load_network(train(training_config(settings, data=settings["data"] | {"degradation": {"noise": 0.1}})))
    assert (scale_of(network), channels_of(network)) == (1, 3)


def test_gray_networks_are_not_trained(settings):
    settings["network"] = {"architecture": "dncnn", "arguments": {"features": 4, "convolutions": 3}}
    with pytest.raises(ValueError, match="channels: networks are trained on RGB; give 3"):
        training_config(settings)
