"""The attribution engine against the paper's published loop: cost at equal accuracy, memory, growth, processes.

Runs from a clone alone, on photos that ship with scikit-image, or on ``--images``. Ratios mean something within one
run only: both sides are timed by turns on the same machine.

    python benchmarks/attribution.py --json attribution.json
    python benchmarks/attribution.py --device cuda --crops 64 --side 64
    python benchmarks/attribution.py --full --json numbers.json && python scripts/growth.py numbers.json
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from alone import alone, growth
from torch import nn

from faig import zoo
from faig.attribution.combine import contrast
from faig.attribution.files.score_files import load_scores
from faig.attribution.integration.accumulate import ComputeOptions, samples_of
from faig.attribution.integration.gradients import precision_of
from faig.attribution.integration.integral import along_path
from faig.attribution.integration.path import WeightPath
from faig.attribution.integration.quadrature import gauss_legendre, riemann_left
from faig.filters import FilterSpace, Scores
from faig.imaging.cases import Case, degrade_case
from faig.imaging.degradation import paper_preset
from faig.imaging.photos import photograph
from faig.networks.architectures import build
from faig.networks.checkpoint import network_metadata
from faig.networks.tiling import best_grid, reach
from study import KINDS, Study, converged, overlap, relative, seconds_of, take

PAPER = riemann_left(100)
PARTS = ("cost", "memory", "processes")


def main(
    pair: Annotated[str, typer.Option(help="Of the zoo.")] = "srresnet-x2",
    images: Annotated[Path | None, typer.Option(help="GT images, in place of the packaged photos.")] = None,
    crops: Annotated[int, typer.Option(help="How many.")] = 16,
    side: Annotated[int, typer.Option(help="LR pixels of a crop.")] = 24,
    device: str = "cpu",
    precision: str = "float32",
    threads: int = 2,
    part: Annotated[list[str] | None, typer.Option(help=f"Only these: {', '.join(PARTS)}. Repeat.")] = None,
    full: Annotated[bool, typer.Option(help="A 4K image and growth too.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all numbers there.")] = None,
) -> None:
    """Print ratios; with --json write them too."""
    torch.set_num_threads(threads)
    chosen = part or PARTS
    told: dict[str, Any] = {"pair": pair, "crops": crops, "side": side, "device": device, "threads": threads}
    with tempfile.TemporaryDirectory() as folder:
        study = Study(pair, take(images, crops, 2 * side), Path(folder), device, precision, threads)
        parts: dict[str, Callable[[], dict[str, Any]]] = {
            "cost": lambda: cost(study),
            "memory": lambda: memory(pair, threads, full),
            "processes": lambda: two_processes(study),
        }
        wanted = [parts[name] for name in chosen if device == "cpu" or name == "cost"]
        wanted += [lambda: accelerator(study)] if device != "cpu" else []
        wanted += [lambda: growth(pair, threads)] if full else []
        for measure in wanted:
            with precision_of(precision):
                numbers = measure()
            told |= numbers
            for key, value in numbers.items():
                print(f"{key}: {value:.4g}" if isinstance(value, float) else f"{key}: {value}", flush=True)
    if json_file:
        json_file.write_text(json.dumps(told, indent=1))


def cost(study: Study) -> dict[str, Any]:
    """Engine and published loop by turns; both against a converged integral."""
    engine_seconds, bare_seconds, paper_seconds, rows = [], [], [], []
    study.run("warm", nodes=3)
    for turn, case in enumerate(study.cases):
        if turn % max(1, len(study.cases) // 5) == 0:
            found, seconds = study.run(f"engine{turn}")
            engine_seconds.append(seconds)
            bare_seconds.append(bare(study, study.config().nodes))
        start = time.perf_counter()
        rankings = [published(study, case, kind) for kind in KINDS]
        paper_seconds.append(time.perf_counter() - start)
        rows.append(rankings[0])
    truth = truth_of(study)
    paper = torch.stack(rows).mean(0)
    engine = contrast(found, KINDS[0]).mean(0)
    overlaps = {name: overlap(scores, truth) for name, scores in (("engine", engine), ("paper", paper))}
    seconds = statistics.median(engine_seconds)
    return {
        "rule": f"{study.config().quadrature} {study.config().nodes}",
        "paper_seconds": sum(paper_seconds),
        "engine_seconds": seconds,
        "speedup": sum(paper_seconds) / seconds,
        "overhead": statistics.median(e / b for e, b in zip(engine_seconds, bare_seconds, strict=True)),
        "relative_error_engine": relative(engine, truth),
        "relative_error_paper": relative(paper, truth),
        "overlap_engine": overlaps["engine"],
        "overlap_paper": overlaps["paper"],
        "overlap_margin": overlaps["engine"] - overlaps["paper"],
        "convergence_delta": found.delta(),
    } | within_tolerance(study, truth)


def within_tolerance(study: Study, truth: Scores, tolerance: float = 0.99) -> dict[str, Any]:
    """Does ``--tolerance 99%`` hold, and what does it take?"""
    found, seconds = study.run("tolerance", tolerance=tolerance)
    nodes = [int(row.isfinite().sum()) - 2 for row in found.losses[KINDS[0]]]
    return {
        "tolerance": tolerance,
        "tolerance_overlap": overlap(contrast(found, KINDS[0]).mean(0), truth),
        "tolerance_nodes": {str(count): nodes.count(count) for count in sorted(set(nodes))},
        "tolerance_seconds": seconds,
    }


def published(study: Study, case: Case, own: str) -> Scores:
    """One image's discriminative score for one ranking, as the published scripts go about it.

    At each of 100 left nodes a new network is built and given the interpolated weights; both degradations run through
    it; each gradient is taken to numpy and summed up there. The ranking of the other degradation is found anew.
    """
    start, end = (network.state_dict() for network in (study.target, study.baseline))
    total = {kind: {key: np.zeros(tuple(weight.shape), np.float32) for key, weight in start.items()} for kind in KINDS}
    other = next(kind for kind in KINDS if kind != own)
    case = case.to(study.device)
    told = network_metadata(zoo.find(f"{study.pair}/target"))
    name, arguments = told["architecture"], told["arguments"]
    for alpha in PAPER.nodes:
        network = build(name, **arguments).to(study.device)
        network.load_state_dict({key: start[key] + alpha * (end[key] - start[key]) for key in start})
        for kind in (own, other):
            network.zero_grad()
            (network(case.lr[kind][None])[0] - case.gt).square().sum().backward()
            for key, weight in network.named_parameters():
                total[kind][key] += weight.grad.cpu().numpy()
    difference = {key: (end[key] - start[key]).cpu().numpy() for key in start}
    score = {
        kind: study.space.sum_per_unit(
            {key: torch.from_numpy(np.abs(total[kind][key] / len(PAPER) * difference[key])) for key in start}
        )
        for kind in KINDS
    }
    return score[own] - score[other]


def bare(study: Study, nodes: int) -> float:
    """Seconds of the forward and backward passes that so many nodes need, and of the losses at the ends; no more.

    As many at a time as the engine has threads, each by one thread, on weights in the order that is fastest.
    """

    def passes(case: Case) -> None:
        path = paths.pop()
        case = case.to(study.device)
        weights = list(path.parameters.values())
        for kind in KINDS:
            lr = case.lr[kind][None]
            with torch.no_grad():
                for _ in (0, 1):
                    (path.network(lr)[0] - case.gt).square().sum().item()
            for _ in range(nodes):
                torch.autograd.grad((path.network(lr)[0] - case.gt).square().sum(), weights)
        paths.append(path)

    workers = study.threads if study.device == "cpu" else 1
    paths = [WeightPath(study.target, study.baseline) for _ in range(workers)]
    start = time.perf_counter()
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(study.threads // workers,)) as pool:
        list(pool.map(passes, study.cases))
    torch.set_num_threads(study.threads)
    return time.perf_counter() - start


def truth_of(study: Study) -> Scores:
    """The discriminative score by a converged integral."""
    path, rule = WeightPath(study.target, study.baseline), converged()
    rows = []
    for case in study.cases:
        parts = along_path(path, study.space, rule, samples_of(case))
        score = {sample.kind: part.score for sample, part in zip(samples_of(case), parts, strict=True)}
        rows.append(score[KINDS[0]] - score[KINDS[1]])
    return torch.stack(rows).mean(0)


def two_processes(study: Study) -> dict[str, Any]:
    """Two processes with one thread each against one with two; start-up apart."""
    config = study.folder / "config.yaml"
    config.write_text(json.dumps(study.config(threads=1).model_dump(mode="json")))
    one_alone, together = [], []
    for turn in range(3):
        one, seconds = study.run(f"one{turn}")
        one_alone.append(seconds)
        out = study.folder / f"two{turn}"
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
        subprocess.run(
            [*torchrun, "-m", "faig", "run", str(config), "--out", str(out)], check=True, capture_output=True
        )
        together.append(seconds_of(out))
    two = load_scores(out / "scores.safetensors")[0]
    return {
        "two_process_speedup": statistics.median(one_alone) / statistics.median(together),
        "two_process_difference": max(
            relative(two.score[kind].flatten(), one.score[kind].flatten()) for kind in one.score
        ),
    }


def memory(pair: str, threads: int, full: bool) -> dict[str, Any]:
    """A large image by tiles, in a process of its own, against a small one; and tiles against the whole."""
    small, large = (alone(pair, threads, *size) for size in ((256, 256), (2040, 1356)))
    told = {
        "peak_rss_gb_2k": large["peak_rss_gb"],
        "tiles_2k": large["tiles"],
        "time_per_pixel_ratio_2k": large["seconds_per_pixel"] / small["seconds_per_pixel"],
        "tiled_difference": tiled_difference(pair),
    }
    if full:
        largest = alone(pair, threads, 3840, 2160)
        told |= {
            "peak_rss_gb_4k": largest["peak_rss_gb"],
            "tiles_4k": largest["tiles"],
            "time_per_pixel_ratio_4k": largest["seconds_per_pixel"] / small["seconds_per_pixel"],
        }
    return told


def tiled_difference(pair: str) -> float:
    """Relative difference between the scores of an image by four tiles and as a whole."""
    target, baseline = (zoo.load(f"{pair}/{name}") for name in ("target", "baseline"))
    path, space = WeightPath(target, baseline), FilterSpace.of(target)
    case = degrade_case("photo", photograph("astronaut")[:, 100:300, 100:320], {"blur": paper_preset()["blur"]}, 2)
    seen = reach(path.network, 2)
    assert seen is not None
    grid = best_grid(100, 110, seen, 100 * 95)
    assert grid is not None
    assert len(grid) > 1
    whole, tiled = (
        along_path(path, space, gauss_legendre(3), samples_of(case), compute)[0].score
        for compute in (ComputeOptions(), ComputeOptions(grid))
    )
    return relative(tiled, whole)


def accelerator(study: Study) -> dict[str, Any]:
    """What share of the card's measured matrix rate the engine reaches, and what lower precisions do to the ranking."""
    size, rounds = 8192, 10
    dtype = torch.bfloat16 if study.precision == "bf16" else torch.float32
    a = torch.rand(size, size, device=study.device, dtype=dtype)
    (a @ a).sum().item()
    start = time.perf_counter()
    for _ in range(rounds):
        b = a @ a
    b.sum().item()
    rate = rounds * 2 * size**3 / (time.perf_counter() - start)
    exact, _ = study.run("float32", precision="float32")
    truth = contrast(exact, KINDS[0]).mean(0)
    agreement = {
        f"overlap_{precision}": overlap(contrast(study.run(precision, precision=precision)[0], KINDS[0]).mean(0), truth)
        for precision in ("tf32", "bf16")
    }
    _, seconds = study.run("timed")
    network, image = study.target, study.cases[0].lr[KINDS[0]]
    passes = study.config().nodes + 2 / 3  # the losses at the ends are forward only
    work = 3 * forward_flops(network, image[None].to(study.device)) * passes * len(KINDS) * len(study.cases)
    return {"matrix_rate": rate, "share_of_matrix_rate": work / seconds / rate} | agreement


def forward_flops(network: nn.Module, lr: torch.Tensor) -> int:
    """Counted by torch."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(lr)
    return counter.get_total_flops()


if __name__ == "__main__":
    typer.run(main)
