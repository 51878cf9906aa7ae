"""Degradation prediction for a pair: the classes that it tells apart, and how well it does so."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from faig.cases import CLEAN, Case
from faig.degradation import Degradation
from faig.effect import Estimate, estimate, single_channel
from faig.errors import InputError
from faig.experiment.config import ImagesConfig
from faig.images import Image
from faig.prediction import Discriminant, Numbers, crops
from faig.progress import Track, silent

Guess = Callable[[Image], dict[str, float]]  # the probability of every class
TRUE = "is"


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


def guesses(guess: Guess, cases: Sequence[Case], track: Track = silent) -> pd.DataFrame:
    """The probability of every class for every version of every case.

    Returns:
        A row for each LR image: ``image``, ``is`` (its true class), and a column for each class.
    """
    return pd.DataFrame(
        {"image": case.name, TRUE: kind} | guess(lr)
        for case in track(cases, "predict", len(cases))
        for kind, lr in case.lr.items()
    )


def confusion(guessed: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """How many images of each class (rows) are taken for each (columns), where only these classes are possible."""
    rows = guessed[guessed[TRUE].isin(classes)]
    likeliest = rows[list(classes)].idxmax(axis=1)
    return pd.crosstab(rows[TRUE], likeliest).reindex(index=list(classes), columns=list(classes), fill_value=0)


def accuracy(guessed: pd.DataFrame, classes: Sequence[str], seed: int = 0) -> Estimate:
    """Share of right guesses where only these classes are possible; its interval resamples images."""
    rows = guessed[guessed[TRUE].isin(classes)]
    right = (rows[list(classes)].idxmax(axis=1) == rows[TRUE]).groupby(rows["image"]).mean()
    return estimate(np.mean, np.asarray(right, dtype=np.float64), seed=seed)


def by_statistics(cases: Sequence[Case]) -> Guess:
    """A guesser that learns from the same crops and in the same way as the predictor, but without a network."""
    kinds = cases[0].lr
    discriminant = Discriminant.fit(
        {kind: [_statistics([part]) for case in cases for part in crops(case.lr[kind])] for kind in kinds}
    )
    return lambda lr: discriminant.probabilities(_statistics(list(crops(lr))))


def _statistics(parts: Sequence[Image]) -> Numbers:
    """Logarithms of the variance of the Laplacian and of the noise that wavelets see, means over crops."""
    from skimage.filters import laplace  # slow to import
    from skimage.restoration import estimate_sigma

    grays = [single_channel(part).numpy() for part in parts]
    found: Numbers = np.mean([[laplace(gray).var(), estimate_sigma(gray)] for gray in grays], axis=0)
    return np.log(found + 1e-8)


def singles(classes: Sequence[str]) -> list[str]:
    """The classes with one degradation."""
    return [name for name in classes if name != CLEAN and "+" not in name]
