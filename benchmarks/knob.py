"""A learned knob against mixing all weights (DNI) and averaging output images (blend), on photos it was not found on.

Strengths are learned on one folder of GT images and measured on another. At each position of each knob: how much of the
function is off, what leaks to other inputs (both in the paper's gradient maps and in pixels), PSNR, and whether the
network is wrecked. `leak_ratio` holds leaks against DNI's at equal off.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn

import faig
from faig.filters import FilterSet, FilterSpace
from faig.imaging.cases import CLEAN, Case
from faig.imaging.images import Resized, round8
from faig.imaging.metrics import psnr
from faig.intervention.edit import modulate
from faig.intervention.effect import effect
from faig.networks.inference import restore

POSITIONS = [step / 10 for step in range(11)]
AT = (0.5, 0.9)  # how much is off, where leaks are compared

Knob = Callable[[float, str], list[Resized]]  # of a position and an input: the outputs of all images


def squared(first: Resized, second: Resized) -> float:
    return float((first - second).square().mean())


def measured(knob: Knob, ends: dict[str, dict[str, list[Resized]]], cases: list[Case], own: str) -> list[dict]:
    """A row for each position."""

    def mean(distance: Callable, ours: list[Resized], theirs: list[Resized]) -> float:
        return float(np.mean([distance(a, b) for a, b in zip(ours, theirs, strict=True)]))

    rows = []
    for position in POSITIONS:
        row: dict = {"position": position}
        outputs = {kind: knob(position, kind) for kind in cases[0].lr}
        for name, distance in (("map", effect), ("pixels", squared)):
            whole = mean(distance, ends["target"][own], ends["baseline"][own])
            row[f"off_{name}"] = 1 - mean(distance, outputs[own], ends["baseline"][own]) / whole
            for kind in outputs:
                if kind != own:
                    row[f"leak_{name}_{kind}"] = mean(distance, outputs[kind], ends["target"][kind]) / whole
        for kind, images in outputs.items():
            row[f"psnr_{kind}"] = float(
                np.mean([psnr(a, case.gt, border=4) for a, case in zip(images, cases, strict=True)])
            )
        rows.append(row)
    return rows


def leak_at(rows: list[dict], measure: str, kind: str, off: float) -> float:
    """The leak where so much is off, between the two positions beside it; the least over all crossings."""
    offs, leaks = (
        [row[f"{what}_{measure}" + end] for row in rows] for what, end in (("off", ""), ("leak", f"_{kind}"))
    )
    crossings = []
    for (a, b), (x, y) in zip(itertools.pairwise(offs), itertools.pairwise(leaks), strict=True):
        if min(a, b) <= off <= max(a, b) and a != b:
            crossings.append(x + (y - x) * (off - a) / (b - a))
    return min(crossings, default=float("inf"))


def ratio(ours: float, theirs: float) -> float | None:
    """Ours as a share of theirs; None where one of the two never gets there."""
    return ours / theirs if max(ours, theirs) < float("inf") else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", required=True)
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--find", type=Path, required=True, help="GT images to learn on")
    parser.add_argument("--measure", type=Path, required=True, help="GT images to measure on")
    parser.add_argument("--degrade", default="noise=0.06", help="NAME=LEVEL: the function")
    parser.add_argument("--further", default="", help="NAME=SPEC,...: inputs it was not found on")
    parser.add_argument("--run", type=Path, help="a finished faig attribute --method strengths, in place of learning")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pair = faig.Pair(target=options.target, baseline=options.baseline, unit="channel")
    own, level = options.degrade.split("=")
    further = dict(part.split("=") for part in options.further.split(",") if part)
    level = float(level)
    if options.run:
        function, passes = faig.read_units(options.run, pair.target, function=own), None
    else:
        found = pair.attribute(
            faig.make_cases(options.find, {own: level}, scale=pair.scale), "strengths", track=faig.progress_bar
        )
        function, passes = found.function(own), found.metadata["passes"]
    cases = faig.make_cases(options.measure, {own: level, **further}, scale=pair.scale)
    networks = {"target": pair.target, "baseline": pair.baseline}
    ends = {
        name: {kind: [restore(network, case.lr[kind]) for case in cases] for kind in cases[0].lr}
        for name, network in networks.items()
    }
    everything = ~FilterSet.of(FilterSpace.of(pair.target, "channel"), [])

    def turning(units: object) -> Knob:
        made: dict[float, nn.Module] = {}

        def knob(position: float, kind: str) -> list[Resized]:
            network = made.setdefault(position, modulate(pair.target, pair.baseline, units, position))
            return [restore(network, case.lr[kind]) for case in cases]

        return knob

    def blend(position: float, kind: str) -> list[Resized]:
        pairs = zip(ends["baseline"][kind], ends["target"][kind], strict=True)
        return [round8(torch.lerp(low, high, position)) for low, high in pairs]

    knobs = {"strengths": turning(function), "DNI": turning(everything), "blend": blend}
    curves = {name: measured(knob, ends, cases, own) for name, knob in knobs.items()}
    others = [kind for kind in cases[0].lr if kind != own]
    ratios = {
        f"{measure} {kind} off {off:g}": ratio(
            leak_at(curves["strengths"], measure, kind, off), leak_at(curves["DNI"], measure, kind, off)
        )
        for measure in ("map", "pixels")
        for kind in others
        for off in AT
    }
    result = {"passes": passes, "images": len(cases), "leak_ratio": ratios, "curves": curves, "clean": CLEAN}
    if options.json:
        json.dump(result, sys.stdout, indent=1)
        return
    for name, rows in curves.items():
        print(name)
        for row in rows:
            print("  " + "  ".join(f"{key} {value:.3f}" for key, value in row.items()))
    for name, share in ratios.items():
        print(f"leak / DNI's, {name}: {'not reached' if share is None else format(share, '.2f')}")


if __name__ == "__main__":
    main()
