"""A whole study on networks that compute in seconds: it ends, goes on after a kill, and does again what changed."""

import pandas as pd
import pytest
import torch
import yaml

from conftest import nudged, tiny_network
from faig.attribution.methods import DEFAULT
from faig.common.errors import InputError
from faig.experiment.studies import read_study
from faig.experiment.study.study import study
from faig.imaging.images import list_images
from faig.imaging.photos import SourceConfig, photograph
from faig.networks.checkpoint import save_network

pytestmark = pytest.mark.slow

STAGES = ("reference", "compare", "distribution", "teaser", "sweep", "predict", "locations", "retrain")
RESULTS = {
    "reference": "references.json",
    "compare": "summary.csv",
    "distribution": "distribution.csv",
    "teaser": "figures/teaser/pictures.csv",
    "sweep": "modulation.csv",
    "predict": "accuracy.csv",
    "locations": "cut.csv",
    "retrain": "gained.csv",
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    baseline = tiny_network()
    save_network(folder / "baseline.safetensors", baseline.state_dict(), metadata)
    save_network(folder / "target.safetensors", nudged(baseline, size=0.02).state_dict(), metadata)
    crops = {"photos": ["rocket", "coffee"], "folder": "none", "crops": 3, "side": 48}
    return {
        "command": "study",
        "baseline": str(folder / "baseline.safetensors"),
        "target": str(folder / "target.safetensors"),
        "degrade": {"blur": 2.0, "noise": 0.1},
        "threads": 1,
        "find": crops,
        "measure": crops | {"photos": ["chelsea"], "crops": 2},
        "show": crops | {"crops": 1},
        "learn": crops | {"crops": 8},
        "compare": {"methods": ["faig", "signed", "change"], "proportions": [0.01, 0.1], "nodes": 3},
        "reference": {"proportions": ["5%"], "steps": 2},
        "sweep": {"strengths": [0, 1]},
        "predict": {"top": "10%", "levels": {"blur": [1, 3]}, "seeds": 1},
        "locations": {"top": "10%", "seeds": 2},
        "retrain": {"top": "10%", "iterations": 2, "every": 1, "batch": 1, "lr_patch": 8},
    }


def read(settings, folder):
    file = folder / "experiment.yaml"
    file.write_text(yaml.safe_dump(settings))
    return read_study(file)


@pytest.fixture(scope="module")
def done(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    return study(read(settings, folder), folder / "run")


def times(out):
    return {stage: (out / stage / result).stat().st_mtime_ns for stage, result in RESULTS.items()}


def test_every_stage_leaves_its_tables(done):
    assert set(list_images(done / "teaser" / "figures" / "teaser")) == {
        f"{kind}-{what}"
        for kind in ("blur", "noise")
        for what in ("input", "target", "reverted-blur", "reverted-noise", "gt")
    }
    compared = pd.read_csv(done / "compare" / "summary.csv")
    assert set(compared["method"]) == {"faig", "signed", "change", "learned-0.05"}
    at_equal_terms = pd.read_csv(done / "compare" / "equal-terms.csv")
    assert len(at_equal_terms) == 2 * 3 * 2
    assert set(at_equal_terms["chosen_on"]) == {"finding images"}
    assert len(pd.read_csv(done / "compare" / "knobs.csv")) == 2 * 2 * 4
    distribution = pd.read_csv(done / "distribution" / "distribution.csv")
    assert set(distribution["method"]) == {DEFAULT}
    grafted = pd.read_csv(done / "locations" / "grafted.csv")
    assert grafted.groupby("function")["placement"].apply(list).to_dict() == {
        kind: ["in place", "permuted", "elsewhere"] for kind in ("blur", "noise")
    }
    assert grafted["seeds"].tolist() == [1, 2, 2] * 2
    cut = pd.read_csv(done / "locations" / "cut.csv")
    assert cut["intervention"].tolist() == ["reverted", "cut"] * 2
    trained = pd.read_csv(done / "retrain" / "gained.csv")
    assert (trained[trained["trainable"] == "found"]["found_ahead"] == 0).all()
    assert len(trained) == 2 * 4
    assert pd.read_csv(done / "retrain" / "retrained.csv").groupby(["function", "trainable"]).size().eq(2).all()
    accuracy = pd.read_csv(done / "predict" / "accuracy.csv")
    assert set(accuracy["predictor"]) == {"found filters", "random filters 1", "image statistics"}
    assert accuracy["accuracy"].between(0, 1).all()
    levels = pd.read_csv(done / "predict" / "levels.csv")
    assert levels[["degradation", "level"]].drop_duplicates().to_numpy().tolist() == [["blur", 1], ["blur", 3]]
    assert len(list_images(done / "images" / "find")) == 3


def test_the_reverted_numbers_are_those_of_compare(done):
    """The same filters on the same images, measured by two stages."""
    by_compare = pd.read_csv(done / "compare" / "summary.csv")
    by_compare = by_compare[(by_compare["method"] == "faig") & (by_compare["proportion"] == 0.1)]
    by_locations = pd.read_csv(done / "locations" / "cut.csv")
    by_locations = by_locations[by_locations["intervention"] == "reverted"]
    assert by_compare["switched_off"].tolist() == pytest.approx(by_locations["switched_off"].tolist())
    grafted = pd.read_csv(done / "locations" / "grafted.csv")
    grafted = grafted[grafted["placement"] == "in place"]
    assert by_compare["switched_on"].tolist() == pytest.approx(grafted["switched_on"].tolist())


def test_what_is_finished_is_left_alone_and_what_changed_is_done_again(done, settings, tmp_path):
    before = times(done)
    study(read(settings, tmp_path), done)
    assert times(done) == before
    changed = read(settings | {"sweep": {"strengths": [0, 0.5, 1]}}, tmp_path)
    with pytest.raises(InputError, match=r"holds another study \(sweep.strengths differs\); pass force=True"):
        study(changed, done)
    assert times(done) == before
    study(changed, done, force=True)
    after = times(done)
    assert after.pop("sweep") != before.pop("sweep")
    assert after == before


@pytest.fixture(scope="module")
def short(settings):
    """The study with two stages alone."""
    return {key: value for key, value in settings.items() if key not in STAGES[2:] + STAGES[:1] or key == "locations"}


@pytest.fixture(scope="module")
def unbroken(short, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    return study(read(short, folder), folder / "run")


@pytest.mark.parametrize(
    ("stage", "label"), [("compare", "reverting and grafting"), ("locations", "measuring weights elsewhere")]
)
def test_a_killed_study_ends_with_the_same_tables(short, unbroken, tmp_path, stage, label):
    def killing(items, name, *_):
        for place, item in enumerate(items):
            if place == 1 and name == label:
                raise KeyboardInterrupt
            yield item

    with pytest.raises(KeyboardInterrupt):
        study(read(short, tmp_path), tmp_path / "run", track=killing)
    assert not (tmp_path / "run" / stage / RESULTS[stage]).exists()
    out = study(read(short, tmp_path), tmp_path / "run")
    for name in ("compare/effects.csv", "compare/equal-terms.csv", "locations/cut.csv", "locations/grafted.csv"):
        assert (out / name).read_bytes() == (unbroken / name).read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"compare": {"method": ["faig"]}}, "compare.method: there is no such setting; did you mean compare.methods?"),
        ({"degrade": {"fog": 1}}, "'fog' is not one of blur, anisotropic"),
        ({"predict": {"levels": {"jpeg": [10]}}}, "predict.levels: 'jpeg' is not among the degradations, blur, noise"),
    ],
)
def test_a_wrong_file_is_one_line(settings, tmp_path, change, message):
    with pytest.raises(InputError) as error:
        read(settings | change, tmp_path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_protocol_of_the_paper(settings, tmp_path):
    config = read(settings | {"protocol": "paper"}, tmp_path)
    compared = config.comparison(tmp_path, {})
    assert (compared.quadrature, compared.channel) == ("riemann-left", "blue")
    assert compared.nodes == 3  # what the file gives goes before
    assert compared.find is None
    assert compared.images.gt == tmp_path / "images" / "find"


def test_another_folder_is_not_written_into(settings, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match="exists and is no study's directory"):
        study(read(settings, tmp_path), tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.tex"]


def test_crops_by_image_and_at_a_place():
    source = SourceConfig(photos=["rocket", "chelsea"], folder="x", crops={"rocket": 2, "chelsea": 1}, side=64)
    assert [crop.photo for crop in source.take(None, 2)] == ["rocket", "rocket", "chelsea"]
    placed = SourceConfig(photos=["chelsea"], folder="x", at=[(76, 136)], side=64).take(None, 2)
    assert torch.equal(placed[0].image, photograph("chelsea")[:, 76:140, 136:200])
    assert placed[0].photo == "chelsea"
    with pytest.raises(InputError, match="a crop of 64 pixels at 290, 0 reaches beyond an image of 451x300"):
        SourceConfig(photos=["chelsea"], folder="x", at=[(290, 0)], side=64).take(None, 2)


def test_images_to_learn_on_are_asked_for_where_something_learns(settings, tmp_path):
    without = {key: value for key, value in settings.items() if key != "learn"}
    with pytest.raises(InputError, match="learn: the parts predict and retrain need images to learn on"):
        read(without, tmp_path)
    assert read({key: value for key, value in without.items() if key not in ("predict", "retrain")}, tmp_path)


def test_crops_are_spread_over_the_images():
    found = SourceConfig(photos=["rocket", "chelsea"], folder="x", crops=5, side=64).take(None, 2)
    assert [crop.photo for crop in found] == ["rocket"] * 3 + ["chelsea"] * 2
    top, left = (int(part) for part in found[0].name.split("_")[1:])
    assert torch.equal(found[0].image, photograph("rocket")[:, top : top + 64, left : left + 64])
    with pytest.raises(InputError, match="crops of 63 pixels do not divide by the scale 2"):
        SourceConfig(photos=["rocket"], folder="x", crops=1, side=63).take(None, 2)
    with pytest.raises(InputError, match="'moon' is no colour photo"):
        photograph("moon")
