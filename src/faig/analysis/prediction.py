"""Degradation prediction: what is wrong with an image, told by what switching functions off does to it.

The idea is the paper's (Xie et al., NeurIPS 2021): reverting the filters of a function changes the output only where
that function had something to do. The recipe is ours: rises and falls of the gradient map are told apart, the image's
own detail is taken into account, and a linear discriminant learns what is typical from images that were degraded for
it. No label of the images at hand is needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.imaging.cases import Case
from faig.imaging.images import Image
from faig.imaging.metrics import gradient_map, single_channel
from faig.intervention.edit import Units, revert
from faig.networks.inference import restore

SIDE = 48  # LR pixels of a crop
ACROSS = 4  # crops of a large image, each way
FLOOR = 1e-4  # effects below it are nothing

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Discriminant:
    """A linear discriminant: every class a Gaussian, all with one covariance, all equally likely beforehand.

    Attributes:
        classes: names, in the order of ``means``.
        means: ``[class, feature]``.
        precision: inverse of the covariance within classes, ``[feature, feature]``.
    """

    classes: tuple[str, ...]
    means: Numbers
    precision: Numbers

    @classmethod
    def fit(cls, features: Mapping[str, Sequence[Numbers]]) -> "Discriminant":
        """Learn from examples by class.

        Raises:
            InputError: there are too few for so many features.
        """
        examples = {name: np.stack(rows) for name, rows in features.items()}
        means = np.stack([rows.mean(0) for rows in examples.values()])
        within = np.concatenate([rows - rows.mean(0) for rows in examples.values()])
        spare = len(within) - len(examples) - within.shape[1]
        if spare < 1:
            raise InputError(
                f"{len(within)} crops for {len(examples)} classes are too few; {1 - spare} more are needed"
            )
        covariance = within.T @ within / (len(within) - len(examples))
        return cls(tuple(examples), means, np.linalg.pinv(covariance))

    def probabilities(self, features: Numbers) -> dict[str, float]:
        """The probability of each class, given the features of one image."""
        offsets = self.means - features
        logits = -np.einsum("ci,ij,cj->c", offsets, self.precision, offsets) / 2
        weights = np.exp(logits - logits.max())
        return dict(zip(self.classes, (weights / weights.sum()).tolist(), strict=True))


@dataclass(frozen=True)
class Prediction:
    """What is wrong with an image.

    Attributes:
        label: the likeliest class: ``clean``, a degradation, or several joined by ``+``.
        probabilities: of every class.
        responses: by function, the effect of switching it off, divided by what is typical (the median) for images with
            its degradation: near 1 where the function has its usual work, near 0 where it has none.
    """

    label: str
    probabilities: dict[str, float]
    responses: dict[str, float]


@dataclass(frozen=True)
class Predictor:
    """Predicts degradations by means of a pair of networks.

    Attributes:
        target: the whole network.
        reverted: by function, the target with that function's filters reverted.
        discriminant: from features to classes.
        typical: by function, the median effect of switching it off on images with its degradation.
    """

    target: nn.Module
    reverted: dict[str, nn.Module]
    discriminant: Discriminant
    typical: dict[str, float]

    def __repr__(self) -> str:
        return f"Predictor of {', '.join(self.discriminant.classes)} by {type(self.target).__name__}"

    @classmethod
    def fit(
        cls,
        target: nn.Module,
        baseline: nn.Module,
        filters: Mapping[str, Units],
        cases: Sequence[Case],
        track: Track = silent,
    ) -> "Predictor":
        """Learn what is typical.

        Args:
            target: θ.
            baseline: θ̄, what filters are reverted to.
            filters: the set of each function, by degradation.
            cases: any images, with an LR version for each class that is to be told apart: ``clean``, each degradation
                in ``filters``, and where wanted several together, as ``blur+noise``. Crops of 48x48 LR are taken, up
                to 16 of an image, each an example.
            track: shows progress.

        Raises:
            InputError: a function has no images of its degradation, or the images are too few.
        """
        reverted = {kind: revert(target, baseline, chosen) for kind, chosen in filters.items()}
        examples: dict[str, list[Numbers]] = {}
        for case in track(cases, "see what is typical", len(cases)):
            for kind, lr in case.lr.items():
                examples.setdefault(kind, []).extend(_changes(target, reverted, part) for part in crops(lr))
        if missing := [kind for kind in filters if kind not in examples]:
            raise InputError(f"the filters of {missing[0]} have no images with that degradation to learn from")
        typical = {
            kind: float(np.median([changes[2 * index] + changes[2 * index + 1] for changes in examples[kind]]))
            for index, kind in enumerate(filters)
        }
        features = {kind: [_features(changes) for changes in rows] for kind, rows in examples.items()}
        return cls(target, reverted, Discriminant.fit(features), typical)

    def predict(self, lr: Image) -> Prediction:
        """Predict from one LR image of 8-bit values in [0, 1]; a large one is looked at by 16 crops of 48x48.

        Args:
            lr: of as many channels as the networks take.
        """
        changes = np.mean([_changes(self.target, self.reverted, part) for part in crops(lr)], axis=0)
        probabilities = self.discriminant.probabilities(_features(changes))
        effects = {kind: changes[2 * index] + changes[2 * index + 1] for index, kind in enumerate(self.reverted)}
        return Prediction(
            label=max(probabilities, key=lambda name: probabilities[name]),
            probabilities=probabilities,
            responses={kind: float(effect / max(self.typical[kind], FLOOR)) for kind, effect in effects.items()},
        )

    def learned(self) -> dict[str, Any]:
        """What `fit` learned, JSON-able; `of` makes the predictor again."""
        return {
            "functions": list(self.reverted),
            "classes": list(self.discriminant.classes),
            "means": self.discriminant.means.tolist(),
            "precision": self.discriminant.precision.tolist(),
            "typical": self.typical,
        }

    @classmethod
    def of(
        cls, target: nn.Module, baseline: nn.Module, filters: Mapping[str, Units], learned: Mapping[str, Any]
    ) -> "Predictor":
        """The predictor of the same pair and filters that `learned` came from.

        Raises:
            InputError: it is of other functions.
        """
        if learned["functions"] != list(filters):
            raise InputError(f"was learned for {', '.join(learned['functions'])}, not for {', '.join(filters)}")
        reverted = {kind: revert(target, baseline, chosen) for kind, chosen in filters.items()}
        means, precision = (np.array(learned[name]) for name in ("means", "precision"))
        return cls(target, reverted, Discriminant(tuple(learned["classes"]), means, precision), learned["typical"])


def crops(lr: Image) -> Iterator[Image]:
    """Up to 16 crops of 48x48, spread evenly; a side that is shorter is left whole."""
    rows, columns = (_starts(side) for side in lr.shape[1:])
    for top in rows:
        for left in columns:
            yield lr[:, top : top + SIDE, left : left + SIDE]


def _starts(side: int) -> list[int]:
    count, spare = min(ACROSS, max(1, side // SIDE)), max(0, side - SIDE)
    return [spare // 2] if count == 1 else [spare * index // (count - 1) for index in range(count)]


def _changes(target: nn.Module, reverted: Mapping[str, nn.Module], lr: Image) -> Numbers:
    """By function, how much the gradient map rises and how much it falls; then the output's own detail.

    The two add up to the effect (`effect.effect`); all are means of squares, times 1000.
    """
    detail = gradient_map(single_channel(restore(target, lr))).double()
    effects = []
    for network in reverted.values():
        change = gradient_map(single_channel(restore(network, lr))).double() - detail
        effects += [float(part.square().mean()) for part in (change.clamp(min=0), change.clamp(max=0))]
    return 1000 * np.array([*effects, float(detail.square().mean())])


def _features(changes: Numbers) -> Numbers:
    features: Numbers = np.log(changes + FLOOR)
    return features
