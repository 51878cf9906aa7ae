"""Units on disk: killed, stale, shared by threads and processes, within a tolerance or a budget."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch

from conftest import nudged, tiny_network
from faig.checkpoint import save_network
from faig.errors import FaigWarning, InputError
from faig.experiment.attribute import attribute_run
from faig.experiment.budget import within_budget
from faig.experiment.config import AttributeConfig, ImagesConfig
from faig.experiment.find import Pair
from faig.images import write_image
from faig.scores import load_scores
from faig.tiling import Tiler

SCORES = "scores.safetensors"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A pair of tiny networks, and images of two sizes."""
    folder = tmp_path_factory.mktemp("units")
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    baseline = tiny_network()
    save_network(folder / "baseline.safetensors", baseline.state_dict(), metadata)
    save_network(folder / "target.safetensors", nudged(baseline, size=0.02).state_dict(), metadata)
    generator = torch.Generator().manual_seed(0)
    (folder / "gt").mkdir()
    for i in range(6):
        write_image(folder / "gt" / f"gt{i}.png", torch.rand(3, 48 + 16 * (i % 2), 48, generator=generator))
    return folder


def config(place, **changes) -> AttributeConfig:
    settings = {
        "baseline": str(place / "baseline.safetensors"),
        "target": str(place / "target.safetensors"),
        "images": ImagesConfig(gt=place / "gt", degrade={"blur": 2.0, "noise": 0.1}),
        "nodes": 6,
        "threads": 2,
    }
    return AttributeConfig(**settings | changes)


def command(place, out, *more: str, processes: int = 0) -> list[str]:
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"] if processes else []
    pair = [part for name in ("baseline", "target") for part in (f"--{name}", str(place / f"{name}.safetensors"))]
    images = ["--gt", str(place / "gt"), "--degrade", "blur=2,noise=0.1", "--out", str(out)]
    return [sys.executable, *launch, "-m", "faig", "attribute", *pair, *images, *more]


def bytes_of(run) -> bytes:
    return (run / SCORES).read_bytes()


