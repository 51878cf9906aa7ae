"""Batches of training, held against each other."""

import torch

from faig.training.data import Batch


def parts(batch: Batch) -> list[torch.Tensor]:
    return [batch.wide, batch.chosen, batch.levels, *batch.drawn]


def same(first: Batch, second: Batch) -> bool:
    return all(torch.equal(a, b) for a, b in zip(parts(first), parts(second), strict=True))
