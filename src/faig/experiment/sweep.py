"""``faig sweep``: functions turned from off to beyond their usual strength, and what that does to images."""

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.common.progress import Track, silent
from faig.common.statistics import estimate_mean
from faig.experiment.config import SweepConfig
from faig.experiment.networks import configured_pair, pair_fingerprint
from faig.experiment.stage import Stage, kept
from faig.imaging.cases import Case
from faig.imaging.images import Resized, write_image
from faig.imaging.metrics import gradient_map, single_channel
from faig.intervention.edit import Units
from faig.intervention.knob import CONTROLS
from faig.intervention.measure import Measurement, Reference, compared, measure_reference
from faig.intervention.wreck import wrecked
from faig.networks.fingerprint import case_fingerprints, set_fingerprints
from faig.networks.inference import restore
from faig.pair import Pair
from faig.results.table import write_table
from faig.results.tables import MODULATION, STRENGTHS
from faig.zoo.scores import chosen_by

MEASURES = ("psnr", "sharpness", "noise", "step")
MEASURED = [field.name for field in fields(Measurement)]
Rows = list[dict[str, Any]]
Draw = Callable[[Path], None]


@dataclass(frozen=True)
class Way:
    """A way to turn functions.

    Attributes:
        name: what is turned, one of `knob.WAYS`; or the name of a control, of `knob.CONTROLS`.
        functions: that are turned, joined by ``+``; empty for a control, which turns all that the target learned.
        at: makes the network at a strength: 0 is off, 1 the target.
    """

    name: str
    functions: str
    at: Callable[[float], nn.Module]


def sweep(
    config: SweepConfig, out: Path, *, force: bool = False, track: Track = silent, draw: Draw = lambda run: None
) -> Path:
    """Turn functions up and down, or go on where a killed sweep stopped; see `Sweep` and `Stage.run`."""
    return Sweep(config, draw=draw).run(out, force=force, track=track)


class Sweep(Stage):
    """Each function alone, and all together, turned through all strengths; and beside them DNI and blend.

    Leaves ``modulation.csv``, every output of one image, and the table of what they show.

    Args:
        config: what to turn on what.
        pair: its networks, where they are loaded already.
        draw: adds pictures to the run directory, each time.

    Raises:
        InputError: networks, rankings or images do not fit.
    """

    last = MODULATION.name

    def __init__(self, config: SweepConfig, pair: Pair | None = None, draw: Draw = lambda run: None) -> None:
        self.config, self.pair, self._draw = config, pair or configured_pair(config), draw
        self.settings = config.model_dump(mode="json")
        self.cases = config.images.cases(self.pair.scale, config.seed, self.pair.channels)
        for case in self.cases:
            case.check_comparable(self.pair.scale)
        self.shown = config.picture or self.cases[0].name
        if self.shown not in {case.name for case in self.cases}:
            names = ", ".join(case.name for case in self.cases)
            raise InputError(f"picture {self.shown!r} is not one of the images, {names}", setting="picture")
        numbering: dict[str, Any] = {"unit": config.unit, "everything": config.everything}
        self.filters = chosen_by(config.filters, self.pair.target, config.top, baseline=self.pair.baseline, **numbering)

    def determined(self) -> dict[str, Any]:
        """Networks, images, filters, strengths."""
        return pair_fingerprint(self.pair, self.config) | {
            "images": case_fingerprints(self.cases),
            "filters": set_fingerprints(self.filters),
            "strengths": self.config.strengths,
            "way": self.config.way,
            "picture": self.shown,
        }

    def draw(self, run: Path) -> None:
        """As the caller wants it."""
        self._draw(run)

    def work(self, run: Path, track: Track) -> None:
        """Turn the functions, case by case."""
        pair, strengths = self.pair, self.config.strengths
        reference = measure_reference(pair.target, pair.baseline, pair.scale, self.cases, track=track)
        ways = ways_of(pair, self.filters, self.config.way)
        plan = [(way, place) for way in ways for place in range(len(self.cases))]
        rows: Rows = []
        for way, place in track(plan, "turning functions", len(plan)):
            case, ends = self.cases[place], reference.of_case(place)
            pictures = None
            if way.functions and case.name == self.shown:
                pictures = Pictures((run / STRENGTHS.name).parent / way.functions, _own_input(way.functions, case))
            make = functools.partial(restored_at, way, ends, pair.scale, strengths, pictures)
            unit = f"{way.functions or 'control ' + way.name}-{case.name}"  # no function's name has a space
            rows += [{"functions": way.functions, "way": way.name, **row} for row in kept(run, unit, make)]
        write_table(run, STRENGTHS, _pictures(self.filters, self.cases[0], strengths))
        write_table(run, MODULATION, list(_summed_up(pd.DataFrame(rows), reference, self.config.seed)))


