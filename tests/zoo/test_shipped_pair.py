"""The pair and the photos that ship: does the package do what its front page says?"""

import csv

import pytest
import torch

from faig import zoo
from faig.attribution.integral import attribute
from faig.attribution.quadrature import gauss_legendre
from faig.experiment import demo
from faig.filters import FilterSet, FilterSpace
from faig.imaging.cases import degrade_case
from faig.imaging.degradation import paper_preset
from faig.imaging.images import list_images, read_image
from faig.imaging.metrics import psnr
from faig.imaging.photos import photograph
from faig.intervention.edit import revert
from faig.intervention.effect import effect
from faig.networks.inference import restore
from faig.report.figures.teaser import columns
from faig.zoo.scores import ranking


@pytest.fixture(scope="module")
def pair():
    return zoo.load("srresnet-x2/target"), zoo.load("srresnet-x2/baseline")


def test_completeness_with_16_nodes(pair):
    crops = demo.take_crops({"astronaut": 3, "rocket": 2})  # of those that the demo finds filters on
    cases = [degrade_case(name, gt, paper_preset(), 2) for name, gt in crops.items()]
    found = attribute(*pair, cases, gauss_legendre(16))
    delta = found.delta()
    for kind in found.degradations:
        assert abs(delta[kind]) <= 0.005, kind
    # On clean images the two networks are equally good: what is missing is a share of nearly nothing, so of the loss.
    clean = found.losses["clean"][:, [0, -1]].sum(0)
    assert abs(float(found.total["clean"].sum() - (clean[1] - clean[0]))) <= 0.05 * clean.max()
    assert max(found.barriers().values()) <= 1.1


def test_the_demo_separates_the_functions(tmp_path, monkeypatch):
    """The demo itself, on fewer crops."""
    monkeypatch.setattr(demo, "FIND", {"astronaut": 3, "rocket": 2})
    monkeypatch.setattr(demo, "MEASURE", {"chelsea": 2, "coffee": 2})
    monkeypatch.setattr(demo, "METHODS", ["faig", "change"])
    monkeypatch.setattr(demo, "PROPORTIONS", [0.01])
    run = demo.demo(tmp_path / "demo", threads=2)
    with (run / "effects.csv").open() as file:
        rows = {(r["method"], r["reverted"], r["input"]): float(r["effect"]) for r in csv.DictReader(file)}
    for own, other in (("blur", "noise"), ("noise", "blur")):
        assert rows["faig", own, own] >= 10 * rows["faig", own, other]
        assert rows["faig", own, own] > rows["change", own, own]
    picture = read_image(run / "figures" / "teaser.png")
    assert picture.std() > 0.1
    assert set(list_images(run / "figures" / "teaser")) == {
        f"{kind}-{file}" for kind in demo.DEGRADE for file in columns(list(demo.DEGRADE))
    }
    told = {
        stem: psnr(read_image(path), read_image(run / "figures" / "teaser" / f"{stem.split('-')[0]}-gt.png"), border=2)
        for stem, path in list_images(run / "figures" / "teaser").items()
    }
    for own, other in (("blur", "noise"), ("noise", "blur")):
        assert told[f"{own}-reverted-{own}"] < told[f"{own}-target"] - 1
        assert abs(told[f"{other}-reverted-{own}"] - told[f"{other}-target"]) < 1
    assert len(list_images(run / "photos" / "find")) == 5


@pytest.mark.parametrize("name", zoo.pairs())
def test_shipped_filters_switch_the_function_off(name):
    """The ranking that ships beside a pair, found on other images, does on a photo what it says."""
    target, baseline = zoo.load_pair(f"{name}/target", f"{name}/baseline")
    space, degradations = FilterSpace.of(target), paper_preset()
    (photo,) = demo.take_crops({"chelsea": 1}).values()
    effects = {}
    for function in ("blur", "noise"):
        altered = revert(target, baseline, FilterSet.top(space, ranking(f"{name}/{function}", space), 0.01))
        for kind in ("blur", "noise"):
            lr = degradations[kind](photo, 2, name=name)
            effects[function, kind] = effect(restore(altered, lr), restore(target, lr))
    assert effects["blur", "blur"] > 5 * effects["blur", "noise"]
    assert effects["noise", "noise"] > 5 * effects["noise", "blur"]


def test_crops_are_cut_from_the_photo():
    photo = photograph("chelsea")
    for name, crop in demo.take_crops({"chelsea": 3}).items():
        top, left = (int(part) for part in name.split("_")[1:])
        assert torch.equal(crop, photo[:, top : top + demo.SIDE, left : left + demo.SIDE])


@pytest.mark.parametrize("name", zoo.pairs())
def test_the_baseline_is_clean_and_the_target_is_tuned_from_it(name):
    from faig.networks.checkpoint import network_metadata

    def degraded(stage):
        return [stage["config"]["data"]["degradation"][kind] for kind in ("blur", "noise")]

    target, baseline = (network_metadata(zoo.find(f"{name}/{role}"))["training"] for role in ("target", "baseline"))
    stage = target
    while degraded(stage) == [2, 0.1]:  # either may have been trained in several runs
        stage = stage["start"]
    assert stage == baseline != target
    while stage:
        assert degraded(stage) == [0, 0]
        stage = stage["start"]
