"""A small study with a directory a stage, made by the commands' own code and, where there is none, by hand."""

import itertools
from pathlib import Path
from typing import Any

import torch

from conftest import nudged, tiny_network
from faig.common.statistics import Estimate
from faig.experiment.compare import compare
from faig.experiment.config import CompareConfig, ImagesConfig, SweepConfig
from faig.experiment.distribution import distribute
from faig.experiment.sweep import sweep
from faig.imaging.images import write_image
from faig.networks.checkpoint import save_network
from faig.results import tables
from faig.results.table import Table, write_csv, write_table

DEGRADE = {"blur": 2.0, "noise": 0.1}
ACCURACY = [
    {"predictor": predictor, "classes": classes} | Estimate(*numbers).columns("accuracy")
    for predictor, classes, *numbers in (
        ("found", "blur noise", 1.0, 0.99, 1.0),
        ("found", "clean blur noise", 0.97, 0.95, 0.99),
        ("found", "clean blur noise blur+noise", 0.8, 0.7, 0.9),
        ("statistics", "blur noise", 0.9, 0.85, 0.95),
        ("statistics", "clean blur noise", 0.7, 0.6, 0.8),
    )
]
ENDS = ("", "_low", "_high")


def make_study(folder: Path) -> Path:
    """``compare``, ``sweep``, ``predict``, ``retrain``, and a table that nobody knows."""
    metadata = {"architecture": "srresnet", "arguments": {"scale": 2, "features": 4, "blocks": 1}}
    baseline, run = tiny_network(), folder / "study"
    save_network(folder / "baseline.safetensors", baseline.state_dict(), metadata)
    save_network(folder / "target.safetensors", nudged(baseline, size=0.02).state_dict(), metadata)
    (folder / "gt").mkdir()
    generator = torch.Generator().manual_seed(0)
    for i in range(2):
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
    distribute(run / "compare", None, [0.05, 0.3])
    filters = {kind: str(run / "compare" / f"filters-{kind}.csv") for kind in DEGRADE}
    sweep(SweepConfig(**common, filters=filters, top=0.3, strengths=[0, 0.5, 1, 1.5]), run / "sweep")
    _write(run / "predict", tables.ACCURACY, ACCURACY)
    levels = [
        {"image": "image0", "degradation": k, "level": n * top, "response": n}
        for k, top in DEGRADE.items()
        for n in (0.5, 1, 2)
    ]
    _write(run / "predict", tables.LEVELS, levels)
    retrained = [
        {"function": kind, "trainable": free, "iterations": i, "psnr": 24 + gain * i / 100}
        for kind in DEGRADE
        for free, gain in (("found", 2), ("random", 1))
        for i in (0, 100)
    ]
    _write(run / "retrain", tables.RETRAINED, retrained)
    gained = [
        {"function": kind, "trainable": free}
        | {
            name + end: value
            for name, value in (("gain", gain), ("share", gain / 2), ("found_ahead", 2 - gain))
            for end in ENDS
        }
        for kind in DEGRADE
        for free, gain in (("found", 2), ("random", 1))
    ]
    _write(run / "retrain", tables.GAINED, gained)
    correlations = [{"degradation": kind} | {f"rank_correlation{end}": 0.9 for end in ENDS} for kind in DEGRADE]
    _write(run / "predict", tables.RESPONSES, correlations)
    (run / "mine").mkdir()
    write_csv(run / "mine" / "odd <table>.csv", [{"word": "b <i>", "number": 2}, {"word": "a & b", "number": 10}])
    draw_pictures(run, list(DEGRADE))
    return run


def _write(home: Path, table: Table, rows: list[dict[str, Any]]) -> None:
    home.mkdir(exist_ok=True)
    write_table(home, table, rows)


def draw_pictures(run: Path, kinds: list[str]) -> None:
    """Plain pictures, each of its own grey, and the table of what they show; no name says it."""
    folder = (run / tables.PICTURES.name).parent
    folder.mkdir(parents=True)
    shown = [("input", ""), ("target", ""), *(("reverted", kind) for kind in kinds), ("gt", "")]
    rows = [
        {"input": kind, "shown": what, "function": function, "file": f"{number:02}.png", "psnr": 20 + number}
        for number, (kind, (what, function)) in enumerate(itertools.product(kinds, shown))
    ]
    for number, row in enumerate(rows, 1):
        write_image(folder / row["file"], torch.full((3, 24, 32), number / (len(rows) + 2)))
    write_table(run, tables.PICTURES, rows)
