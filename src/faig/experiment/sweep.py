"""``faig sweep``: functions turned from off to beyond their usual strength, and what that does to images."""

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.common.progress import Track, silent
from faig.common.statistics import estimate_mean
from faig.experiment.config import SweepConfig
from faig.experiment.networks import load_pair, pair_fingerprint
from faig.experiment.stage import Stage, kept
from faig.filters.strengths import turned
from faig.imaging.cases import Case, photos_of
from faig.imaging.images import Resized, write_image
from faig.imaging.metrics import gradient_map, psnr, single_channel
from faig.intervention.edit import Units, mix
from faig.networks.fingerprint import case_fingerprints, set_fingerprints
from faig.networks.inference import restore
from faig.pair import Pair
from faig.results.table import write_table
from faig.results.tables import MODULATION, STRENGTHS
from faig.zoo.scores import chosen_by

MEASURES = ("psnr", "sharpness", "noise", "step")
Rows = list[dict[str, Any]]


def sweep(config: SweepConfig, out: Path, *, force: bool = False, track: Track = silent) -> Path:
    """Turn functions up and down, or go on where a killed sweep stopped; see `Sweep` and `Stage.run`."""
    return Sweep(config).run(out, force=force, track=track)


class Sweep(Stage):
    """Each function alone, and all together, turned through all strengths.

    Leaves ``modulation.csv``, every output of one image, and the table of what they show.

    Args:
        config: what to turn on what.
        pair: its networks, where they are loaded already.

    Raises:
        InputError: networks, rankings or images do not fit.
    """

    last = MODULATION.name

    def __init__(self, config: SweepConfig, pair: Pair | None = None) -> None:
        self.config, self.pair = config, pair or load_pair(config)
        self.settings = config.model_dump(mode="json")
        self.cases = config.images.cases(self.pair.scale, config.seed, self.pair.channels)
        self.shown = config.picture or self.cases[0].name
        if self.shown not in {case.name for case in self.cases}:
            names = ", ".join(case.name for case in self.cases)
            raise InputError(f"picture {self.shown!r} is not one of the images, {names}", setting="picture")
        self.filters = chosen_by(
            config.filters, self.pair.target, config.top, unit=config.unit, everything=config.everything
        )

    def determined(self) -> dict[str, Any]:
        """Networks, images, filters, strengths."""
        return pair_fingerprint(self.pair, self.config) | {
            "images": case_fingerprints(self.cases),
            "filters": set_fingerprints(self.filters),
            "strengths": self.config.strengths,
            "picture": self.shown,
        }

    def work(self, run: Path, track: Track) -> None:
        """Turn the functions, case by case."""
        strengths = self.config.strengths
        plan = [(functions, case) for functions in sweeps_of(self.filters) for case in self.cases]
        rows: Rows = []
        for functions, case in track(plan, "turning functions", len(plan)):
            chosen = {kind: self.filters[kind] for kind in functions.split("+")}
            pictures = (run / STRENGTHS.name).parent / functions if case.name == self.shown else None
            make = functools.partial(restored_at, self.pair, chosen, case, strengths, pictures)
            rows += [{"functions": functions, **row} for row in kept(run, f"{functions}-{case.name}", make)]
        write_table(run, STRENGTHS, _pictures(self.filters, self.cases[0], strengths))
        write_table(run, MODULATION, list(_summed_up(pd.DataFrame(rows), photos_of(self.cases), self.config.seed)))


def sweeps_of(filters: Mapping[str, Units]) -> list[str]:
    """Each function alone, then all together: ``blur``, ``noise``, ``blur+noise``."""
    return [*filters, *(["+".join(filters)] if len(filters) > 1 else [])]


def restored_at(
    pair: Pair, filters: Mapping[str, Units], case: Case, strengths: list[float], pictures: Path | None
) -> Rows:
    """Restore all inputs of one case at all strengths.

    Args:
        pair: the networks.
        filters: of the functions that are turned together.
        case: to restore.
        strengths: ascending.
        pictures: a folder for the outputs on the case's own degradation.

    Returns:
        By strength and input: ``psnr`` (dB), ``sharpness`` (mean gradient), ``noise`` (σ that wavelets see), ``step``
        (mean absolute difference from the output at the strength before, of 255), and ``whole``, the same between
        strength 0 and 1.
    """
    outputs: dict[float, dict[str, Resized]] = {}
    for strength in strengths:
        network = mix(pair.target, pair.baseline, turned(filters, dict.fromkeys(filters, strength)))
        outputs[strength] = {kind: restore(network, lr) for kind, lr in case.lr.items()}
    if pictures is not None:
        degradation = _own_input(filters, case)
        with new_folder(pictures, force=True) as folder:
            for strength, restored in outputs.items():
                write_image(folder / f"{strength:.2f}.png", restored[degradation])
    rows = []
    for before, strength in zip([None, *strengths], strengths, strict=False):
        for kind, output in outputs[strength].items():
            step = float("nan") if before is None else difference(output, outputs[before][kind])
            rows.append(
                {"image": case.name, "strength": strength, "input": kind}
                | {"psnr": psnr(output, case.gt, border=pair.scale), "step": step}
                | appearance(output)
                | {"whole": difference(outputs[1.0][kind], outputs[0.0][kind])}
            )
    return rows


def _own_input(functions: Iterable[str], case: Case) -> str:
    """The kind of input that functions that are turned together are shown on."""
    functions = list(functions)
    return next(kind for kind in ("+".join(functions), *functions, *case.lr) if kind in case.lr)


def _pictures(filters: Mapping[str, Units], case: Case, strengths: list[float]) -> Rows:
    """Of each picture that `restored_at` leaves, what it shows."""
    return [
        {"functions": functions, "input": _own_input(functions.split("+"), case)}
        | {"strength": strength, "file": f"{functions}/{strength:.2f}.png"}
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


def _summed_up(rows: pd.DataFrame, photos: Mapping[str, str], seed: int) -> Iterator[dict[str, Any]]:
    """Means over images with intervals; a step also as a share of the way from 0 to 1."""
    for (functions, degradation, strength), group in rows.groupby(["functions", "input", "strength"], sort=False):
        row: dict[str, Any] = {"functions": functions, "input": degradation, "strength": strength}
        for name in MEASURES:
            values = np.asarray(group[name], dtype=np.float64)
            known = values if np.isfinite(values).all() else np.full_like(values, np.nan)
            of_photos = [photos[str(image)] for image in group["image"]]
            row |= estimate_mean(known, photos=of_photos, seed=seed).columns(name)
        yield row | {"step_share": float(group["step"].mean() / group["whole"].mean())}
