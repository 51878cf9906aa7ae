"""All inputs, by the reader that they come in through."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from faig.attribution.files.score_files import load_scores
from faig.attribution.files.unit_files import RankedUnits, units_in_file
from faig.common.yaml import read_yaml
from faig.experiment.studies import read_study
from faig.imaging.cases import read_photos
from faig.imaging.images import read_image
from faig.networks.checkpoint import load_network
from faig.training.config import read_config
from faig.training.image_sources import open_source
from faig.zoo.card import read_card
from faig.zoo.learned import load_learned
from faig.zoo.predictor import read_learned
from hostile import cards, configurations, databases, images, rankings, shipped, weights
from hostile.item import Item


@dataclass(frozen=True)
class Reader:
    """A public reader, and how what it gives is compared with what is right.

    Attributes:
        read: a path.
        items: its inputs; given a file that comes to be where code of a file is run.
        same: whether what was read is right.
    """

    read: Callable[[Path], Any]
    items: Callable[[Path], list[Item]]
    same: Callable[[Any, Any], bool] = lambda read, right: read == right


def pixels(path: Path) -> np.ndarray[Any, Any]:
    """An image file as ``[height, width, RGB]``."""
    return read_image(path).numpy().transpose(1, 2, 0)


def near(read: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> bool:
    """Equal but for rounding; what JPEG and lossy WebP do to a smooth picture is under a thirtieth."""
    if read.shape != right.shape:
        return False
    exact = len(np.unique(right)) > 250 or right.size < 3 * 16 * 24
    return bool(np.abs(read - right).max(initial=0) <= (1e-6 if exact else 0.03))


def equal(read: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> bool:
    """The same names and values."""
    return read.keys() == right.keys() and all(torch.equal(read[key], right[key].to(read[key].dtype)) for key in read)


def units_of(path: Path) -> torch.Tensor:
    """The order, or the strengths, of the function ``blur``."""
    read, _ = units_in_file(path, rankings.NETWORK, function="blur")
    return read.order if isinstance(read, RankedUnits) else read.values


def scores_of(path: Path) -> dict[str, torch.Tensor]:
    """Scores by the names that their file has for them."""
    return {f"score/{kind}": rows for kind, rows in load_scores(path)[0].score.items()}


READERS = {
    "images": Reader(pixels, lambda trap: images.images(), near),
    "weights": Reader(lambda path: load_network(path).state_dict(), weights.weights, equal),
    "settings": Reader(read_yaml, lambda trap: [*configurations.readable(), *configurations.unreadable()]),
    "cards": Reader(read_card, lambda trap: cards.cards()),
    "studies": Reader(read_study, lambda trap: configurations.misplaced(configurations.STUDY)),
    "training": Reader(read_config, lambda trap: configurations.misplaced(configurations.TRAINING)),
    "rankings": Reader(units_of, lambda trap: [*rankings.tables(), *rankings.units()], torch.equal),
    "learned sets": Reader(lambda path: load_learned(path)[0], lambda trap: shipped.learned(), equal),
    "scores": Reader(scores_of, lambda trap: shipped.scores(), equal),
    "photos": Reader(lambda path: read_photos(path, shipped.IMAGES), lambda trap: shipped.photos()),
    "databases": Reader(lambda path: open_source(path).read(0), lambda trap: databases.databases(), np.array_equal),
    "predictors": Reader(read_learned, lambda trap: shipped.predictors()),
}
