"""The knob against mixing all weights (DNI) and averaging the two end images (blend), on photos it was not found on.

What turns a function ships with a pair, or is found on one folder of GT images, and is measured on another; of each
the middle is taken. At each position of each knob: how much of the function is off, how far other inputs are from the
target (in the paper's gradient maps and in pixels), PSNR, and whether the network is wrecked. Then what is asked of a
knob: ``leak_ratio``, its leaks as shares of DNI's at equal off, on the inputs it was found on and on others;
``short_of_controls``, the most that its PSNR on the function's images is under the better of DNI and blend;
``falls``, the most that it falls from one position to the next although the target's end is the better one;
``least_leak_at_most``, whether off reaches 0.9 at no more leak than DNI's at its end. ``off`` is what switching off
does, and has 95% intervals over photos, as ``short_of_controls`` and ``falls`` do.
"""

import argparse
import itertools
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import faig
from faig import zoo
from faig.common.statistics import Estimate, estimate_mean
from faig.experiment.config import ImagesConfig
from faig.imaging.cases import Case, middle_of
from faig.intervention.edit import Units
from faig.intervention.knob import CONTROLS
from faig.intervention.measure import Measured, Reference, measure, measure_reference
from faig.intervention.summary import summarise
from faig.intervention.wreck import described, wrecked
from faig.zoo.learned import LEARNED, load_learned, turned_by
from faig.zoo.scores import chosen_by

POSITIONS = [step / 10 for step in range(11)]
AT = (0.5, 0.9)  # how much is off, where leaks are compared
SEED = 0  # of intervals
NOTHING = Estimate(0.0, 0.0, 0.0)
MEASURES = {"map": ("to", "between"), "pixels": ("pixels_to", "pixels_between")}
Rows = list[dict[str, Any]]


def measured(results: Measured, position: float, reference: Reference, function: str) -> dict[str, Any]:
    """A row: what a network at one position of a knob does."""
    own = {kind: result for kind, result in results.items() if kind.split("-")[0] == function}
    row: dict[str, Any] = {"position": position, "wrecked": described(wrecked([results], reference))}
    for name, (distance, between) in MEASURES.items():
        whole = {kind: float(getattr(reference, between)[kind].mean()) for kind in results}
        for kind, result in own.items():
            row[f"off_{name}_{kind}"] = 1 - float(getattr(result, f"{distance}_baseline").mean()) / whole[kind]
        for kind in results.keys() - own.keys():
            row[f"leak_{name}_{kind}"] = float(getattr(results[kind], f"{distance}_target").mean()) / whole[function]
    row |= {f"psnr_{kind}": float(result.psnr.mean()) for kind, result in results.items()}
    return row | {f"psnr_worst_{kind}": float((r.psnr - reference.psnr[kind][0]).min()) for kind, r in results.items()}


def leak_at(rows: Rows, in_what: str, own: str, other: str, off: float) -> float | None:
    """The least leak where so much is off, between the two positions beside it; None where it never is."""
    points = [(row[f"off_{in_what}_{own}"], row[f"leak_{in_what}_{other}"]) for row in rows]
    crossings = [
        x + (y - x) * (off - a) / (b - a)
        for (a, x), (b, y) in itertools.pairwise(points)
        if min(a, b) <= off <= max(a, b) and a != b
    ]
    return min(crossings, default=None)


def leak_ratios(curves: dict[str, Rows]) -> dict[str, dict[str, float | None]]:
    """By knob: leaks as shares of DNI's at equal off; None where one of the two never gets so far."""
    first = curves["DNI"][0]
    own = [name.removeprefix("off_map_") for name in first if name.startswith("off_map_")]
    others = sorted(name.removeprefix("leak_map_") for name in first if name.startswith("leak_map_"))
    ratios: dict[str, dict[str, float | None]] = {}
    for knob in curves.keys() - {"DNI"}:
        for in_what, kind, other, off in itertools.product(MEASURES, own, others, AT):
            ours, theirs = (leak_at(curves[name], in_what, kind, other, off) for name in (knob, "DNI"))
            share = None if ours is None or theirs is None else ours / theirs
            ratios.setdefault(knob, {})[f"{in_what}, {kind} {off:g} off, on {other}"] = share
    return ratios


