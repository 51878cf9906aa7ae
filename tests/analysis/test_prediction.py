"""Degradation prediction: the crops, the predictor, how well it does, and its command."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from conftest import nudged, tiny_network
from faig import zoo
from faig.analysis.discriminant import RARE, UNKNOWN, Classification, Discriminant
from faig.analysis.evaluation import accuracy, by_statistics, guesses
from faig.analysis.prediction import NATURAL, SIDE, SOFT, Predictor, class_of, crops, known_crops
from faig.attribution.files.rankings import write_ranking
from faig.cli import main
from faig.common.errors import InputError
from faig.experiment.config import ImagesConfig
from faig.experiment.prediction_tables import classes_of
from faig.filters import FilterSet, FilterSpace
from faig.imaging.cases import crop_case, degrade_case
from faig.imaging.degradation import Degradation
from faig.imaging.images import write_image
from faig.imaging.metrics import gradient_map, single_channel
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


@pytest.mark.slow
def test_clean_is_learned_at_natural_scale_too():
    whole = cases("coffee", [(0, 0), (40, 50)])
    made = dict(known_crops(whole))
    assert list(made) == [*CLASSES, NATURAL, SOFT]
    assert [class_of(kind) for kind in made] == [*CLASSES, "clean", "clean"]
    gt, lr = whole[1].gt, whole[1].lr
    for kind, count in dict.fromkeys(CLASSES, 1).items() | {NATURAL: 4, SOFT: 4}.items():
        assert [len(parts) for parts in made[kind]] == [2 * count], kind  # two cases of one photo
    assert torch.equal(made["blur"][0][1], lr["blur"])
    assert torch.equal(made[NATURAL][0][4], gt[:, :SIDE, :SIDE])
    assert torch.equal(made[NATURAL][0][7], gt[:, SIDE:, SIDE:])
    soft = made[SOFT][0][4]
    assert soft.shape == (3, SIDE, SIDE)
    assert torch.equal(soft, (soft * 255).round() / 255)
    place = 12  # that of GT pixel 10
    torch.testing.assert_close(soft[:, place, place], gt[:, 10, 10], atol=0.1, rtol=0)
    assert soft.diff(dim=2).abs().mean() < 0.95 * gt[:, :40, :40].diff(dim=2).abs().mean()  # softer


def test_at_most_six_crops_of_an_image_are_learned_from():
    case = degrade_case("coffee", photograph("coffee")[:, :400, :600], classes_of(ImagesConfig(gt=".", degrade={})), 2)
    for kind, photos in known_crops([case]):
        assert [len(parts) for parts in photos] == [6], kind


def test_where_nothing_is_enlarged_clean_images_are_the_photos():
    case = degrade_case("coffee", photograph("coffee")[:, :60, :60], {"clean": Degradation()}, 1)
    assert [kind for kind, _ in known_crops([case])] == ["clean"]
    blurred = degrade_case("coffee", photograph("coffee")[:, :60, :60], {"blur": Degradation(blur=2)}, 2)
    assert [kind for kind, _ in known_crops([blurred])] == ["blur"]


def test_what_the_discriminant_learns_are_logarithms_of_effects(learned):
    """The middle of the blurry class: the mean over its four crops, worked out from the networks' outputs."""
    target, _, _, predictor = learned
    known = cases("chelsea", [(0, 0), (60, 20), (90, 130), (10, 100)])
    by_hand = []
    for case in known:
        outputs = [restore(network, case.lr["blur"]) for network in (target, *predictor.reverted.values())]
        maps = [gradient_map(single_channel(output)).double() for output in outputs]
        parts = [part for each in maps[1:] for part in ((each - maps[0]).clamp(min=0), (each - maps[0]).clamp(max=0))]
        by_hand.append([np.log(1000 * float(part.square().mean()) + 1e-4) for part in (*parts, maps[0])])
    assert predictor.discriminant.labels == (*CLASSES, "clean", "clean")
    np.testing.assert_allclose(predictor.discriminant.clouds[1].mean, np.mean(by_hand, axis=0), rtol=1e-6)


def test_responses_are_effects_of_switching_off(learned):
    target, baseline, filters, predictor = learned
    case = cases("coffee", [(40, 40)])[0]
    for kind, lr in case.lr.items():
        found = predictor.predict(lr)
        assert list(found.probabilities) == CLASSES
        assert found.label in (UNKNOWN, max(CLASSES, key=lambda name: found.probabilities[name]))
        assert found.label == UNKNOWN or found.typicality >= RARE
        for function, chosen in filters.items():
            own = effect(restore(revert(target, baseline, chosen), lr), restore(target, lr))
            assert found.responses[function] * predictor.typical[function] == pytest.approx(own, rel=1e-5), kind


