"""Values out of bounds in configurations of training: one line that names the setting, before anything starts."""

from pathlib import Path

import pytest
import yaml

from conftest import training_config
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
PATHS = ("out", "data.gt", "validation.gt", "network.start", "filters")


@pytest.fixture
def read(settings, tmp_path):
    def read(setting: str, value: object):
        """Read a configuration in which one setting, by its dotted name, is another."""
        *folders, last = setting.split(".")
        place = settings
        for folder in folders:
            place = place.setdefault(folder, {"gt": "gt"})
        place[last] = value
        file = tmp_path / "train.yaml"
        file.write_text(yaml.safe_dump(settings))
        return read_config(file)

    return read


def refused(read, setting: str, value: object) -> str:
    """The message; it is one line that names the file and the setting, or the section that it is in."""
    with pytest.raises(InputError) as told:
        read(setting, value)
    text = str(told.value)
    assert "train.yaml: " in text
    assert setting in text or setting.rpartition(".")[0] in text
    assert "\n" not in text
    assert len(text) < 600
    text.encode()  # can be printed
    return text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), "many", [1], {"a": 1}, True])
@pytest.mark.parametrize("setting", NUMBERS)
def test_what_is_no_number(read, setting, value):
    refused(read, setting, value)


@pytest.mark.parametrize("setting", NUMBERS)
def test_what_is_below_all_bounds(read, setting):
    refused(read, setting, NUMBERS[setting])


@pytest.mark.parametrize("value", ["", " ", NUL, HALF, LONG, f"folder/{LONG}/a", ["a"], {"a": 1}, 3, True])
@pytest.mark.parametrize("setting", PATHS)
def test_what_names_no_file(read, setting, value):
    refused(read, setting, value)


@pytest.mark.parametrize("value", ["", " ", NUL, HALF, LONG, "two\nlines", "\x1b[31m", ["a"], {"a": 1}, 3, False])
@pytest.mark.parametrize("setting", ["name", "validation.lr"])
def test_what_is_no_name(read, setting, value):
    refused(read, setting, {value: "gt"} if setting != "name" and isinstance(value, str) else value)


def test_a_name_may_be_of_any_letters(read):
    assert read("name", "Straße/模型 2")[0].name == "Straße/模型 2"
    assert read("out", "runs/Straße 模型")[0].out == Path("runs/Straße 模型")


ARGUMENTS = {
    "srresnet": {"scale": (0, -2), "features": (0, -4), "blocks": (-1, 10**9)},
    "srcnn-style": {"widths": ([4, 0], [-4], [True])},
    "compact": {"features": (0,), "convolutions": (-3, 10**9)},
    "rrdb": {"growth": (0, -1), "blocks": (-1,), "unshuffle": (0, -1)},
    "edsr": {"blocks": (-1, 10**12), "img_range": (0, -1.0), "mean": ([float("nan"), 0, 0],)},
    "rcan": {"groups": (-1, 10**9), "blocks": (-1,), "squeeze": (0, -1)},
    "dncnn": {"features": (0,), "convolutions": (-1, 10**9)},
}


@pytest.mark.parametrize(
    ("architecture", "name", "value"),
    [(which, name, value) for which, bad in ARGUMENTS.items() for name, values in bad.items() for value in values]
    + [
        (which, name, value)
        for which, bad in ARGUMENTS.items()
        for name in bad
        for value in (float("nan"), float("inf"), True, "a", {"a": 1})
    ],
)
def test_arguments_of_networks(settings, architecture, name, value):
    arguments = {} if architecture == "dncnn" else {"scale": 2}
    network = {"architecture": architecture, "arguments": arguments | {"channels": 3} | {name: value}}
    with pytest.raises(ValueError, match="network"):
        training_config(settings, network=network)


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
