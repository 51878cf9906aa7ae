"""Values out of bounds in configurations of runs: one line that names the setting; and shares keep their meaning."""

import copy
from pathlib import Path

import pytest
import yaml

from faig.attribution.options import TOP, Options
from faig.common.errors import InputError
from faig.experiment.config import AttributeConfig, CompareConfig, attribution_options
from faig.experiment.studies import read_study
from faig.experiment.study.config import (
    LocationsPart,
    PredictPart,
    ReferencePart,
    RetrainPart,
    StudyConfig,
    SweepPart,
)

IMAGES = {"gt": "gt", "degrade": {"blur": 2}}
RUN = {"baseline": "a.pth", "target": "b.pth", "threads": 1, "images": IMAGES}
SOURCE = {"photos": ["astronaut"], "folder": "Set14"}
STUDY = {
    "command": "study",
    "baseline": "a.pth",
    "target": "b.pth",
    "threads": 1,
    "degrade": {"blur": 2},
    **dict.fromkeys(("find", "measure", "show", "learn"), SOURCE),
}
TRUTH = {"command": "truth", "networks": "{pair}/{seed}/{role}.pth", "pairs": ["a"], "training_seeds": [1]}
TRAINING = {
    "command": "training",
    "title": "A title",
    "asked": "What?",
    "start": "a-{seed}.pth",
    "training_seeds": [1],
    "learn": SOURCE,
    "measure": SOURCE,
    "degrade": {"blur": 2},
    "arms": {"a": {}, "b": {"filters": "b.csv", "top": "1%"}},
    "control": "a",
}
CONFIGS = {
    "attribute": RUN | {"command": "attribute"},
    "compare": RUN | {"command": "compare"},
    "sweep": RUN | {"command": "sweep", "filters": {"blur": "a.csv"}},
    "study": STUDY,
    "training": TRAINING,
    "truth": TRUTH,
}
NO_NUMBER = (float("nan"), float("inf"), -1, True, "many", [[1]], {"a": 1})
NO_FILE = ("", "a\0b", "\ud800", "x" * 300, ["a"], {"a": 1}, 3)
NO_NAME = ("", "a/b", "..", "a\0b", "\ud800", "x" * 200, "a\n")
NO_STRENGTHS = ([1], [0], [], [0, 1, 0.5], [0, 0, 1], [0, 1, float("inf")], [0, 1, 1e30], "0,1", 0.5, [False, True])
NO_SHARES = ("0.5,1,3", [0.5, 1, 3], ["0.5", "1", "3"], [0], [-1], [200], [float("nan")], ["1%", 0.01], [[1]], "many")
NOT = {
    "seed": (*NO_NUMBER, 2**63),
    "threads": (*NO_NUMBER, 0, 10**12),
    "device": ("none", "", "cuda:x", "gpu", ["cpu"], None),
    "command": (["study"], None, "", {"a": 1}),
}
FILES = {"baseline": NO_FILE, "target": NO_FILE, "images.gt": NO_FILE, "arch": NO_FILE}
OWN = {
    "attribute": FILES
    | {"method": (["faig"], "nope", ""), "top": (*NO_NUMBER[:3], 0, "0.5,1"), "nodes": (*NO_NUMBER, 0, 1001)},
    "compare": FILES
    | {
        "proportions": NO_SHARES,
        "methods": ("faig", ["faig", "faig"], ["nope"], [["faig"]]),
        "random_seeds": (*NO_NUMBER, 4, 10**12),
        "filters": tuple({"mine": {"blur": bad}} for bad in NO_FILE) + tuple({bad: {"blur": "a"}} for bad in NO_NAME),
        "images.degrade": (
            *tuple({bad: "jpeg:40"} for bad in NO_NAME),
            {"blur": float("nan")},
            {"blur": True},
            ["blur"],
        ),
    },
    "sweep": FILES
    | {
        "strengths": NO_STRENGTHS,
        "filters": (*tuple({"blur": bad} for bad in NO_FILE), {}, ["a"]),
        "way": (["images"], "", "none"),
    },
    "study": {
        "compare.proportions": (*NO_SHARES, []),
        "reference.grafts": NO_SHARES,
        "compare.nodes": (*NO_NUMBER, 0, 1001),
        "sweep.strengths": NO_STRENGTHS,
        "find.photos": ([], "astronaut", [1]),
        "find.folder": NO_FILE,
        "find.side": (*NO_NUMBER, 0, 10**12),
        "find.crops": (*NO_NUMBER[:5], 0, 10**12),
        "find.at": ([[1]], [[-1, 2]], [[1, float("nan")]], 3),
        "predict.levels": ({"blur": []}, {"blur": [float("inf")]}, {"blur": 2}, {"noise": [1]}),
        "retrain.batch": (*NO_NUMBER, 0, 10**12),
        "retrain.lr_patch": (*NO_NUMBER, 0, 10**12),
        "retrain.iterations": (*NO_NUMBER, 0, 10**30),
        "images": NO_FILE[:-1],
    },
    "training": {
        "start": NO_FILE,
        "baseline": NO_FILE,
        "images": NO_FILE[:-1],
        "title": ("", "a\nb", "x" * 300, 3, None),
        "training_seeds": ([], [-1], [float("nan")], [True], 1, [1, 1], [2**63]),
        "learn.photos": ([], "astronaut", [1]),
        "learn.side": (*NO_NUMBER, 0, 10**12),
        "crops": (*NO_NUMBER, 0, 10**12),
        "side": (*NO_NUMBER, 0, 10**12),
        "degrade": ({}, {"blur": float("nan")}, {"blur": True}, ["blur"], {"a/b": 2}),
        "functions": (["rain"], "blur", [1]),
        "nodes": (*NO_NUMBER, 0, 1001),
        "control": ("c", "", ["a"], None),
        "arms": ({}, {"a": {}}, ["a"], {"a": {}, "../b": {}}, {"a": {}, "b": None}),
        "arms.b.top": (*NO_NUMBER[:3], 0, "0.5,1"),
        "arms.b.against": (["c"], ["b"], "a", [1]),
        "arms.b.teachers": ({"noise": ""}, {"noise": 3}, ["noise"]),
        "arms.b.filters": (*NO_FILE[:5], {"degradation": "rain"}, {"method": "faig"}),
        "training.optimizer": ("fast", [1], True),
        "processes": (*NO_NUMBER, 0, 10**12),
    },
    "truth": {
        "proportions": (*NO_SHARES, []),
        "networks": ("", "x", ["x"], "{pair}{seed}{role}\0"),
        "pairs": ([], "a", ["a/b"], [""]),
        "training_seeds": ([], [-1], [float("nan")], [True], 1),
        "planted.drifts": ([], [-1], [1, 0], [float("inf")]),
        "decoys.factors": ([0], [float("nan")], 3),
        "nodes": (*NO_NUMBER, 0, 1001),
        "side": (*NO_NUMBER, 0, 10**12),
    },
}


