"""Degradation prediction in a study: its classes and its tables."""

import itertools
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from faig.analysis.evaluation import TRUE, accuracy, confusion, correlations, tasks_of
from faig.common.errors import InputError
from faig.common.statistics import Estimate
from faig.experiment.config import ImagesConfig
from faig.experiment.study.retraining import FOUND
from faig.imaging.degradation import Degradation
from faig.results.tables import write_table


def classes_of(images: ImagesConfig) -> dict[str, Degradation]:
    """Clean, each degradation that ``images.degrade`` makes, and all ways to have several at once (``blur+noise``).

    Raises:
        InputError: see `ImagesConfig.together`, or a name has a ``+``.
    """
    if joined := [name for name in images.degrade if "+" in name]:
        raise InputError(f"--degrade {joined[0]}: the + is kept for several at once, which are made anyway")
    several = [
        names for count in range(2, len(images.degrade) + 1) for names in itertools.combinations(images.degrade, count)
    ]
    return images.degradations() | {"+".join(names): images.together(names) for names in several}


def write_predictions(run: Path, guessed: Mapping[str, pd.DataFrame], levels: pd.DataFrame, seed: int) -> None:
    """``predictions.csv``, ``confusion.csv``, ``levels.csv``, ``responses.csv``, and last ``accuracy.csv``.

    Args:
        run: where.
        guessed: by predictor, what `guesses` gave.
        levels: what `responses` gave.
        seed: of the intervals.
    """
    classes = [name for name in guessed[FOUND].columns if name not in ("image", TRUE)]
    write_table(run / "predictions.csv", guessed[FOUND])
    matrix = confusion(guessed[FOUND], classes)
    write_table(run / "confusion.csv", matrix.reset_index(names=TRUE))
    write_table(run / "levels.csv", levels)
    ranks = correlations(levels, seed)
    write_table(
        run / "responses.csv",
        [{"degradation": kind} | _named("rank_correlation", found) for kind, found in ranks.items()],
    )
    rows = [
        {"predictor": name, "classes": " ".join(task)} | _named("accuracy", accuracy(table, task, seed))
        for name, table in guessed.items()
        for task in tasks_of(classes)
    ]
    write_table(run / LAST, rows)


def _named(name: str, found: Estimate) -> dict[str, float]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


LAST = "accuracy.csv"  # written last: where it stands, the stage is finished
