"""Values out of bounds in configurations of training: one line that names the setting, before anything starts."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import TINY, training_config
from faig.common.errors import InputError
from faig.training.config import read_config
from faig.training.loop import train

NUL, HALF, LONG = "a\0b", "\ud800", "x" * 300
NUMBERS = {  # settings that are numbers, with one that is below all that can be
    "data.lr_patch": 0,
    "data.batch": 0,
    "data.workers": -1,
    "data.cache_gb": -1,
    "data.degradation.blur": -1,
    "data.degradation.blur_probability": -0.1,
    "data.degradation.noise": -1,
    "data.degradation.noise_probability": 1.1,
    "optimizer.iterations": 0,
    "optimizer.learning_rate": 0,
    "optimizer.final_learning_rate": -1,
    "optimizer.restart_every": 0,
    "optimizer.eps": 0,
    "optimizer.weight_decay": -1,
    "optimizer.loss_weight": 0,
    "optimizer.ema": 1,
    "validation.images": 0,
    "validation.every": 0,
    "validation.blur": -1,
    "validation.noise": 2,
    "seed": -1,
    "checkpoint_every": 0,
    "report_every": 0,
}
PATHS = ("out", "data.gt", "validation.gt", "network.start", "filters", "protect")


NO_NUMBER = (float("nan"), float("inf"), -float("inf"), "many", [1], {"a": 1}, True)
NO_FILE = ("", " ", NUL, HALF, LONG, f"folder/{LONG}/a", ["a"], {"a": 1}, 3, True)
NO_NAME = ("", " ", NUL, HALF, LONG, "two\nlines", "\x1b[31m")


@pytest.fixture
def read(tmp_path):
    def read(setting: str, value: object):
        """Read a configuration in which one setting, by its dotted name, is another."""
        network = {"arguments": {"scale": 2} | TINY["srresnet"]}
        values: dict[str, Any] = {"name": "a", "network": network, "data": {"gt": "gt"}, "out": "run"}
        values["optimizer"] = {"iterations": 1}
        *folders, last = setting.split(".")
        place = values
        for folder in folders:
            place = place.setdefault(folder, {"gt": "gt"} if folder == "validation" else {})
        place[last] = value
        file = tmp_path / "train.yaml"
        file.write_text(yaml.safe_dump(values))
        return read_config(file)

    return read


def refused(read, setting: str, value: object) -> None:
    """In one line that names the file and the setting, or the section that it is in."""
    with pytest.raises(InputError) as told:
        read(setting, value)
        pytest.fail(f"{setting}: {value!r} is accepted")
    text = str(told.value)
    assert "train.yaml: " in text
    assert setting in text or setting.rpartition(".")[0] in text
    assert "\n" not in text
    assert len(text) < 600
    text.encode()  # can be printed


@pytest.mark.slow
@pytest.mark.parametrize("setting", NUMBERS)
def test_what_is_no_number_or_below_all_bounds(read, setting):
    for value in (*NO_NUMBER, NUMBERS[setting]):
        refused(read, setting, value)


@pytest.mark.slow
@pytest.mark.parametrize("setting", PATHS)
def test_what_names_no_file(read, setting):
    for value in NO_FILE:
        refused(read, setting, value)


@pytest.mark.slow
def test_what_is_no_name(read):
    for value in (*NO_NAME, ["a"], {"a": 1}, 3, False):
        refused(read, "name", value)
    for value in NO_NAME:
        refused(read, "validation.lr", {value: "lr"})
        refused(read, "validation.degrade", {value: "jpeg:40"})


def test_a_name_may_be_of_any_letters(read):
    assert read("name", "Straße/模型 2")[0].name == "Straße/模型 2"
    assert read("out", "runs/Straße 模型")[0].out == Path("runs/Straße 模型")


ARGUMENTS = {
    "srresnet": {"scale": (0, -2), "features": (0, -4), "blocks": (-1, 10**9)},
    "srresnet-two-branch": {"estimator_width": (0, -4), "blocks": (-1, 10**9)},
    "srresnet-banks": {"banks": ([], [0], [-3], [9, 10**12], [True]), "classifier_width": (0, -4)},
    "srcnn-style": {"widths": ([4, 0], [-4], [True])},
    "compact": {"features": (0,), "convolutions": (-3, 10**9)},
    "rrdb": {"growth": (0, -1), "blocks": (-1,), "unshuffle": (0, -1)},
    "edsr": {"blocks": (-1, 10**12), "img_range": (0, -1.0), "mean": ([float("nan"), 0, 0],)},
    "rcan": {"groups": (-1, 10**9), "blocks": (-1,), "squeeze": (0, -1)},
    "dncnn": {"features": (0,), "convolutions": (-1, 10**9)},
}


@pytest.mark.parametrize(("architecture", "name"), [(which, name) for which, bad in ARGUMENTS.items() for name in bad])
def test_arguments_of_networks(read, architecture, name):
    for value in (*ARGUMENTS[architecture][name], float("nan"), float("inf"), True, "a", {"a": 1}):
        arguments = {} if architecture == "dncnn" else {"scale": 2}
        arguments |= {key: list(each) if isinstance(each, tuple) else each for key, each in TINY[architecture].items()}
        refused(read, "network", {"architecture": architecture, "arguments": arguments | {name: value}})


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        ("data", {"batch": 10**12}, r"data\.batch: 1000000000000 patches of 8 LR pixels a side need .*GB of memory"),
        ("data", {"lr_patch": 10**7}, r"data\.batch: 2 patches of 10000000 LR pixels a side need"),
        ("network", {"arguments": {"scale": 2, "features": 10**6, "blocks": 1}}, r"network\.arguments: .*GB of memory"),
    ],
)
def test_more_memory_than_there_is_is_told_before_it_is_taken(settings, section, values, message, tmp_path):
    config = training_config(settings, **{section: settings[section] | values})
    with pytest.raises(InputError, match=message):
        train(config)
    assert not (tmp_path / "run").exists()
