"""Degradation prediction: the discriminant, the crops, the predictor, and its command."""

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch

from conftest import nudged, tiny_network
from faig import zoo
from faig.analysis.evaluation import accuracy, by_statistics, confusion, correlations, guesses
from faig.analysis.prediction import SIDE, Discriminant, Predictor, crops
from faig.attribution.files.rankings import write_ranking
from faig.cli import main
from faig.common.errors import InputError
from faig.experiment.config import ImagesConfig
from faig.experiment.prediction_tables import classes_of
from faig.filters import FilterSet, FilterSpace
from faig.imaging.cases import crop_case, degrade_case
from faig.imaging.degradation import Degradation
from faig.imaging.images import write_image
from faig.imaging.photos import photograph
from faig.intervention.edit import revert
from faig.intervention.effect import effect
from faig.networks.checkpoint import save_network
from faig.networks.inference import restore
from faig.zoo.predictor import PREDICTOR, load_predictor, save_predictor

DEGRADE = {"blur": 2.0, "noise": 0.1}
CLASSES = ["clean", "blur", "noise", "blur+noise"]


def cases(photo: str, corners, scale: int = 2):
    made = classes_of(ImagesConfig(gt=".", degrade=DEGRADE))
    case = degrade_case(photo, photograph(photo)[:, :298, :400], made, scale)
    return [crop_case(case, top, left, SIDE, scale) for top, left in corners]


@pytest.fixture(scope="module")
def learned():
    """A predictor of a tiny pair: it learned from four crops."""
    baseline = tiny_network()
    target = nudged(baseline)
    space = FilterSpace.of(target)
    filters = {kind: FilterSet.of(space, range(place, len(space), 7)) for place, kind in enumerate(DEGRADE)}
    known = cases("chelsea", [(0, 0), (60, 20), (90, 130), (10, 100)])
    return target, baseline, filters, Predictor.fit(target, baseline, filters, known)


