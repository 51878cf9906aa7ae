"""A study's stage ``retrain``: can the found filters alone learn the function, and better than as many others?

The paper's Section 4.3. The baseline is trained on one degradation with few filters free, all else fixed.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from faig import zoo
from faig.attribution.integral import change
from faig.attribution.methods import random_scores
from faig.attribution.rankings import write_ranking
from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.common.statistics import Numbers, estimate
from faig.experiment.study.config import StudyConfig
from faig.experiment.study.locations import elsewhere
from faig.filters import FilterSet, rank
from faig.imaging.steps import Down
from faig.intervention.measure import measure_reference, psnrs
from faig.networks.checkpoint import load_network, network_metadata
from faig.networks.fingerprint import case_fingerprints, network_fingerprint, set_fingerprints
from faig.networks.inference import restore
from faig.pair import Pair
from faig.results.run_directory import run_directory
from faig.results.tables import write_table
from faig.zoo.scores import chosen_by

FOLDER = "retrain"
CURVES, LAST = "retrained.csv", "gained.csv"
FOUND = "found"
OWN = "own"  # what the validation calls the degradation that is trained for


def retrain(
    config: StudyConfig,
    pair: Pair,
    rankings: dict[str, str],
    out: Path,
    *,
    force: bool = False,
    track: Track = silent,
) -> Path:
    """Train the baseline with only some filters free, for each function and each choice of as many filters.

    Writes ``retrained.csv`` (PSNR against iterations) and ``gained.csv`` (how much was gained in the end).

    Args:
        config: the study, with its part ``retrain``.
        pair: its networks.
        rankings: by function, the file of the found filters.
        out: the study's directory; it trains on its ``learn`` images and measures on its ``measure`` images.
        force: replace what was trained on other inputs.
        track: shows progress.

    Raises:
        InputError: the networks are none that `faig train` can build.
    """
    part = config.retrain
    assert part is not None
    cases = config.images_of("measure", out).cases(pair.scale, config.seed)
    sets = {
        (kind, name): chosen
        for kind, found in chosen_by(rankings, pair.space, part.top).items()
        for name, chosen in _choices(pair, found, config.seed).items()
    }
    determined = {
        "baseline": network_fingerprint(pair.baseline),
        "target": network_fingerprint(pair.target),
        "learn": config.learn.model_dump(mode="json") | {"images": str(config.images)},
        "images": case_fingerprints(cases),
        "filters": set_fingerprints({f"{kind} {name}": one for (kind, name), one in sets.items()}),
        "retrain": part.model_dump(mode="json"),
        "seed": config.seed,
    }
    with run_directory(out / FOLDER, None, determined, force=force) as run:
        if (run / LAST).exists():
            return run
        curves: list[dict[str, Any]] = []
        gained: dict[tuple[str, str], Numbers] = {}
        reference = measure_reference(pair.target, pair.baseline, pair.scale, cases, "gray", None, track)
        for (kind, name), chosen in track(sets.items(), "retrain", len(sets)):
            trained = _train(config, pair, run, kind, name, chosen, out)
            points = network_metadata(trained)["training"]["validation"]
            told = [{"iterations": point["iteration"], "psnr": point[OWN]} for point in points]
            curves += [{"function": kind, "free": name} | point for point in told]
            network = load_network(trained).to(config.device)
            outputs = [restore(network, case.lr[kind]) for case in cases]
            gained[kind, name] = psnrs(outputs, cases, pair.scale) - reference.psnr[kind][1]
        write_table(run / CURVES, curves)
        whole = {kind: target - baseline for kind, (target, baseline) in reference.psnr.items()}
        write_table(run / LAST, [_row(*key, gained, whole[key[0]], config.seed) for key in gained])
    return run


def _choices(pair: Pair, found: FilterSet, seed: int) -> dict[str, FilterSet]:
    """The found filters, and as many others."""
    space, generator = pair.space, torch.Generator().manual_seed(seed)
    return {
        FOUND: found,
        "random in the same layers": FilterSet.of(space, elsewhere(space, found.indices, generator)),
        "random": FilterSet.of(space, rank(random_scores(space, seed))[: len(found)]),
        "largest change": FilterSet.of(space, rank(change(pair.path, space))[: len(found)]),
    }


def _train(config: StudyConfig, pair: Pair, run: Path, kind: str, name: str, chosen: FilterSet, out: Path) -> Path:
    """Train one choice, or go on; returns the network's file."""
    from faig.training.config import TrainingConfig
    from faig.training.loop import train  # needs faig[train]

    part, images = config.retrain, config.images_of("learn", out)
    assert part is not None
    spec = "+".join(str(step) for step in images.together([kind]).steps if not isinstance(step, Down))
    told = network_metadata(zoo.find(config.baseline))
    if "architecture" not in told:
        raise InputError(f"{config.baseline}: faig train cannot build this network; leave retrain out of the study")
    where = run / f"{kind}-{name.replace(' ', '-')}"
    where.mkdir(exist_ok=True)
    write_ranking(where / "filters.csv", pair.space, chosen.mask.float())
    settings = {
        "name": f"{kind}, {name}",
        "network": {
            "architecture": told["architecture"],
            "arguments": told["arguments"],
            "start": config.baseline,
        },
        "data": {
            "gt": images.gt,
            "lr_patch": part.lr_patch,
            "batch": part.batch,
            "degradation": {
                kind: config.degrade[kind],
                f"{kind}_probability": 1.0,
                "downsampling": config.downsampling,
            },
        },
        "optimizer": {"iterations": part.iterations, "learning_rate": part.learning_rate, "ema": 0.9},
        "validation": {"gt": out / "images" / "measure", "every": part.every, "degrade": {OWN: spec}},
        "filters": str(where / "filters.csv"),
        "top": len(chosen) / len(pair.space),
        "checkpoint_every": part.every,
        "seed": config.seed,
        "out": where,
    }
    trained = train(TrainingConfig.model_validate(settings), device=config.device)
    assert trained is not None  # there is no time limit
    return trained


def _row(kind: str, name: str, gained: dict[tuple[str, str], Numbers], whole: Numbers, seed: int) -> dict[str, Any]:
    """Gain in dB over the baseline, as a share of the target's, and how far the found filters are ahead."""
    own, found = gained[kind, name], gained[kind, FOUND]
    row: dict[str, Any] = {"function": kind, "free": name}
    for column, value in (
        ("gain", estimate(np.mean, own, seed=seed)),
        ("share", estimate(lambda a, b, axis: a.mean(axis) / b.mean(axis), own, whole, seed=seed)),
        ("found_ahead", estimate(np.mean, found - own, seed=seed)),
    ):
        row |= {column: value.value, f"{column}_low": value.low, f"{column}_high": value.high}
    return row
