"""A study's stage ``retrain``: can the found filters alone learn the function, and better than as many others?

The paper's Section 4.3. The baseline is trained on one degradation with few filters free, all else fixed.
"""

from pathlib import Path
from typing import Any

import torch

from faig import zoo
from faig.attribution.files.rankings import write_ranking
from faig.attribution.integration.integral import change
from faig.attribution.sources import random_scores
from faig.common.errors import InputError
from faig.common.progress import Track
from faig.common.statistics import Numbers, Photos, estimate, estimate_mean
from faig.experiment.study.config import StudyConfig
from faig.experiment.study.context import Study, StudyStage
from faig.experiment.study.locations import elsewhere
from faig.filters import FilterSet, rank
from faig.imaging.steps import Down
from faig.intervention.measure import measure_reference, psnrs
from faig.networks.checkpoint import load_network, network_metadata
from faig.networks.fingerprint import case_fingerprints, network_fingerprint, set_fingerprints
from faig.networks.inference import restore
from faig.pair import Pair
from faig.results.table import write_table
from faig.results.tables import GAINED, RETRAINED

FOUND = "found"
OWN = "own"  # what the validation calls the degradation that is trained for


class Retraining(StudyStage):
    """The baseline trained with only some filters free, for each function and each choice of as many filters.

    Trains on the study's ``learn`` images and measures on its ``measure`` images. Leaves ``retrained.csv`` (PSNR
    against iterations) and ``gained.csv`` (how much was gained in the end).

    Raises:
        InputError: the networks are none that `faig train` can build.
    """

    name, last = "retrain", GAINED.name

    def __init__(self, study: Study) -> None:
        super().__init__(study)
        assert self.config.retrain is not None
        assert self.config.learn is not None
        self.part, self.learn = self.config.retrain, self.config.learn
        self.cases = study.cases("measure")
        self.sets = {
            (kind, name): chosen
            for kind, filters in study.filters(self.part.top).items()
            for name, chosen in _choices(self.pair, filters, self.config.seed).items()
        }

    def determined(self) -> dict[str, Any]:
        """Networks, images, filters, and how they are trained."""
        return {
            "baseline": network_fingerprint(self.pair.baseline),
            "target": network_fingerprint(self.pair.target),
            "learn": self.learn.model_dump(mode="json") | {"images": str(self.config.images)},
            "images": case_fingerprints(self.cases),
            "filters": set_fingerprints({f"{kind} {name}": chosen for (kind, name), chosen in self.sets.items()}),
            "retrain": self.part.model_dump(mode="json"),
            "seed": self.config.seed,
        }

    def work(self, run: Path, track: Track) -> None:
        """Train one choice after the other; a training that was stopped goes on by itself."""
        pair, seed = self.pair, self.config.seed
        curves: list[dict[str, Any]] = []
        gained: dict[tuple[str, str], Numbers] = {}
        reference = measure_reference(pair.target, pair.baseline, pair.scale, self.cases, "gray", None, track)
        for (kind, name), chosen in track(self.sets.items(), "retraining", len(self.sets)):
            trained = _train(self.config, pair, run, kind, name, chosen, self.study.out)
            points = network_metadata(trained)["training"]["validation"]
            curves += [
                {"function": kind, "trainable": name, "iterations": point["iteration"], "psnr": point[OWN]}
                for point in points
            ]
            network = load_network(trained).to(self.config.device)
            outputs = [restore(network, case.lr[kind]) for case in self.cases]
            gained[kind, name] = psnrs(outputs, self.cases, pair.scale) - reference.psnr[kind][1]
        write_table(run, RETRAINED, curves)
        target_gain = {kind: target - baseline for kind, (target, baseline) in reference.psnr.items()}
        write_table(run, GAINED, [_row(*key, gained, target_gain[key[0]], reference.photos, seed) for key in gained])


def _choices(pair: Pair, filters: FilterSet, seed: int) -> dict[str, FilterSet]:
    """The found filters, and as many others."""
    space, generator = pair.space, torch.Generator().manual_seed(seed)
    return {
        FOUND: filters,
        "random in the same layers": FilterSet.of(space, elsewhere(space, filters.indices, generator)),
        "random": FilterSet.of(space, rank(random_scores(space, seed))[: len(filters)]),
        "largest change": FilterSet.of(space, rank(change(pair.path, space))[: len(filters)]),
    }


def _train(config: StudyConfig, pair: Pair, run: Path, kind: str, name: str, chosen: FilterSet, out: Path) -> Path:
    """Train one choice, or go on; returns the network's file."""
    from faig.training.config import TrainingConfig
    from faig.training.loop import train  # needs faig[train]

    part, images = config.retrain, config.images_of("learn", out)
    assert part is not None
    spec = "+".join(str(step) for step in images.together([kind]).steps if not isinstance(step, Down))
    metadata = network_metadata(zoo.find(config.baseline))
    if "architecture" not in metadata:
        raise InputError(f"{config.baseline}: faig train cannot build this network; leave retrain out of the study")
    folder = run / f"{kind}-{name.replace(' ', '-')}"
    folder.mkdir(exist_ok=True)
    write_ranking(folder / "filters.csv", pair.space, chosen.mask.float())
    settings = {
        "name": f"{kind}, {name}",
        "network": {
            "architecture": metadata["architecture"],
            "arguments": metadata["arguments"],
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
        "filters": str(folder / "filters.csv"),
        "top": f"{100 * len(chosen) / len(pair.space)}%",
        "checkpoint_every": part.every,
        "seed": config.seed,
        "out": folder,
    }
    trained = train(TrainingConfig.model_validate(settings), device=config.device)
    assert trained is not None  # there is no time limit
    return trained


def _row(
    kind: str, name: str, gained: dict[tuple[str, str], Numbers], target_gain: Numbers, photos: Photos, seed: int
) -> dict[str, Any]:
    """Gain in dB over the baseline, as a share of the target's, and how far the found filters are ahead."""
    gains, of_found = gained[kind, name], gained[kind, FOUND]
    share = estimate(lambda gain, all_of_it: gain / all_of_it, gains, target_gain, photos=photos, seed=seed)
    return (
        {"function": kind, "trainable": name}
        | estimate_mean(gains, photos=photos, seed=seed).columns("gain")
        | share.columns("share")
        | estimate_mean(of_found - gains, photos=photos, seed=seed).columns("found_ahead")
    )
