"""The commands that are killed, each in its smallest form, and what they work on."""

from pathlib import Path

import torch
import yaml

from conftest import nudged, tiny_network
from faig.imaging.images import write_image
from faig.networks.checkpoint import save_network
from kills.running import run
from kills.trial import Command

PAIR = ["--baseline", "inputs/baseline.safetensors", "--target", "inputs/target.safetensors"]
IMAGES = ["--gt", "inputs/gt", "--degrade", "blur=2", "--degrade", "noise=0.1"]
RANKING = ["--filters", "inputs/run/filters-blur.csv", "--top", "20%", "--no-check"]


def altered(how: str, *more: str) -> Command:
    out = ("--out", "out.safetensors")
    first = [how, *PAIR, *RANKING, *more, *out]
    return Command(how, first, older=[[*first, "--top", "50%"]], outputs=(("out.safetensors",),))


COMMANDS = {
    command.name: command
    for command in (
        Command(
            "attribute",
            ["attribute", *PAIR, *IMAGES, "--nodes", "1", "--out", "out"],
            older=[["attribute", *PAIR, *IMAGES, "--nodes", "2", "--out", "out"]],
            quick=5,
        ),
        Command(
            "compare",
            ["compare", *PAIR, *IMAGES, "--nodes", "1", "--methods", "change", "--proportions", "30%", "--out", "out"],
            older=[["compare", *PAIR, *IMAGES, "--methods", "change", "--proportions", "10%", "--out", "out"]],
            quick=3,
        ),
        Command(
            "sweep",
            ["sweep", *PAIR, *IMAGES, "--filters", "blur=inputs/run", "--strengths", "0,1", "--out", "out"],
            older=[["sweep", *PAIR, *IMAGES, "--filters", "blur=inputs/run", "--strengths", "0,0.5,1", "--out", "out"]],
            quick=1,
        ),
        Command(
            "train",
            ["train", "inputs/train.yaml"],
            older=[["train", "inputs/train.yaml", "--seed", "8"]],
            quick=8,
        ),
        Command(
            "export",
            ["export", *PAIR, "--filters", "blur=inputs/run", "--top", "20%", "--no-check", "--out", "out.onnx"],
            older=[
                ["export", *PAIR, "--filters", "blur=inputs/run", "--top", "50%", "--no-check", "--out", "out.onnx"]
            ],
            outputs=(("out.onnx",),),
            quick=1,
        ),
        Command(
            "data crop",
            ["data", "crop", "inputs/gt", "out", "--crop", "30", "--step", "20", "--workers", "1"],
            older=[["data", "crop", "inputs/gt", "out", "--crop", "28", "--step", "20", "--workers", "1"]],
            quick=16,
        ),
        Command(
            "data lmdb",
            ["data", "lmdb", "inputs/gt", "out", "--workers", "1"],
            older=[["data", "lmdb", "inputs/lr", "out", "--workers", "1"]],
        ),
        Command(
            "restore",
            ["restore", "inputs/target.safetensors", "inputs/gt", "out"],
            older=[["restore", "inputs/baseline.safetensors", "inputs/gt", "out"]],
        ),
        altered("revert"),
        altered("modulate", "--strength", "0.5"),
        altered("graft"),
        Command(
            "predict",
            ["predict", "inputs/lr", "--csv", "out.csv"],
            older=[["predict", "inputs/gt", "--csv", "out.csv"]],
            outputs=(("out.csv",),),
            quick=1,
        ),
        Command(
            "degrade",
            ["degrade", "inputs/gt", "out", "--preset", "paper"],
            older=[["degrade", "inputs/gt", "out", "--preset", "paper", "--seed", "3"]],
            quick=12,
        ),
        Command(
            "distribution",
            ["distribution", "run", "--proportions", "10%"],
            older=[["distribution", "run", "--proportions", "30%"]],
            force=(),
            outputs=(
                [f"run/{name}.csv" for name in ("distribution", "layers", "overlaps", "groups", "profiles")],
                ["run/figures/report"],
            ),
            replaced="run/.distribution.replaced",
            given="run",
            quick=3,
        ),
        Command(
            "report",
            ["report", "run", "--markdown", "out.md"],
            older=[["report", "run", "--markdown", "out.md"], ["distribution", "run"]],
            force=(),
            outputs=(["run/report.html"], ["run/figures/report"], ["out.md"], ["out"]),
            given="run",
            quick=4,
        ),
    )
}


def make_inputs(folder: Path) -> Path:
    """What the commands work on: a pair, images, a run, a configuration of training."""
    folder.mkdir()
    baseline = tiny_network()
    described = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    for name, network in (("baseline", baseline), ("target", nudged(baseline, size=0.02))):
        save_network(folder / f"{name}.safetensors", network.state_dict(), described)
    generator = torch.Generator().manual_seed(0)
    for name, height, width in (("one", 40, 36), ("two", 36, 48)):
        for kind, scale in (("gt", 1), ("lr", 2)):
            (folder / kind).mkdir(exist_ok=True)
            image = torch.rand(3, height // scale, width // scale, generator=generator)
            write_image(folder / kind / f"{name}.png", image)
    training = {
        "name": "tiny",
        "network": {"architecture": "srresnet", "arguments": described["arguments"]},
        "data": {"gt": "inputs/gt", "lr_patch": 8, "batch": 2, "degradation": {"blur": 2, "noise": 0.1}},
        "optimizer": {"iterations": 3, "learning_rate": 1e-3, "ema": 0.9},
        "checkpoint_every": 1,
        "report_every": 1,
        "seed": 3,
        "out": "out",
    }
    (folder / "train.yaml").write_text(yaml.safe_dump(training))
    (folder / "inputs").symlink_to(folder)
    code, said = run(folder, ["attribute", *PAIR, *IMAGES, "--nodes", "1", "--no-check", "--out", "run"])
    assert code == 0, said
    return folder
