"""``faig attribute``: one method, one set of cases, one run directory."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from faig.attribution.gradients import compute_in
from faig.common.distributed import processes_of
from faig.common.progress import Track, silent
from faig.experiment.budget import Stable, rounds, within_budget
from faig.experiment.config import AttributeConfig
from faig.experiment.find import TOP, Finder, check_methods, find_filters, needs
from faig.experiment.networks import load_pair, pair_fingerprint
from faig.imaging.cases import Case
from faig.networks.fingerprint import case_fingerprints
from faig.results.run_directory import run_directory

if TYPE_CHECKING:
    from accelerate import Accelerator

    from faig.common.distributed import Alone


def attribute_run(config: AttributeConfig, out: Path, *, force: bool = False, track: Track = silent) -> Path:
    """Find filters with one method, or go on where a killed run stopped.

    Writes ``scores.safetensors`` (where the method has images), the rankings and the paper's index files. Started by
    ``torchrun``, on one machine or on several with a common folder, each process does its share of the units.

    Args:
        config: what to find on what.
        out: the run directory.
        force: replace a directory of another run.
        track: shows progress.

    Returns:
        The run directory.

    Raises:
        InputError: networks, images or the directory do not fit.
    """
    torch.set_num_threads(config.threads)
    processes = processes_of(config.device)
    compute_in(config.precision)
    pair = load_pair(config)
    cases = config.images.cases(pair.scale, config.seed)
    check_methods([config.method], cases)
    config, cases = within_budget(config, cases)
    determined = pair_fingerprint(pair, config) | {
        "images": case_fingerprints(cases),
        "method": config.method,
        "stable": config.stable if config.budget is not None else None,
        "against": config.against,
    }
    finder = Finder(out, pair, cases, config, track, config.method)
    finder.check()
    if not processes.is_main_process:
        processes.wait_for_everyone()  # until the run directory is open
        _compute(finder, config, cases, processes)
        return out
    with run_directory(out, config.model_dump(mode="json"), determined, force=force):
        processes.wait_for_everyone()
        find_filters(_compute(finder, config, cases, processes), config.method)
    return out


def _compute(finder: Finder, config: AttributeConfig, cases: list[Case], processes: "Accelerator | Alone") -> Finder:
    """Compute units, round by round where there is a budget; returns the finder of those images that were taken.

    Every process sees the same units when a round ends, so all of them stop after the same one.
    """
    stable = Stable(config.stable, TOP)
    for chosen in rounds(config, cases):
        finder = dataclasses.replace(finder, cases=chosen)
        for raw in needs([config.method]):
            finder.compute(raw, processes)
            if len(chosen) < len(cases):
                enough = stable(finder.scores(config.method, finder.gathered(raw), config.seed), len(chosen))
                processes.wait_for_everyone()  # the first one removes the units when all is done
                if enough:
                    return finder
    return finder
