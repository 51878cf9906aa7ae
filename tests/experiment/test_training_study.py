"""Training studies at a size of seconds: they end, go on after a kill, do again what changed, and have a page."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from faig.attribution.files.rankings import read_ranking
from faig.common.errors import InputError
from faig.experiment.comparison_tables import summary_row
from faig.experiment.studies import read_study
from faig.experiment.training_study.arm import moved, multiply_adds
from faig.experiment.training_study.config import TrainingStudyConfig
from faig.experiment.training_study.context import TrainingStudy
from faig.experiment.training_study.study import training_study
from faig.filters import FilterSpace
from faig.imaging.cases import CLEAN
from faig.imaging.metrics import psnr
from faig.intervention.measure import measure, measure_reference
from faig.networks.checkpoint import load_network
from faig.networks.inference import restore
from faig.report.markdown import write_markdown
from faig.results.cells import read_table
from faig.results.run_directory import UNITS
from faig.results.training_tables import AHEAD, COST, FOUND_UNITS, GAINS, PSNRS, SWITCHED, TRAINED

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
SMALL = REPOSITORY / "configs" / "study" / "training-small.yaml"


def small() -> dict:
    """The settings of the small study, its networks named from here."""
    return yaml.safe_load(SMALL.read_text(encoding="utf-8").replace("benchmarks/", f"{REPOSITORY}/benchmarks/"))


def settings(**changes) -> TrainingStudyConfig:
    return TrainingStudyConfig.model_validate(small() | changes)


def arms(*names: str, **more: dict) -> dict:
    return {name: small()["arms"][name] for name in names} | more


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    said: list[str] = []
    run = training_study(settings(), tmp_path_factory.mktemp("training") / "run", say=said.append)
    assert said == ["found", *(f"arms/{name}" for name in small()["arms"]), "functions", "comparison"]
    return run


def test_every_stage_leaves_its_tables_and_no_units(done):
    config = settings()
    for table in (TRAINED, GAINS, AHEAD, COST):
        rows = read_table(done / "comparison", table)
        assert set(rows["arm"]) == ({*config.arms} - ({config.control} if table is AHEAD else set()))
        if table is not COST:
            assert set(rows["input"]) == {CLEAN, *config.degrade}
    assert {*read_table(done / "found", FOUND_UNITS)["method"]} == {"faig", "random", "change"}
    assert not list(done.rglob(UNITS))


def test_numbers_are_those_of_the_networks_that_were_trained(done):
    """PSNR, gains, what is ahead and how far weights moved, computed once more from the files alone."""
    study = TrainingStudy(settings(), done)
    ahead = read_table(done / "comparison", AHEAD).set_index(["arm", "against", "input"])
    gains = read_table(done / "comparison", GAINS).set_index(["arm", "input"])
    cost = read_table(done / "comparison", COST).set_index(["arm", "seed"])
    found = {}
    for arm in ("found", "random"):
        for seed in (1, 2):
            trained = load_network(done / "arms" / arm / str(seed) / "network.safetensors")
            found[arm, seed] = [
                [psnr(restore(n, c.lr["blur"]), c.gt, border=2) for c in study.measured]
                for n in (trained, study.starts[seed])
            ]
            weights = [torch.cat([w.flatten() for w in n.parameters()]) for n in (trained, study.starts[seed])]
            assert cost.loc[(arm, seed), "moved"] == pytest.approx(
                float((weights[0] - weights[1]).norm() / weights[1].norm()), rel=1e-5
            )
    gained = {key: np.array(first) - second for key, (first, second) in found.items()}
    both = {arm: np.stack([gained[arm, seed] for seed in (1, 2)]) for arm in ("found", "random")}
    for arm, values in both.items():
        assert gains.loc[(arm, "blur"), "gain"] == pytest.approx(values.mean(), abs=1e-6)
        assert gains.loc[(arm, "blur"), "gain_spread"] == pytest.approx(values.mean(1).std(ddof=1), abs=1e-6)
    row = ahead.loc[("found", "random", "blur")]
    apart = (both["found"] - both["random"]).mean(0)
    assert row["ahead"] == pytest.approx(apart.mean(), abs=1e-6)
    of_photos = [apart[[case.photo == photo for case in study.measured]].mean() for photo in ("chelsea", "coffee")]
    assert sorted([row["ahead_low"], row["ahead_high"]]) == pytest.approx(sorted(of_photos), abs=1e-6)


def test_switched_off_is_that_of_the_house(done):
    """Of one arm, computed by the library's own measures from the files; the mean over seeds."""
    study = TrainingStudy(settings(), done)
    row = read_table(done / "functions", SWITCHED).set_index(["arm", "function"]).loc[("all-free", "noise")]
    numbers = []
    for seed in (1, 2):
        pair = study.pair(seed)
        reference = measure_reference(pair.target, pair.baseline, 2, study.measured)
        trained = load_network(done / "arms" / "all-free" / str(seed) / "network.safetensors")
        numbers.append(summary_row("noise", [measure(trained, reference, 2)], reference, 0))
    for name in ("switched_off", "leak", "switched_off_pixels", "leak_pixels"):
        values = np.array([each[name] for each in numbers])
        assert row[name] == pytest.approx(values.mean(), rel=1e-6)
        assert row[f"{name}_spread"] == pytest.approx(values.std(ddof=1), rel=1e-6)
        assert row[f"{name}_low"] <= row[name] <= row[f"{name}_high"]


