"""The pair and the photos that ship: does the package do what its front page says?"""

import csv
from pathlib import Path

import pytest
import torch

from conftest import path_scores
from faig import zoo
from faig.attribution.integration.quadrature import gauss_legendre
from faig.experiment.studies import find_study, read_study
from faig.experiment.study.config import StudyConfig
from faig.experiment.study.study import study
from faig.imaging.cases import degrade_case, describe_images, make_cases
from faig.imaging.degradation import paper_preset
from faig.imaging.images import list_images, read_image
from faig.imaging.metrics import psnr
from faig.imaging.photos import busiest_crops, photograph
from faig.intervention.edit import revert
from faig.intervention.effect import effect
from faig.networks.inference import restore
from faig.report.figures.teaser import draw_teaser
from faig.results.cells import read_table
from faig.results.tables import PICTURES
from faig.zoo.scores import read_units

pytestmark = pytest.mark.slow


SIDE = 64  # GT pixels of the demo's crops


def demo_with(find: dict, measure: dict | None = None, methods: list | None = None) -> StudyConfig:
    """The demo, on fewer crops."""
    config = read_study(find_study("demo"))
    assert isinstance(config, StudyConfig)
    assert config.find.side == config.measure.side == SIDE
    values = config.model_dump(mode="json")
    values["find"]["crops"] = find
    values["measure"]["crops"] = measure or find
    values["compare"] |= {"methods": methods or ["faig"], "proportions": [0.01]}
    return StudyConfig.model_validate(values)


@pytest.fixture(scope="module")
def pair():
    return zoo.load("srresnet-x2/target"), zoo.load("srresnet-x2/baseline")


def test_completeness_with_16_nodes(pair):
    crops = demo_with(find={"astronaut": 1, "rocket": 1}).find.take(None, 2)  # parts of those of the demo
    cases = [degrade_case(crop.name, crop.image[:, :32, :32], paper_preset(), 2, photo=crop.photo) for crop in crops]
    found = path_scores(*pair, cases, gauss_legendre(16))
    delta = found.delta()
    for kind in found.degradations:
        assert abs(delta[kind]) <= 0.005, kind
    # On clean images the two networks are equally good: what is missing is a share of nearly nothing, so of the loss.
    clean = found.losses["clean"][:, [0, -1]].sum(0)
    assert abs(float(found.total["clean"].sum() - (clean[1] - clean[0]))) <= 0.05 * clean.max()
    assert max(found.barriers().values()) <= 1.1


def test_the_demo_separates_the_functions(tmp_path):
    """The demo itself, on fewer crops."""
    config = demo_with({"astronaut": 1, "rocket": 1}, {"chelsea": 1, "coffee": 1}, ["faig", "change"])
    out = study(config, tmp_path / "demo")
    with (out / "compare" / "effects.csv").open() as file:
        rows = {(r["method"], r["reverted"], r["input"]): float(r["effect"]) for r in csv.DictReader(file)}
    for own, other in (("blur", "noise"), ("noise", "blur")):
        assert rows["faig", own, own] >= 10 * rows["faig", own, other]
    # In denoising too, what changed most does much, as the README says.
    assert rows["faig", "blur", "blur"] > 10 * rows["change", "blur", "blur"]
    run = out / "teaser"
    assert read_image(draw_teaser(out)).std() > 0.1
    pictures = read_table(run, PICTURES)
    folder = run / "figures" / "teaser"
    assert set(list_images(folder)) == {Path(file).stem for file in pictures["file"]}
    shown = {(row["input"], row["shown"], row["function"]): row for _, row in pictures.iterrows()}
    assert len(shown) == 2 * 5
    for (kind, what, _), row in shown.items():
        if what != "gt":
            measured = psnr(folder / row["file"], folder / shown[kind, "gt", ""]["file"], border=2)
            assert row["psnr"] == pytest.approx(measured)
    for own, other in (("blur", "noise"), ("noise", "blur")):
        decibels = {what: shown[what]["psnr"] for what in shown}
        assert decibels[own, "reverted", own] < decibels[own, "target", ""] - 1
        assert abs(decibels[other, "reverted", own] - decibels[other, "target", ""]) < 1
    found_on = make_cases(out / "images" / "find", paper_preset(), 2)
    assert describe_images(found_on) == "2 crops of 2 photos"


@pytest.mark.parametrize("name", zoo.pairs())
def test_shipped_filters_switch_the_function_off(name):
    """The ranking that ships beside a pair, found on other images, does on a photo what it says."""
    target, baseline = zoo.load_networks(target=f"{name}/target", baseline=f"{name}/baseline")
    degradations = paper_preset()
    photo = busiest_crops("chelsea", photograph("chelsea"), SIDE, 1)[0].image
    effects = {}
    for function in ("blur", "noise"):
        altered = revert(target, baseline, read_units(f"{name}/{function}", target).top(0.01))
        for kind in ("blur", "noise"):
            lr = degradations[kind](photo, 2, name=name)
            effects[function, kind] = effect(restore(altered, lr), restore(target, lr))
    assert effects["blur", "blur"] > 5 * effects["blur", "noise"]
    assert effects["noise", "noise"] > 5 * effects["noise", "blur"]


def test_crops_are_cut_from_the_photo():
    photo = photograph("chelsea")
    for crop in busiest_crops("chelsea", photograph("chelsea"), SIDE, 3):
        assert crop.photo == "chelsea"
        top, left = (int(part) for part in crop.name.split("_")[1:])
        assert torch.equal(crop.image, photo[:, top : top + SIDE, left : left + SIDE])


@pytest.mark.parametrize("name", zoo.pairs())
def test_the_baseline_is_clean_and_the_target_is_tuned_from_it(name):
    from faig.networks.checkpoint import network_metadata

    def degraded(stage):
        degradation = stage["config"]["data"]["degradation"]
        return degradation["blur"] or degradation["noise"] or degradation.get("degrade")

    target, baseline = (network_metadata(zoo.find(f"{name}/{role}"))["training"] for role in ("target", "baseline"))
    stage = target
    while degraded(stage):  # either may have been trained in several runs
        stage = stage["start"]
    assert stage == baseline != target
    while stage:
        assert not degraded(stage)
        stage = stage["start"]
