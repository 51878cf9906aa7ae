"""Training speed: `faig train` against the bare forward, backward and step of the same network, in one run.

Run: python benchmarks/training.py ../shared/data/BSD400 [--device cuda --precision bfloat16 --compile]
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch.nn import functional

from faig.networks.architectures import build
from faig.training.config import TrainingConfig
from faig.training.data import Patches, degrade_batch
from faig.training.loop import LAYOUT, Report, train

Seconds = list[float]


def wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def bare(config: TrainingConfig, device: str) -> Callable[[], None]:
    """A step on one batch that never changes: nothing but network, loss and Adam."""
    network = build(config.network.architecture, **config.network.arguments).to(device).to(memory_format=LAYOUT)
    running = torch.compile(network, mode="reduce-overhead") if config.optimizer.compile else network
    adam = torch.optim.Adam(network.parameters(), lr=1e-4, fused=True)
    batch = Patches(config.data, 2, 0).batch(0).to(torch.device(device))
    gt, lr = degrade_batch(batch, 2, config.data.degradation)
    lr, narrow = lr.contiguous(memory_format=LAYOUT), config.optimizer.precision == "bfloat16"

    def step() -> None:
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=narrow):
            output = running(lr)
        functional.l1_loss(output.float(), gt).backward()
        adam.step()
        adam.zero_grad(set_to_none=True)

    return step


def by_turns(config: TrainingConfig, device: str) -> tuple[Seconds, Seconds]:
    """Seconds of each step of `train`, and of each bare one; they take turns, for a machine's speed changes.

    All images are read before the first step: ``strict`` does that. The first steps, which warm up, do not count.
    """
    ours, alone, step, every = [], [], bare(config, device), config.report_every
    resumed = time.perf_counter()

    def note(report: Report) -> None:  # noqa: ARG001
        nonlocal resumed
        wait(device)
        paused = time.perf_counter()
        for _ in range(every):
            step()
        wait(device)
        ours.append((paused - resumed) / every)
        alone.append((time.perf_counter() - paused) / every)
        resumed = time.perf_counter()

    train(config, note, device=device, strict=True)
    return ours[len(ours) // 5 :], alone[len(alone) // 5 :]


def pipeline(config: TrainingConfig, steps: int) -> Seconds:
    """Seconds of each batch: read, cut and drawn; degraded where the network is, so not counted here."""
    patches, taken = Patches(config.data, 2, 0), []
    for iteration in range(steps):
        before = time.perf_counter()
        patches.batch(iteration)
        taken.append(time.perf_counter() - before)
    return taken


def main(
    gt: Annotated[Path, typer.Argument(help="Training images: a folder or an LMDB.")],
    device: str = "cpu",
    precision: str = "float32",
    compile: bool = False,
    batch: int = 8,
    lr_patch: int = 24,
    steps: Annotated[int, typer.Option(help="Of each, by turns.")] = 60,
    threads: int = 2,
) -> None:
    """Print iterations/s of both, and of the data pipeline alone."""
    torch.set_num_threads(threads)
    print(f"device {device}, {precision}, batch {batch}, LR patch {lr_patch}, medians of {steps} steps by turns")
    for architecture in ("srresnet", "srcnn-style"):
        with tempfile.TemporaryDirectory() as out:
            settings = {
                "name": "benchmark",
                "network": {"architecture": architecture, "arguments": {"scale": 2}},
                "data": {"gt": gt, "batch": batch, "lr_patch": lr_patch, "degradation": {"blur": 2, "noise": 0.1}},
                "optimizer": {"iterations": steps, "precision": precision, "compile": compile},
                "report_every": 1 if device == "cpu" else 10,
                "checkpoint_every": 10**9,
                "out": out,
            }
            config = TrainingConfig.model_validate(settings)
            ours, alone = (statistics.median(seconds) for seconds in by_turns(config, device))
        supply = 1 / statistics.mean(pipeline(config, 4 * steps))
        print(
            f"{architecture}: {1 / ours:.2f} it/s, {alone / ours:.0%} of bare forward + backward + step; "
            f"pipeline alone {supply:.0f} batches/s, {supply * ours:.0f} x what the network needs",
            flush=True,
        )


if __name__ == "__main__":
    typer.run(main)
