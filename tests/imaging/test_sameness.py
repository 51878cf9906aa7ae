"""Inputs that are one and the same are refused; photos on both sides of a test are seen, by pixels and by name."""

import dataclasses
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import PlainPair, nudged, tiny_cases, tiny_network
from faig.analysis.prediction import Predictor
from faig.attribution.methods import ALL
from faig.attribution.options import Options
from faig.common.errors import FaigWarning, InputError
from faig.experiment.config import ImagesConfig
from faig.experiment.held_out import share_images
from faig.imaging.cases import make_cases, middle_of
from faig.imaging.images import write_image
from faig.imaging.sameness import check_inputs_differ

KINDS = ["clean", "blur", "noise"]
NOTHING = {  # degradations that change no pixel
    "blur": 0,
    "noise": 0,
    "neither": "blur:0+noise:0",
}


def same(cases, first: str, second: str, which=lambda place: True):
    """The cases with two inputs that are one, in those that are asked for."""
    return [
        dataclasses.replace(case, lr=case.lr | {second: case.lr[first].clone()}) if which(place) else case
        for place, case in enumerate(cases)
    ]


@given(st.permutations(KINDS), st.integers(0, 7))
@settings(max_examples=30, deadline=None)
def test_two_inputs_are_the_same_only_where_all_their_images_are(kinds, where):
    first, second, _ = kinds
    cases = same(tiny_cases(), first, second, lambda place: where >> place & 1)
    if where == 7:
        with pytest.raises(
            InputError, match=rf"({first} and {second}|{second} and {first}) are the same in all images"
        ):
            check_inputs_differ(cases)
    else:
        check_inputs_differ(cases)


@pytest.mark.parametrize("method", ALL)
def test_no_method_takes_them(method):
    pair = PlainPair(nudged(tiny_network()), tiny_network())
    with pytest.raises(InputError, match=r"blur and noise are the same in all images \(image0 is the first\)"):
        ALL[method].attribute(pair, same(tiny_cases(), "blur", "noise"), Options(nodes=2))


def test_no_predictor_learns_from_them():
    with pytest.raises(InputError, match="clean and noise are the same"):
        Predictor.fit(nudged(tiny_network()), tiny_network(), {}, same(tiny_cases(), "clean", "noise"))


@pytest.mark.parametrize("name", NOTHING)
def test_a_degradation_that_changes_nothing_is_refused(drawn, name):
    images = ImagesConfig(gt=drawn, degrade={"jpeg": 30, name: NOTHING[name]})
    with pytest.raises(InputError, match=f"clean and {name} are the same .* another folder or level") as refused:
        images.cases(2, 0)
    assert refused.value.setting == "degrade"


def test_one_folder_for_two_inputs_is_refused(faig, drawn, tmp_path):
    (tmp_path / "lr").mkdir()
    for case in make_cases(drawn, {"blur": 2}, 2):
        write_image(tmp_path / "lr" / f"{case.name}.png", case.lr["blur"])
    lr = [option for kind in ("blur", "noise") for option in ("--lr", f"{kind}={tmp_path / 'lr'}")]
    pair = ["--pair", "srresnet-x2", "--gt", drawn]
    for command in (["attribute"], ["compare"], ["sweep", "--filters", "blur=srresnet-x2/blur"]):
        code, _, err = faig(*command, *pair, *lr, "--out", tmp_path / "run")
        assert (code, "blur and noise are the same in all images (stripes0 is the first)" in err) == (2, True), err
        assert "--lr" in err
        assert not (tmp_path / "run").exists()


def shared_line(found, measured) -> str:
    """The warning, and that the answer goes with it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        shared = share_images(found, measured, "nothing is held out")
    assert len(caught) == shared
    assert all(each.category is FaigWarning for each in caught)
    return str(caught[0].message) if caught else ""


def renamed(cases, prefix: str):
    return [dataclasses.replace(case, name=f"{prefix}{case.name}", photo=f"{prefix}{case.photo}") for case in cases]


@given(st.integers(0, 3), st.integers(0, 3), st.booleans(), st.randoms())
@settings(max_examples=40, deadline=None)
def test_what_two_sets_share_is_seen_by_pixels_whatever_it_is_called(found, measured, other_level, random):
    cases = tiny_cases(count=6)
    sides = cases[: found + 1], renamed(cases[5 - measured :], "other")
    if other_level:  # the same photo, more blurred
        blurred = [dataclasses.replace(case, lr={"blur": case.lr["noise"]}) for case in sides[1]]
        sides = sides[0], blurred
    common = [case for case in sides[0] if any(torch.equal(case.gt, other.gt) for other in sides[1])]
    random.shuffle(sides[1])
    line = shared_line(*sides)
    assert bool(line) == bool(common) == (found + 1 > 5 - measured)
    if common:
        name = common[0].name
        assert line == f"{name}: is the same image as other{name}, which is measured on: nothing is held out"


def test_crops_of_one_photo_are_seen_by_its_name():
    photo, other = tiny_cases(count=2)
    crop = middle_of(photo, 6, 2)
    assert not torch.equal(crop.gt, photo.gt)
    assert shared_line([other, crop], [photo]).startswith(f"{crop.name}: is by its name of the same photo as image0, ")
    assert shared_line([other], [crop, photo]) == ""
