"""Are these the right filters? Every method against cases where the answer is known.

    python benchmarks/truth.py                # all shipped small pairs; writes docs/results/truth.md and its pictures
    python benchmarks/truth.py --small --out /tmp/truth --docs /tmp/docs

Runs on photos that ship with scikit-image and on benchmarks/pairs. Finished pieces stay in ``runs/truth``, so that a
killed run goes on where it stopped.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import torch
import typer
from pieces import PAIRS, SEEDS, kept, shipped
from truth_parts import KINDS, SMALL, Sizes, Small
from truth_report import write_report

from faig.truth import specific


def main(
    small: Annotated[bool, typer.Option(help="Seconds, to see that it works; its numbers mean nothing.")] = False,
    out: Annotated[Path, typer.Option(help="Where finished pieces stay.")] = Path("runs/truth"),
    docs: Annotated[Path, typer.Option(help="Where results/truth.md and its pictures go.")] = Path("docs"),
    processes: Annotated[int, typer.Option(help="Each does one pair at a time, by one thread.")] = 2,
) -> None:
    """Compute what is missing, then write the page."""
    torch.set_num_threads(1)
    sizes = SMALL if small else Sizes()
    studied = [(pair, seed) for seed in SEEDS for pair in PAIRS if shipped(pair, seed, "target").is_file()]
    studied = studied[:1] if small else studied
    start = time.perf_counter()
    if processes > 1 and not small:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            list(pool.map(study, *zip(*studied, strict=True), [sizes] * len(studied), [out] * len(studied)))
    else:
        for pair, seed in studied:
            study(pair, seed, sizes, out)
    write_report(out, docs, studied, sizes)
    print(f"{docs / 'results' / 'truth.md'}: {(time.perf_counter() - start) / 60:.1f} minutes")


def study(pair: str, seed: int, sizes: Sizes, out: Path) -> None:
    """Everything about one pair that is not there yet."""
    torch.set_num_threads(1)
    folder = out / f"{pair}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    one = Small(pair, seed, sizes)
    jobs = {"alone.safetensors": one.brute, "decoys.json": one.decoying}
    jobs |= {f"coalition-{k}.safetensors": lambda file, k=k: one.coalition(k, file) for k in range(sizes.pairs)}
    jobs |= {f"greedy-{kind}.safetensors": lambda file, kind=kind: greedy_of(one, kind, file) for kind in KINDS}
    jobs["planted.json"] = lambda file: one.planting(file, out / "photos")
    for name, job in jobs.items():
        if not (folder / name).exists():
            start = time.perf_counter()
            job(folder / name)
            print(f"{folder / name}: {time.perf_counter() - start:.0f} s", flush=True)


def greedy_of(one: Small, kind: str, file: Path) -> None:
    """Greedy reverting among the filters that do most alone."""
    found = kept(file.with_name("alone.safetensors"))
    change = {given.removeprefix("loss/"): rows[None] for given, rows in found.items() if given.startswith("loss/")}
    one.greedily(kind, specific(change, kind), file)


if __name__ == "__main__":
    typer.run(main)
