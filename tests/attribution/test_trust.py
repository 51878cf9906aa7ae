"""What speaks against a ranking beside its integral: a target that is no better, and scores that are all equal."""

import dataclasses

import pytest
import torch

from conftest import nudged, tiny_cases, tiny_network
from faig import Pair
from faig.attribution.files.ranking_file import RankingFile
from faig.attribution.files.run_files import report_errors
from faig.attribution.learning.mask import LearnedMask
from faig.attribution.methods import MASK, METHODS
from faig.attribution.options import Options
from faig.attribution.trust import not_learned, tied
from faig.common.errors import FaigWarning
from faig.networks.calls import run

SWAPPED = "is not below the baseline's, so there is no function to find: are the two swapped"
LOSSES = {  # by degradation, of target and baseline; and of which that speaks
    "better": ({"blur": (1.0, 2.0), "noise": (-3.0, -2.0)}, ""),
    "equal": ({"blur": (1.0, 1.0), "noise": (1.0, 2.0)}, "on blur the"),
    "worse": ({"blur": (2.0, 1.0), "noise": (-2.0, -3.0)}, "on blur and noise the"),
    "no number": ({"blur": (float("nan"), 1.0)}, "on blur the"),
    "not known": ({}, ""),
}


@pytest.mark.parametrize("case", LOSSES)
def test_a_target_that_is_no_better_is_named(case):
    losses, kinds = LOSSES[case]
    line = not_learned(losses)
    assert line is None if not kinds else line.startswith(f"{kinds} target's loss {SWAPPED}")


def trained(steps: int = 30) -> Pair:
    """A target that is better than its baseline on the blurry and noisy `tiny_cases`, by some steps of descent."""
    baseline, target = tiny_network(), tiny_network()
    target.requires_grad_(True)
    adam = torch.optim.Adam(target.parameters(), lr=3e-3)
    for _ in range(steps):
        adam.zero_grad()
        errors = [
            (target(case.lr[kind][None])[0] - case.gt).square().mean() for case in CASES for kind in ("blur", "noise")
        ]
        torch.stack(errors).sum().backward()
        adam.step()
    return Pair(target=target.requires_grad_(False), baseline=baseline)


CASES = tiny_cases()


@pytest.fixture(scope="module")
def ways() -> dict[str, Pair]:
    right = trained()
    return {"right": right, "swapped": Pair(target=right.baseline, baseline=right.target)}


@pytest.mark.parametrize("way", ["right", "swapped"])
@pytest.mark.parametrize("objective", ["squared", "l1", "psnr", "ssim"])
@pytest.mark.parametrize("method", ["faig", "signed", "gradient"])
def test_swapped_networks_are_no_clean_bill(ways, way, method, objective):
    found = ways[way].attribute(CASES, method, objective=objective, nodes=4)
    assert list(found.ends) == ["blur", "noise"]
    assert (SWAPPED in (found.distrust or "")) is (way == "swapped")
    assert found.metadata.get("distrust") == found.distrust
    if way == "swapped":
        with pytest.warns(FaigWarning, match="on blur and noise the target's loss is not below"):
            report_errors(found)


@pytest.mark.parametrize("way", ["right", "swapped"])
@pytest.mark.parametrize("sense", ["revert", "graft"])
def test_swapped_networks_are_no_clean_bill_for_what_is_learned(ways, way, sense):
    pair, method = ways[way], LearnedMask(start=MASK.start, sense=sense, steps=1)
    found = method.attribute(pair, CASES, Options(top=0.1))
    assert (SWAPPED in (found.distrust or "")) is (way == "swapped")
    errors = [
        sum(float((run(net, case.lr["blur"][None])[0] - case.gt).square().mean()) for case in CASES) / len(CASES)
        for net in (pair.target, pair.baseline)
    ]
    assert found.ends["blur"] == pytest.approx(errors)


@pytest.mark.parametrize("method", ["random", "change", "ig"])
def test_where_losses_are_not_known_nothing_is_said_of_them(ways, method):
    found = ways["swapped"].attribute(CASES, method)
    assert found.ends == {}
    assert found.distrust is None


@pytest.mark.parametrize("layers", [[], ["body.*"]])
@pytest.mark.parametrize("value", [0.0, -2.5])
def test_equal_scores_are_no_ranking(ways, tmp_path, value, layers):
    found = ways["right"].attribute(CASES, "faig", nodes=4, layers=layers)
    assert found.tied == {}
    units = slice(None) if found.ranked is None else found.ranked.mask
    flat = found.scores["noise"].clone()
    flat[units] = value
    raw = dataclasses.replace(
        found.raw, score=dict.fromkeys(found.raw.score, torch.zeros_like(found.raw.score["blur"]))
    )
    equal = dataclasses.replace(found, scores={**found.scores, "noise": flat}, raw=raw)
    assert equal.tied == {"noise": value}
    assert f"all scores are equal for noise ({value:g}): the order is that of the network" in equal.distrust
    assert list(equal.sampling_errors) == list(equal.ranking_error) == ["blur"]
    assert "confidence" not in equal.to_frame("noise")
    with pytest.warns(FaigWarning, match="all scores are equal"):
        report_errors(equal)
    RankingFile.of([equal]).save(tmp_path)
    assert "confidence" not in RankingFile.load(tmp_path).frame("faig", "noise")
    assert "confidence" in RankingFile.load(tmp_path).frame("faig", "blur")


def test_the_line_of_ties():
    assert tied({}) is None
    assert tied({"blur": 0.0, "noise": 0.0}).startswith("all scores are equal for blur (0) and noise (0):")


def test_one_unit_is_no_tie():
    """Of a network of one layer, ranked by layers."""
    baseline = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3, padding=1))
    pair = Pair(target=nudged(baseline), baseline=baseline, unit="layer")
    cases = tiny_cases(scale=1)
    assert len(pair.space) == 1
    assert METHODS["faig"].attribute(pair, cases, Options(nodes=2)).tied == {}
