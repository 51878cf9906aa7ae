"""One pass: forward and backward through a network, for one image or for several at once."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakSet

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.attribution.integration.objectives import Objective
from faig.common.distributed import tf32
from faig.common.errors import InputError, lacks_memory
from faig.networks.calls import gradients, run
from faig.networks.tiling import Grid, Tile

logger = logging.getLogger("faig")

Images = Float[Tensor, "image channel height width"]
Enlarged = Float[Tensor, "image channel _ _"]
Numbers = Float[Tensor, " image"]

PRECISIONS = ("float32", "tf32", "bf16")

_ONE_BY_ONE: WeakSet[nn.Module] = WeakSet()  # networks that did not take several images at once


@contextmanager
def precision_of(precision: str) -> Iterator[None]:
    """Let a GPU round the factors of float32 products to TF32, or keep it from that, until the block ends.

    `LossGradients` itself sees to bf16.
    """
    with tf32(precision == "tf32"):
        yield


@dataclass(frozen=True)
class LossGradients:
    """An objective of a network's output, and its gradient by weight.

    Attributes:
        network: at its present weights, which the caller moves.
        weights: the ones to differentiate by, by name.
        objective: what is differentiated; a sum over pixels, where there are tiles.
        scale: GT size / LR size.
        precision: one of `PRECISIONS`; see `precision_of`.
    """

    network: nn.Module
    weights: dict[str, Tensor]
    objective: Objective
    scale: int
    precision: str = "float32"

    def values(self, lr: Images, gt: Enlarged, grid: Grid) -> Numbers:
        """The objective of each image; float64 on the CPU."""
        total = torch.zeros(len(lr), dtype=torch.float64)
        with torch.no_grad(), self._casting(lr):
            for tile in grid:
                outputs = self._outputs(run(self.network, tile.lr(lr)), tile)
                parts = [self.objective(*pair) for pair in zip(outputs, tile.gt(gt, self.scale), strict=True)]
                total += torch.stack(parts).cpu().double()
        return total

    def gradients(self, lr: Images, gt: Enlarged, tile: Tile) -> tuple[Numbers, list[Tensor]]:
        """The objective of each image on a tile, and its gradients ``[image, ...]`` in the order of the weights.

        Several images run together, and their gradients are kept apart without a loop over images, where the network
        allows that; else one by one.
        """
        lr, gt = tile.lr(lr), tile.gt(gt, self.scale)
        if len(lr) == 1 or self.network in _ONE_BY_ONE:
            return self._one_by_one(lr, gt, tile)
        try:
            return self._together(lr, gt, tile)
        except Exception as error:  # of many kinds; what is wrong with the network itself comes up again one by one
            if lacks_memory(error):
                raise
            found = self._one_by_one(lr, gt, tile)
            _ONE_BY_ONE.add(self.network)
            reason = " ".join(str(error).split())
            logger.info("images go through the network one by one, for it does not take several at once: %s", reason)
            return found

    def _one_by_one(self, lr: Images, gt: Enlarged, tile: Tile) -> tuple[Numbers, list[Tensor]]:
        weights = list(self.weights.values())
        values, by_image = [], []
        for one, its_gt in zip(lr.split(1), gt, strict=True):
            with self._casting(lr):
                value = self.objective(self._outputs(run(self.network, one), tile)[0], its_gt)
            found = zip(gradients(value, weights), weights, strict=True)
            by_image.append([torch.zeros_like(weight) if part is None else part for part, weight in found])
            values.append(value.detach())
        if len(lr) == 1:  # in the memory order that they have
            return values[0][None], [part[None] for part in by_image[0]]
        return torch.stack(values), [torch.stack(parts) for parts in zip(*by_image, strict=True)]

    def _together(self, lr: Images, gt: Enlarged, tile: Tile) -> tuple[Numbers, list[Tensor]]:
        def image_value(weights: dict[str, Tensor], lr: Tensor, gt: Tensor) -> Tensor:
            output = run(lambda image: torch.func.functional_call(self.network, weights, (image,)), lr[None])
            return self.objective(self._outputs(output, tile)[0], gt)

        weights = {name: weight.detach() for name, weight in self.weights.items()}
        of_each_image = torch.func.vmap(torch.func.grad_and_value(image_value), in_dims=(None, 0, 0))
        with self._casting(lr):
            found, values = of_each_image(weights, lr, gt)
        return values, [found[name] for name in self.weights]

    def _outputs(self, outputs: Tensor, tile: Tile) -> Tensor:
        top, bottom, left, right = tile.framed
        expected = (self.scale * (bottom - top), self.scale * (right - left))
        if outputs.shape[-2:] != expected:
            (h, w), (eh, ew) = outputs.shape[-2:], expected
            raise InputError(f"the network gives {w}x{h}, but the GT is {ew}x{eh}")
        cropped = tile.output(outputs, self.scale)
        return cropped.float() if self.precision == "bf16" else cropped

    def _casting(self, lr: Tensor) -> torch.autocast:
        return torch.autocast(lr.device.type, torch.bfloat16, enabled=self.precision == "bf16")
