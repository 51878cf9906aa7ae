"""Every command as a user gives it, on tiny networks and drawn images."""

import csv
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from conftest import tiny_network
from faig import __version__, zoo
from faig.attribution.files.rankings import read_ranking
from faig.attribution.files.score_files import load_scores
from faig.attribution.methods import DEFAULT, METHODS
from faig.filters import FilterSet, FilterSpace, rank
from faig.imaging.degradation import Degradation
from faig.imaging.images import list_images, read_image
from faig.intervention.edit import graft, modulate, revert
from faig.networks.checkpoint import load_network, save_network


@pytest.mark.slow
def test_the_method_where_none_is_named(faig, place, pair, tmp_path, monkeypatch):
    """One method, with clean images or without; the next command takes it too, and both say so."""
    monkeypatch.setattr("faig.cli.distribution.draw_charts", lambda run: run)
    assert faig("degrade", place / "gt", tmp_path, "--preset", "paper")[0] == 0
    folders = {"blur": "Blur2_LRbicx2", "noise": "LRbicx2_noise0.1", "clean": "Linear_LRbicx2"}
    lr = {name: ["--lr", f"{name}={tmp_path / folder}"] for name, folder in folders.items()}
    for run, kinds in {"with": ["blur", "noise", "clean"], "without": ["blur", "noise"]}.items():
        options = [part for kind in kinds for part in lr[kind]]
        code, out, err = faig(
            "attribute", *pair, "--gt", tmp_path / "GTmod12", *options, "--nodes", 2, "--out", tmp_path / run
        )
        assert code == 0, err
        assert out.splitlines()[0] == f"method: {DEFAULT}"
        space = FilterSpace.of(load_network(place / "target.safetensors"))
        raw, _ = load_scores(tmp_path / run / "scores.safetensors")
        best = rank(METHODS[DEFAULT].scores(raw, "blur"))
        assert torch.equal(read_ranking(tmp_path / run / "filters-blur.csv", space), best)
        code, out, err = faig("distribution", tmp_path / run)
        assert code == 0, err
        assert out.splitlines()[0] == f"method: {DEFAULT}"
        with (tmp_path / run / "distribution.csv").open() as file:
            assert {row["method"] for row in csv.DictReader(file)} == {DEFAULT}


def test_version_and_help(faig):
    assert faig("--version")[:2] == (0, f"faig {__version__}\n")
    code, out, _ = faig("--help")
    assert code == 0
    for command in ("demo", "degrade", "attribute", "revert", "modulate", "graft", "restore", "compare", "train"):
        assert command in out
        code, shown, _ = faig(command, "--help")
        assert code == 0
        assert f"Example: faig {command}" in shown
        assert all(option in shown for option in ("--seed", "--device", "--threads"))


def test_degrade_makes_the_papers_folders(faig, place, tmp_path):
    assert faig("degrade", place / "gt", tmp_path / "out", "--preset", "paper")[0] == 0
    folders = {path.name for path in (tmp_path / "out").iterdir()}
    assert folders == {"GTmod12", "Linear_LRbicx2", "Blur2_LRbicx2", "LRbicx2_noise0.1"}
    for folder in folders:
        images = {name: read_image(path) for name, path in list_images(tmp_path / "out" / folder).items()}
        assert images.keys() == {"one", "two", "three"}
        assert images["one"].shape == ((3, 36, 36) if folder == "GTmod12" else (3, 18, 18))


def test_degrade_flags_make_one_folder(faig, place, tmp_path):
    made = ["--blur", 1.5, "--noise", 0.05, "--jpeg", 80, "--downsampling", "bicubic", "--scale", 3]
    assert faig("degrade", place / "gt", tmp_path / "a", *made)[0] == 0
    assert faig("degrade", place / "gt", tmp_path / "b", *made, "--seed", 1)[0] == 0
    first, second = (read_image(tmp_path / folder / "two.png") for folder in "ab")
    assert first.shape == (3, 12, 16)
    assert not torch.equal(first, second)


