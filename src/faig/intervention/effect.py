"""Effect: how much an intervention changes what a network does, and how sure that is.

The paper's metric compares gradient maps of 8-bit outputs. A large effect can also mean a wrecked image, so two
ratios stand beside it (ours): switched off, and leak.
"""

from collections.abc import Mapping

import numpy as np
import torch

from faig.common.statistics import Estimate, Numbers, Photos, estimate, estimate_mean
from faig.imaging.images import Image
from faig.imaging.metrics import gradient_map, single_channel


def effect(altered: Image, original: Image, channel: str = "gray") -> float:
    """``1000 × mean (G(F') - G(F))²`` of one image; 0 where the outputs are equal.

    Args:
        altered: output F' of the altered network, as `inference.restore` gives it (8-bit values in [0, 1]).
        original: output F, of the same shape.
        channel: ``gray`` (default) or ``blue``.
    """
    maps = [gradient_map(single_channel(image, channel)) for image in (altered, original)]
    return 1000 * float((maps[0] - maps[1]).square().mean(dtype=torch.float64))


def mean_effect(effects: Numbers, *, photos: Photos | None = None, seed: int = 0) -> Estimate:
    """Mean over images; ``photos`` says of which photo each is, where some are crops."""
    return estimate_mean(effects, photos=photos, seed=seed)


def switched_off(to_baseline: Numbers, total: Numbers, *, photos: Photos | None = None, seed: int = 0) -> Estimate:
    """``1 - E(F', baseline) / E(target, baseline)`` on one degradation: 1 is exactly what the baseline does.

    For a graft, give ``E(F', target)`` as the first: that is **switched on**.

    Args:
        to_baseline: ``E(F', baseline)`` per image.
        total: ``E(target, baseline)`` per image.
        photos: of which photo each image is; None where every image is a photo of its own.
        seed: of the bootstrap.
    """
    return estimate(lambda left, mean_total: 1 - left / mean_total, to_baseline, total, photos=photos, seed=seed)


def leak(elsewhere: Mapping[str, Numbers], total: Numbers, *, photos: Photos | None = None, seed: int = 0) -> Estimate:
    """The largest ``E(F', target)`` over the other inputs, divided by ``E(target, baseline)`` on the own one.

    Args:
        elsewhere: ``E(F', target)`` per image, by input: the other degradations and clean.
        total: ``E(target, baseline)`` per image on the degradation whose filters were altered.
        photos: of which photo each image is; None where every image is a photo of its own.
        seed: of the bootstrap.
    """
    return estimate(
        lambda *means: np.maximum.reduce(means[:-1]) / means[-1], *elsewhere.values(), total, photos=photos, seed=seed
    )
