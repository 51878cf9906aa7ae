"""The stage of a training study that reverts what methods find in every trained network."""

import re
from pathlib import Path

import pytest
import yaml

from faig.attribution.methods import METHODS
from faig.attribution.options import Options
from faig.experiment.comparison_tables import summary_row
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.training_study.context import TrainingStudy
from faig.experiment.training_study.study import training_study
from faig.intervention.edit import revert
from faig.intervention.knob import dni
from faig.intervention.measure import measure, measure_reference
from faig.networks.checkpoint import load_network
from faig.pair import Pair
from faig.report.markdown import write_markdown
from faig.results.cells import read_table
from faig.results.training_tables import HALVES, REVERTED

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
SMALL = REPOSITORY / "configs" / "study" / "training-small.yaml"
ARMS = {"slow": {"optimizer": {"learning_rate": 1e-4}}, "fast": {"optimizer": {"learning_rate": 5e-3}}}


def settings(**changes) -> TrainingStudyConfig:
    small = yaml.safe_load(SMALL.read_text(encoding="utf-8").replace("benchmarks/", f"{REPOSITORY}/benchmarks/"))
    ours = {
        "training_seeds": [1],
        "arms": ARMS,
        "control": "fast",
        "functions": [],
        "degrade": {"blur": 2, "noise": 0.1},
    }
    revert = {"methods": ["signed", "learned"], "proportions": ["1%", "5%"]}
    return TrainingStudyConfig.model_validate(small | ours | {"revert": revert} | changes)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return training_study(settings(), tmp_path_factory.mktemp("reverting") / "run")


def test_every_arm_is_asked_about_and_learned_sets_have_their_own_size(done):
    rows = read_table(done / "reverting", REVERTED)
    asked = {("signed", 0.01), ("signed", 0.05), ("learned", 0.01)}
    assert len(rows) == len(ARMS) * 2 * len(asked)
    assert {*zip(rows["method"], rows["proportion"], strict=True)} == asked
    assert {*zip(rows["arm"], rows["function"], strict=True)} == {(a, k) for a in ARMS for k in ("blur", "noise")}
    assert rows["barrier"].notna().eq(rows["method"] == "signed").all()
    halves = read_table(done / "reverting", HALVES)
    assert {*halves["knob"]} == {"learned", "DNI", "blend"}
    assert {*halves["input"]} == {"clean", "blur", "noise"}


def test_numbers_are_those_of_the_trained_network_against_its_start(done):
    study = TrainingStudy(settings(), done)
    trained = load_network(done / "arms" / "fast" / "1" / "network.safetensors")
    pair = Pair(target=trained, baseline=study.starts[1])
    reference = measure_reference(trained, study.starts[1], 2, study.measured)
    options = Options(nodes=study.config.nodes, seed=1, threads=1)
    found = METHODS["signed"].attribute(pair, study.found_on, METHODS["signed"].applicable(options))
    altered = measure(revert(trained, study.starts[1], found.top("noise", "5%")), reference, 2)
    told = summary_row("noise", [altered], reference, 0)
    keys = ["arm", "function", "method", "proportion"]
    row = read_table(done / "reverting", REVERTED).set_index(keys).loc[("fast", "noise", "signed", 0.05)]
    for name in ("switched_off", "switched_off_low", "leak", "leak_high", "switched_off_pixels", "leak_pixels"):
        assert row[name] == pytest.approx(told[name], rel=1e-5), name
    assert row["lost"] == pytest.approx(told["psnr_elsewhere"], abs=1e-6)
    half = measure(dni(trained, study.starts[1], 0.5), reference, 2)["blur"].psnr - reference.psnr["blur"][0]
    halves = read_table(done / "reverting", HALVES).set_index(["arm", "function", "knob", "input"])
    assert halves.loc[("fast", "noise", "DNI", "blur"), "change"] == pytest.approx(half.mean(), abs=1e-6)


def test_the_page_tells_of_it_and_is_made_of_the_tables_beside_it(done, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = write_markdown(done, Path("page.md")).read_text(encoding="utf-8")
    assert "\n## Reverting what is found\n" in text
    rows = read_table(done / "reverting", REVERTED).set_index(["arm", "function", "method", "proportion"])
    off, leak = (rows.loc[("fast", "noise", "learned", 0.01), name] for name in ("switched_off", "leak"))
    slow = rows.loc[("slow", "noise", "learned", 0.01), "switched_off"]
    assert f"1% by `learned` {slow:.2f} to {off:.2f} (leak " in text
    overview = re.findall(r"^\| fast \| .+%.+\|$", text.split("Reverting what is found")[1], re.MULTILINE)[0]
    assert f"{off:.2f} / {leak:.2f}" in overview
    assert write_markdown(Path("page"), Path("page.md")).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("revert", "wrong"),
    [
        ({"methods": []}, "at least 1 item"),
        ({"methods": ["none"]}, "is not one of faig"),
        ({"methods": ["faig"], "proportions": []}, "at least 1 item"),
        ({"methods": ["faig"], "proportions": [0]}, "greater than 0|more than 0|in \\(0, 1\\]|0"),
    ],
)
def test_wrong_settings_are_refused(revert, wrong):
    with pytest.raises(ValueError, match=wrong):
        settings(revert=revert)
