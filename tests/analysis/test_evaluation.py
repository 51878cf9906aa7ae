"""How well degradations are predicted: right answers, confusions, rank correlations; the classes there are."""

import math

import pandas as pd
import pytest

from faig.analysis.discriminant import UNKNOWN
from faig.analysis.evaluation import accuracy, classes_in, confusion, correlations
from faig.common.errors import InputError
from faig.common.statistics import estimate_share
from faig.experiment.config import ImagesConfig
from faig.experiment.prediction_tables import classes_of
from faig.imaging.degradation import Degradation


def test_accuracy_counts_only_the_classes_in_question():
    told = {"image": ["a"] * 3 + ["b"] * 3, "true_class": ["clean", "blur", "noise"] * 2}
    told |= {"prediction": ["clean", "clean", "noise", "unknown", "blur", "clean"], "typicality": [0.5] * 6}
    told |= {
        "clean": [0.6, 0.5, 0, 0.6, 0, 0.4],
        "blur": [0.3, 0.4, 0, 0.4, 0.9, 0.35],
        "noise": [0.1, 0.1, 1, 0, 0.1, 0.25],
    }
    guessed = pd.DataFrame(told)
    assert classes_in(guessed) == ["clean", "blur", "noise"]
    assert accuracy(guessed, ["clean", "blur", "noise"]).value == pytest.approx(4 / 6)
    two = accuracy(guessed, ["blur", "noise"])
    assert two.value == pytest.approx(3 / 4)
    # By hand: a is right twice of twice, b once; as three independent answers would be, by Wilson.
    assert (two.low, two.high) == pytest.approx((0.2561, 0.9632), abs=1e-4)
    assert math.isnan(accuracy(guessed, ["blur", "noise"], {"a": "p", "b": "p"}).low)
    matrix = confusion(guessed, ["clean", "blur", "noise"])
    assert list(matrix.columns) == ["clean", "blur", "noise", UNKNOWN]
    assert matrix.to_numpy().tolist() == [[1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 1, 0]]


def test_crops_of_a_photo_that_are_asked_the_same_are_one_answer():
    """Ten crops of each of two photos, all right: as sure as two photos' four answers are, not as forty."""
    rows = [
        {"image": f"{photo}{crop}", "true_class": kind, "prediction": kind, "typicality": 0.5}
        | {name: float(name == kind) for name in ("blur", "noise")}
        for photo in "ab"
        for crop in range(10)
        for kind in ("blur", "noise")
    ]
    photos = {row["image"]: row["image"][0] for row in rows}
    assert accuracy(pd.DataFrame(rows), ["blur", "noise"], photos) == estimate_share([1.0] * 4)
    assert accuracy(pd.DataFrame(rows), ["blur", "noise"]) == estimate_share([1.0] * 40)


def test_classes_are_all_ways_to_have_several():
    with pytest.raises(InputError, match=r"degradation a\+b: the \+ is kept for several at once"):
        classes_of(ImagesConfig(gt=".", degrade={"a+b": "jpeg:40"}))
    for name in ("unknown", "typicality"):
        with pytest.raises(InputError, match=f"degradation {name}: the name is kept for what is predicted"):
            classes_of(ImagesConfig(gt=".", degrade={name: "jpeg:40"}))
    by_spec = classes_of(ImagesConfig(gt=".", degrade={"shaken": "motion:9", "noise": 0.1}))
    assert str(by_spec["shaken+noise"]) == "motion:9+down:bilinear+noise:0.1"
    made = classes_of(ImagesConfig(gt=".", degrade={"blur": 2, "noise": 0.1, "jpeg": 40}))
    assert list(made) == ["clean", "blur", "noise", "jpeg", "blur+noise", "blur+jpeg", "noise+jpeg", "blur+noise+jpeg"]
    assert made["blur+jpeg"] == Degradation(blur=2, jpeg=40)


def test_responses_are_ranked_within_each_image():
    levels = [1.0, 2.0, 3.0]
    found = {"blur": ([1, 2, 4], [9, 10, 11]), "noise": ([3, 2, 1], [1, 2, 3])}  # of two images
    table = pd.DataFrame(
        {"degradation": kind, "image": image, "level": level, "response": response}
        for kind, images in found.items()
        for image, responses in enumerate(images)
        for level, response in zip(levels, responses, strict=True)
    )
    correlated = correlations(table)
    assert correlated["blur"].value == pytest.approx(1)
    assert correlated["noise"].value == pytest.approx(0)
    assert (correlated["noise"].low, correlated["noise"].high) == pytest.approx((-1, 1))
    of_one_photo = correlations(table, {"0": "p", "1": "p"})
    assert of_one_photo["noise"].value == pytest.approx(0)
    assert math.isnan(of_one_photo["noise"].low)
