"""Looking at a run while it goes on: mean loss, validation PSNR, TensorBoard curves and sample images."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.degradation import Degradation
from faig.errors import InputError
from faig.images import list_images, mod_crop, pair, read_image
from faig.restoration import psnr, restore
from faig.training.config import ValidationConfig

if TYPE_CHECKING:
    from accelerate import Accelerator
    from torch.utils.tensorboard import SummaryWriter

SAMPLES = 4


def validate(network: nn.Module, config: ValidationConfig, scale: int) -> dict[str, float]:
    """Mean PSNR in dB (RGB, border = scale), on each kind of input.

    Raises:
        InputError: an LR folder lacks an image, or an image is not of the size that GT and scale ask for.
    """
    device = next(network.parameters()).device
    files = list_images(config.gt)
    folders = {kind: list_images(folder) for kind, folder in config.lr.items()}
    pair(files, folders)
    made = {
        "clean": Degradation(),
        "blur": Degradation(blur=config.blur),
        "noise": Degradation(noise=config.noise),
    }
    chosen = list(files.items())[: config.images]
    total = dict.fromkeys(folders or made, 0.0)
    for name, path in chosen:
        gt = mod_crop(read_image(path), scale)
        for kind in total:
            lr = read_image(folders[kind][name]) if folders else made[kind](gt, scale, name=name)
            restored = restore(network, lr.to(device))
            if restored.shape != gt.shape:
                place = folders[kind][name] if folders else path
                raise InputError(
                    f"{place}: {lr.shape[2]}x{lr.shape[1]} is not 1/{scale} of {path}, {gt.shape[2]}x{gt.shape[1]}"
                )
            total[kind] += psnr(restored, gt, border=scale) / len(chosen)
    return total


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
        """Start again."""
        self.sum, self.count = torch.zeros_like(self.sum), 0

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"sum": float(self.sum), "count": self.count}

    def load(self, state: dict[str, Any]) -> None:
        """From a checkpoint."""
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

            self.writer = tensorboard.SummaryWriter(folder, purge_step=done)

    def close(self) -> None:
        """Write out what waits."""
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
