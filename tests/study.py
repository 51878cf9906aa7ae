"""A small study with a directory a stage, made by the commands' own code and, where there is none, by hand."""

from pathlib import Path

import pandas as pd
import torch

from conftest import nudged, tiny_network
from faig.experiment.compare import compare
from faig.experiment.config import CompareConfig, ImagesConfig, SweepConfig
from faig.experiment.distribution import distribute
from faig.experiment.sweep import sweep
from faig.imaging.images import write_image
from faig.networks.checkpoint import save_network

DEGRADE = {"blur": 2.0, "noise": 0.1}
ACCURACY = [
    ("found", "blur noise", 1.0, 0.99, 1.0),
    ("found", "clean blur noise", 0.97, 0.95, 0.99),
    ("found", "clean blur noise blur+noise", 0.8, 0.7, 0.9),
    ("statistics", "blur noise", 0.9, 0.85, 0.95),
    ("statistics", "clean blur noise", 0.7, 0.6, 0.8),
]
ENDS = ("", "_low", "_high")
ACCURACY_COLUMNS = ["predictor", "classes", "accuracy", "accuracy_low", "accuracy_high"]


def make_study(folder: Path) -> Path:
    """``compare``, ``sweep``, ``predict``, ``retrain``, and a table that nobody knows."""
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    baseline, run = tiny_network(), folder / "study"
    save_network(folder / "baseline.safetensors", baseline.state_dict(), metadata)
    save_network(folder / "target.safetensors", nudged(baseline, size=0.02).state_dict(), metadata)
    (folder / "gt").mkdir()
    generator = torch.Generator().manual_seed(0)
    for i in range(3):
        write_image(folder / "gt" / f"image{i}.png", torch.rand(3, 32 + 2 * i, 36, generator=generator))
    common = {
        "baseline": str(folder / "baseline.safetensors"),
        "target": str(folder / "target.safetensors"),
        "images": ImagesConfig(gt=folder / "gt", degrade=DEGRADE),
        "threads": 1,
    }
    run.mkdir()
    methods = ["faig", "signed", "ig", "change", "random"]
    compare(CompareConfig(**common, nodes=2, methods=methods, proportions=[0.05, 0.3]), run / "compare")
    distribute(run / "compare", "faig", [0.05, 0.3])
    filters = {kind: str(run / "compare" / f"filters-{kind}.csv") for kind in DEGRADE}
    sweep(SweepConfig(**common, filters=filters, top=0.3, strengths=[0, 0.5, 1, 1.5]), run / "sweep")
    _write(run / "predict" / "accuracy.csv", pd.DataFrame(ACCURACY, columns=ACCURACY_COLUMNS))
    levels = [{"degradation": k, "level": n * top, "response": n} for k, top in DEGRADE.items() for n in (0.5, 1, 2)]
    _write(run / "predict" / "levels.csv", pd.DataFrame(levels))
    retrained = [
        {"function": kind, "free": free, "iterations": i, "psnr": 24 + gain * i / 100}
        for kind in DEGRADE
        for free, gain in (("found", 2), ("random", 1))
        for i in (0, 100)
    ]
    _write(run / "retrain" / "retrained.csv", pd.DataFrame(retrained))
    gained = [
        {"function": kind, "free": free}
        | {name + end: value for name, value in (("gain", gain), ("found_ahead", 2 - gain)) for end in ENDS}
        for kind in DEGRADE
        for free, gain in (("found", 2), ("random", 1))
    ]
    _write(run / "retrain" / "gained.csv", pd.DataFrame(gained))
    correlations = [{"degradation": kind} | {f"rank_correlation{end}": 0.9 for end in ENDS} for kind in DEGRADE]
    _write(run / "predict" / "responses.csv", pd.DataFrame(correlations))
    _write(run / "mine" / "odd <table>.csv", pd.DataFrame({"word": ["b <i>", "a & b"], "number": [2, 10]}))
    _draw_teaser(run / "figures" / "teaser")
    return run


def _write(path: Path, table: pd.DataFrame) -> None:
    path.parent.mkdir(exist_ok=True)
    table.to_csv(path, index=False)


def _draw_teaser(folder: Path) -> None:
    """Plain pictures, each of its own grey."""
    folder.mkdir(parents=True)
    for row, kind in enumerate(DEGRADE):
        for place, what in enumerate(("input", "target", "reverted-blur", "reverted-noise", "gt")):
            write_image(folder / f"{kind}-{what}.png", torch.full((3, 24, 32), (1 + 5 * row + place) / 12))
