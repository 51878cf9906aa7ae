"""The zoo: pairs by name, their scores, and pushing them to a folder and pulling them from there."""

import dataclasses
import shutil

import pytest
import torch

from conftest import nudged, path_scores, tiny_cases, tiny_network
from faig import zoo
from faig.attribution.combine import contrast
from faig.attribution.files.rankings import write_ranking
from faig.attribution.files.score_files import load_scores
from faig.attribution.integration.quadrature import gauss_legendre
from faig.common.errors import FaigWarning, InputError
from faig.filters import FilterSpace, rank
from faig.imaging.images import read_image
from faig.networks.checkpoint import save_network
from faig.pair import Pair
from faig.report.figures.training_curve import draw_curve, history
from faig.zoo import hub
from faig.zoo.card import read_card
from faig.zoo.learned import LEARNED, save_learned, turned_by
from faig.zoo.scores import read_units


def test_there_and_back(folder, own, tmp_path):
    place = str(tmp_path / "hub" / "tiny-x2")
    written = hub.push(str(folder), place)
    names = ["baseline.safetensors", "target.safetensors", "scores.safetensors", "predictor.json", "README.md"]
    assert written == [f"{place}/{name}" for name in names]
    assert (tmp_path / "hub" / "tiny-x2" / "README.md").read_bytes() == (folder / "card.md").read_bytes()
    assert hub.pull(place) == "tiny-x2"
    assert zoo.names()[-2:] == ["tiny-x2/baseline", "tiny-x2/target"]
    for name in ("baseline.safetensors", "target.safetensors", "scores.safetensors", "predictor.json", "card.md"):
        assert (own / "tiny-x2" / name).read_bytes() == (folder / name).read_bytes()
    assert hub.push("tiny-x2", str(tmp_path / "again")) == [f"{tmp_path / 'again'}/{name}" for name in names]
    with pytest.raises(InputError, match="tiny-x2: exists and is not empty; pass force=True"):
        hub.pull(place)
    assert hub.pull(place, "other", force=True) == "other"
    assert "other/target" in zoo.names()


def test_what_cannot_be_pushed_or_pulled(folder, own, tmp_path):
    with pytest.raises(InputError, match="nothing: is no pair of the zoo"):
        hub.push("nothing", str(tmp_path / "hub"))
    with pytest.raises(InputError, match=r"hub: holds no pair: baseline\.safetensors is not there"):
        (tmp_path / "hub").mkdir()
        hub.pull(str(tmp_path / "hub"))
    with pytest.raises(InputError, match="srresnet-x2: ships with the package"):
        hub.pull(str(folder), "srresnet-x2")
    (folder / "target.safetensors").write_bytes(b"half a fi")
    with pytest.raises(InputError, match="is not a whole safetensors file"):
        hub.pull(str(folder))
    assert not own.exists() or not list(own.iterdir())
    with pytest.raises(InputError, match="/nowhere"):
        hub.pull("/nowhere/pair")


def test_forcing_leaves_nothing_of_the_old_pair(folder, own, tmp_path):
    place = tmp_path / "hub" / "tiny-x2"
    hub.push(str(folder), str(place))
    hub.pull(str(place))
    for name in ("scores.safetensors", "predictor.json", "card.md"):
        (folder / name).unlink()
    hub.push(str(folder), str(place))
    networks = ["baseline.safetensors", "target.safetensors"]
    assert sorted(path.name for path in place.iterdir()) == ["README.md", *networks]
    assert read_card(place / "README.md")[1].startswith("# tiny-x2\n\nA target network")  # a short card of its own
    hub.pull(str(place), force=True)
    assert sorted(path.name for path in (own / "tiny-x2").iterdir()) == [networks[0], "card.md", networks[1]]


def test_scores_of_other_networks_stay_out(folder, own):
    save_network(folder / "target.safetensors", nudged(tiny_network(), seed=9).state_dict(), {})
    with pytest.raises(InputError, match=r"tiny-x2/scores\.safetensors: these scores are of other networks"):
        hub.pull(str(folder))
    (folder / "scores.safetensors").write_bytes(b"junk")
    with pytest.raises(InputError, match=r"tiny-x2/scores\.safetensors: is not a file of scores"):
        hub.push(str(folder), str(folder.parent / "hub"))
    assert not own.exists() or not list(own.iterdir())


@pytest.mark.parametrize("name", ["../outside", "/absolute", "a/b", "", ".hidden"])
@pytest.mark.usefixtures("own")
def test_a_name_stays_in_the_zoo(folder, name):
    with pytest.raises(InputError, match="cannot be the name of a pair"):
        hub.pull(str(folder), name)


