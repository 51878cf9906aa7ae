"""The device and the processes that work together."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import torch

from faig.common.errors import InputError

if TYPE_CHECKING:
    from accelerate import Accelerator

PATIENCE = timedelta(hours=24)  # of processes that wait for the others


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    """Let a GPU round the factors of float32 products to TF32, or keep it from that, until the block ends."""
    convolutions, products = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, products.allow_tf32
    try:
        convolutions.allow_tf32 = products.allow_tf32 = allowed
        yield
    finally:
        convolutions.allow_tf32, products.allow_tf32 = before


def join_processes(device: str) -> "Accelerator":
    """This process's place among those that ``torchrun`` started, or alone.

    Args:
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; under ``torchrun`` each process takes a GPU of its own.
    """
    from accelerate import Accelerator, InitProcessGroupKwargs

    wanted = torch.device(device)
    if wanted.type == "cuda" and wanted.index is not None:
        torch.cuda.set_device(wanted)  # accelerate takes the current one
    return Accelerator(cpu=wanted.type == "cpu", kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)])


@runtime_checkable
class Processes(Protocol):
    """This process's place among those that work together; accelerate's `Accelerator` is one."""

    @property
    def num_processes(self) -> int:
        """How many there are."""

    @property
    def process_index(self) -> int:
        """Which this is, from 0."""

    @property
    def is_main_process(self) -> bool:
        """Whether this is the one that writes."""

    def wait_for_everyone(self) -> None:
        """Go on when all have come so far."""


class Alone:
    """Stands for the processes where there is only this one; `join_processes` is slow to import."""

    num_processes = 1
    process_index = 0
    is_main_process = True

    def wait_for_everyone(self) -> None:
        """There is nobody to wait for."""


ALONE = Alone()


def processes_of(device: str) -> Processes:
    """This process's place, where ``torchrun`` started several; needs the extra ``faig[train]`` then."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return ALONE
    threads = torch.get_num_threads()
    accelerator = join_processes(device)
    torch.set_num_threads(threads)
    return accelerator


def share_of_batch(batch: int, accelerator: "Accelerator") -> slice:
    """The part of each batch that this process takes.

    Raises:
        InputError: the batch does not divide among the processes.
    """
    size, left = divmod(batch, accelerator.num_processes)
    if left:
        raise InputError(f"data.batch: {batch} does not divide among {accelerator.num_processes} processes")
    return slice(accelerator.process_index * size, (accelerator.process_index + 1) * size)


def memory_of(device: torch.device) -> float:
    """Bytes of memory that a device has altogether; infinity where nobody can tell."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[1]
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if device.type == "cpu" else math.inf
    except (AttributeError, ValueError, OSError):  # not every system has it
        return math.inf


def any_process(accelerator: "Accelerator", mine: bool) -> bool:
    """Whether any process says so: all must stop together."""
    if accelerator.num_processes == 1:
        return mine
    return bool(accelerator.reduce(torch.tensor(float(mine), device=accelerator.device), "sum") > 0)
