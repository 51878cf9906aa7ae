"""Processes to kill, and some that work together: forked from one that has imported what is slow to import, once."""

import multiprocessing
import os
import socket
import sys
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["faig.experiment.attribute", "faig.training.loop", "accelerate", "torch._dynamo"])


def started(function: Callable, *arguments: Any, **place: object) -> BaseProcess:
    """A process that calls the function, on one thread; ``place`` is what it finds in its environment besides."""
    # pytest's names of test modules, tests.x.test_y, are known to no other process where this folder is not on its path
    assert not function.__module__.startswith("tests."), f"{function.__name__} belongs in a module that can be imported"
    process = FORKED.Process(
        target=_call, args=(function, arguments, {key: str(value) for key, value in place.items()})
    )
    process.start()
    return process


def _call(function: Callable, arguments: tuple, place: dict[str, str]) -> None:
    import torch

    os.environ |= place
    torch.set_num_threads(1)
    function(*arguments)


def together(count: int, function: Callable, *arguments: Any) -> list[int | None]:
    """Exit codes of so many processes that call the function, each in the place that ``torchrun`` would give it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    processes = [started(function, *arguments, RANK=rank, LOCAL_RANK=rank, **place) for rank in range(count)]
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def command(folder: Path, *arguments: object) -> None:
    """``faig`` with these arguments, what it prints in files ``stdout-<rank>`` and ``stderr-<rank>`` of the folder."""
    from faig.cli import main

    rank = os.environ["RANK"]
    sys.argv = ["faig", *map(str, arguments)]
    with (folder / f"stdout-{rank}").open("w") as sys.stdout, (folder / f"stderr-{rank}").open("w") as sys.stderr:
        main()
