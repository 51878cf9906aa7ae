"""Training speed: `faig train` against the bare forward, backward and step of the same network, in one run.

Run: python benchmarks/training.py ../shared/data/BSD400 [--device cuda --precision bfloat16 --compile]
"""

import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch.nn import functional

from faig.networks import ARCHITECTURES, build
from faig.training.config import TrainingConfig
from faig.training.data import Patches, degrade_batch
from faig.training.loop import LAYOUT, Report, train

Seconds = list[float]


def wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def bare(config: TrainingConfig, device: str, steps: int) -> Seconds:
    """Seconds of each step on one batch that never changes: nothing but network, loss and Adam."""
    network = build(config.network.architecture, **config.network.arguments).to(device).to(memory_format=LAYOUT)
    running = torch.compile(network, mode="reduce-overhead") if config.optimizer.compile else network
    adam = torch.optim.Adam(network.parameters(), lr=1e-4)
    batch = Patches(config.data, 2, 0).batch(0).to(torch.device(device))
    gt, lr = degrade_batch(batch, 2, config.data.degradation)
    lr, narrow = lr.contiguous(memory_format=LAYOUT), config.optimizer.precision == "bfloat16"
    taken = []
    for _ in range(steps):
        before = time.perf_counter()
        with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=narrow):
            output = running(lr)
        adam.zero_grad(set_to_none=True)
        functional.l1_loss(output.float(), gt).backward()
        adam.step()
        wait(device)
        taken.append(time.perf_counter() - before)
    return taken[steps // 2 :]


def whole(config: TrainingConfig, device: str, steps: int) -> Seconds:
    """Seconds of each step of `train`, by its reports; of the second half, for images are read in the first."""
    times = [time.perf_counter()]

    def note(report: Report) -> None:  # noqa: ARG001
        times.append(time.perf_counter())

    train(config, note, device=device)
    every = config.report_every
    return [(after - before) / every for before, after in itertools.pairwise(times)][steps // 2 // every :]


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
    steps: int = 120,
    rounds: int = 3,
    threads: int = 2,
) -> None:
    """Print iterations/s of both, and of the data pipeline alone."""
    torch.set_num_threads(threads)
    print(f"device {device}, {precision}, batch {batch}, LR patch {lr_patch}, medians of {rounds} alternating rounds")
    for architecture in ARCHITECTURES:
        ratios, speeds = [], []
        for _ in range(rounds):  # by turns, for the machine may slow down on the way
            with tempfile.TemporaryDirectory() as out:
                config = TrainingConfig.model_validate(
                    {
                        "name": "benchmark",
                        "network": {"architecture": architecture, "arguments": {"scale": 2}},
                        "data": {
                            "gt": gt,
                            "batch": batch,
                            "lr_patch": lr_patch,
                            "degradation": {"blur": 2, "noise": 0.1},
                        },
                        "optimizer": {"iterations": steps, "precision": precision, "compile": compile},
                        "report_every": 1 if device == "cpu" else 10,
                        "checkpoint_every": 10**9,
                        "out": out,
                    }
                )
                alone = statistics.median(bare(config, device, steps))
                ours = statistics.median(whole(config, device, steps))
            ratios.append(alone / ours)
            speeds.append(1 / ours)
        supply = 1 / statistics.mean(pipeline(config, 4 * steps))
        speed = statistics.median(speeds)
        print(
            f"{architecture}: {speed:.2f} it/s, {statistics.median(ratios):.0%} of bare forward + backward + step; "
            f"pipeline alone {supply:.0f} batches/s, {supply / speed:.0f} x what the network needs"
        )


if __name__ == "__main__":
    typer.run(main)