def test_degrade_by_a_spec(faig, place, tmp_path):
    spec = "motion:9:30+down:area+poisson:60+jpeg:40"
    assert faig("degrade", place / "gt", tmp_path / "a", "--degrade", spec, "--seed", 3)[0] == 0
    gt = read_image(place / "gt" / "two.png")
    made = Degradation.parse(spec)(gt, 2, seed=3, name="two")
    assert torch.equal(read_image(tmp_path / "a" / "two.png"), made)


@pytest.mark.slow
def test_a_spec_is_a_degradation_like_any_other(faig, place, pair, tmp_path):
    """Specs and levels stand side by side, and ``config.yaml`` repeats the run."""
    degrade = ["--degrade", "phone=motion:9:30+jpeg:40,noise=0.1", "--degrade", "down=down:bicubic"]
    out = tmp_path / "run"
    study = ["attribute", *pair, "--gt", place / "gt", *degrade, "--nodes", 2, "--method", "faig"]
    assert faig(*study, "--out", out, "--against", "strongest")[0] == 0
    code, _, err = faig(*study, "--out", out)
    assert (code, "holds another run (against differs)" in err) == (2, True)
    found, told = load_scores(out / "scores.safetensors")
    assert told["against"] == "strongest"
    space = FilterSpace.of(load_network(place / "target.safetensors"))
    best = rank(METHODS["faig"].scores(found, "noise", "strongest"))
    assert torch.equal(read_ranking(out / "filters-noise.csv", space), best)
    assert not torch.equal(best, rank(METHODS["faig"].scores(found, "noise")))
    assert {path.name for path in out.glob("filters-*")} == {f"filters-{n}.csv" for n in ("phone", "noise", "down")}
    told = yaml.safe_load((out / "config.yaml").read_text())["images"]["degrade"]
    assert told == {"phone": "motion:9:30+jpeg:40", "noise": 0.1, "down": "down:bicubic"}
    assert faig("run", out / "config.yaml", "--out", tmp_path / "again")[0] == 0
    assert (out / "scores.safetensors").read_bytes() == (tmp_path / "again" / "scores.safetensors").read_bytes()


def test_attribute_writes_what_the_contract_says(attributed, place):
    space = FilterSpace.of(load_network(place / "target.safetensors"))
    for kind in ("blur", "noise"):
        with (attributed / f"filters-{kind}.csv").open() as file:
            rows = list(csv.DictReader(file))
        assert list(rows[0])[:6] == ["rank", "index", "layer", "out", "in", "score"]
        assert len(rows) == len(space)
        index = [int(line) for line in (attributed / f"{kind}_index.txt").read_text().split()]
        assert index == [int(row["index"]) for row in rows]
        assert [float(row["score"]) for row in rows] == sorted((float(row["score"]) for row in rows), reverse=True)
    assert not (attributed / ".units").exists()
    assert {"config.yaml", "scores.safetensors", "log.txt"} <= {path.name for path in attributed.iterdir()}


@pytest.mark.slow
def test_run_repeats_a_run_from_its_configuration(faig, attributed, tmp_path):
    code, _, err = faig("run", attributed / "config.yaml", "--out", tmp_path / "again")
    assert code == 0, err
    for name in ("scores.safetensors", "filters-blur.csv", "config.yaml"):
        assert (tmp_path / "again" / name).read_bytes() == (attributed / name).read_bytes()
    assert faig("run", attributed / "config.yaml")[0] == 0  # finished: nothing to do


