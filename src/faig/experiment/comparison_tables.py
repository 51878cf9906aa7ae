"""The tables of a comparison: ``effects.csv``, ``grafts.csv`` and ``summary.csv``."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from faig.common.files import replacing
from faig.intervention.effect import Estimate, estimate, leak, mean_effect, switched_off
from faig.intervention.measure import Measured, Numbers, Reference

INTERVENTIONS = {"reverted": "effects.csv", "grafted": "grafts.csv"}
LAST = "summary.csv"  # written last: where it stands, the run is finished
Key = tuple[str, str, str, float]  # intervention, method, degradation, proportion


def write_tables(
    run: Path,
    reference: Reference,
    units: dict[Key, list[Measured]],
    seed: int,
) -> None:
    """``effects.csv``, ``grafts.csv`` and ``summary.csv``."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in INTERVENTIONS}
    summary: list[dict[str, Any]] = []
    for (intervention, method, kind, proportion), results in units.items():
        place = {"method": method, intervention: kind}
        for given in reference.target:
            numbers = effect_row(intervention, given, results, reference, seed)
            rows[intervention].append({**place, "input": given, "proportion": proportion, **numbers})
        if intervention == "reverted":
            summary.append({**place, "proportion": proportion, **summary_row(kind, results, reference, seed)})
    for intervention, name in INTERVENTIONS.items():
        write_table(run / name, rows[intervention])
    grafts = {
        (method, kind, proportion): spread(
            "switched_on",
            [switched_off(m[kind].to_target, reference.between[kind], seed) for m in results],
        )
        for (intervention, method, kind, proportion), results in units.items()
        if intervention == "grafted"
    }
    write_table(
        run / LAST,
        [row | grafts[row["method"], row["reverted"], row["proportion"]] for row in summary],
    )


def effect_row(
    intervention: str, given: str, results: list[Measured], reference: Reference, seed: int
) -> dict[str, float]:
    """The numbers of one row; where there are several seeds, their mean, with the spread of the effect."""
    ends = ("to_target", "to_baseline") if intervention == "reverted" else ("to_baseline", "to_target")
    main, other = (np.mean([getattr(m[given], end) for m in results], axis=0) for end in ends)
    found = mean_effect(main, seed)
    target, baseline = (float(values.mean()) for values in reference.psnr[given])
    return {
        "effect": found.value,
        "effect_low": found.low,
        "effect_high": found.high,
        f"effect_{ends[1]}": float(other.mean()),
        "effect_target_baseline": float(reference.between[given].mean()),
        "psnr": float(np.mean([m[given].psnr for m in results])),
        "psnr_target": target,
        "psnr_baseline": baseline,
        "ssim": float(np.mean([m[given].ssim for m in results])),
        "effect_spread": _std([getattr(m[given], ends[0]).mean() for m in results]),
    }


def summary_row(kind: str, results: list[Measured], reference: Reference, seed: int) -> dict[str, float]:
    """Switched off and leak of one reverted set."""
    whole = reference.between[kind]
    off = [switched_off(m[kind].to_baseline, whole, seed) for m in results]
    elsewhere = [{given: m[given].to_target for given in m if given != kind} for m in results]
    row = spread("switched_off", off)
    if elsewhere[0]:
        row |= spread("leak", [leak(others, whole, seed) for others in elsewhere])
    return row


def gain(psnr: Numbers, reference: Reference, kind: str, seed: int) -> Estimate:
    """By how many dB a network is better than the baseline, on one kind of input."""
    return estimate(np.mean, psnr - reference.psnr[kind][1], seed=seed)


def spread(name: str, found: list[Estimate]) -> dict[str, float]:
    """The mean over seeds of a number and its interval, and the standard deviation between seeds."""
    return {
        name: float(np.mean([e.value for e in found])),
        f"{name}_low": float(np.mean([e.low for e in found])),
        f"{name}_high": float(np.mean([e.high for e in found])),
        f"{name}_spread": _std([e.value for e in found]),
    }


def _std(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def write_table(path: Path, rows: list[dict[str, Any]] | pd.DataFrame) -> None:
    """A CSV, whole or not at all; what does not apply is left empty."""
    with replacing(path) as part:
        pd.DataFrame(rows).to_csv(part, index=False, float_format="%.9g", lineterminator="\n")