@pytest.mark.usefixtures("own")
def test_a_place_that_could_be_two_things(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some").mkdir()
    with pytest.raises(InputError, match=r"is this the folder \./some/pair or the repository hf://some/pair\?"):
        hub.push(str(folder), "some/pair")
    with pytest.raises(InputError, match="name a place"):
        hub.push(str(folder), "")
    with pytest.raises(InputError, match="s3://bucket/pair: is neither OWNER/REPOSITORY on the hub nor the path of a"):
        hub.push(str(folder), "s3://bucket/pair")


def test_scores_ship_in_half_precision_and_rank_the_same(folder, own, tmp_path):
    hub.pull(str(folder))
    target, baseline = zoo.load("tiny-x2/target"), zoo.load("tiny-x2/baseline")
    found = path_scores(target, baseline, tiny_cases(), gauss_legendre(2))
    space = FilterSpace.of(target)
    exact = contrast(found, "blur").mean(0)
    shipped, _ = load_scores(own / "tiny-x2" / "scores.safetensors")
    largest = max(float(rows.max()) for rows in found.score.values())
    torch.testing.assert_close(contrast(shipped, "blur").mean(0), exact, rtol=0, atol=1e-3 * largest)
    assert shipped.delta() == pytest.approx(found.delta())
    assert read_units("tiny-x2/blur@faig", target).order[:3].tolist() == rank(exact)[:3].tolist()
    write_ranking(tmp_path / "filters.csv", space, exact)
    assert torch.equal(read_units(str(tmp_path / "filters.csv"), target).order, rank(exact))
    with pytest.raises(InputError, match="tiny-x2 has no function 'jpeg'; it has blur, noise"):
        read_units("tiny-x2/jpeg", target)
    with pytest.raises(InputError, match="these scores are of another network"):
        read_units("tiny-x2/blur", tiny_network("srcnn-style"))


@pytest.mark.slow
def test_the_curve_runs_through_what_a_network_continues(tmp_path):
    def record(name: str, iterations: list[int], start: dict | None) -> dict:
        points = [{"iteration": i, "loss": 0.1, "clean": 30.0 + i} for i in iterations]
        return {"config": {"name": name}, "validation": points, "start": start}

    baseline = record("a/baseline", [1, 2], None)
    longer = record("a/baseline", [1, 3], baseline)
    target = record("a/target", [5], longer)
    assert [point["iteration"] for point in history(longer)] == [1, 2, 3, 5]
    assert [point["iteration"] for point in history(target)] == [5]
    draw_curve({"baseline": longer, "target": target}, tmp_path / "curve.png")
    assert read_image(tmp_path / "curve.png").std() > 0.05


@pytest.mark.slow
@pytest.mark.usefixtures("own")
def test_learned_sets_ship_with_a_pair(folder, tmp_path):
    pair = Pair(target=str(folder / "target.safetensors"), baseline=str(folder / "baseline.safetensors"))
    found = pair.attribute(tiny_cases(), "learned", top="10%")
    shipped = tmp_path / "shipped"
    shutil.copytree(folder, shipped)
    save_learned(shipped / LEARNED, found, "tiny cases")
    hub.pull(str(shipped), name="tiny-x2")
    assert (turned_by("tiny-x2", "blur"), turned_by("tiny-x2", "jpeg")) == ("tiny-x2/blur@learned", "tiny-x2/jpeg")
    for kind in ("blur", "noise"):
        with pytest.warns(FaigWarning, match=f"learned does only {found.reached[kind]:.0%} .{kind}. of what altering"):
            assert read_units(f"tiny-x2/{kind}@learned", pair.target).top(0.1) == found.top(kind, "10%")
    with pytest.raises(InputError, match="tiny-x2 has no function 'jpeg'; it has blur, noise"):
        read_units("tiny-x2/jpeg@learned", pair.target)
    with pytest.warns(FaigWarning), pytest.raises(InputError, match="the ranking has only 13"):
        read_units("tiny-x2/blur@learned", pair.target).top(0.2)  # no more are learned
    of_others = found.metadata | {"fingerprint": found.metadata["fingerprint"] | {"target": "0"}}
    save_learned(shipped / LEARNED, dataclasses.replace(found, metadata=of_others), "tiny cases")
    with pytest.raises(InputError, match=r"learned\.safetensors: these scores are of other networks"):
        hub.pull(str(shipped), name="other-x2")
    (shipped / LEARNED).write_bytes(b"junk")
    with pytest.raises(InputError, match=r"learned\.safetensors: is not a file of learned sets"):
        hub.pull(str(shipped), name="other-x2")
    (shipped / LEARNED).unlink()
    hub.pull(str(shipped), name="tiny-x2", force=True)
    assert turned_by("tiny-x2", "blur") == "tiny-x2/blur"


@pytest.mark.parametrize("load", [Pair, zoo.load_networks])
def test_whoever_loads_a_pair_is_told_the_same_of_what_is_none(load, tmp_path):
    networks = {"one": tiny_network(), "same": tiny_network(), "other": tiny_network("srcnn-style")}
    files = {name: str(tmp_path / f"{name}.safetensors") for name in networks}
    for name, network in networks.items():
        save_network(files[name], network.state_dict(), {})
    for name, fault in (("same", "have equal weights"), ("other", "is in the target but not in the baseline")):
        with pytest.raises(InputError) as caught:
            load(target=files["one"], baseline=files[name])
        assert str(caught.value).startswith(f"{files['one']} against {files[name]}: ")
        assert fault in str(caught.value)
    with pytest.raises(TypeError):
        load(files["one"], files["other"])  # which of the two is the target must be said
