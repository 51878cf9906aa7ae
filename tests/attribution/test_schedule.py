"""Units on disk: killed, stale, shared by threads and processes, within a tolerance or a budget."""

import dataclasses
import random
import shutil
import time

import pytest
import torch

from conftest import nudged, tiny_cases, tiny_network
from faig.attribution.budget import Stable, rounds, within_budget
from faig.attribution.files.score_files import load_scores
from faig.attribution.integration.gradients import LossGradients
from faig.attribution.integration.tiling import GradientTiler
from faig.attribution.options import Options
from faig.common.errors import FaigWarning, InputError
from faig.experiment.attribute import attribute_run
from faig.experiment.config import AttributeConfig, ImagesConfig
from faig.experiment.networks import configured_pair
from faig.imaging.images import write_image
from faig.networks.checkpoint import save_network
from processes import started, together

SCORES = "scores.safetensors"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A pair of tiny networks, and images of two sizes."""
    folder = tmp_path_factory.mktemp("units")
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    baseline = tiny_network()
    save_network(folder / "baseline.safetensors", baseline.state_dict(), metadata)
    save_network(folder / "target.safetensors", nudged(baseline).state_dict(), metadata)
    generator = torch.Generator().manual_seed(0)
    (folder / "gt").mkdir()
    for i in range(3):
        write_image(folder / "gt" / f"gt{i}.png", torch.rand(3, 24 + 8 * (i % 2), 20, generator=generator))
    return folder


def config(place, **changes) -> AttributeConfig:
    settings = {
        "baseline": str(place / "baseline.safetensors"),
        "target": str(place / "target.safetensors"),
        "images": ImagesConfig(gt=place / "gt", degrade={"blur": 2.0, "noise": 0.1}),
        "nodes": 3,
        "method": "faig",
        "threads": 2,
    }
    return AttributeConfig(**settings | changes)


def bytes_of(run) -> bytes:
    return (run / SCORES).read_bytes()


@pytest.mark.slow
def test_kill_9_five_times_then_finish(place, tmp_path):
    """Whatever it was doing: the bytes are those of a run that nobody touched."""
    long = config(place, nodes=40)
    whole = attribute_run(long, tmp_path / "whole")
    out, chance, seen = tmp_path / "killed", random.Random(1), []
    units = out / ".units"

    def done() -> int:
        return len(list(units.glob("*.safetensors"))) if units.is_dir() else 0

    for wanted in (0, 0, 1, 4, 6):  # of nine
        process = started(attribute_run, long, out)
        while process.is_alive() and done() < wanted:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        assert process.is_alive(), "it had ended before it was killed"
        process.kill()
        process.join()
        assert not (out / SCORES).exists()
        seen.append(done())
    assert seen == sorted(seen)
    assert len(set(seen)) > 1  # on a busy machine several units may be kept before the signal comes
    attribute_run(long, out)
    assert bytes_of(out) == bytes_of(whole)
    assert not units.exists()


@pytest.mark.slow
def test_two_processes_find_what_one_does(place, tmp_path):
    one = attribute_run(config(place, threads=1), tmp_path / "one")
    two = tmp_path / "two"
    assert together(2, attribute_run, config(place, threads=1), two) == [0, 0]
    assert bytes_of(two) == bytes_of(one)
    assert (two / "filters-blur.csv").read_bytes() == (one / "filters-blur.csv").read_bytes()


@pytest.mark.slow
def test_the_number_of_threads_changes_nothing_but_its_record(place, tmp_path):
    runs = [attribute_run(config(place, threads=threads), tmp_path / str(threads)) for threads in (1, 2, 3)]
    first, *others = (load_scores(run / SCORES) for run in runs)
    for found, told in others:
        assert all(torch.equal(rows, found.score[kind]) for kind, rows in first[0].score.items())
        assert {**told, "threads": 1} == first[1]


class Killed(Exception):
    """Stands for kill -9."""


def dying(before: bool):
    """A progress bar that dies before the first unit, or after the last."""

    def track(items, label, total):
        del label, total
        if not before:
            yield from items
        raise Killed

    return track


@pytest.mark.slow
@pytest.mark.parametrize("changed", ["weight", "image", "nodes"])
def test_a_stale_unit_is_never_used_again(place, tmp_path, changed):
    """All units of a run as it was, lying in the folder of a run as it is now: none of them is taken."""
    now = tmp_path / "place"
    shutil.copytree(place, now)
    settings = {}
    if changed == "weight":
        metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
        save_network(now / "target.safetensors", nudged(tiny_network(), size=0.03).state_dict(), metadata)
    elif changed == "image":
        write_image(now / "gt" / "gt1.png", torch.rand(3, 32, 20))
    else:
        settings = {"nodes": 4}
    with pytest.raises(Killed):
        attribute_run(config(place), tmp_path / "before", track=dying(before=False))
    out = tmp_path / "now"
    with pytest.raises(Killed):
        attribute_run(config(now, **settings), out, track=dying(before=True))
    stale = list((tmp_path / "before" / ".units").iterdir())
    assert len(stale) == 9
    for unit in stale:
        shutil.copy(unit, out / ".units")
    fresh = attribute_run(config(now, **settings), tmp_path / "fresh")
    assert bytes_of(attribute_run(config(now, **settings), out)) == bytes_of(fresh)
    with pytest.raises(InputError, match="holds another run"):
        attribute_run(config(place), out)


@pytest.mark.slow
def test_a_tolerance_takes_the_nodes_that_it_needs(place, tmp_path, monkeypatch):
    monkeypatch.setattr("faig.attribution.scoring.TOP", 0.1)  # 1% of so small a network is one filter
    counts = {}
    for tolerance in (0.3, 0.99):
        run = attribute_run(config(place, tolerance=tolerance), tmp_path / f"{tolerance}")
        found, told = load_scores(run / SCORES)
        counts[tolerance] = told["nodes"]
        assert set(told["ranking_error"]) == {"blur", "noise"}
        assert found.losses["blur"].shape == (3, told["nodes"] + 2)
    assert counts[0.3] == 12
    assert counts[0.99] > 12


@pytest.mark.parametrize(("budget", "images", "nodes"), [(24, 2, 4), (50, 4, 4), (72, 6, 4), (200, 6, 11)])
def test_a_budget_goes_to_images_first(budget, images, nodes):
    options, cases = Options(budget=budget), tiny_cases(count=6)
    if images < 6:
        with pytest.warns(FaigWarning, match=f"a budget of {budget} passes: {images} of 6 images"):
            chosen, left = within_budget(options, cases, 3)
    else:
        chosen, left = within_budget(options, cases, 3)
    assert (len(left), chosen.nodes) == (images, nodes)
    assert 3 * images * nodes <= budget


def test_rounds_grow_by_half_and_are_in_order():
    cases = [dataclasses.replace(case, name=f"{9 - i}") for i, case in enumerate(tiny_cases(count=10))]
    names = [[case.name for case in one] for one in rounds(Options(budget=120), cases)]
    assert names == [list("456789"), list("123456789"), list("0123456789")]
    assert [len(one) for one in rounds(Options(), cases)] == [10]


def test_stable_compares_each_round_with_the_one_before():
    stable = Stable(0.75, 0.5)
    scores = torch.arange(8.0)
    assert not stable({"blur": scores, "noise": -scores}, 6)
    other = scores.clone()
    other[[0, 7]] = other[[7, 0]]  # of the top four, three stand
    assert stable({"blur": other, "noise": -other}, 9)
    assert not stable({"blur": -other, "noise": -other}, 13)


@pytest.mark.slow
def test_a_budget_is_not_spent_when_the_top_set_stands(place, tmp_path, monkeypatch):
    monkeypatch.setattr("faig.attribution.methods.TOP", 0.5)
    gt = tmp_path / "gt"
    gt.mkdir()
    for i in range(10):
        shutil.copy(place / "gt" / "gt0.png", gt / f"same{i}.png")  # noise differs, so the top set is not the same
    images = ImagesConfig(gt=gt, degrade={"blur": 2, "noise": 0.1})
    lengths = {}
    for stable in (0.1, 1.0):
        out = attribute_run(config(place, images=images, budget=10 * 3 * 4, stable=stable), tmp_path / f"run{stable}")
        found = load_scores(out / SCORES)[0]
        lengths[stable] = len(found.images)
        assert found.images == sorted(found.images)
        assert "9 images: so much of the top 50% stands" in (out / "log.txt").read_text()
    assert lengths == {0.1: 9, 1.0: 10}


def test_a_budget_of_too_little_says_what_is_needed():
    with pytest.raises(InputError, match="a budget of 23 passes: two images with 3 versions each at 4 nodes take 24"):
        within_budget(Options(budget=23), tiny_cases(), 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tolerance": 0.99, "method": "ig"}, "the method ig does not integrate along the path"),
        ({"budget": 90, "method": "random"}, "the method random has no nodes to spend a budget on"),
        ({"memory": 4e8}, "0.4GB"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(place, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        attribute_run(config(place, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_large_images_by_tiles_give_what_they_give_whole(place, tmp_path, monkeypatch):
    (tmp_path / "gt").mkdir()
    for i, height in enumerate((128, 40)):  # one is large, one is not
        write_image(
            tmp_path / "gt" / f"{i}.png", torch.rand(3, height, 120, generator=torch.Generator().manual_seed(i))
        )
    images = ImagesConfig(gt=tmp_path / "gt", degrade={"blur": 2.0, "noise": 0.1})
    pair = configured_pair(config(place))
    tiler = GradientTiler(pair.path.network, pair.scale, 3e9)
    small = int(3e9 - (tiler.most_pixels() - 40 * 45) * tiler.bytes_per_pixel)
    whole = attribute_run(config(place, images=images, memory=3e9), tmp_path / "whole")
    largest, gradients = [0], LossGradients.gradients

    def watched(self, lr, gt, tile):
        largest[0] = max(largest[0], tile.pixels)
        return gradients(self, lr, gt, tile)

    monkeypatch.setattr(LossGradients, "gradients", watched)
    tiled = attribute_run(config(place, images=images, memory=small), tmp_path / "tiled")
    assert 0 < largest[0] <= 40 * 45
    first, second = (load_scores(run / SCORES)[0] for run in (whole, tiled))
    for kind, rows in first.score.items():
        assert (rows - second.score[kind]).norm() <= 1e-4 * rows.norm()
