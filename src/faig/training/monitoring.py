"""Monitoring of a training run: mean loss, validation PSNR, TensorBoard curves and sample images."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.imaging.images import Image, Resized, list_images, mod_crop, pair, read_image
from faig.imaging.metrics import psnr
from faig.networks.inference import restore
from faig.training.config import ValidationConfig

if TYPE_CHECKING:
    from accelerate import Accelerator
    from torch.utils.tensorboard import SummaryWriter

SAMPLES = 4


class Validation:
    """Mean PSNR in dB (RGB, border = scale) on each kind of input; images are checked at once, read when needed.

    Args:
        config: on which images.
        scale: of the network.
        downsampling: of the training patches, which LR images are made by.

    Raises:
        InputError: a folder lacks an image, or an image is damaged, too small, or not of the size that GT and scale
            ask for.
    """

    def __init__(self, config: ValidationConfig, scale: int, downsampling: str = "bilinear") -> None:
        self.scale, self.every = scale, config.every
        try:
            files = list_images(config.gt)
            self.folders = {kind: list_images(folder) for kind, folder in config.lr.items()}
            pair(files, self.folders)
        except InputError as error:
            raise InputError(f"validation: {error}") from None
        self.made = config.degradations(downsampling)
        self.kinds = list(self.folders or self.made)
        self.files = dict(list(files.items())[: config.images])
        for name, path in self.files.items():
            gt = self._gt(path)
            psnr(gt, gt, border=scale)  # raises where it is too small
            for kind in self.folders:
                lr, lr_path = self._lr(kind, name, gt), self.folders[kind][name]
                if (lr.shape[1] * scale, lr.shape[2] * scale) != gt.shape[1:]:
                    (_, h, w), (_, gh, gw) = lr.shape, gt.shape
                    raise InputError(f"validation: {lr_path}: {w}x{h} is not 1/{scale} of {path}, {gw}x{gh}")

    def __call__(self, network: nn.Module) -> dict[str, float]:
        """PSNR by kind of input."""
        device = next(network.parameters()).device
        total = dict.fromkeys(self.kinds, 0.0)
        for name, path in self.files.items():
            gt = self._gt(path)
            for kind in total:
                restored = restore(network, self._lr(kind, name, gt).to(device))
                total[kind] += psnr(restored, gt, border=self.scale) / len(self.files)
        return total

    def _gt(self, path: Path) -> Image:
        return mod_crop(read_image(path), self.scale)

    def _lr(self, kind: str, name: str, gt: Image) -> Resized:
        return read_image(self.folders[kind][name]) if self.folders else self.made[kind](gt, self.scale, name=name)


class Mean:
    """A running mean that stays on its device until it is read."""

    def __init__(self, device: torch.device) -> None:
        self.sum, self.count = torch.zeros((), device=device), 0

    def add(self, value: Tensor) -> None:
        """Add one value."""
        self.sum += value
        self.count += 1

    def over(self, accelerator: "Accelerator") -> float:
        """The mean, over all processes, whose sums are made equal."""
        self.sum = accelerator.reduce(self.sum, "mean")
        return float(self.sum) / self.count

    def clear(self) -> None:
        """Start the mean again from zero."""
        self.sum, self.count = torch.zeros_like(self.sum), 0

    def state_dict(self) -> dict[str, Any]:
        """The sum and the count, for a checkpoint."""
        return {"sum": float(self.sum), "count": self.count}

    def load(self, state: dict[str, Any]) -> None:
        """Take the sum and the count from a checkpoint."""
        self.sum, self.count = torch.full_like(self.sum, state["sum"]), state["count"]


class Board:
    """TensorBoard curves and sample images of a run; does nothing where it is off.

    Args:
        folder: where the event files go.
        on: whether to write.
        done: iterations done; curves that an earlier, killed process drew beyond are cut off.
    """

    def __init__(self, folder: Path, *, on: bool, done: int) -> None:
        self.writer: SummaryWriter | None = None
        if on:
            from torch.utils import tensorboard

            self.writer = tensorboard.SummaryWriter(folder, purge_step=done + 1)

    def close(self) -> None:
        """Write the pending events, and close the file."""
        if self.writer:
            self.writer.close()

    def curve(self, values: dict[str, float], iteration: int) -> None:
        """Add a point to each curve."""
        for name, value in values.items():
            if self.writer:
                self.writer.add_scalar(name, value, iteration)

    def samples(
        self,
        lr: Float[Tensor, "batch 3 lr_height lr_width"],
        output: Float[Tensor, "batch 3 height width"],
        gt: Float[Tensor, "batch 3 height width"],
        iteration: int,
    ) -> None:
        """Show some patches of a batch: a row each of LR (enlarged by repeating pixels), output, GT."""
        if self.writer:
            scale = gt.shape[-1] // lr.shape[-1]
            rows = [_row(lr.repeat_interleave(scale, -1).repeat_interleave(scale, -2)), _row(output), _row(gt)]
            self.writer.add_image("patches: LR, output, GT", torch.cat(rows, 1), iteration)


def _row(images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "3 height row"]:
    return torch.cat(list(images[:SAMPLES].detach().float().clamp(0, 1).cpu()), 2)
