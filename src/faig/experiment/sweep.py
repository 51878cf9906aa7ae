"""``faig sweep``: functions turned from off to beyond their usual strength, and what that does to images."""

import functools
import json
import operator
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from faig.common.errors import InputError
from faig.common.files import new_folder, replacing
from faig.common.progress import Track, silent
from faig.common.statistics import Estimate, estimate
from faig.experiment.config import SweepConfig
from faig.experiment.networks import load_pair, pair_fingerprint
from faig.filters import FilterSet
from faig.imaging.cases import Case
from faig.imaging.images import Resized, write_image
from faig.imaging.metrics import gradient_map, psnr, single_channel
from faig.intervention.edit import modulate
from faig.networks.fingerprint import case_fingerprints, set_fingerprints
from faig.networks.inference import restore
from faig.pair import Pair
from faig.results.run_directory import UNITS, run_directory
from faig.results.tables import write_table
from faig.zoo.scores import chosen_by

TABLE = "modulation.csv"
PICTURES = "modulation"  # in figures/: a folder for each sweep
MEASURES = ("psnr", "sharpness", "noise", "step")
Rows = list[dict[str, Any]]


def sweep(config: SweepConfig, out: Path, *, force: bool = False, track: Track = silent) -> Path:
    """Turn each function alone, and all together, through all strengths; or go on where a killed sweep stopped.

    Writes ``modulation.csv``, and every output of one image to ``figures/modulation/<functions>/<strength>.png``.

    Args:
        config: what to turn on what.
        out: the run directory.
        force: replace a directory of another run.
        track: shows progress.

    Returns:
        The run directory.

    Raises:
        InputError: networks, rankings, images or the directory do not fit.
    """
    torch.set_num_threads(config.threads)
    pair = load_pair(config)
    cases = config.images.cases(pair.scale, config.seed)
    shown = config.picture or cases[0].name
    if shown not in {case.name for case in cases}:
        raise InputError(f"picture {shown!r} is not one of the images, {', '.join(case.name for case in cases)}")
    filters = chosen_by(config.filters, pair.space, config.top)
    determined = pair_fingerprint(pair, config) | {
        "images": case_fingerprints(cases),
        "filters": set_fingerprints(filters),
        "strengths": config.strengths,
        "picture": shown,
    }
    with run_directory(out, config.model_dump(mode="json"), determined, force=force) as run:
        if (run / TABLE).exists():
            return out
        plan = [(functions, case) for functions in sweeps_of(filters) for case in cases]
        rows: Rows = []
        for functions, case in track(plan, "turn functions", len(plan)):
            file = run / UNITS / f"sweep-{functions}-{case.name}.json"
            if not file.exists():
                chosen = {kind: filters[kind] for kind in functions.split("+")}
                pictures = run / "figures" / PICTURES / functions if case.name == shown else None
                _write(file, turned(pair, chosen, case, config.strengths, pictures))
            rows += [{"functions": functions, **row} for row in json.loads(file.read_text(encoding="utf-8"))]
        write_table(run / TABLE, list(_summed_up(pd.DataFrame(rows), config.seed)))
    return out


def sweeps_of(filters: Mapping[str, FilterSet]) -> list[str]:
    """Each function alone, then all together: ``blur``, ``noise``, ``blur+noise``."""
    return [*filters, *(["+".join(filters)] if len(filters) > 1 else [])]


def turned(
    pair: Pair, filters: Mapping[str, FilterSet], case: Case, strengths: list[float], pictures: Path | None
) -> Rows:
    """All strengths on all inputs of one case.

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
    together = functools.reduce(operator.or_, filters.values())
    for strength in strengths:
        network = modulate(pair.target, pair.baseline, together, strength)
        outputs[strength] = {kind: restore(network, lr) for kind, lr in case.lr.items()}
    if pictures is not None:
        own = next(kind for kind in ("+".join(filters), *filters, *case.lr) if kind in case.lr)
        with new_folder(pictures, force=True) as folder:
            for strength, found in outputs.items():
                write_image(folder / f"{strength:.2f}.png", found[own])
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


def difference(one: Resized, other: Resized) -> float:
    """Mean absolute difference, of 255."""
    return 255 * float((one - other).abs().mean(dtype=torch.float64))


def appearance(output: Resized) -> dict[str, float]:
    """How sharp and how noisy an image looks, without a reference."""
    from skimage.restoration import estimate_sigma  # slow to import

    gray = single_channel(output)
    return {"sharpness": float(gradient_map(gray).mean()), "noise": float(estimate_sigma(gray.numpy()))}


def _write(file: Path, rows: Rows) -> None:
    with replacing(file) as part:
        part.write_text(json.dumps(rows), encoding="utf-8")


def _summed_up(rows: pd.DataFrame, seed: int) -> Iterator[dict[str, Any]]:
    """Means over images with intervals; a step also as a share of the way from 0 to 1."""
    for (functions, given, strength), group in rows.groupby(["functions", "input", "strength"], sort=False):
        row: dict[str, Any] = {"functions": functions, "input": given, "strength": strength}
        for name in MEASURES:
            values = np.asarray(group[name], dtype=np.float64)
            found = estimate(np.mean, values, seed=seed) if np.isfinite(values).all() else Estimate(*[float("nan")] * 3)
            row |= {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}
        yield row | {"step_share": float(group["step"].mean() / group["whole"].mean())}