def test_an_arm_trains_what_it_says_and_nothing_else(done):
    start = load_file(str(small()["start"]).replace("{seed}", "1"))
    space = FilterSpace.of(load_network(str(small()["start"]).replace("{seed}", "1")))
    wanted = int(0.05 * len(space))
    for arm, inside in (("found", False), ("random", False), ("same-layers", False), ("unlearning", True)):
        folder = done / "arms" / arm / "1"
        chosen = read_ranking(folder / "units.csv", space)[:wanted]
        trained = load_file(folder / "network.safetensors")
        change = space.sum_per_unit({key: (trained[key] - weight.float()).abs() for key, weight in start.items()}) > 0
        assert len(chosen) == wanted
        assert bool(change[chosen].any()) == inside
        others = torch.ones(len(space), dtype=torch.bool).index_fill(0, chosen, False)
        share = float(change[others].float().mean())
        assert share == 0 if inside else share > 0.8  # some see no gradient in so few iterations
    cost = read_table(done / "comparison", COST).set_index(["arm", "seed"])
    parameters = sum(weight.numel() for weight in start.values())
    assert cost.loc[("all-free", 1), "trained"] == parameters
    assert cost.loc[("found", 1), "trained"] == parameters - 9 * wanted
    assert cost.loc[("unlearning", 1), "trained"] == 9 * wanted
    assert cost.loc[("pulled", 1), "moved"] < cost.loc[("all-free", 1), "moved"]


def test_units_of_the_same_layers_are_as_many_in_each(done):
    space = FilterSpace.of(load_network(str(small()["start"]).replace("{seed}", "1")))
    wanted = int(0.05 * len(space))
    counts = []
    for arm in ("found", "same-layers"):
        chosen = read_ranking(done / "arms" / arm / "1" / "units.csv", space)[:wanted]
        counts.append([space.layer_of(int(index)).name for index in sorted(chosen.tolist())])
    assert counts[0] == counts[1]


def test_what_is_finished_is_left_alone_and_what_changed_is_done_again(done):
    before = {path: path.stat().st_mtime_ns for path in done.rglob("*.csv")}
    training_study(settings(processes=2), done)
    assert {path: path.stat().st_mtime_ns for path in done.rglob("*.csv") if "images" not in path.parts} == {
        path: time for path, time in before.items() if "images" not in path.parts
    }
    changed = settings(arms=arms(*small()["arms"], gentle={"optimizer": {"learning_rate": 1e-5}}))
    with pytest.raises(InputError, match=r"holds another study \(arms.gentle differs\)"):
        training_study(changed, done)
    said: list[str] = []
    training_study(changed, done, force=True, say=said.append)
    after = {path.relative_to(done): path.stat().st_mtime_ns for path in done.glob("*/*/psnr.csv")}
    old = {path.relative_to(done): time for path, time in before.items() if path.name == PSNRS.name}
    assert {path.parts[1] for path in after if after[path] != old.get(path)} == {"gentle"}
    assert "gentle" in set(read_table(done / "comparison", GAINS)["arm"])