@pytest.mark.slow
@pytest.mark.parametrize("ranking", ["filters-blur.csv", "blur_index.txt"])
@pytest.mark.parametrize("command", ["revert", "modulate", "graft"])
def test_altered_networks_are_what_python_makes(faig, place, pair, attributed, tmp_path, command, ranking):
    target, baseline = (load_network(place / f"{name}.safetensors") for name in ("target", "baseline"))
    space = FilterSpace.of(target)
    chosen = FilterSet.top(space, read_ranking(attributed / ranking, space), 0.05)
    strength = ["--strength", 0.5] if command == "modulate" else []
    options = [*pair, "--filters", attributed / ranking, "--top", "5%", *strength]
    out = tmp_path / "new.safetensors"
    assert faig(command, *options, "--out", out)[0] == 0
    expected = {
        "revert": lambda: revert(target, baseline, chosen),
        "modulate": lambda: modulate(target, baseline, chosen, 0.5),
        "graft": lambda: graft(target, baseline, chosen),
    }[command]().state_dict()
    made = load_network(out).state_dict()
    assert all(torch.equal(weight, made[key]) for key, weight in expected.items())
    before = out.read_bytes()
    code, _, err = faig(command, *options, "--out", out)
    assert (code, out.read_bytes()) == (2, before)
    assert err == f"error: {out}: exists; pass --force to replace it\n"
    assert faig(command, *options, "--out", out, "--force")[0] == 0


@pytest.mark.slow
def test_restore_with_gt_and_with_strength(faig, place, pair, attributed, tmp_path):
    faig("degrade", place / "gt", tmp_path / "lr")
    target = place / "target.pth"
    code, out, _ = faig("restore", target, tmp_path / "lr", tmp_path / "plain", "--gt", place / "gt")
    assert code == 0
    assert all(word in out for word in ("PSNR RGB", "SSIM Y", "border 2", "mean"))
    turned = ["--baseline", pair[1], "--filters", f"blur={attributed / 'filters-blur.csv'}"]
    turned += ["--filters", f"noise={attributed / 'filters-noise.csv'}", "--top", "50%"]
    images = {}
    for strength in ("blur=1,noise=1", "blur=0,noise=0.5"):
        where = tmp_path / strength
        assert faig("restore", target, tmp_path / "lr", where, *turned, "--strength", strength)[0] == 0
        images[strength] = read_image(where / "one.png")
    plain = read_image(tmp_path / "plain" / "one.png")
    assert torch.equal(images["blur=1,noise=1"], plain)
    assert not torch.equal(images["blur=0,noise=0.5"], plain)


def test_a_network_of_ones_own(faig, place, tmp_path):
    made = "nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))"
    (tmp_path / "own.py").write_text(f"from torch import nn\ndef make():\n    return {made}\n")
    for name, size in (("a", 1.0), ("b", 0.1)):  # the smaller one's outputs are less far off
        torch.manual_seed(0)
        weights = {"0.weight": torch.randn(12, 3, 3, 3) * size, "0.bias": torch.randn(12) * size}
        torch.save(weights, tmp_path / f"{name}.pth")
    own = ["--baseline", tmp_path / "a.pth", "--target", tmp_path / "b.pth", "--arch", f"{tmp_path / 'own.py'}:make"]
    images = ["--gt", place / "gt", "--degrade", "blur=2", "--degrade", "noise=0.1"]
    code, _, err = faig("attribute", *own, *images, "--nodes", 12, "--out", tmp_path / "run")
    assert code == 0, err
    filters = ["--filters", tmp_path / "run" / "filters-blur.csv", "--top", "10%"]
    assert faig("revert", *own, *filters, "--out", tmp_path / "new.safetensors")[0] == 0
    assert load_file(tmp_path / "new.safetensors").keys() == {"0.weight", "0.bias"}


@pytest.mark.slow
def test_zoo(faig, tmp_path, monkeypatch):
    monkeypatch.setenv("FAIG_ZOO", str(tmp_path / "own"))
    code, out, _ = faig("zoo", "list")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:-1]] == zoo.pairs()
    assert "iterations" in faig("zoo", "show", "srresnet-x2/target")[1]
    assert "PSNR" in faig("zoo", "show", "srresnet-x2")[1]
    shipped = zoo.load("srresnet-x2/target").state_dict()
    for name in ("out.safetensors", "out.pth"):
        assert faig("zoo", "export", "srresnet-x2/target", tmp_path / name)[0] == 0
        back = load_network(tmp_path / name).state_dict()
        assert all(torch.equal(weight, back[key]) for key, weight in shipped.items())
        assert faig("zoo", "export", "srresnet-x2/target", tmp_path / name)[0] == 2
    assert "README.md" in faig("zoo", "push", "srresnet-x2", tmp_path / "hub" / "mine")[1]
    assert faig("zoo", "pull", tmp_path / "hub" / "mine")[1] == "mine/baseline\nmine/target\n"
    assert "\nmine " in faig("zoo", "list")[1]
    pair = ["--baseline", "mine/baseline", "--target", "mine/target", "--filters", "mine/blur"]
    assert faig("revert", *pair, "--top", "1%", "--out", tmp_path / "new.safetensors")[0] == 0
    assert faig("zoo", "pull", "./nowhere/pair")[0] == 2


