"""Whether an altered network is wrecked (ours): what it makes of images is no longer what either end makes of them.

A wrecked network can score well on one number: all that it does is far from the target, so every function is "off".
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from torch import nn

from faig.imaging.cases import make_cases
from faig.imaging.degradation import Degradation
from faig.imaging.photos import busiest_crops, photograph
from faig.intervention.measure import Measured, Reference, measure, measure_reference
from faig.networks.inference import channels_of

ALLOWED = 0.5  # dB under the worse of the two ends
DIFFERS = 0.1  # inputs on which the ends differ less than this share of the most are held to PSNR alone
PROBES = ("astronaut", "coffee")  # packaged photos
SIDE = 32  # LR pixels of a crop of each
LEVELS = {"blur": 2.0, "noise": 0.1}


def wrecked(results: Sequence[Measured], reference: Reference) -> dict[str, str]:
    """On which inputs an altered network is wrecked, and how; empty where on none.

    It is where its output is farther from both ends than they are from each other (mean effects over images; inputs on
    which the ends hardly differ left out), or where its mean PSNR is more than 0.5 dB under the worse end's.

    Args:
        results: what it does; of several seeds, whose numbers are averaged.
        reference: what target and baseline do on the same images.
    """
    apart = {kind: float(values.mean()) for kind, values in reference.between.items()}
    reasons: dict[str, str] = {}
    for kind, between in apart.items():
        to_target, to_baseline, psnr = (
            float(np.mean([getattr(result[kind], name) for result in results]))
            for name in ("to_target", "to_baseline", "psnr")
        )
        worse = min(float(values.mean()) for values in reference.psnr[kind])
        under = 0.0 if psnr == worse else worse - psnr  # equal to the GT, both are infinite
        nearest = min(to_target, to_baseline)
        texts = []
        if not math.isfinite(nearest):
            texts.append("what it gives is no image")
        elif between > DIFFERS * max(apart.values()) and nearest > between:
            texts.append(f"{nearest / between:.1f} times as far from both ends as they are from each other")
        if under > ALLOWED:
            texts.append(f"PSNR {under:.1f} dB under the worse end's")
        if texts:
            reasons[kind] = ", ".join(texts)
    return reasons


def described(reasons: dict[str, str]) -> str:
    """`wrecked` in a line; empty where nothing is."""
    return "; ".join(f"on {kind} {reason}" for kind, reason in reasons.items())


def wrecked_on_photos(
    network: nn.Module,
    target: nn.Module,
    baseline: nn.Module,
    scale: int,
    inputs: Mapping[str, Degradation] | None = None,
) -> str:
    """Whether an altered network is wrecked on crops of packaged photos; see `described`, and what was tried.

    Args:
        network: the altered one.
        target: and
        baseline: its ends.
        scale: of all three.
        inputs: what is done to the photos, by name; clean, blurry and noisy ones where it does not say.
    """
    crops = {name: busiest_crops(name, photograph(name), SIDE * scale, 1)[0].image for name in PROBES}
    cases = make_cases(crops, inputs or LEVELS, scale, channels=channels_of(target))
    reference = measure_reference(target, baseline, scale, cases)
    reasons = described(wrecked([measure(network, reference, scale)], reference))
    tried = ", ".join(cases[0].lr)
    return f"{reasons} (tried on crops of packaged photos: {tried})" if reasons else ""