def ways_of(pair: Pair, filters: Mapping[str, Units], way: str) -> list[Way]:
    """Each function alone, then all together; then the controls, DNI and blend."""

    def network(functions: str, strength: float) -> nn.Module:
        chosen = {kind: filters[kind] for kind in functions.split("+")}
        return pair.turn(chosen, dict.fromkeys(chosen, strength), way)

    turned = [Way(way, functions, functools.partial(network, functions)) for functions in sweeps_of(filters)]
    ends = (pair.target, pair.baseline)
    return [*turned, *(Way(name, "", functools.partial(control, *ends)) for name, control in CONTROLS.items())]


def sweeps_of(filters: Iterable[str]) -> list[str]:
    """Each function alone, then all together: ``blur``, ``noise``, ``blur+noise``."""
    names = [*filters]
    return [*names, *(["+".join(names)] if len(names) > 1 else [])]


@dataclass(frozen=True)
class Pictures:
    """Outputs to be kept: the folder, and on which input they are."""

    folder: Path
    input: str


def restored_at(way: Way, ends: Reference, scale: int, strengths: list[float], pictures: Pictures | None) -> Rows:
    """Restore all inputs of one case at all strengths.

    Args:
        way: what is turned.
        ends: what target and baseline make of the case.
        scale: of the networks.
        strengths: ascending, 0 and 1 among them.
        pictures: the outputs to be kept.

    Returns:
        By strength and input: what `Measurement` has (PSNR in dB, ...), ``sharpness`` (mean gradient), ``noise`` (σ
        that wavelets see), ``step`` (mean absolute difference from the output at the strength before, of 255), and
        ``whole``, the same between strength 0 and 1.
    """
    case = ends.cases[0]
    outputs: dict[float, dict[str, Resized]] = {}
    for strength in strengths:
        network = way.at(strength)
        outputs[strength] = {kind: restore(network, lr) for kind, lr in case.lr.items()}
    if pictures is not None:
        with new_folder(pictures.folder, force=True) as folder:
            for strength, restored in outputs.items():
                write_image(folder / picture_name(strength, strengths), restored[pictures.input])
    rows = []
    for before, strength in zip([None, *strengths], strengths, strict=False):
        for kind, output in outputs[strength].items():
            step = float("nan") if before is None else difference(output, outputs[before][kind])
            measured = compared(kind, [output], ends, scale)
            rows.append(
                {"strength": strength, "input": kind, "step": step}
                | {name: float(getattr(measured, name)[0]) for name in MEASURED}
                | appearance(output)
                | {"whole": difference(outputs[1.0][kind], outputs[0.0][kind])}
            )
    return rows


def _own_input(functions: str, case: Case) -> str:
    """The kind of input that functions that are turned together are shown on."""
    return next(kind for kind in (functions, *functions.split("+"), *case.lr) if kind in case.lr)


def picture_name(strength: float, strengths: Sequence[float]) -> str:
    """The file of the picture at a strength, in the order of the strengths: with two decimals, more for near ones."""
    decimals = (d for d in range(2, 16) if len({f"{each:.{d}f}" for each in strengths}) == len(strengths))
    return f"{strength:.{next(decimals, 16)}f}.png"


def _pictures(filters: Mapping[str, Units], case: Case, strengths: list[float]) -> Rows:
    """Of each picture that `restored_at` leaves, what it shows."""
    return [
        {"functions": functions, "input": _own_input(functions, case)}
        | {"strength": strength, "file": f"{functions}/{picture_name(strength, strengths)}"}
        for functions in sweeps_of(filters)
        for strength in strengths
    ]


def difference(first: Resized, second: Resized) -> float:
    """Mean absolute difference of two images, of 255."""
    return 255 * float((first - second).abs().mean(dtype=torch.float64))


def appearance(output: Resized) -> dict[str, float]:
    """How sharp and how noisy an image looks, without a reference."""
    from skimage.restoration import estimate_sigma  # slow to import

    gray = single_channel(output)
    return {"sharpness": float(gradient_map(gray).mean()), "noise": float(estimate_sigma(gray.numpy()))}


def _summed_up(rows: pd.DataFrame, reference: Reference, seed: int) -> Iterator[dict[str, Any]]:
    """Means over images with intervals; a step also as a share of the way from 0 to 1; and where it is wrecked."""
    for (functions, way, strength), at_strength in rows.groupby(["functions", "way", "strength"], sort=False):
        by_input = {str(kind): group for kind, group in at_strength.groupby("input", sort=False)}
        measured = {
            kind: Measurement(**{name: group[name].to_numpy(dtype=np.float64) for name in MEASURED})
            for kind, group in by_input.items()
        }
        reasons = wrecked([measured], reference)
        for kind, group in by_input.items():
            row: dict[str, Any] = {"functions": functions, "way": way, "input": kind, "strength": strength}
            for name in MEASURES:
                values = np.asarray(group[name], dtype=np.float64)
                known = values if np.isfinite(values).all() else np.full_like(values, np.nan)
                row |= estimate_mean(known, photos=reference.photos, seed=seed).columns(name)
            whole = float(group["whole"].mean())  # 0 where a function changes nothing
            share = float(group["step"].mean()) / whole if whole else math.nan
            yield row | {"step_share": share, "wrecked": reasons.get(kind, "")}
