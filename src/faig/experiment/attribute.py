"""``faig attribute``: one method, one set of cases, one run directory."""

from pathlib import Path

import torch

from faig.experiment.config import AttributeConfig
from faig.experiment.find import Finder, Pair, check_methods, find_filters
from faig.experiment.rundir import run_directory
from faig.fingerprint import case_fingerprints
from faig.progress import Track, silent


def attribute_run(config: AttributeConfig, out: Path, *, force: bool = False, track: Track = silent) -> Path:
    """Find filters with one method, or go on where a killed run stopped.

    Writes ``scores.safetensors`` (where the method has images), the rankings and the paper's index files.

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
    pair = Pair.load(config)
    cases = config.images.cases(pair.scale, config.seed)
    check_methods([config.method], cases)
    determined = pair.fingerprint(config) | {"images": case_fingerprints(cases), "method": config.method}
    with run_directory(out, config.model_dump(mode="json"), determined, force=force) as run:
        find_filters(Finder(run, pair, cases, config, track), config.method)
    return out
