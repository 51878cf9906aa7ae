"""Where what an arm learned is: a tiny study of one branch against two, and its numbers once more by hand."""

from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from safetensors.torch import load_file

import faig
from faig.common.errors import InputError
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.training_study.context import TrainingStudy
from faig.experiment.training_study.study import training_study
from faig.intervention.knob import dni
from faig.intervention.measure import measure, measure_reference
from faig.networks.architectures import build
from faig.networks.checkpoint import load_network
from faig.report.markdown import write_markdown
from faig.results.cells import read_table
from faig.results.training_tables import ATTRIBUTED, ATTRIBUTED_LAYERS, COST, HALVES

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*weights do not fit and stay as they were")]

REPOSITORY = Path(__file__).parents[2]
STUDY = REPOSITORY / "configs" / "study" / "branches.yaml"
BRANCH = ("estimator.", "modulation.")
OFF = ("switched_off", "leak")


def shipped() -> dict:
    """The settings of the study that ships, its networks named from here."""
    return yaml.safe_load(STUDY.read_text(encoding="utf-8").replace("benchmarks/", f"{REPOSITORY}/benchmarks/"))


FROM_SCRATCH = shipped()["arms"]["two"]["network"] | {"start": None}
ARMS = shipped()["arms"] | {"two-from-scratch": {"network": FROM_SCRATCH, "against": ["two"]}}
TINY = {
    "arms": ARMS,
    "training_seeds": [1, 2],
    "learn": {"photos": ["astronaut", "rocket"], "folder": "Set14"},
    "crops": 2,
    "side": 32,
    "measure": {"photos": ["chelsea", "coffee"], "folder": "BSD100", "crops": 4, "side": 48},
    "nodes": 2,
    # no arms are named: those that began with a network are attributed, one and two
    "attributed": shipped()["attributed"]
    | {"arms": [], "methods": ["faig", "signed", "random", "learned"], "images": 3},
    "training": {
        "data": {"lr_patch": 8, "batch": 2, "degradation": {"blur": 2, "noise": 0.1}},
        "optimizer": {"iterations": 6, "learning_rate": 2e-3, "ema": 0.5},
    },
}


def settings(**changes) -> TrainingStudyConfig:
    return TrainingStudyConfig.model_validate(shipped() | TINY | changes)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    said: list[str] = []
    run = training_study(settings(), tmp_path_factory.mktemp("branches") / "run", say=said.append)
    assert said == [*(f"arms/{name}" for name in ARMS), "comparison", "attributed"]
    return run


def pair_of(run: Path, arm: str, seed: int) -> faig.Pair:
    """What an arm began as, put together from the start's file and fresh weights alone, and what it ended in."""
    trained = load_network(run / "arms" / arm / str(seed) / "network.safetensors")
    start = {key: w.float() for key, w in load_file(shipped()["start"].replace("{seed}", str(seed))).items()}
    if arm == "two":
        torch.manual_seed(seed)
        start = build("srresnet-two-branch", **ARMS["two"]["network"]["arguments"]).state_dict() | start
    begun = load_network(run / "arms" / arm / str(seed) / "network.safetensors")
    begun.load_state_dict(start)
    return faig.Pair(target=trained, baseline=begun)


@pytest.mark.parametrize("arm", ["one", "two"])
def test_numbers_are_those_of_the_pair_of_start_and_trained(done, arm):
    rows = read_table(done / "attributed", ATTRIBUTED).set_index(["arm", "seed", "chosen", "function", "proportion"])
    study, pair = TrainingStudy(settings(), done), pair_of(done, arm, 2)
    found = pair.attribute(study.found_on, "signed", nodes=2, seed=2)
    for kind in ("blur", "noise"):
        chosen = found.top(kind, 0.05)
        told, row = pair.measure(pair.revert(chosen), study.measured[:3]), rows.loc[(arm, 2, "signed", kind, 0.05)]
        assert row["filters"] == len(chosen)
        for name in ("switched_off", "switched_off_low", "leak", "switched_off_pixels", "leak_pixels", "psnr_gain"):
            assert row[name] == pytest.approx(told.loc[kind, name], rel=1e-4, abs=1e-6), name
        others = [other for other in told.index if other != kind]
        assert row["psnr_elsewhere"] == pytest.approx(told.loc[others, "psnr_gain"].min(), rel=1e-4, abs=1e-6)
        assert row["convergence_delta"] == pytest.approx(found.convergence_delta[kind], rel=1e-3)


def test_learned_sets_have_their_own_size_and_turn_functions_half(done):
    rows, halves = (read_table(done / "attributed", table) for table in (ATTRIBUTED, HALVES))
    assert {*rows["arm"]} == {"one", "two"}
    sizes = rows[rows["chosen"] != "second-branch"].groupby("chosen")["proportion"].unique().map(list)
    assert dict(sizes) == {name: [0.01, 0.05] for name in ("faig", "signed", "random")} | {"learned": [0.01]}
    assert rows["barrier"].notna().eq(rows["chosen"].isin(["faig", "signed"])).all()
    assert {*halves["knob"]} == {"learned", "DNI", "blend"}
    assert {*halves["input"]} == {"clean", "blur", "noise"}
    pair, cases = pair_of(done, "one", 2), TrainingStudy(settings(), done).measured[:3]
    reference = measure_reference(pair.target, pair.baseline, 2, cases)
    half = measure(dni(pair.target, pair.baseline, 0.5), reference, 2)["blur"].psnr - reference.psnr["blur"][0]
    keys = ["arm", "seed", "function", "knob", "input"]
    assert halves.set_index(keys).loc[("one", 2, "noise", "DNI", "blur"), "change"] == pytest.approx(
        half.mean(), abs=1e-6
    )