def test_an_image_on_which_a_function_has_its_usual_work_is_not_called_clean(learned, monkeypatch):
    predictor, lr = learned[3], cases("coffee", [(40, 40)])[0].lr["clean"]
    effects = {kind: share * predictor.typical[kind] for kind, share in predictor.predict(lr).responses.items()}

    def classify(_self, _features, _crops, *, clean: bool) -> Classification:
        return Classification("clean" if clean else UNKNOWN, {"clean": 1.0}, 0.5)

    monkeypatch.setattr(Discriminant, "classify", classify)
    for response, label in ((0.99, "clean"), (1.01, UNKNOWN)):
        typical = {"blur": 1e6, "noise": effects["noise"] / response}
        assert replace(predictor, typical=typical).predict(lr).label == label


def test_what_was_saved_as_jpeg_is_not_called_clean_by_a_pair_that_knows_no_jpeg(learned, monkeypatch):
    predictor, lr = learned[3], cases("coffee", [(40, 40)])[0].lr["clean"]

    def classify(_self, _features, _crops, *, clean: bool) -> Classification:
        return Classification("clean" if clean else UNKNOWN, {"clean": 1.0}, 0.5)

    monkeypatch.setattr(Discriminant, "classify", classify)
    idle = replace(predictor, typical=dict.fromkeys(predictor.typical, 1e6))
    assert [idle.predict(lr, jpeg=jpeg).label for jpeg in (False, True)] == ["clean", UNKNOWN]
    knows = replace(idle, reverted={"jpeg": idle.reverted["blur"]}, typical={"jpeg": 1e6})
    assert knows.predict(lr, jpeg=True).label == "clean"


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


def test_statistics_tell_noise_from_blur():
    known, tested = cases("chelsea", [(0, 0), (60, 20), (90, 130), (10, 100)]), cases("coffee", [(40, 40), (80, 100)])
    guessed = guesses(by_statistics(known), tested)
    assert accuracy(guessed, ["blur", "noise"]).value == 1


def test_statistics_of_what_has_no_detail_are_numbers():
    """As of the black border of a scan: of no wavelet coefficients there is no median."""
    known = cases("chelsea", [(0, 0), (60, 20), (90, 130), (10, 100)])
    black = torch.zeros_like(known[0].lr["clean"])
    known[0] = replace(known[0], gt=torch.zeros_like(known[0].gt), lr=known[0].lr | {"clean": black})
    guess = by_statistics(known)
    told = [guess(black), guess(known[1].lr["noise"])]
    assert [judged.label for judged in told] == ["clean", "noise"]
    assert all(math.isfinite(value) for judged in told for value in judged.probabilities.values())


@pytest.mark.slow
@pytest.mark.parametrize(("pair", "ahead"), [("srresnet-x2", 3), ("srcnn-style-x2", 1.5)])
def test_a_shipped_predictor_tells_the_degradations_of_photos(pair, ahead):
    predictor = load_predictor(pair)
    tested = cases("coffee", [(10, 20)]) + cases("chelsea", [(95, 150)])
    for case in tested:
        del case.lr["blur+noise"]
    found = [{kind: predictor.predict(lr) for kind, lr in case.lr.items()} for case in tested]
    in_order = (one for kinds in found for one in kinds.values())
    guessed = guesses(lambda lr: next(in_order), tested)
    assert accuracy(guessed, CLASSES[1:3]).value == 1
    assert accuracy(guessed, CLASSES[:3]).value >= 0.75  # 6 small crops; on all of BSD100 it is 1
    for kinds in found:
        blurry, noisy = (kinds[kind].responses for kind in ("blur", "noise"))
        assert blurry["blur"] > ahead * noisy["blur"]
        assert noisy["noise"] > ahead * blurry["noise"]
    for name in ("coffee", "chelsea"):
        untouched = predictor.predict(photograph(name)[:, 60:204, 90:282])
        assert untouched.label == "clean"
        assert max(untouched.responses.values()) < 0.5


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
    with pytest.raises(InputError, match="is not what a predictor learned: functions: Field required"):
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
    shown = capsys.readouterr().out
    assert shown.index("filters") < shown.index("prediction") < shown.index("typicality")
    assert "clean: looks as photos do" in " ".join(shown.split())
    table = pd.read_csv(csv)
    responses = ["response_blur", "response_noise"]
    assert list(table.columns) == ["image", *responses, "prediction", "typicality", *CLASSES]
    assert len(table) == 4
    np.testing.assert_allclose(table[CLASSES].sum(axis=1), 1, atol=1e-5)
    assert run(monkeypatch, "predict", looked_at, *own_pair, *more) == 2
    assert "exists; pass --force" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.png"], "missing.png"),
        (["LOOKED", "--pair", "none"], "none: is not one of the zoo's pairs"),
        (["LOOKED", "--baseline", "srresnet-x2/baseline"], "--baseline srresnet-x2/baseline: the zoo's pairs"),
        (["LOOKED", "--degrade", "blur=2"], "your own pair takes --baseline, --target and"),
        (
            ["LOOKED", "--pair", "srresnet-x2", "--filters", "blur=a.csv", "--strict-size"],
            "--strict-size: is of the images of --gt",
        ),
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
