"""Degradation prediction in a study: its classes and its tables."""

import itertools
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from faig.analysis.discriminant import UNKNOWN
from faig.analysis.evaluation import (
    ANSWER,
    FOUND,
    TRUE,
    TYPICALITY,
    accuracy,
    classes_in,
    confusion,
    correlations,
    tasks_of,
)
from faig.common.errors import InputError
from faig.experiment.config import ImagesConfig
from faig.imaging.degradation import Degradation
from faig.results.table import write_table
from faig.results.tables import ACCURACY, CONFUSION, LEVELS, PREDICTIONS, RESPONSES

KEPT = ("image", TRUE, ANSWER, TYPICALITY, UNKNOWN)


def classes_of(images: ImagesConfig) -> dict[str, Degradation]:
    """Clean, each degradation that ``images.degrade`` makes, and all ways to have several at once (``blur+noise``).

    Raises:
        InputError: see `ImagesConfig.together`, or a name has a ``+`` or is kept for a column of the tables.
    """
    if joined := [name for name in images.degrade if "+" in name]:
        message = f"degradation {joined[0]}: the + is kept for several at once, which are made anyway"
        raise InputError(message, setting="degrade")
    if kept := [name for name in images.degrade if name in KEPT]:
        raise InputError(f"degradation {kept[0]}: the name is kept for what is predicted", setting="degrade")
    several = [
        names for count in range(2, len(images.degrade) + 1) for names in itertools.combinations(images.degrade, count)
    ]
    return images.degradations() | {"+".join(names): images.together(names) for names in several}


def write_predictions(
    run: Path, guessed: Mapping[str, pd.DataFrame], levels: pd.DataFrame, photos: Mapping[str, str], seed: int
) -> None:
    """``predictions.csv``, ``confusion.csv``, ``levels.csv``, ``responses.csv``, and last ``accuracy.csv``.

    Args:
        run: where.
        guessed: by predictor, what `guesses` gave.
        levels: what `responses` gave.
        photos: of which photo each image is, by name.
        seed: of the interval of the rank correlations.
    """
    classes = classes_in(guessed[FOUND])
    write_table(run, PREDICTIONS, guessed[FOUND])
    matrix = confusion(guessed[FOUND], classes)
    write_table(run, CONFUSION, matrix.reset_index(names=TRUE))
    write_table(run, LEVELS, levels)
    ranks = correlations(levels, photos, seed)
    write_table(
        run,
        RESPONSES,
        [{"degradation": kind} | correlation.columns("rank_correlation") for kind, correlation in ranks.items()],
    )
    rows = [
        {"predictor": name, "classes": " ".join(task)} | accuracy(table, task, photos).columns("accuracy")
        for name, table in guessed.items()
        for task in tasks_of(classes)
    ]
    write_table(run, ACCURACY, rows)


LAST = ACCURACY.name  # written last: where it stands, the stage is finished
