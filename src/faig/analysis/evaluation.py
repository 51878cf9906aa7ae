"""Degradation prediction for a pair: the classes that it tells apart, and how well it does so."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from torch import nn

from faig.analysis.discriminant import UNKNOWN, Classification, Discriminant, Numbers
from faig.analysis.prediction import Predictor, class_of, crops, known_crops
from faig.attribution.sources import random_scores
from faig.common.progress import Track, silent
from faig.common.statistics import Estimate, estimate_mean, estimate_share
from faig.filters import FilterSet, FilterSpace, rank
from faig.imaging.cases import CLEAN, Case
from faig.imaging.images import Image
from faig.imaging.metrics import single_channel

FOUND, STATISTICS = "found filters", "image statistics"
Guess = Callable[[Image], Classification]
TRUE, ANSWER, TYPICALITY = "true_class", "prediction", "typicality"


def guesses(guess: Guess, cases: Sequence[Case], track: Track = silent) -> pd.DataFrame:
    """What is guessed of every version of every case.

    Returns:
        A row for each LR image: ``image``, ``is`` (its true class), ``prediction`` (a class, or ``unknown``),
        ``typicality``, and for each class a column with its probability.
    """
    return pd.DataFrame(
        {"image": case.name, TRUE: kind, ANSWER: answer.label, TYPICALITY: answer.typicality, **answer.probabilities}
        for case in track(cases, "predict", len(cases))
        for kind, lr in case.lr.items()
        for answer in [guess(lr)]
    )


def classes_in(guessed: pd.DataFrame) -> list[str]:
    """The classes of the table that `guesses` gives."""
    return [name for name in guessed.columns if name not in ("image", TRUE, ANSWER, TYPICALITY)]


def confusion(guessed: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """How many images of each of these classes (rows) are taken for each class, or for none (columns)."""
    rows = guessed[guessed[TRUE].isin(classes)]
    columns = [*classes_in(guessed), UNKNOWN]
    return pd.crosstab(rows[TRUE], rows[ANSWER]).reindex(index=list(classes), columns=columns, fill_value=0)


def accuracy(guessed: pd.DataFrame, classes: Sequence[str], photos: Mapping[str, str] | None = None) -> Estimate:
    """Share of right guesses where only these classes are possible, with Wilson's interval (see `estimate_share`).

    The likeliest of them counts, also where the answer was ``unknown``; how often it was, `confusion` says. A photo
    asked for a class is one answer: its crops are averaged.

    Args:
        guessed: the table that `guesses` gives.
        classes: that are possible.
        photos: of which photo each image is, by name; None where every image is a photo of its own.
    """
    rows = guessed[guessed[TRUE].isin(classes)]
    right = rows[list(classes)].idxmax(axis=1) == rows[TRUE]
    by_answer = right.groupby([_of_photos(rows["image"], photos), rows[TRUE].tolist()]).mean()
    return estimate_share(by_answer, photos=by_answer.index.get_level_values(0).tolist())


def _of_photos(images: Iterable[object], photos: Mapping[str, str] | None) -> list[str]:
    return [str(image) if photos is None else photos[str(image)] for image in images]


def by_statistics(cases: Sequence[Case]) -> Guess:
    """A guesser that learns from the same crops and in the same way as the predictor, but without a network."""
    known = [
        (class_of(kind), [np.stack([_statistics(part) for part in parts]) for parts in photos])
        for kind, photos in known_crops(cases)
    ]
    discriminant = Discriminant.fit(known)

    def guess(lr: Image) -> Classification:
        parts = np.stack([_statistics(part) for part in crops(lr)])
        return discriminant.classify(parts.mean(0), len(parts))

    return guess


def _statistics(part: Image) -> Numbers:
    """Logarithms of the variance of the Laplacian and of the noise that wavelets see."""
    from skimage.filters import laplace  # slow to import
    from skimage.restoration import estimate_sigma

    plane = single_channel(part).numpy()
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # NaN of a part without any detail
        noise = float(np.nan_to_num(estimate_sigma(plane)))
    variances: Numbers = np.array([laplace(plane).var(), noise], dtype=np.float64)
    return np.log(variances + 1e-8)


def singles(classes: Sequence[str]) -> list[str]:
    """The classes with one degradation."""
    return [name for name in classes if name != CLEAN and "+" not in name]


def predictors(
    target: nn.Module,
    baseline: nn.Module,
    filters: Mapping[str, FilterSet],
    known: Sequence[Case],
    seeds: int,
    track: Track = silent,
) -> tuple[Predictor, dict[str, Guess]]:
    """The predictor by found filters, and beside it what it is held against: random filters, and image statistics.

    Args:
        target: θ.
        baseline: θ̄.
        filters: found, by function.
        known: what all of them learn from (see `Predictor.fit`).
        seeds: how many times random filters are drawn.
        track: shows progress.
    """
    space, sizes = FilterSpace.of(target), {kind: len(chosen) for kind, chosen in filters.items()}
    predictor = Predictor.fit(target, baseline, filters, known, track)
    guessers = {FOUND: _guess(predictor)}
    for seed in range(seeds):
        drawn = {
            kind: FilterSet.of(space, rank(random_scores(space, seeds * index + seed))[:count])
            for index, (kind, count) in enumerate(sizes.items())
        }
        guessers[f"random filters {seed + 1}"] = _guess(Predictor.fit(target, baseline, drawn, known, track))
    return predictor, guessers | {STATISTICS: by_statistics(known)}


def _guess(predictor: Predictor) -> Guess:
    return predictor.predict


def tasks_of(classes: Sequence[str]) -> list[list[str]]:
    """What to tell apart: single degradations; these and clean; all classes."""
    return [singles(classes), [CLEAN, *singles(classes)], list(classes)]


def responses(predictor: Predictor, kind: str, cases: Sequence[Case], track: Track = silent) -> pd.DataFrame:
    """How a function responds to its degradation's level.

    Args:
        predictor: whose responses are meant.
        kind: the function.
        cases: with an LR version for each level, named by it.
        track: shows progress.

    Returns:
        A row for each image and level: ``image``, ``degradation``, ``level``, ``response``.
    """
    return pd.DataFrame(
        {
            "image": case.name,
            "degradation": kind,
            "level": float(level),
            "response": predictor.predict(lr).responses[kind],
        }
        for case in track(cases, f"respond to {kind}", len(cases))
        for level, lr in case.lr.items()
    )


def correlations(table: pd.DataFrame, photos: Mapping[str, str] | None = None, seed: int = 0) -> dict[str, Estimate]:
    """Spearman's rank correlation of response with level, within each image, by degradation: mean over images.

    Args:
        table: the one that `responses` gives.
        photos: of which photo each image is, by name; None where every image is a photo of its own.
        seed: of the resampling.
    """
    from scipy.stats import spearmanr  # slow to import

    by_kind: dict[str, dict[str, float]] = {}
    for (kind, image), rows in table.groupby(["degradation", "image"], sort=False):
        by_kind.setdefault(str(kind), {})[str(image)] = spearmanr(rows["level"], rows["response"]).statistic
    return {
        kind: estimate_mean(np.nan_to_num(list(values.values())), photos=_of_photos(values, photos), seed=seed)
        for kind, values in by_kind.items()
    }