def written(folder: Path, command: str, setting: str, value: object) -> Path:
    settings = copy.deepcopy(CONFIGS[command])
    *above, last = setting.split(".")
    place = settings
    for part in above:
        place = place.setdefault(part, {})
    place[last] = value
    file = folder / "run.yaml"
    file.write_text(yaml.safe_dump(settings))
    return file


@pytest.mark.parametrize("command", CONFIGS)
def test_each_is_valid_as_it_stands(command, tmp_path):
    assert read_study(written(tmp_path, command, "seed", 3)).seed == 3


@pytest.mark.parametrize(
    ("command", "setting"), [(command, setting) for command, own in OWN.items() for setting in NOT | own]
)
def test_what_is_out_of_bounds_is_one_line(command, setting, tmp_path):
    for value in (NOT | OWN[command])[setting]:
        with pytest.raises(InputError) as told:
            read_study(written(tmp_path, command, setting, value))
            pytest.fail(f"{setting}: {value!r} is accepted")
        text = str(told.value)
        assert text.startswith(f"{tmp_path / 'run.yaml'}: "), value
        assert "\n" not in text, value
        assert setting.split(".")[0] in text, value
        text.encode()  # can be printed


ALL_OF_THEM = 1.0


def test_all_filters_stay_all_of_them_wherever_settings_go():
    attribute = AttributeConfig.model_validate(CONFIGS["attribute"] | {"top": "100%"})
    assert attribute.top == ALL_OF_THEM
    assert attribution_options(attribute).top == ALL_OF_THEM
    assert AttributeConfig.model_validate(attribute.model_dump(mode="json")).top == ALL_OF_THEM
    study = StudyConfig.model_validate(STUDY)
    assert study.compare.proportions[-1] == ALL_OF_THEM
    again = StudyConfig.model_validate(study.model_dump(mode="json"))
    for config in (again.compare, again.comparison(Path("out"), {})):
        assert config.proportions == study.compare.proportions


SHARES = (AttributeConfig, SweepPart, PredictPart, LocationsPart, RetrainPart, Options)


@pytest.mark.parametrize("model", SHARES, ids=lambda model: model.__name__)
def test_the_papers_share_stands_once(model):
    """The very number, not one that is equal: whoever changes the default changes all of them."""
    assert model.model_fields["top"].default is TOP


def test_references_are_learned_at_the_papers_share():
    assert [share is TOP for share in ReferencePart().proportions] == [True]


@pytest.mark.parametrize("text", ["100%", "1%", "1", "0.01", "0.5", "1,3,100", "0.1%,1%,100%"])
def test_shares_of_the_command_line_are_read_once(text):
    compare = CompareConfig.model_validate(CONFIGS["compare"] | {"proportions": text})
    percents = {"100%": [100], "1%": [1], "1": [1], "0.01": [1], "0.5": [50], "1,3,100": [1, 3, 100]}
    assert [100 * share for share in compare.proportions] == pytest.approx(percents.get(text, [0.1, 1, 100]))
    again = CompareConfig.model_validate(yaml.safe_load(yaml.safe_dump(compare.model_dump(mode="json"))))
    assert again.proportions == compare.proportions