def test_train(faig, place, tmp_path):
    settings = {
        "name": "tiny",
        "network": {"architecture": "srcnn-style", "arguments": {"scale": 2, "widths": [4, 4]}},
        "data": {"gt": str(place / "gt"), "lr_patch": 8, "batch": 2},
        "optimizer": {"iterations": 3},
        "validation": {"gt": str(place / "gt"), "every": 2, "images": 1},
        "out": str(tmp_path / "run"),
    }
    (tmp_path / "train.yaml").write_text(yaml.safe_dump(settings))
    code, out, err = faig("train", tmp_path / "train.yaml")
    assert code == 0, err
    assert Path(out.strip()) == tmp_path / "run" / "network.safetensors"
    assert "iteration 2: PSNR (RGB, dB) clean" in err
    load_network(tmp_path / "run" / "network.safetensors")


def test_a_ranking_of_another_network(faig, attributed, tmp_path):
    for name, seed in (("a", 0), ("b", 1)):
        save_network(tmp_path / f"{name}.safetensors", tiny_network("srcnn-style", seed=seed).state_dict(), {})
    networks = ["--baseline", tmp_path / "a.safetensors", "--target", tmp_path / "b.safetensors"]
    for file in ("filters-blur.csv", "blur_index.txt"):
        code, _, err = faig("graft", *networks, "--filters", attributed / file, "--out", tmp_path / "c.safetensors")
        assert code == 2
        assert f"{file}: " in err
        assert "the file is of another network" in err
    assert not (tmp_path / "c.safetensors").exists()


def test_an_existing_run_is_not_overwritten(faig, place, pair, attributed, tmp_path):
    images = ["--gt", place / "gt", "--degrade", "blur=2", "--degrade", "noise=0.2", "--nodes", 2]
    before = (attributed / "scores.safetensors").read_bytes()
    code, _, err = faig("attribute", *pair, *images, "--out", attributed)
    assert code == 2
    assert "holds another run (images.one.noise differs); pass --force" in err
    assert (attributed / "scores.safetensors").read_bytes() == before
    assert faig("attribute", *pair, *images, "--out", attributed, "--force")[0] == 0
    assert (attributed / "scores.safetensors").read_bytes() != before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("precious")
    code, _, err = faig("attribute", *pair, *images, "--out", tmp_path / "mine", "--force")
    assert code == 2
    assert "is no run directory" in err
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "precious"


def test_a_damaged_image_stops_before_anything_is_written(faig, place, tmp_path):
    (tmp_path / "gt").mkdir()
    for name in ("one", "two"):
        (tmp_path / "gt" / f"{name}.png").write_bytes((place / "gt" / f"{name}.png").read_bytes())
    (tmp_path / "gt" / "zwei.png").write_bytes((place / "gt" / "two.png").read_bytes()[:99])
    code, _, err = faig("degrade", tmp_path / "gt", tmp_path / "out")
    assert code == 2
    assert "zwei.png: is not an image that can be read, or is damaged" in err
    assert [path.name for path in tmp_path.iterdir()] == ["gt"]


def test_a_page_of_a_run_that_nothing_is_claimed_of(faig, attributed, tmp_path):
    code, _, err = faig("report", attributed, "--markdown", tmp_path / "page.md")
    assert (code, err) == (0, "")
    assert "claims" not in (tmp_path / "page.md").read_text(encoding="utf-8").partition("\n## ")[0]
