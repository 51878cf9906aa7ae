"""The device and the processes that work together."""

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import torch

from faig.common.errors import InputError

if TYPE_CHECKING:
    from accelerate import Accelerator

PATIENCE = timedelta(hours=24)  # of processes that wait for the others


def join_processes(device: str, *, exact: bool) -> "Accelerator":
    """This process's place among those that ``torchrun`` started, or alone.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; under ``torchrun`` each process takes a GPU of its own.
        exact: keep a GPU from computing float32 products in TF32.
    """
    from accelerate import Accelerator, InitProcessGroupKwargs

    place = torch.device(device)
    if place.type == "cuda" and place.index is not None:
        torch.cuda.set_device(place)  # accelerate takes the current one
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = not exact
    return Accelerator(cpu=place.type == "cpu", kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)])


class Alone:
    """Stands for the processes where there is only this one; `join_processes` is slow to import."""

    num_processes = 1
    process_index = 0
    is_main_process = True

    def wait_for_everyone(self) -> None:
        """There is nobody to wait for."""


def processes_of(device: str) -> "Accelerator | Alone":
    """This process's place, where ``torchrun`` started several; needs the extra ``faig[train]`` then."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Alone()
    threads = torch.get_num_threads()
    accelerator = join_processes(device, exact=False)
    torch.set_num_threads(threads)
    return accelerator


def is_first() -> bool:
    """Whether this process is the one that speaks for all."""
    return os.environ.get("RANK", "0") == "0"


def share_of_batch(batch: int, accelerator: "Accelerator") -> slice:
    """The part of each batch that this process takes.

    Raises:
        InputError: the batch does not divide among the processes.
    """
    size, left = divmod(batch, accelerator.num_processes)
    if left:
        raise InputError(f"data.batch: {batch} does not divide among {accelerator.num_processes} processes")
    return slice(accelerator.process_index * size, (accelerator.process_index + 1) * size)


def any_process(accelerator: "Accelerator", mine: bool) -> bool:
    """Whether any process says so: all must stop together."""
    if accelerator.num_processes == 1:
        return mine
    return bool(accelerator.reduce(torch.tensor(float(mine), device=accelerator.device), "sum") > 0)