def test_kill_9_five_times_then_finish(place, tmp_path):
    """Whatever it was doing: the bytes are those of a run that nobody touched."""
    long = ("--nodes", "300", "--threads", "2")
    whole = attribute_run(config(place, nodes=300), tmp_path / "whole")
    out, chance = tmp_path / "killed", random.Random(1)
    units = out / ".units"
    for kill in range(5):
        wanted = chance.randint(3 * kill, 3 * kill + 2)
        process = subprocess.Popen(command(place, out, *long), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if units.is_dir() and len(list(units.glob("*.safetensors"))) >= wanted:
                break
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        assert process.poll() is None, "it had ended before it was killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (out / SCORES).exists()
    done = subprocess.run(command(place, out, *long), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert bytes_of(out) == bytes_of(whole)
    assert not units.exists()


def test_two_processes_find_what_one_does(place, tmp_path):
    one = attribute_run(config(place, threads=1), tmp_path / "one")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    two = tmp_path / "two"
    arguments = command(place, two, "--nodes", "6", "--threads", "1", processes=2)
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert bytes_of(two) == bytes_of(one)
    assert (two / "filters-blur.csv").read_bytes() == (one / "filters-blur.csv").read_bytes()


def test_the_number_of_threads_changes_nothing_but_its_record(place, tmp_path):
    runs = [attribute_run(config(place, threads=threads), tmp_path / str(threads)) for threads in (1, 2, 3)]
    first, *others = (load_scores(run / SCORES) for run in runs)
    for found, told in others:
        assert all(torch.equal(rows, found.score[kind]) for kind, rows in first[0].score.items())
        assert {**told, "threads": 1} == first[1]


@pytest.mark.parametrize("changed", ["weight", "image", "nodes", "memory"])
def test_what_is_stale_is_never_used_again(place, tmp_path, changed):
    """A unit that was kept under other circumstances stays where it is; the result is the one of now."""
    import shutil

    moved = tmp_path / "place"
    shutil.copytree(place, moved)
    before, out = config(moved), tmp_path / "run"
    attribute_run(before, out)
    kept = tmp_path / "kept"
    shutil.copytree(out, kept)
    if changed == "weight":
        target = nudged(tiny_network(), size=0.03)
        metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
        save_network(moved / "target.safetensors", target.state_dict(), metadata)
    elif changed == "image":
        write_image(moved / "gt" / "gt3.png", torch.rand(3, 48, 48))
    now = config(moved, **({"nodes": 9} if changed == "nodes" else {"memory": 2e9} if changed == "memory" else {}))
    with pytest.raises(InputError, match="holds another run"):
        attribute_run(now, out)
    assert bytes_of(out) == bytes_of(kept)
    fresh = attribute_run(now, tmp_path / "fresh")
    assert bytes_of(attribute_run(now, out, force=True)) == bytes_of(fresh)
    if changed != "memory":  # which decides on tiles, and these images need none
        assert bytes_of(fresh) != bytes_of(kept)


def test_a_tolerance_takes_the_nodes_that_it_needs(place, tmp_path):
    counts = {}
    for tolerance in (0.3, 0.9999):
        run = attribute_run(config(place, tolerance=tolerance), tmp_path / f"{tolerance}")
        found, told = load_scores(run / SCORES)
        counts[tolerance] = told["nodes"]
        assert set(told["ranking_error"]) == {"blur", "noise"}
        assert found.losses["blur"].shape == (6, told["nodes"] + 2)
    assert counts[0.3] == 12
    assert counts[0.9999] > 12


@pytest.mark.parametrize(("budget", "images", "nodes"), [(24, 2, 4), (50, 4, 4), (72, 6, 4), (200, 6, 11)])
def test_a_budget_goes_to_images_first(place, budget, images, nodes):
    study = config(place, budget=budget)
    cases = study.images.cases(2, 0)
    if images < 6:
        with pytest.warns(FaigWarning, match=f"--budget {budget}: {images} of 6 images"):
            chosen, left = within_budget(study, cases)
    else:
        chosen, left = within_budget(study, cases)
    assert (len(left), chosen.nodes) == (images, nodes)
    assert [case.name for case in left] == sorted(case.name for case in left)
    assert 3 * images * nodes <= budget


def test_a_budget_of_too_little_says_what_is_needed(place):
    study = config(place, budget=23)
    with pytest.raises(InputError, match="--budget 23: two images with 3 versions each at 4 nodes take 24"):
        within_budget(study, study.images.cases(2, 0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tolerance": 0.99, "method": "ig"}, "--tolerance: the method ig does not integrate along the path"),
        ({"budget": 90, "method": "random"}, "--budget: the method random has no nodes to spend it on"),
        ({"memory": 4e8}, "--memory 0.4GB: this network needs at least"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_written(place, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        attribute_run(config(place, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_large_images_by_tiles_give_what_they_give_whole(place, tmp_path):
    (tmp_path / "gt").mkdir()
    for i, height in enumerate((128, 40)):  # one is large, one is not
        write_image(
            tmp_path / "gt" / f"{i}.png", torch.rand(3, height, 120, generator=torch.Generator().manual_seed(i))
        )
    images = ImagesConfig(gt=tmp_path / "gt", degrade={"blur": 2.0, "noise": 0.1})
    pair = Pair.load(config(place))
    tiler = Tiler(pair.path.network, pair.scale, 3e9)
    small = 3e9 - (tiler.most_pixels() - 40 * 45) * tiler.bytes_per_pixel
    whole, tiled = (
        attribute_run(config(place, images=images, memory=size), tmp_path / f"{size:.0f}") for size in (3e9, small)
    )
    first, second = (load_scores(run / SCORES)[0] for run in (whole, tiled))
    for kind, rows in first.score.items():
        assert 0 < (rows - second.score[kind]).norm() <= 1e-4 * rows.norm()