def test_layers_hold_what_was_given_back(done):
    rows, keys = read_table(done / "attributed", ATTRIBUTED), ["arm", "seed", "chosen", "function", "proportion"]
    layers = read_table(done / "attributed", ATTRIBUTED_LAYERS)
    counted = layers.groupby(keys)[["filters", "found"]].sum()
    for key, row in rows.set_index(keys).iterrows():
        assert counted.loc[key, "found"] == row["filters"], key
        assert row["filters"] == pytest.approx(key[-1] * counted.loc[key, "filters"], abs=1)
    of_one = layers[layers["arm"] == "one"]
    assert not of_one["layer"].str.startswith(BRANCH).any()
    whole = layers[layers["chosen"] == "second-branch"]
    assert set(whole["arm"]) == {"two"}
    inside = whole["layer"].str.startswith(BRANCH)
    assert (whole["found"] == whole["filters"].where(inside, 0)).all()


def test_both_cost_the_same_within_a_few_percent(done):
    cost = read_table(done / "comparison", COST).groupby("arm")["multiply_adds"].mean()
    assert 1 < cost["two"] / cost["one"] < 1.04
    assert cost["two"] == cost["two-from-scratch"]


def test_another_question_leaves_the_trainings_alone(done):
    before = {path: path.stat().st_mtime_ns for path in done.glob("arms/*/psnr.csv")}
    part = shipped()["attributed"] | {"arms": ["one"], "methods": ["change"], "branches": {}}
    training_study(settings(attributed=part), done, force=True)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert set(read_table(done / "attributed", ATTRIBUTED)["chosen"]) == {"change"}
    training_study(settings(), done, force=True)


def test_the_page_says_where_it_is(done, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = Path("docs") / "branches.md"
    text = write_markdown(done, page).read_text(encoding="utf-8")
    rows, layers = (read_table(done / "attributed", table) for table in (ATTRIBUTED, ATTRIBUTED_LAYERS))
    mine = {"arm": "two", "function": "noise", "chosen": "faig", "proportion": 0.01}
    of_set, of_layers = (each[(each[[*mine]] == pd.Series(mine)).all(axis=1)] for each in (rows, layers))
    off, leak = (f"{of_set[name].mean():.2f} ±{of_set[name].std():.2f}" for name in ("switched_off", "leak"))
    inside = of_layers[of_layers["layer"].str.startswith(BRANCH)]
    part, every = (inside[name].sum() / of_layers[name].sum() for name in ("found", "filters"))
    [line] = [line for line in text.splitlines() if line.startswith("- **Found.**")]
    told = f"to {off} in `two` at a leak of {leak} ({part:.0%} of them in second-branch, which has {every:.0%} of all)"
    assert "Given back, 1% of the filters by `faig` switch noise off to" in line
    assert told in line
    whole = rows[(rows["chosen"] == "second-branch") & (rows["function"] == "noise")]
    off, leak = (f"{whole[name].mean():.2f} ±{whole[name].std():.2f}" for name in ("switched_off", "leak"))
    assert f"All filters of second-branch switch it off to {off} in `two` at a leak of {leak}." in line
    assert f"| two | noise | faig | 1% | {part:.0%} | {every:.0%} |" in text
    [overview] = [line for line in text.splitlines() if line.startswith("| two | ") and " / " in line]
    own = rows[(rows["arm"] == "two") & (rows["chosen"] == "learned") & (rows["function"] == "noise")]
    assert overview.endswith(f"| {' / '.join(f'{own[name].mean():.2f} ±{own[name].std():.2f}' for name in OFF)} |")
    assert "At half strength, in dB" in text
    assert "| one | noise | faig | 1% | 34 | " in text
    write_markdown(page.with_suffix(""), page)
    assert page.read_text(encoding="utf-8") == text


def test_a_branch_that_no_network_has_is_told_before_anything_is_trained(tmp_path):
    part = shipped()["attributed"] | {"branches": {"mixed-up": ["estimator.*", "modulations.*"]}}
    with pytest.raises(
        InputError, match=r"branches\.mixed-up: none of one, two has layers for each of estimator"
    ) as told:
        training_study(settings(attributed=part), tmp_path / "run")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ({"arms": ["three"]}, r"attributed\.arms: 'three' is not among the arms, one, two"),
        ({"arms": ["two-from-scratch"]}, r"attributed\.arms: 'two-from-scratch' begins with no network"),
        ({"arms": ["one"], "methods": ["guess"]}, "is not one of faig"),
        ({"arms": ["one"], "methods": ["strengths"]}, "is not one of faig"),
        ({"arms": ["one"], "proportions": []}, "at least 1 item"),
        ({"arms": ["one"], "proportions": ["0%"]}, "proportions"),
        ({"arms": ["one"], "branches": {"none": []}}, "at least 1 item"),
        ({"arms": ["one"], "branches": {"faig": ["body.*"]}}, "branches: faig is the name of a method"),
        ({"arms": ["one"], "branches": {"learned": ["body.*"]}}, "branches: learned is the name of a method"),
        ({"arms": ["one", "two", "one"]}, "names one twice"),
        ({"arms": ["one"], "images": 0}, "greater than 0"),
    ],
)
def test_wrong_settings_are_refused(part, wrong):
    with pytest.raises(ValueError, match=wrong):
        settings(attributed=part)
