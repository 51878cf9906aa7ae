"""Training batches: every one a function of (seed, iteration) alone, so that a resumed run sees the same ones."""

from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from faig.degradation import RADIUS, blur_valid, downsample, reflect
from faig.errors import InputError
from faig.images import list_images, read_image, round8
from faig.training.config import DataConfig, DegradationConfig

GT = Float[Tensor, "batch 3 gt_height gt_width"]
LR = Float[Tensor, "batch 3 lr_height lr_width"]


class Patches:
    """Random GT patches with a margin for the blur kernel, flipped and turned at random.

    Args:
        config: what to cut from where.
        scale: of the network.
        seed: of the run.
    """

    def __init__(self, config: DataConfig, scale: int, seed: int) -> None:
        self.config, self.scale, self.seed = config, scale, seed
        self.files = list(list_images(config.gt).values())
        self.side = config.lr_patch * scale

    def batch(self, iteration: int) -> tuple[GT, LR]:
        """GT and LR of one iteration, in [0, 1].

        Raises:
            InputError: an image cannot be read or is smaller than a patch.
        """
        rng = np.random.default_rng([self.seed, iteration])
        picked = rng.integers(len(self.files), size=self.config.batch)
        wide = torch.stack([self._patch(self.files[i], rng) for i in picked])
        return degrade_batch(wide, self.scale, self.config.degradation, rng)

    def _patch(self, path: Path, rng: np.random.Generator) -> Float[Tensor, "3 wide wide"]:
        image = read_image(path)
        _, height, width = image.shape
        if min(height, width) < self.side:
            raise InputError(f"{path}: {width}x{height} is smaller than a GT patch of {self.side}")
        top, left = rng.integers(height - self.side + 1), rng.integers(width - self.side + 1)
        image = reflect(image, RADIUS)
        wide = self.side + 2 * RADIUS
        patch = image[:, top : top + wide, left : left + wide]
        turns, flip = rng.integers(4), rng.integers(2)
        patch = torch.rot90(patch, int(turns), (1, 2))
        return patch.flip(2) if flip else patch


def degrade_batch(
    wide: Float[Tensor, "batch 3 wide wide"], scale: int, config: DegradationConfig, rng: np.random.Generator
) -> tuple[GT, LR]:
    """Cut the margin off and make the LR patches, each with its own draw of blur and of noise.

    Args:
        wide: GT patches with a margin of ``RADIUS`` on each side.
        scale: of the network.
        config: levels and probabilities; the two draws are independent (the paper: a quarter of the
            patches each is clean, blurry, noisy, both).
        rng: of this iteration.
    """
    gt = wide[..., RADIUS:-RADIUS, RADIUS:-RADIUS]
    count = len(wide)
    blurry = torch.from_numpy(rng.random(count) < config.blur_probability) & (config.blur > 0)
    noisy = torch.from_numpy(rng.random(count) < config.noise_probability) & (config.noise > 0)
    sharp = gt.clone()
    if blurry.any():
        sharp[blurry] = blur_valid(wide[blurry], config.blur)
    lr = downsample(sharp, scale, config.downsampling)
    noise = torch.from_numpy(rng.standard_normal(tuple(lr.shape), dtype=np.float32))
    lr = lr + noise * (config.noise * noisy.to(lr).view(-1, 1, 1, 1))
    return gt, round8(lr)
