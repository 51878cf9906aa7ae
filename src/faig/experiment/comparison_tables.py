"""The tables of a comparison: ``effects.csv``, ``grafts.csv`` and ``summary.csv``."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from faig.attribution.methods import PAPER
from faig.attribution.options import TOP
from faig.common.statistics import Estimate, Numbers, estimate_mean, spread_of
from faig.intervention.comparison import Reverted, area_row, differences
from faig.intervention.effect import leak, mean_effect, switched_off
from faig.intervention.equal_terms import Sizes, leads
from faig.intervention.measure import Measured, Reference
from faig.intervention.wreck import described, wrecked
from faig.results.comparison_tables import AREAS, DIFFERENCES, EFFECTS, EQUAL_TERMS, GRAFTS, KNOBS, SUMMARY
from faig.results.table import write_table

INTERVENTIONS = {"reverted": EFFECTS, "grafted": GRAFTS}
Key = tuple[str, str, str, float]  # intervention, method, degradation, proportion


def write_tables(
    run: Path,
    reference: Reference,
    units: dict[Key, list[Measured]],
    seed: int,
    passes: Mapping[str, int],
) -> None:
    """``effects.csv``, ``grafts.csv`` and ``summary.csv``; in the last, what each method cost in passes."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in INTERVENTIONS}
    summary: list[dict[str, Any]] = []
    for (intervention, method, kind, proportion), results in units.items():
        labels = {"method": method, intervention: kind}
        reasons = wrecked(results, reference)
        for degradation in reference.target:
            numbers = effect_row(intervention, degradation, results, reference, seed)
            rows[intervention].append({**labels, "input": degradation, "proportion": proportion, **numbers})
            rows[intervention][-1]["wrecked"] = reasons.get(degradation, "")
        if intervention == "reverted":
            numbers = summary_row(kind, results, reference, seed)
            numbers |= {"passes": passes.get(method, float("nan"))}
            summary.append({**labels, "proportion": proportion, **numbers, "wrecked": described(reasons)})
    for intervention, table in INTERVENTIONS.items():
        write_table(run, table, rows[intervention])
    grafts = {
        (method, kind, proportion): switched_on_row(kind, results, reference, seed)
        for (intervention, method, kind, proportion), results in units.items()
        if intervention == "grafted"
    }
    write_table(run, SUMMARY, [row | grafts[row["method"], row["reverted"], row["proportion"]] for row in summary])


def effect_row(
    intervention: str, degradation: str, results: list[Measured], reference: Reference, seed: int
) -> dict[str, float]:
    """The numbers of one row; where there are several seeds, their mean, with the spread of the effect."""
    ends = ("to_target", "to_baseline") if intervention == "reverted" else ("to_baseline", "to_target")
    main, opposite = (np.mean([getattr(m[degradation], end) for m in results], axis=0) for end in ends)
    target, baseline = (float(values.mean()) for values in reference.psnr[degradation])
    altered = 0 if intervention == "reverted" else 1  # the target, or the baseline
    return mean_effect(main, photos=reference.photos, seed=seed).columns("effect") | {
        f"effect_{ends[1]}": float(opposite.mean()),
        "effect_target_baseline": float(reference.between[degradation].mean()),
        "psnr": float(np.mean([m[degradation].psnr for m in results])),
        "psnr_target": target,
        "psnr_baseline": baseline,
        "ssim": float(np.mean([m[degradation].ssim for m in results])),
        **_gains("psnr", degradation, results, reference.psnr[degradation][altered]),
        **_gains("ssim", degradation, results, reference.ssim[degradation][altered]),
        "effect_spread": spread_of([getattr(m[degradation], ends[0]).mean() for m in results]),
    }


def _gains(name: str, degradation: str, results: list[Measured], before: Numbers) -> dict[str, float]:
    """By how much a measure of quality is more than it was, on average and in the image that loses most."""
    gains: Numbers = np.mean([getattr(m[degradation], name) for m in results], axis=0) - before
    return {f"{name}_gain": float(gains.mean()), f"{name}_gain_worst": float(gains.min())}


def summary_row(kind: str, results: list[Measured], reference: Reference, seed: int) -> dict[str, Any]:
    """Switched off and leak of one altered network by both measures, and what other inputs lose in dB."""
    between, photos = reference.between[kind], reference.photos
    off = [switched_off(m[kind].to_baseline, between, photos=photos, seed=seed) for m in results]
    elsewhere = [{degradation: m[degradation].to_target for degradation in m if degradation != kind} for m in results]
    row = spread("switched_off", off)
    if elsewhere[0]:
        row |= spread("leak", [leak(effects, between, photos=photos, seed=seed) for effects in elsewhere])
    return row | _pixels_row(kind, results, reference, seed)


def switched_on_row(kind: str, results: list[Measured], reference: Reference, seed: int) -> dict[str, float]:
    """Switched on of one graft, in gradient maps and in pixels."""
    photos, whole = reference.photos, reference.between[kind]
    in_pixels = reference.pixels_between[kind]
    on = [switched_off(m[kind].to_target, whole, photos=photos, seed=seed) for m in results]
    on_pixels = [switched_off(m[kind].pixels_to_target, in_pixels, photos=photos, seed=seed) for m in results]
    return spread("switched_on", on) | spread("switched_on_pixels", on_pixels)


