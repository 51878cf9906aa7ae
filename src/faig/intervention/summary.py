"""One altered network in numbers: what it does on every input, with intervals."""

from typing import Any

import numpy as np

from faig.common.statistics import Numbers, Photos, estimate, estimate_mean
from faig.imaging.cases import CLEAN
from faig.intervention.measure import Measured, Reference


def summarise(measured: Measured, reference: Reference, seed: int = 0) -> list[dict[str, Any]]:
    """What an altered network does, a row for each input.

    Args:
        measured: of the altered network.
        reference: of target and baseline, on the same images.
        seed: of the intervals.

    Returns:
        Rows of ``input``; ``effect`` (E(F', target)); for a degradation ``switched_off`` (1: its function is gone, as in
        the baseline) and ``leak`` (the largest effect on another input, as a share of what switching all of this
        function off would do); ``psnr`` in dB, ``psnr_gain`` over the target's, ``psnr_gain_worst`` of any image,
        ``psnr_target``, ``psnr_baseline``, ``ssim``. All but the worst, the two ends' PSNR and SSIM have 95% intervals
        over photos.
    """
    photos = [case.photo for case in reference.cases]
    return [_row(kind, measured, reference, photos, seed) for kind in measured]


def _row(kind: str, measured: Measured, reference: Reference, photos: Photos, seed: int) -> dict[str, Any]:
    own = measured[kind]
    target, baseline = reference.psnr[kind]
    gain = own.psnr - target
    row: dict[str, Any] = {"input": kind} | estimate_mean(own.to_target, photos=photos, seed=seed).columns("effect")
    if kind != CLEAN:
        whole = reference.between[kind]
        others = [measured[other].to_target for other in measured if other != kind]
        row |= estimate(_switched_off, own.to_baseline, whole, photos=photos, seed=seed).columns("switched_off")
        if others:
            row |= estimate(_leak, whole, *others, photos=photos, seed=seed).columns("leak")
    row |= estimate_mean(own.psnr, photos=photos, seed=seed).columns("psnr")
    row |= estimate_mean(gain, photos=photos, seed=seed).columns("psnr_gain")
    return row | {
        "psnr_gain_worst": float(gain.min()),
        "psnr_target": float(target.mean()),
        "psnr_baseline": float(baseline.mean()),
        "ssim": float(own.ssim.mean()),
    }


def _switched_off(to_baseline: Numbers, whole: Numbers) -> Numbers:
    return 1 - to_baseline / whole


def _leak(whole: Numbers, *others: Numbers) -> Numbers:
    largest: Numbers = np.maximum.reduce(others)
    return largest / whole
