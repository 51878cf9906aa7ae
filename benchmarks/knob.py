"""A learned knob against mixing all weights (DNI) and averaging output images (blend), on photos it was not found on.

Strengths are learned on one folder of GT images and measured on another; of each the middle is taken. At each position
of each knob: how much of the function is off, what leaks to other inputs (in the paper's gradient maps and in pixels),
PSNR, and whether the network is wrecked. ``leak_ratio`` holds leaks against DNI's at equal off.
"""

import argparse
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import faig
from faig.filters import FilterSet, FilterSpace
from faig.imaging.cases import Case, middle_of
from faig.intervention.edit import modulate
from faig.intervention.measure import Reference, measure, measure_reference
from faig.intervention.wreck import described, wrecked

POSITIONS = [step / 10 for step in range(11)]
AT = (0.5, 0.9)  # how much is off, where leaks are compared
MEASURES = {"map": ("to", "between"), "pixels": ("pixels_to", "pixels_between")}


class Blend(nn.Module):
    """Both networks' outputs averaged: the target's share is ``position``."""

    def __init__(self, pair: faig.Pair, position: float) -> None:
        super().__init__()
        self.target, self.baseline, self.position = pair.target, pair.baseline, position

    def forward(self, image: Tensor) -> Tensor:
        return torch.lerp(self.baseline(image).clamp(0, 1), self.target(image).clamp(0, 1), self.position)


def measured(network: nn.Module, position: float, reference: Reference, scale: int, own: str) -> dict[str, Any]:
    """A row: what a network at one position of a knob does."""
    results = measure(network, reference, scale)
    row: dict[str, Any] = {"position": position, "wrecked": described(wrecked([results], reference))}
    for name, (distance, between) in MEASURES.items():
        whole = float(getattr(reference, between)[own].mean())
        row[f"off_{name}"] = 1 - float(getattr(results[own], f"{distance}_baseline").mean()) / whole
        for kind in results.keys() - {own}:
            row[f"leak_{name}_{kind}"] = float(getattr(results[kind], f"{distance}_target").mean()) / whole
    return row | {f"psnr_{kind}": float(result.psnr.mean()) for kind, result in results.items()}


def leak_at(rows: list[dict[str, Any]], in_what: str, kind: str, off: float) -> float | None:
    """The least leak where so much is off, between the two positions beside it; None where it never is."""
    points = [(row[f"off_{in_what}"], row[f"leak_{in_what}_{kind}"]) for row in rows]
    crossings = [
        x + (y - x) * (off - a) / (b - a)
        for (a, x), (b, y) in itertools.pairwise(points)
        if min(a, b) <= off <= max(a, b) and a != b
    ]
    return min(crossings, default=None)


def ratios(curves: dict[str, list[dict[str, Any]]], others: list[str]) -> dict[str, float | None]:
    """Each knob's leaks as a share of DNI's; None where one of the two never gets so far."""
    shares = {}
    for knob, in_what, kind, off in itertools.product(("strengths", "blend"), MEASURES, others, AT):
        ours, theirs = (leak_at(curves[name], in_what, kind, off) for name in (knob, "DNI"))
        shares[f"{knob} {in_what} {kind} off {off:g}"] = None if ours is None or theirs is None else ours / theirs
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", required=True)
    parser.add_argument("--baseline", required=True)
    parser.add_argument("--find", type=Path, required=True, help="GT images to learn on")
    parser.add_argument("--measure", type=Path, required=True, help="GT images to measure on")
    parser.add_argument("--images", type=int, nargs=2, default=(12, 8), help="how many of each, the first by name")
    parser.add_argument("--side", type=int, default=48, help="LR pixels of the middle of each")
    parser.add_argument("--noise", type=float, default=0.06, help="the function is denoising of this level")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pair = faig.Pair(target=options.target, baseline=options.baseline, unit="channel")
    own, scale = "noise", pair.scale

    def cases(folder: Path, count: int) -> list[Case]:
        made = faig.make_cases(folder, {own: options.noise}, scale=scale)
        large = [case for case in made if min(case.gt.shape[1:]) >= options.side * scale]
        return [middle_of(case, options.side, scale) for case in large[:count]]

    found = pair.attribute(cases(options.find, options.images[0]), "strengths", threads=options.threads)
    reference = measure_reference(pair.target, pair.baseline, scale, cases(options.measure, options.images[1]))
    turned = {"strengths": found.function(own), "DNI": ~FilterSet.of(FilterSpace.of(pair.target, "channel"), [])}
    curves = {
        name: [
            measured(modulate(pair.target, pair.baseline, units, position), position, reference, scale, own)
            for position in POSITIONS
        ]
        for name, units in turned.items()
    }
    curves["blend"] = [measured(Blend(pair, position), position, reference, scale, own) for position in POSITIONS]
    result = {
        "passes": found.metadata["passes"],
        "images": len(reference.cases),
        "leak_ratio": ratios(curves, [kind for kind in reference.between if kind != own]),
        "curves": curves,
    }
    if options.json:
        json.dump(result, sys.stdout, indent=1)
        print()
        return
    for name, rows in curves.items():
        print(name)
        for row in rows:
            print("  ", {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()})
    for name, share in result["leak_ratio"].items():
        print(f"leak / DNI's, {name}: {'not reached' if share is None else format(share, '.2f')}")


if __name__ == "__main__":
    main()
