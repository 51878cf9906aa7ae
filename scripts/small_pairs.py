"""Train the small pairs of docs/results/truth.md again: both architectures, several seeds.

    python scripts/small_pairs.py

Reads configs/train/truth and writes ``benchmarks/pairs/<pair>-<seed>-<role>.safetensors``, in float16, each with the
record of its training. A pair takes about five minutes on one core; a killed run goes on where it stopped.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer

from faig.networks.checkpoint import network_metadata, save_network
from faig.networks.weight_files import read_weights
from faig.training.config import read_config
from faig.training.loop import RESULT, Report, train

REPOSITORY = Path(__file__).parents[1]
CONFIGS = REPOSITORY / "configs" / "train" / "truth"
SHIPPED = REPOSITORY / "benchmarks" / "pairs"
PAIRS = ("srresnet-x2-small", "srcnn-style-x2-small")
SEEDS = (1, 2, 3)
ROLES = ("baseline", "target")


def shipped(pair: str, seed: int, role: str) -> Path:
    """The file of one network."""
    return SHIPPED / f"{pair}-{seed}-{role}.safetensors"


def main(
    pair: Annotated[list[str] | None, typer.Option(help="Which; all where none is named.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Which; all where none is named.")] = None,
    threads: int = 1,
) -> None:
    """Train them one after the other."""
    torch.set_num_threads(threads)
    for number in seed or SEEDS:
        for name in pair or PAIRS:
            start = None
            for role in ROLES:
                config, _ = read_config(CONFIGS / f"{name}-{role}.yaml")
                out = config.out.with_name(f"{config.out.name}-{number}")
                network = config.network.model_copy(update={"start": start})
                config = config.model_copy(update={"seed": number, "out": out, "network": network})
                result = out / RESULT
                if not result.is_file():
                    train(config, report)
                start = str(result)
                weights = {key: value.half() for key, value in read_weights(result)[0].items()}
                save_network(shipped(name, number, role), weights, network_metadata(result))
                print(shipped(name, number, role), flush=True)


def report(progress: Report) -> None:
    """PSNR, where it was measured."""
    if progress.psnr:
        psnr = {kind: round(value, 2) for kind, value in progress.psnr.items()}
        print(progress.iteration, f"{progress.speed:.1f} it/s", psnr, flush=True)


if __name__ == "__main__":
    typer.run(main)