def judged(
    knob: str, curves: dict[str, Rows], psnr: dict[str, np.ndarray], photos: Sequence[str], function: str
) -> dict[str, Any]:
    """What is asked of a knob, held against the controls at the same positions.

    Args:
        knob: which one.
        curves: the rows of all.
        psnr: of all, on the function's images: by position and image.
        photos: that the images are of.
        function: which one.
    """
    rows, own = curves[knob], psnr[knob]
    best = [max((psnr[name][place] for name in CONTROLS), key=np.mean) for place in range(len(rows))]
    short = max((most - value for most, value in zip(best, own, strict=True)), key=np.mean)
    towards = 1 if own[-1].mean() >= own[0].mean() else -1
    falls = max((-towards * (later - before) for before, later in itertools.pairwise(own)), key=np.mean)
    return {
        **estimate_mean(short, photos=photos, seed=SEED).columns("short_of_controls"),
        **(estimate_mean(falls, photos=photos, seed=SEED) if falls.mean() > 0 else NOTHING).columns("falls"),
        "off": {name: rows[0][f"off_{name}_{function}"] for name in MEASURES},
        "least_leak_at_most": {
            name: max(value for key, value in rows[0].items() if key.startswith(f"leak_{name}_"))
            <= max(value for key, value in curves["DNI"][0].items() if key.startswith(f"leak_{name}_"))
            for name in MEASURES
        },
        "wrecked": [row["wrecked"] for row in rows if row["wrecked"]],
    }


def middles(
    folder: Path, chosen: slice, degrade: dict[str, Any], downsampling: str, side: int, pair: faig.Pair
) -> list[Case]:
    """The middles of the images that are large enough, by name."""
    inputs = ImagesConfig(gt=folder, degrade=degrade, downsampling=downsampling).degradations()
    made = faig.make_cases(folder, inputs, scale=pair.scale, channels=pair.channels)
    large = [case for case in made if min(case.gt.shape[1:]) >= side * pair.scale]
    return [middle_of(case, side, pair.scale) for case in large[chosen]]


def along(make: Callable[[float], nn.Module], reference: Reference, scale: int) -> list[Measured]:
    """What the network does at each position of a knob."""
    return [measure(make(position), reference, scale) for position in POSITIONS]


def by_images(pair: faig.Pair, function: str, units: Units, strength: float) -> nn.Module:
    """The network with a function turned by output images."""
    return pair.turn({function: units}, {function: strength})


def found_sets(options: argparse.Namespace, pair: faig.Pair) -> tuple[dict[str, Units], dict[str, Any]]:
    """What turns each function: what ships with the pair, or what the method finds; and how that was found."""
    if options.pair and options.method is None:
        sets, metadata = load_learned(zoo.folder(options.pair) / LEARNED)
        names = {kind: turned_by(options.pair, kind) for kind in options.degrade}
        chosen = chosen_by(names, pair.target, baseline=pair.baseline)
        how = {"method": metadata["method"], "passes": metadata["passes"], "found_on": metadata["learned_on"]}
        assert chosen.keys() <= sets.keys()
        return dict(chosen), how
    method = options.method or "strengths"
    cases = middles(
        options.find, slice(options.images[0]), options.degrade, options.downsampling, options.side[0], pair
    )
    found = pair.attribute(cases, method, threads=options.threads)
    side = options.side[0]
    on = f"the middles, {side}x{side} LR pixels, of {len(cases)} images of {options.find.name}"
    how = {"method": method, "passes": found.metadata["passes"], "found_on": on}
    return {kind: found.function(kind) for kind in found.degradations}, how


def levels(text: str) -> dict[str, Any]:
    """``blur=2,noise=0.1`` as a mapping; a level may be a spec."""
    parts = dict(part.split("=", 1) for part in text.split(",") if part)
    return {name: float(level) if level.replace(".", "", 1).isdigit() else level for name, level in parts.items()}