def test_the_discriminant_is_bayes_for_gaussians():
    """Two classes one unit of Mahalanobis distance 2 apart: the posterior is a logistic of the distance."""
    generator = np.random.default_rng(0)
    spread = np.array([[2.0, 0.6], [0.6, 0.5]])
    root, far = np.linalg.cholesky(spread), 200_000
    shift = root @ np.array([2.0, 0.0])
    examples = {
        name: list(generator.standard_normal((far // 10, 2)) @ root.T + at * shift) for name, at in (("a", 0), ("b", 1))
    }
    found = Discriminant.fit(examples)
    np.testing.assert_allclose(np.linalg.inv(found.precision), spread, atol=0.03)
    for at in (0.0, 0.3, 0.5, 1.0):
        share = found.probabilities(at * shift)
        assert share["b"] == pytest.approx(1 / (1 + np.exp(-(4 * at - 2))), abs=0.02)
        assert sum(share.values()) == pytest.approx(1)


def test_too_few_examples_are_refused():
    one, other = np.zeros(1), np.ones(1)
    with pytest.raises(InputError, match="3 crops for 2 classes are too few; 2 more are needed"):
        Discriminant.fit({"a": [np.zeros(2)], "b": [np.ones(2), np.ones(2)]})
    assert Discriminant.fit({"a": [one, other], "b": [one, other]}).probabilities(one) == {"a": 0.5, "b": 0.5}


@pytest.mark.parametrize(
    ("height", "width", "count"), [(30, 200, 4), (48, 48, 1), (95, 47, 1), (96, 500, 8), (999, 999, 16)]
)
def test_crops_are_inside_and_reach_the_borders(height, width, count):
    rows = torch.arange(height, dtype=torch.float32)[:, None].expand(height, width)
    columns = torch.arange(width, dtype=torch.float32).expand(height, width)
    parts = list(crops(torch.stack([rows, columns, rows])))
    assert len(parts) == count
    for part in parts:
        assert part.shape == (3, min(height, SIDE), min(width, SIDE))
    for axis, side in ((0, height), (1, width)):
        seen = torch.cat([part[axis].flatten() for part in parts])
        if side >= 2 * SIDE:
            assert (seen.min(), seen.max()) == (0, side - 1)


def test_responses_are_effects_of_switching_off(learned):
    target, baseline, filters, predictor = learned
    case = cases("coffee", [(40, 40)])[0]
    for kind, lr in case.lr.items():
        found = predictor.predict(lr)
        assert found.label in CLASSES
        assert found.probabilities[found.label] == max(found.probabilities.values())
        for function, chosen in filters.items():
            own = effect(restore(revert(target, baseline, chosen), lr), restore(target, lr))
            assert found.responses[function] * predictor.typical[function] == pytest.approx(own, rel=1e-5), kind


def test_what_was_learned_makes_the_predictor_again(learned):
    target, baseline, filters, predictor = learned
    told = json.loads(json.dumps(predictor.learned()))
    again = Predictor.of(target, baseline, filters, told)
    lr = cases("coffee", [(40, 40)])[0].lr["noise"]
    assert again.predict(lr) == predictor.predict(lr)
    with pytest.raises(InputError, match="learned for blur, noise, not for noise, blur"):
        Predictor.of(target, baseline, dict(reversed(filters.items())), told)


def test_a_function_needs_images_to_learn_from(learned):
    target, baseline, filters, _ = learned
    known = cases("chelsea", [(0, 0)])
    del known[0].lr["noise"]
    with pytest.raises(InputError, match="the filters of noise have no images"):
        Predictor.fit(target, baseline, filters, known)


def test_accuracy_counts_only_the_classes_in_question():
    told = {"image": ["a"] * 3 + ["b"] * 3, "is": ["clean", "blur", "noise"] * 2}
    told |= {
        "clean": [0.6, 0.5, 0, 0.6, 0, 0.4],
        "blur": [0.3, 0.4, 0, 0.4, 0.9, 0.35],
        "noise": [0.1, 0.1, 1, 0, 0.1, 0.25],
    }
    guessed = pd.DataFrame(told)
    assert accuracy(guessed, ["clean", "blur", "noise"]).value == pytest.approx(4 / 6)
    assert accuracy(guessed, ["blur", "noise"]).value == pytest.approx(3 / 4)
    assert (accuracy(guessed, ["blur", "noise"]).low, accuracy(guessed, ["blur", "noise"]).high) == (0.5, 1)
    assert math.isnan(accuracy(guessed, ["blur", "noise"], {"a": "p", "b": "p"}).low)
    assert confusion(guessed, ["blur", "noise"]).to_numpy().tolist() == [[2, 0], [1, 1]]


def test_classes_are_all_ways_to_have_several():
    with pytest.raises(InputError, match=r"degradation a\+b: the \+ is kept for several at once"):
        classes_of(ImagesConfig(gt=".", degrade={"a+b": "jpeg:40"}))
    by_spec = classes_of(ImagesConfig(gt=".", degrade={"shaken": "motion:9", "noise": 0.1}))
    assert str(by_spec["shaken+noise"]) == "motion:9+down:bilinear+noise:0.1"
    made = classes_of(ImagesConfig(gt=".", degrade={"blur": 2, "noise": 0.1, "jpeg": 40}))
    assert list(made) == ["clean", "blur", "noise", "jpeg", "blur+noise", "blur+jpeg", "noise+jpeg", "blur+noise+jpeg"]
    assert made["blur+jpeg"] == Degradation(blur=2, jpeg=40)


def test_statistics_tell_noise_from_blur():
    known, tested = cases("chelsea", [(0, 0), (60, 20), (90, 130), (10, 100)]), cases("coffee", [(40, 40), (80, 100)])
    guessed = guesses(by_statistics(known), tested)
    assert accuracy(guessed, ["blur", "noise"]).value == 1


@pytest.mark.slow
def test_the_shipped_predictor_tells_the_degradations_of_photos():
    predictor = load_predictor("srresnet-x2")
    tested = cases("coffee", [(10, 20)]) + cases("chelsea", [(95, 150)])
    for case in tested:
        del case.lr["blur+noise"]
    found = [{kind: predictor.predict(lr) for kind, lr in case.lr.items()} for case in tested]
    in_order = (one for kinds in found for one in kinds.values())
    guessed = guesses(lambda lr: next(in_order).probabilities, tested)
    assert accuracy(guessed, CLASSES[1:3]).value == 1
    assert accuracy(guessed, CLASSES[:3]).value >= 0.75  # 6 small crops; on all of BSD100 it is 1
    for kinds in found:
        blurry, noisy = (kinds[kind].responses for kind in ("blur", "noise"))
        assert blurry["blur"] > 3 * noisy["blur"]
        assert noisy["noise"] > 3 * blurry["noise"]


@pytest.mark.slow
def test_a_predictor_of_other_weights_is_refused(tmp_path, monkeypatch):
    import shutil

    monkeypatch.setenv("FAIG_ZOO", str(tmp_path))
    shutil.copytree(zoo.folder("srresnet-x2"), tmp_path / "mine")
    told = json.loads((tmp_path / "mine" / PREDICTOR).read_text())
    told["of"]["target"] = "0"
    (tmp_path / "mine" / PREDICTOR).write_text(json.dumps(told))
    with pytest.raises(InputError, match=r"predictor\.json: was learned for other networks"):
        load_predictor("mine")
    (tmp_path / "mine" / PREDICTOR).write_text("{}")
    with pytest.raises(InputError, match="is not what a predictor learned: KeyError"):
        load_predictor("mine")
    (tmp_path / "mine" / PREDICTOR).unlink()
    with pytest.raises(InputError, match="mine ships no predictor"):
        load_predictor("mine")
    predictor = load_predictor("srresnet-x2")
    save_predictor("mine", predictor, zoo.load("mine/baseline"), 0.01, "nothing new")
    lr = cases("coffee", [(40, 40)])[0].lr["blur"][:, :16, :20]
    assert load_predictor("mine").predict(lr) == predictor.predict(lr)


@pytest.fixture
def own_pair(tmp_path, learned):
    """A tiny pair, rankings of it, GT images and images to look at; the arguments that name them."""
    target, baseline, filters, _ = learned
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    arguments = []
    for name, network in (("baseline", baseline), ("target", target)):
        save_network(tmp_path / f"{name}.safetensors", network.state_dict(), metadata)
        arguments += [f"--{name}", str(tmp_path / f"{name}.safetensors")]
    for kind, chosen in filters.items():
        write_ranking(tmp_path / f"filters-{kind}.csv", chosen.space, chosen.mask.float())
        arguments += ["--filters", f"{kind}={tmp_path / f'filters-{kind}.csv'}"]
    (tmp_path / "looked-at").mkdir()
    for kind, lr in cases("coffee", [(40, 40)])[0].lr.items():
        write_image(tmp_path / "looked-at" / f"{kind}.png", lr)
    return arguments


def run(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["faig", *arguments])
    with pytest.raises(SystemExit) as done:
        main()
    return int(done.value.code or 0)


def test_the_command_on_an_own_pair(tmp_path, own_pair, monkeypatch, capsys):
    (tmp_path / "gt").mkdir()
    write_image(tmp_path / "gt" / "cat.png", photograph("chelsea")[:, :201, :300])
    looked_at, csv = str(tmp_path / "looked-at"), str(tmp_path / "found.csv")
    more = ["--gt", str(tmp_path / "gt"), "--top", "10%", "--csv", csv]
    assert run(monkeypatch, "predict", looked_at, *own_pair, *more) == 0
    assert "prediction" in capsys.readouterr().out
    table = pd.read_csv(csv)
    assert list(table.columns) == ["image", "prediction", *CLASSES, "response_blur", "response_noise"]
    assert len(table) == 4
    np.testing.assert_allclose(table[CLASSES].sum(axis=1), 1, atol=1e-5)
    assert run(monkeypatch, "predict", looked_at, *own_pair, *more) == 2
    assert "exists; pass --force" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.png"], "missing.png"),
        (["LOOKED", "--pair", "none"], "none: is not one of the zoo's pairs"),
        (["LOOKED", "--baseline", "srresnet-x2/baseline"], "--baseline: your own pair takes"),
        (["LOOKED", "--degrade", "blur=2"], "--degrade: your own pair takes"),
        (["LOOKED", "--csv", "nowhere/found.csv"], "the folder nowhere does not exist"),
    ],
)
def test_bad_input_gets_one_line(tmp_path, own_pair, monkeypatch, capsys, arguments, message):
    del own_pair
    given = [str(tmp_path / "looked-at") if part == "LOOKED" else part for part in arguments]
    assert run(monkeypatch, "predict", *given) == 2
    told = capsys.readouterr().err.strip()
    assert message in told
    assert "\n" not in told


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
