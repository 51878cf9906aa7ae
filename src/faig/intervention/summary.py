"""One altered network in numbers: what it does on every input, with intervals."""

from typing import Any

from faig.common.statistics import Estimate, Photos, estimate_mean
from faig.imaging.cases import CLEAN
from faig.intervention.effect import leak, switched_off
from faig.intervention.measure import Measured, Reference
from faig.intervention.wreck import wrecked

NOTHING = Estimate(float("nan"), float("nan"), float("nan"))  # clean images have no function to switch off


def summarise(measured: Measured, reference: Reference, seed: int = 0) -> list[dict[str, Any]]:
    """What an altered network does, a row for each input.

    Args:
        measured: what the altered network does.
        reference: what target and baseline do on the same images.
        seed: of the intervals.

    Returns:
        Rows of ``input``; ``effect`` (E(F', target)); for a degradation ``switched_off`` (1: its function is gone, as
        in the baseline), ``leak`` (the largest effect on another input, as a share of switching all of this function
        off), and both with ``_pixels``, of squared errors in place of gradient maps; ``psnr`` in dB, ``psnr_gain`` over
        the target's, ``psnr_gain_worst`` of any image, ``psnr_target``, ``psnr_baseline``; ``ssim``, ``ssim_gain``,
        ``ssim_gain_worst``; ``wrecked``: how the network is, empty where it is not (see `wreck.wrecked`). The numbers
        before the worst PSNR have 95% intervals over photos.
    """
    reasons = wrecked([measured], reference)
    return [
        _row(kind, measured, reference, reference.photos, seed) | {"wrecked": reasons.get(kind, "")}
        for kind in measured
    ]


def _row(kind: str, measured: Measured, reference: Reference, photos: Photos, seed: int) -> dict[str, Any]:
    measurement = measured[kind]
    target, baseline = reference.psnr[kind]
    gain = measurement.psnr - target
    effect = estimate_mean(measurement.to_target, photos=photos, seed=seed)
    row: dict[str, Any] = {"input": kind} | effect.columns("effect")
    off = leaked = off_pixels = leaked_pixels = NOTHING
    if kind != CLEAN:
        between = reference.between[kind]
        elsewhere = {name: result.to_target for name, result in measured.items() if name != kind}
        off = switched_off(measurement.to_baseline, between, photos=photos, seed=seed)
        leaked = leak(elsewhere, between, photos=photos, seed=seed) if elsewhere else NOTHING
        apart = reference.pixels_between[kind]
        errors = {name: result.pixels_to_target for name, result in measured.items() if name != kind}
        off_pixels = switched_off(measurement.pixels_to_baseline, apart, photos=photos, seed=seed)
        leaked_pixels = leak(errors, apart, photos=photos, seed=seed) if errors else NOTHING
    row |= off.columns("switched_off") | leaked.columns("leak")
    row |= off_pixels.columns("switched_off_pixels") | leaked_pixels.columns("leak_pixels")
    row |= estimate_mean(measurement.psnr, photos=photos, seed=seed).columns("psnr")
    row |= estimate_mean(gain, photos=photos, seed=seed).columns("psnr_gain")
    return row | {
        "psnr_gain_worst": float(gain.min()),
        "psnr_target": float(target.mean()),
        "psnr_baseline": float(baseline.mean()),
        "ssim": float(measurement.ssim.mean()),
        "ssim_gain": float((measurement.ssim - reference.ssim[kind][0]).mean()),
        "ssim_gain_worst": float((measurement.ssim - reference.ssim[kind][0]).min()),
    }
