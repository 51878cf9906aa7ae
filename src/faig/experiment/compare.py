"""``faig compare``: revert and graft the filters that each method finds, and measure what that does."""

from collections.abc import Iterator
from pathlib import Path

import torch

from faig.attribution.gradients import compute_in
from faig.attribution.methods import METHODS
from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.experiment.comparison_tables import INTERVENTIONS, LAST, Key, write_contests, write_tables
from faig.experiment.config import CompareConfig
from faig.experiment.find import FILE_OF_RAW, Finder, check_connected, check_methods, needs, write_rankings
from faig.experiment.networks import load_pair, pair_fingerprint
from faig.filters import FilterSet, Order, rank
from faig.imaging.cases import Case, degradations_of
from faig.intervention.edit import graft, revert
from faig.intervention.measure import Measured, Reference, measure, measure_reference, read_measured, write_measured
from faig.networks.fingerprint import case_fingerprints, fingerprint
from faig.pair import Pair
from faig.results.run_directory import UNITS, run_directory
from faig.zoo.scores import ranking

Rankings = dict[str, list[Order]]  # by degradation, one per seed


def compare(config: CompareConfig, out: Path, *, force: bool = False, track: Track = silent) -> Path:
    """Run a comparison, or go on where a killed one stopped.

    Writes the raw scores, the rankings, ``effects.csv``, ``grafts.csv``, ``areas.csv``,
    ``contests.csv`` and ``summary.csv``.

    Args:
        config: what to compare on what.
        out: the run directory.
        force: replace a directory of another run.
        track: shows progress.

    Returns:
        The run directory.

    Raises:
        InputError: networks, images, methods or the directory do not fit.
    """
    torch.set_num_threads(config.threads)
    pair = load_pair(config)
    cases = config.images.cases(pair.scale, config.seed)
    found_on = config.find.cases(pair.scale, config.seed) if config.find else cases
    return compare_cases(config, pair, cases, found_on, out, force=force, track=track)


def compare_cases(
    config: CompareConfig,
    pair: Pair,
    cases: list[Case],
    found_on: list[Case],
    out: Path,
    *,
    force: bool = False,
    track: Track = silent,
) -> Path:
    """`compare` on cases in memory: filters are found on ``found_on``, effects measured on ``cases``."""
    compute_in(config.precision)
    config.check()
    check_methods([method for method in config.methods if method not in config.filters], found_on)
    if missing := [kind for kind in degradations_of(found_on) if kind not in cases[0].lr]:
        raise InputError(f"filters are found for {missing[0]}, but there is no such input to measure the effect on")
    given = {
        method: {kind: ranking(file, pair.space) for kind, file in files.items()}
        for method, files in config.filters.items()
    }
    if unknown := [kind for kinds in given.values() for kind in kinds if kind not in cases[0].lr]:
        raise InputError(f"--filters are given for {unknown[0]}, but there are no images with that degradation")
    determined = pair_fingerprint(pair, config) | {
        "images": case_fingerprints(cases),
        "find": case_fingerprints(found_on),
        "methods": config.methods,
        "against": config.against,
        "proportions": config.proportions,
        "channel": config.channel,
        "random_seeds": config.random_seeds,
        "save_images": config.save_images,
        "filters": {m: {k: fingerprint([(k, order)]) for k, order in ks.items()} for m, ks in given.items()},
    }
    finder = Finder(out, pair, found_on, config, track)
    finder.check()
    with run_directory(out, config.model_dump(mode="json"), determined, force=force) as run:
        if (run / LAST).exists():
            return out
        rankings = find_rankings(finder, config) | {
            method: {kind: [order] for kind, order in kinds.items()} for method, kinds in given.items()
        }
        reference = measure_reference(
            pair.target,
            pair.baseline,
            pair.scale,
            cases,
            config.channel,
            run / "images" if config.save_images else None,
            track,
        )
        units = dict(measure_all(run, pair, reference, rankings, config, track))
        write_contests(run, reference, units, config.seed)
        write_tables(run, reference, units, config.seed)
    return out


def find_rankings(finder: Finder, config: CompareConfig) -> dict[str, Rankings]:
    """Rankings of every method, by degradation; ``random`` has one per seed, the others have one."""
    methods = [method for method in config.methods if method not in config.filters]
    raws = {raw: finder.raw(raw, score_file(raw)) for raw in needs(methods)}
    check_connected(raws.values())
    rankings: dict[str, Rankings] = {}
    for method in methods:
        seeds = range(config.random_seeds) if method == "random" else range(1)
        raw = raws.get(METHODS[method].raw)
        found = [finder.scores(method, raw, config.seed + seed) for seed in seeds]
        if method != "random":  # its seeds say all
            prefix = "" if method == "faig" else f"{method}-"
            write_rankings(finder, found[0], finder.doubts(method, raw), prefix)
        rankings[method] = {kind: [rank(scores[kind], finder.among) for scores in found] for kind in found[0]}
    return rankings


def score_file(raw: str) -> str:
    """Where a run of several methods keeps raw scores; ``signed`` and the contrastive forms share their file."""
    return "scores.safetensors" if raw == "path" else f"scores-{FILE_OF_RAW[raw]}.safetensors"


def measure_all(
    run: Path,
    pair: Pair,
    reference: Reference,
    rankings: dict[str, Rankings],
    config: CompareConfig,
    track: Track,
) -> Iterator[tuple[Key, list[Measured]]]:
    """Measure every intervention; yields what it is, and one result per seed."""
    plan = [
        (intervention, method, kind, proportion)
        for intervention in INTERVENTIONS
        for method, kinds in rankings.items()
        for kind in kinds
        for proportion in config.proportions
    ]
    folder = run / UNITS / "effects"
    folder.mkdir(exist_ok=True)
    for key in track(plan, "revert and graft", len(plan)):
        intervention, method, kind, proportion = key
        results = []
        for seed, order in enumerate(rankings[method][kind]):
            # What looks at no degradation finds the same filters for each: measure them once.
            blind = method not in config.filters and METHODS[method].rows is None
            name = f"{intervention}-{method}-{'any' if blind else kind}-{proportion:g}-{seed}"
            filters = FilterSet.top(pair.space, order, proportion)
            if len(filters) == len(pair.space):  # all of them, whoever ranked them
                name = f"{intervention}-all"
            file = folder / f"{name}.json"
            if not file.exists():
                if intervention == "reverted":
                    altered = revert(pair.target, pair.baseline, filters)
                else:
                    altered = graft(pair.baseline, pair.target, filters)
                images = run / "images" / name if config.save_images else None
                write_measured(file, measure(altered, reference, pair.scale, config.channel, images))
            results.append(read_measured(file))
        yield key, results
