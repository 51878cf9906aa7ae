"""A pair of the zoo, or of a run: its functions, what turns them, what it was trained on."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from faig.attribution.trust import REACHED
from faig.common.errors import FaigWarning, InputError
from faig.common.settings import validated
from faig.experiment.attribute import attribute_run
from faig.experiment.config import AttributeConfig
from faig.explore.commands import commands
from faig.explore.description import describe
from faig.explore.explorer import Explorer
from faig.explore.messages import Change, Input, Worse
from faig.explore.subject import Subject, _functions, random_units, shown
from faig.filters import FilterSet, Strengths
from faig.imaging.degradation import Degradation
from faig.training.config import DegradationConfig
from faig.training.record import Trained, training_of
from faig.zoo.learned import reached_by
from faig.zoo.scores import chosen_by


@pytest.fixture(scope="module")
def attributed(files, tmp_path_factory) -> Path:
    """A finished ``faig attribute`` of the pair in ``files``."""
    values = {
        "baseline": str(files / "baseline.safetensors"),
        "target": str(files / "target.safetensors"),
        "threads": 1,
        "nodes": 2,
        "check": False,
        "images": {"gt": str(files / "gt"), "degrade": {"soft": "blur:1.5", "noise": 0.2}, "downsampling": "area"},
    }
    run = tmp_path_factory.mktemp("runs") / "own"
    attribute_run(validated(AttributeConfig, values, "test"), run)
    return run


@pytest.mark.usefixtures("zoo")
def test_a_pair_of_the_zoo(subject):
    assert list(subject.functions) == ["blur", "noise"]
    assert subject.name == "tiny-x2"
    assert subject.argument == "--pair tiny-x2"
    blur = subject.functions["blur"]
    assert (blur.source, blur.method, blur.set) == ("tiny-x2/blur", "faig", "faig 0.74%")
    assert blur.units == chosen_by({"blur": "tiny-x2/blur"}, subject.pair.target)["blur"]
    assert list(subject.rankings) == ["faig", "signed", "signed-net"]
    assert blur.degradation == Degradation(blur=2.0)


def test_of_shipped_sets_it_is_said_which_hardly_turn_their_function():
    with pytest.warns(FaigWarning, match="jpeg"):
        wild = Subject.of_pair("srresnet-x2-wild-small")
    reached = reached_by("srresnet-x2-wild-small")
    told = {function["name"]: function["hardly"] for function in describe(Explorer(wild))["functions"]}
    assert told == {"blur": None, "noise": None, "jpeg": reached["jpeg"]}
    assert reached["jpeg"] < REACHED < min(reached["blur"], reached["noise"])
    assert Subject.of_pair("srcnn-style-x2").functions["blur"].reached == reached_by("srcnn-style-x2")["blur"]


@pytest.mark.parametrize("order", [["blur", "noise"], ["noise", "blur"], ["noise"]])
def test_a_function_has_its_colour_wherever_it_stands(subject, order):
    functions = {name: subject.functions[name] for name in order}
    told = describe(Explorer(replace(subject, functions=functions)))["functions"]
    colours = {"blur": "#0072b2", "noise": "#d55e00"}
    assert [(function["name"], function["colour"]) for function in told] == [(name, colours[name]) for name in order]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["srresnet-x2", "srcnn-style-x2"])
def test_shipped_pairs_turn_their_learned_sets(name):
    subject = Subject.of_pair(name)
    for kind, level in (("blur", 2.0), ("noise", 0.1)):
        function = subject.functions[kind]
        assert function.set == "learned 1%"
        assert function.trained == Trained(kind, level, level, function.trained.unit)
        assert function.units == chosen_by({kind: f"{name}/{kind}@learned"}, subject.pair.target)[kind]


def test_a_run(attributed):
    subject = Subject.of_run(attributed)
    assert list(subject.functions) == ["soft", "noise"]
    soft, noise = subject.functions.values()
    assert str(soft.degradation) == "blur:1.5+down:area"
    assert soft.trained is None
    assert (noise.trained.low, noise.trained.high) == (0.2, 0.2)
    assert soft.units == chosen_by({"soft": str(attributed)}, subject.pair.target)["soft"]
    assert subject.downsampling == "area"
    assert subject.contributions(3).keys() == {"clean", "soft", "noise"}
    explorer = Explorer(subject)
    input_ = Input(photo="chelsea", crop=(0, 0, 40, 40), worse=Worse(blur=1.5))
    told = explorer.alter(input_, Change(strengths={"soft": 0.0}), numbers=True)
    assert [other["input"] for other in told["numbers"]["others"]] == ["clean", "soft", "noise"]
    text = str(describe(explorer)) + str(commands(explorer, input_, Change(strengths={"soft": 0.0})))
    assert str(attributed.parent) not in text
    assert str(Path.home()) not in text
    assert describe(explorer)["command"] == "faig explore own"


def test_the_parts_of_a_study(attributed, tmp_path):
    """The whole, and the stage that found the filters, are the same pair."""
    shutil.copytree(attributed, tmp_path / "study" / "compare")
    whole, stage = Subject.of_run(tmp_path / "study"), Subject.of_run(tmp_path / "study" / "compare")
    assert list(whole.functions) == list(stage.functions)
    for name, function in whole.functions.items():
        assert function.units == stage.functions[name].units
    assert whole.rankings.keys() >= {"faig"}


def test_learned_strengths_are_turned(attributed, tmp_path):
    run = shutil.copytree(attributed, tmp_path / "run")
    space = Subject.of_run(run).pair.space
    (run / "rankings.safetensors").unlink()
    off = Strengths(space, torch.linspace(0, 1, len(space)))
    off.save(run / "strengths-soft.safetensors")
    subject = Subject.of_run(run)
    assert list(subject.functions) == ["soft"]
    assert torch.equal(subject.functions["soft"].units.values, off.values)
    assert subject.functions["soft"].set == "strengths of every filter"
    told = Explorer(subject).alter(
        Input(photo="chelsea", crop=(0, 0, 40, 40), worse=Worse()), Change(strengths={"soft": 0.5}), numbers=True
    )
    assert told["numbers"]["control"] is None
    assert describe(Explorer(subject))["methods"] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda run: shutil.rmtree(run), "no such run directory"),
        (lambda run: (run / "config.yaml").unlink(), "holds no config.yaml"),
        (lambda run: (run / "rankings.safetensors").unlink(), "holds no rankings.safetensors"),
        (lambda run: (run / "rankings.safetensors").write_bytes(b"no"), "is not a file of rankings"),
        (lambda run: (run / "config.yaml").write_text("command: magic"), "'magic' is not one of"),
        (lambda run: _edit(run, target="nowhere.safetensors"), "nowhere.safetensors: no such file"),
        (lambda run: _edit(run, baseline=yaml.safe_load((run / "config.yaml").read_text())["target"]), "equal weights"),
    ],
)
def test_what_is_no_run_is_refused(attributed, tmp_path, change, message):
    run = shutil.copytree(attributed, tmp_path / "run")
    change(run)
    with pytest.raises(InputError, match=message):
        Subject.of_run(run)


def _edit(run: Path, **settings: str) -> None:
    config = yaml.safe_load((run / "config.yaml").read_text())
    (run / "config.yaml").write_text(yaml.safe_dump(config | settings))


def test_a_pair_without_scores_is_refused(own_zoo, tmp_path, monkeypatch):
    shutil.copytree(own_zoo / "tiny-x2", tmp_path / "bare")
    (tmp_path / "bare" / "scores.safetensors").unlink()
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path))
    with pytest.raises(InputError, match="bare: ships no scores"):
        Subject.of_pair("bare")
    with pytest.raises(InputError, match="nobody: is not one of the zoo's pairs"):
        Subject.of_pair("nobody")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"blur": 2.0, "noise": 0.1}, {"blur": (2.0, 2.0), "noise": (0.1, 0.1)}),
        ({"degrade": {"jpeg:30": 0.2, "jpeg:70": 0.2}}, {"jpeg": (30, 70)}),
        ({"blur": 1.0, "degrade": {"blur:3+noise:0.2": 0.5}}, {"blur": (1.0, 3.0), "noise": (0.2, 0.2)}),
        ({"degrade": {"blur:0.5..3": 0.5, "jpeg:30..95": 0.5}}, {"blur": (0.5, 3.0), "jpeg": (30, 95)}),
        ({"of": "another version"}, {}),
        ({}, {}),
    ],
    ids=str,
)
def test_ranges_are_those_of_the_record(subject, record, expected):
    training = training_of({"training": {"config": {"data": {"degradation": record}}}})
    assert (training is None) == (record == {"of": "another version"})
    names = dict.fromkeys(("blur", "noise", "jpeg"), "faig")
    units = dict.fromkeys(names, FilterSet.of(subject.pair.space, [0]))
    made = _functions(names, names, units, training or DegradationConfig(), {}, "area")
    found = {name: (each.trained.low, each.trained.high) for name, each in made.items() if each.trained}
    assert found == expected
    for name, (low, high) in expected.items():
        middle = (low + high) / 2
        level = f"{name}:{round(middle) if name == 'jpeg' else middle:g}"
        assert str(made[name].degradation) == (f"{level}+down:area" if name == "blur" else f"down:area+{level}")


@pytest.mark.parametrize("name", ["srresnet-x2/target", "nets/own.pth", "own.pth"])
def test_names_of_folders_outside_are_not_shown(name):
    assert shown(name) == name
    assert shown(f"/home/somebody/{name}") == Path(name).name


def test_random_units_are_as_many_and_others(subject):
    units = FilterSet.of(subject.pair.space, range(30))
    drawn = [random_units(units, seed) for seed in range(3)]
    assert [len(each) for each in drawn] == [30, 30, 30]
    assert drawn[0] == random_units(units, 0)
    assert drawn[0] != drawn[1]
