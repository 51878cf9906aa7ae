"""A tiny study of networks with banks: which filters these are of, and what classifiers tell, once more by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from faig.attribution.files.rankings import read_ranking
from faig.common.errors import InputError
from faig.experiment.training_study.classifying import area_under_roc
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.training_study.context import TrainingStudy
from faig.experiment.training_study.study import training_study
from faig.filters import FilterSpace
from faig.networks.checkpoint import load_network
from faig.report.markdown import write_markdown
from faig.results.cells import read_table
from faig.results.training_tables import ATTRIBUTED, COST, PROBABILITIES

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*weights do not fit and stay as they were")]

REPOSITORY = Path(__file__).parents[2]
STUDY = REPOSITORY / "configs" / "study" / "banks.yaml"
ARMS = ("one", "found", "random", "layers", "found-alone", "few-free")
BANKED = ("found", "random", "layers", "found-alone")
TOP = 102  # of 3,424: 3%
TINY = {
    "training_seeds": [1, 2],
    "learn": {"photos": ["astronaut", "rocket"], "folder": "Set14"},
    "crops": 2,
    "side": 32,
    "measure": {"photos": ["chelsea", "coffee"], "folder": "BSD100", "crops": 4, "side": 48},
    "nodes": 2,
}


def shipped() -> dict:
    """The settings of the study that ships, its networks named from here."""
    return yaml.safe_load(STUDY.read_text(encoding="utf-8").replace("benchmarks/", f"{REPOSITORY}/benchmarks/"))


def settings(**changes) -> TrainingStudyConfig:
    """At a size of seconds."""
    values = shipped()
    short = {
        "data": {"lr_patch": 8, "batch": 2, "degradation": {"blur": 2, "noise": 0.1}},
        "optimizer": {"iterations": 6, "learning_rate": 2e-3, "ema": 0.5},
    }
    arms = {name: dict(values["arms"][name]) for name in ARMS}
    for arm in arms.values():
        arm.pop("optimizer", None)
        arm["against"] = [other for other in arm.get("against", []) if other in ARMS]
    part = {"arms": ["found"], "methods": ["change"], "proportions": ["1%"], "images": 3}
    training = {"training": values["training"] | short, "arms": arms, "attributed": part}
    return TrainingStudyConfig.model_validate(values | TINY | training | changes)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    said: list[str] = []
    run = training_study(settings(), tmp_path_factory.mktemp("banks") / "run", say=said.append)
    assert said == ["found", *(f"arms/{name}" for name in ARMS), "comparison", "classifying", "attributed"]
    return run


def trained(run, arm, seed=1):
    return load_file(run / "arms" / arm / str(seed) / "network.safetensors")


def order(run, method, kind, seed=1):
    space = FilterSpace.of(load_network(shipped()["start"].replace("{seed}", str(seed))))
    return read_ranking(run / "found" / str(seed) / f"{method}-{kind}.csv", space), space


def test_banks_are_of_the_filters_that_were_found(done):
    for bank, kind in enumerate(("blur", "noise")):
        found, space = order(done, "faig", kind)
        for arm in ("found", "found-alone"):
            assert set(trained(done, arm)[f"banks.{bank}.places"].tolist()) == set(found[:TOP].tolist())
        layers = trained(done, "layers")[f"banks.{bank}.places"].tolist()
        assert set(layers) != set(found[:TOP].tolist())
        assert sorted(space.locate(i)[0] for i in layers) == sorted(space.locate(i)[0] for i in found[:TOP].tolist())


def test_chance_draws_other_filters_for_each_bank(done):
    """It ranks alike for all degradations: taken as it is, all banks would be of the same filters."""
    drawn, _ = order(done, "random", "blur")
    banks = [set(trained(done, "random")[f"banks.{bank}.places"].tolist()) for bank in (0, 1)]
    assert banks == [set(drawn[:TOP].tolist()), set(drawn[TOP : 2 * TOP].tolist())]


def test_few_free_filters_are_those_of_both_banks(done):
    end, start = trained(done, "few-free"), load_file(shipped()["baseline"].replace("{seed}", "1"))
    _, space = order(done, "faig", "blur")
    moved = space.sum_per_unit({key: (end[key] - start[key].float()).abs() for key in space.keys}) > 0
    both = torch.cat([trained(done, "found")[f"banks.{bank}.places"] for bank in (0, 1)])
    assert set(moved.nonzero().flatten().tolist()) <= set(both.tolist())
    assert moved.sum() > 0.9 * len(set(both.tolist()))


def test_what_is_frozen_stays_and_what_is_counted_is_what_moves(done):
    end, start = trained(done, "found-alone"), load_file(shipped()["baseline"].replace("{seed}", "1"))
    assert all(torch.equal(end[key], weight.float()) for key, weight in start.items())
    cost = read_table(done / "comparison", COST).set_index(["arm", "seed"])
    free = [
        key for key in end if (key.startswith("banks.") and key.endswith("values")) or key.startswith("classifier.")
    ]
    assert cost.loc[("found-alone", 1), "trained"] == sum(end[key].numel() for key in free)
    assert cost.loc[("found", 1), "parameters"] == cost.loc[("found", 1), "trained"]
    assert 1 < cost.loc[("found", 1), "multiply_adds"] / cost.loc[("one", 1), "multiply_adds"] < 1.05


def test_what_classifiers_tell_is_the_networks_own(done):
    rows = read_table(done / "classifying", PROBABILITIES)
    assert tuple(rows["arm"].unique()) == BANKED
    study = TrainingStudy(settings(), done)
    network = load_network(done / "arms" / "random" / "2" / "network.safetensors")
    said = {
        kind: [float(network.probabilities(case.lr[kind][None])[0, 1]) for case in study.measured]
        for kind in ("clean", "blur", "noise")
    }
    told = rows.query("arm == 'random' and seed == 2 and bank == 'noise'").set_index("input")
    for kind, values in said.items():
        assert told.loc[kind, "probability"] == pytest.approx(sum(values) / len(values), rel=1e-5)
        wins = [(mine > other) + (mine == other) / 2 for mine in said["noise"] for other in values]
        if kind != "noise":
            assert told.loc[kind, "auc"] == pytest.approx(sum(wins) / len(wins))
    assert rows[rows["bank"] == rows["input"]]["auc"].isna().all()


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [([0.9, 0.8], [0.1, 0.7], 1), ([0.1], [0.2, 0.3], 0), ([0.5, 0.5], [0.5], 0.5), ([0.4, 0.6], [0.5, 0.5], 0.5)],
)
def test_the_area_is_how_often_the_own_is_larger(own, other, expected):
    assert area_under_roc(np.array(own), np.array(other)) == expected


def test_what_began_with_banks_is_attributed_at_its_places(done):
    rows = read_table(done / "attributed", ATTRIBUTED)
    assert set(rows["arm"]) == {"found"}
    assert (rows["filters"] > 0).all()


def test_the_page_says_what_classifiers_tell(done, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = write_markdown(done, tmp_path / "banks.md").read_text(encoding="utf-8")
    rows = read_table(done / "classifying", PROBABILITIES).query("arm == 'found' and bank == 'noise'")
    told = rows.groupby("input")["auc"].agg(["mean", "std"])
    [line] = [line for line in text.splitlines() if line.startswith("- **Found.**")]
    assert f"noise {told['mean'].min():.2f}" in line.split("`found` blur")[1].split(";")[0]
    by_input = rows.groupby("input")["probability"].agg(["mean", "std"])
    shown = [by_input.loc[kind] for kind in ("clean", "blur", "noise")] + [told.loc[kind] for kind in ("clean", "blur")]
    cells = [f"{each['mean']:.2f} ±{each['std']:.2f}" for each in shown]
    assert f"| found | noise | {' | '.join(cells)} |  |" in text


@pytest.mark.parametrize(
    ("arm", "told"),
    [
        (
            {"banks": {"degradation": ["blur", "haze"]}, "top": "3%"},
            r"arms\.more.*'haze' is not among the",
        ),
        ({"banks": {"degradation": ["blur", "blur"]}, "top": "3%"}, "blur"),
        ({"banks": {"degradation": []}, "top": "3%"}, "at least 1 item"),
        ({"banks": {"degradation": "blur"}}, r"arms\.more: say how many of the units"),
        ({"banks": {"degradation": "blur"}, "filters": {"degradation": "blur"}, "top": "3%"}, "banks stands alone"),
    ],
)
def test_banks_that_make_no_sense(arm, told):
    with pytest.raises(ValueError, match=told):
        settings(arms={name: shipped()["arms"][name] | {"against": []} for name in ("one", "found")} | {"more": arm})


def test_more_units_than_there_are(tmp_path):
    """Of both degradations chance ranks alike, and two banks of 60% do not fit into its ranking."""
    arm = {"banks": {"method": "random", "degradation": ["blur", "noise"]}, "top": "60%"}
    arms = {"one": shipped()["arms"]["one"], "large": arm}
    with pytest.raises(InputError, match=r"arms\.large: random ranks 3424 units, too few for so many a top of each"):
        training_study(settings(arms=arms, attributed=None), tmp_path / "run")


def test_a_network_with_banks_needs_to_be_told_their_filters(tmp_path):
    """It would begin with banks of its first filters."""
    arms = {"one": shipped()["arms"]["one"], "untold": {}}
    with pytest.raises(InputError, match="banks: 0 rankings for a network with 2 banks"):
        training_study(settings(arms=arms, attributed=None), tmp_path / "run")