def _pixels_row(kind: str, results: list[Measured], reference: Reference, seed: int) -> dict[str, Any]:
    """The same in pixels, and what other inputs lose in dB: what a measure of gray gradients cannot see."""
    between, photos = reference.pixels_between[kind], reference.photos
    off = [switched_off(m[kind].pixels_to_baseline, between, photos=photos, seed=seed) for m in results]
    row: dict[str, Any] = spread("switched_off_pixels", off)
    others = [name for name in results[0] if name != kind]
    if others:
        elsewhere = [{name: m[name].pixels_to_target for name in others} for m in results]
        row |= spread("leak_pixels", [leak(errors, between, photos=photos, seed=seed) for errors in elsewhere])
        gains = {name: np.mean([m[name].psnr for m in results], axis=0) - reference.psnr[name][0] for name in others}
        most = min(gains, key=lambda name: gains[name].mean())
        row |= {
            "loses_most": most,
            "psnr_elsewhere": float(gains[most].mean()),
            "psnr_elsewhere_worst": float(min(values.min() for values in gains.values())),
        }
    return row


def gain(psnr: Numbers, reference: Reference, kind: str, seed: int) -> Estimate:
    """By how many dB a network is better than the baseline, on one kind of input."""
    return estimate_mean(psnr - reference.psnr[kind][1], photos=reference.photos, seed=seed)


def spread(name: str, estimates: list[Estimate]) -> dict[str, float]:
    """The mean over seeds of a number and its interval, and the standard deviation between seeds."""
    means = (float(np.mean([getattr(seed, part) for seed in estimates])) for part in ("value", "low", "high"))
    return Estimate(*means).columns(name) | {f"{name}_spread": spread_of([seed.value for seed in estimates])}


def write_knobs(
    run: Path, reference: Reference, units: Mapping[tuple[str, float], Measured], kinds: Iterable[str], seed: int
) -> None:
    """``knobs.csv``: what controls do that need no attribution.

    Args:
        run: where the table goes.
        reference: what target and baseline do on the measured images.
        units: by knob and position, what was measured there.
        kinds: the functions that numbers are of.
        seed: of the intervals.
    """
    rows = []
    for kind in kinds:
        for (knob, position), measured in units.items():
            row = {"knob": knob, "function": kind, "position": position}
            row |= summary_row(kind, [measured], reference, seed)
            psnr, photos = measured[kind].psnr, reference.photos
            row |= estimate_mean(psnr, photos=photos, seed=seed).columns("psnr")
            row |= estimate_mean(psnr - reference.psnr[kind][0], photos=photos, seed=seed).columns("psnr_gain")
            rows.append(row | {"wrecked": described(wrecked([measured], reference))})
    write_table(run, KNOBS, rows)


def write_comparisons(
    run: Path,
    reference: Reference,
    units: dict[Key, list[Measured]],
    seed: int,
    methods: Iterable[str] = (PAPER,),
    sizes: Mapping[tuple[str, str], Sizes] | None = None,
) -> None:
    """``areas.csv``; ``differences.csv`` where one of the methods is there, ``equal-terms.csv`` where sizes are.

    Nothing where there is only one input.

    Args:
        run: where the tables go.
        reference: what target and baseline do on the measured images.
        units: what was measured there.
        seed: of the resampling.
        methods: those that all others are compared with.
        sizes: by method and function, those at which the method is held against FAIG at equal terms.
    """
    reverted = {
        (method, kind, proportion): Reverted.of(kind, results, reference)
        for (intervention, method, kind, proportion), results in units.items()
        if intervention == "reverted" and len(reference.target) > 1
    }
    curves: dict[tuple[str, str], dict[float, Reverted]] = {}
    for (method, kind, proportion), result in reverted.items():
        curves.setdefault((method, kind), {})[proportion] = result
    areas = [area_row(*key, curve, seed) for key, curve in curves.items()]
    apart = [
        {"method": method, "reverted": kind, "proportion": proportion, "other_method": other}
        | differences(reverted[method, kind, proportion], of_other, seed)
        for method in methods
        for (other, kind, proportion), of_other in reverted.items()
        if other != method and (method, kind, proportion) in reverted
    ]
    at_equal_terms = [
        {"reverted": kind, "method": method, "constraint": constraint, "proportion": size, "chosen_on": chosen.on}
        | leads(
            reverted[PAPER, kind, TOP],
            reverted[method, kind, size] if size else Reverted.nothing(kind, reference),
            seed,
        )
        | {"wrecked": described(wrecked(units["reverted", method, kind, size], reference)) if size else ""}
        for (method, kind), chosen in (sizes or {}).items()
        for constraint, size in chosen.by_constraint.items()
    ]
    for table, rows in ((AREAS, areas), (DIFFERENCES, apart), (EQUAL_TERMS, at_equal_terms)):
        if rows:
            write_table(run, table, rows)