def options_of(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pair", help="of the zoo, in place of two networks")
    parser.add_argument("--target")
    parser.add_argument("--baseline")
    parser.add_argument("--method", help="of faig attribute; else of a pair what ships with it is turned")
    parser.add_argument("--unit", default="filter")
    parser.add_argument("--degrade", type=levels, default=levels("noise=0.06"), help="functions, and what they undo")
    parser.add_argument("--further", type=levels, default={}, help="inputs to measure on too: noise-0.03=noise:0.03")
    parser.add_argument("--downsampling", default="bilinear", help="as the target's training reduced its images")
    parser.add_argument("--find", type=Path, help="GT images to find on")
    parser.add_argument("--measure", type=Path, required=True, help="GT images to measure on")
    parser.add_argument("--images", type=int, nargs=2, default=(12, 16), help="how many of each")
    parser.add_argument("--skip", type=int, default=0, help="of those to measure on, the first by name are passed over")
    parser.add_argument("--side", type=int, nargs=2, default=(64, 48), help="LR pixels of the middle of each")
    parser.add_argument("--small", action="store_true", help="6 images of 32x32 LR to measure on")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Find and measure every function; JSON-able."""
    torch.set_num_threads(options.threads)
    ends = {"target": options.target, "baseline": options.baseline}
    if options.pair:
        ends = {end: f"{options.pair}/{end}" for end in ends}
    pair = faig.Pair(**ends, unit=options.unit)
    to_measure, side = (6, 32) if options.small else (options.images[1], options.side[1])
    chosen = slice(options.skip, options.skip + to_measure)
    further = options.degrade | options.further
    measured_on = middles(options.measure, chosen, further, options.downsampling, side, pair)
    sets, how = found_sets(options, pair)
    reference = measure_reference(pair.target, pair.baseline, pair.scale, measured_on)
    controls = {
        name: along(partial(control, pair.target, pair.baseline), reference, pair.scale)
        for name, control in CONTROLS.items()
    }
    functions = {}
    for function, units in sets.items():
        knobs = {
            "images": along(partial(by_images, pair, function, units), reference, pair.scale),
            "weights": along(partial(pair.modulate, units), reference, pair.scale),
            **controls,
        }
        curves = {
            name: [measured(each, at, reference, function) for each, at in zip(results, POSITIONS, strict=True)]
            for name, results in knobs.items()
        }
        psnr = {name: np.stack([each[function].psnr for each in results]) for name, results in knobs.items()}
        # Other levels of the function's own degradation are no leak.
        others = [kind for kind in measured_on[0].lr if kind == function or kind.split("-")[0] != function]
        cases = [replace(case, lr={kind: case.lr[kind] for kind in others}) for case in measured_on]
        without = measure_reference(pair.target, pair.baseline, pair.scale, cases)
        off = summarise(measure(pair.revert(units), without, pair.scale), without, SEED)
        functions[function] = {
            "off": next(row for row in off if row["input"] == function),
            "knobs": {name: judged(name, curves, psnr, reference.photos, function) for name in knobs},
            "leak_ratio": leak_ratios(curves),
            "curves": curves,
        }
    asked = {name: value.name if isinstance(value, Path) else value for name, value in vars(options).items()}
    return {
        "options": {name: value for name, value in asked.items() if name not in ("threads", "json")},
        **how,
        "measured_on": [case.name for case in measured_on],
        "functions": functions,
    }


def main() -> None:
    """Print what was measured."""
    options = options_of()
    result = run(options)
    if options.json:
        json.dump(result, sys.stdout, indent=1)
        print()
        return
    print(f"{result['method']}: {result['passes']} passes")
    for function, parts in result["functions"].items():
        for name, rows in parts["curves"].items():
            print(function, name, parts["knobs"][name])
            for row in rows:
                print("  ", {key: round(value, 3) if isinstance(value, float) else value for key, value in row.items()})
        for name, shares in parts["leak_ratio"].items():
            for where, share in shares.items():
                print(f"{name}: leak / DNI's, {where}: {'not reached' if share is None else format(share, '.2f')}")


if __name__ == "__main__":
    main()