def test_the_page_is_written_from_the_tables_and_again_from_those_beside_it(done, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = Path("docs") / "small.md"
    text = write_markdown(done, page).read_text(encoding="utf-8")
    title, picture, lines = re.split(r"\n## ", text)[0].split("\n\n")[:3]
    assert title == f"# {small()['title']}"
    assert picture.endswith("(small.png)")
    assert (page.parent / "small.png").is_file()
    assert [line[:6] for line in lines.splitlines()] == ["- **As", "- **Fo", "- **Co"]
    for arm in settings().arms:
        assert f"| {arm} |" in text
    assert text.count("<details") == text.count("</details>") == len(re.findall(r"^\|-|^```yaml", text, re.MULTILINE))
    assert str(REPOSITORY) not in text
    write_markdown(page.with_suffix(""), page)
    assert page.read_text(encoding="utf-8") == text


def test_a_killed_study_goes_on(tmp_path, monkeypatch):
    config = settings(arms=arms("all-free", "pulled"), training_seeds=[1])
    whole = training_study(config, tmp_path / "whole")

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("faig.experiment.training_study.arm.psnr_of", die)
        with pytest.raises(KeyboardInterrupt):
            training_study(config, tmp_path / "killed")
    training_study(config, tmp_path / "killed")
    for name in ("gains", "ahead", "cost", "trained"):
        files = [run / "comparison" / f"{name}.csv" for run in (whole, tmp_path / "killed")]
        assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.usefixtures("forked")
def test_several_processes_train_the_same(done, tmp_path):
    found = small()["arms"]["found"] | {"against": []}
    config = settings(arms=arms("all-free", found=found), processes=2)
    run = training_study(config, tmp_path / "run")
    for arm in config.arms:
        files = [each / "arms" / arm / "psnr.csv" for each in (done, run)]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_multiply_adds_of_a_convolution_by_hand():
    layer = torch.nn.Conv2d(3, 5, 3, padding=1)
    assert multiply_adds(layer) == 5 * 3 * 9
    assert moved(layer, layer) == 0


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"control": "none"}, "control: 'none' is not among the arms"),
        ({"arms": arms("all-free")}, "at least 2 items"),
        ({"arms": arms("all-free", bad={"against": ["bad"]})}, r"arms\.bad\.against: 'bad' is no other arm"),
        ({"arms": arms("all-free", bad={"protect": {"degradation": "rain"}, "top": "1%"})}, "'rain' is not among"),
        ({"arms": arms("all-free", bad={"protect": {"degradation": "blur"}})}, r"arms\.bad: say how many"),
        ({"arms": arms("all-free", bad={"data": {"gt": "x"}})}, r"data\.gt: the study's own learn"),
        ({"arms": arms("all-free", bad={"seed": 3})}, "Extra inputs"),
        ({"baseline": None}, r"blur: needs the baseline of the start"),
        ({"functions": ["rain"]}, r"functions\.rain: 'rain' is not among"),
        ({"training_seeds": [1, 1]}, "names a seed twice"),
    ],
)
def test_wrong_settings_are_refused(changes, wrong):
    with pytest.raises(ValueError, match=wrong):
        settings(**changes)


LEARN = small()["learn"]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"training_seeds": [9]}, "srresnet-x2-small-9-target.safetensors"),
        ({"measure": LEARN | {"photos": ["rocket"]}}, "measure: rocket is the photo learn: rocket"),
        ({"learn": LEARN | {"photos": ["cat"]}}, "measure: chelsea is the photo learn: cat"),
        ({"measure": LEARN | {"photos": ["cat", "chelsea"]}}, "measure: chelsea is the photo measure: cat"),
        ({"measure": LEARN | {"photos": ["logo"]}}, "'logo' is no colour photo"),
        ({"arms": arms("all-free", bad={"optimizer": {"learning_rate": -1}})}, r"arms\.bad: optimizer\.learning_rate"),
        ({"arms": arms("all-free", bad={"network": {"arguments": {"scale": 3}}})}, "the configuration"),
        ({"arms": arms("all-free", bad={"filters": "no-such.csv", "top": "1%"})}, "no-such.csv"),
        ({"arms": arms("all-free", bad={"teachers": {"others": "no-such.safetensors"}})}, "no-such.safetensors"),
        ({"side": 33}, "33 does not divide by the scale 2"),
    ],
)
def test_a_study_that_cannot_begin_leaves_no_directory(tmp_path, changes, wrong):
    with pytest.raises(InputError, match=wrong) as told:
        training_study(settings(**changes), tmp_path / "run")
    assert "\n" not in str(told.value)
    assert not (tmp_path / "run").exists()


def test_settings_of_an_arm_go_over_those_of_all():
    common = {
        "network": {"arguments": {"scale": 2}, "strict": False},
        "data": {"batch": 2, "degradation": {"blur": 2, "degrade": {"jpeg:40": 1}}},
        "optimizer": {"iterations": 3, "ema": 0.5},
        "top": "5%",
    }
    own = {
        "data": {"degradation": {"degrade": {"noise:0.1": 1}}},
        "optimizer": {"ema": 0.9},
        "network": {"start": None},
    }
    other = {"network": {"architecture": "edsr", "arguments": {"scale": 2}, "start": None}}
    config = settings(training=common, arms={"all-free": {}, "own": own, "other": other})
    merged = config.settings("own")
    assert merged.data == {"batch": 2, "degradation": {"blur": 2, "degrade": {"noise:0.1": 1}}}
    assert merged.optimizer == {"iterations": 3, "ema": 0.9}
    assert merged.network == {"arguments": {"scale": 2}, "strict": False, "start": None}
    assert merged.top == pytest.approx(0.05)
    assert config.settings("other").network == other["network"]


def test_patches_are_downsampled_as_the_images_that_are_measured_on(tmp_path):
    own = {"data": {"degradation": {"downsampling": "bicubic"}}}
    for given in ("bilinear", "area"):
        study = TrainingStudy(settings(downsampling=given, arms=arms("all-free", own=own)), tmp_path)
        trained = {arm: study.training(arm, 1).data.degradation.downsampling for arm in ("all-free", "own")}
        assert trained == {"all-free": given, "own": "bicubic"}


def test_the_small_study_is_read():
    assert isinstance(read_study(SMALL), TrainingStudyConfig)
