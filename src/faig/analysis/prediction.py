"""Degradation prediction: what is wrong with an image, told by what switching functions off does to it.

The idea is the paper's (Xie et al., NeurIPS 2021): reverting the filters of a function changes the output only where
that function had something to do. The recipe is ours: rises and falls of the gradient map are told apart, the image's
own detail is taken into account, and a discriminant learns what is typical from images that were degraded for it, and
from the photos themselves, as they are. No label of the images at hand is needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from faig.analysis.discriminant import Classification, Discriminant, Numbers
from faig.common.errors import InputError
from faig.common.progress import Track, silent
from faig.imaging.cases import CLEAN, Case
from faig.imaging.images import Image, Resized, round8
from faig.imaging.metrics import gradient_map, single_channel
from faig.imaging.sameness import check_inputs_differ
from faig.intervention.edit import Units, revert
from faig.networks.inference import restore

SIDE = 48  # LR pixels of a crop
ACROSS = 4  # crops of a large image, each way
FLOOR = 1e-4  # effects below it are nothing
EXAMPLES = 6  # crops of an image that is learned from
NATURAL, SOFT = "clean, not made small", "clean, a little soft"  # photos at their own scale
ENLARGED = 1.2  # soft photos, so many times; at 1.4 networks treat them as blurred


@dataclass(frozen=True)
class Prediction(Classification):
    """What is wrong with an image.

    The label is ``clean`` (the image looks as photos do to which nothing was done), a degradation, several joined by
    ``+``, or ``unknown``: it is like nothing that the predictor learned from, or what speaks for one answer speaks
    against it too (it is more typical of clean images; it looks clean, but a function has its usual work, or it is
    JPEG, of which the pair has learned nothing).

    Attributes:
        responses: by function, the effect of switching it off, divided by what is typical (the median) for images with
            its degradation: near 1 where the function has its usual work, near 0 where it has none.
    """

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
                in ``filters``, and where wanted several together, as ``blur+noise``. GT images are learned from as
                clean ones of natural scale. Crops of 48x48 are taken, up to 6 of an image.
            track: shows progress.

        Raises:
            InputError: a function has no images of its degradation, two classes have the same, or they are too few.
        """
        check_inputs_differ(cases)
        reverted = {kind: revert(target, baseline, chosen) for kind, chosen in filters.items()}
        groups = known_crops(cases)
        examples: dict[str, list[Numbers]] = {kind: [] for kind, _ in groups}
        photos = [(kind, parts) for kind, of_kind in groups for parts in of_kind]
        for kind, parts in track(photos, "see what is typical", len(photos)):
            examples[kind].append(np.stack([_changes(target, reverted, part) for part in parts]))
        if missing := [kind for kind in filters if kind not in examples]:
            raise InputError(f"the filters of {missing[0]} have no images with that degradation to learn from")
        typical = {
            kind: float(np.median(_effects(np.concatenate(examples[kind]), index)))
            for index, kind in enumerate(filters)
        }
        known = [(class_of(kind), [_features(photo) for photo in photos]) for kind, photos in examples.items()]
        return cls(target, reverted, Discriminant.fit(known), typical)

    def predict(self, lr: Image, *, jpeg: bool = False) -> Prediction:
        """Predict from one LR image of 8-bit values in [0, 1]; a large one is looked at by 16 crops of 48x48.

        Args:
            lr: of as many channels as the networks take.
            jpeg: whether it was saved as JPEG. Where no function is JPEG's, it is then never called clean: compressed
                to quality 90, nearly all blurry and noisy images leave functions idle (docs/method.md).
        """
        changes = np.stack([_changes(self.target, self.reverted, part) for part in crops(lr)])
        responses = {
            kind: float(_effects(changes, index).mean()) / max(self.typical[kind], FLOOR)
            for index, kind in enumerate(self.reverted)
        }
        idle, blind = max(responses.values()) < 1, jpeg and "jpeg" not in self.reverted
        answer = self.discriminant.classify(_features(changes).mean(0), len(changes), clean=idle and not blind)
        return Prediction(answer.label, answer.probabilities, answer.typicality, responses)

    def learned(self) -> dict[str, Any]:
        """What `fit` learned, JSON-able; `of` makes the predictor again."""
        return {
            "functions": list(self.reverted),
            "typical": self.typical,
            **self.discriminant.learned(),
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
        return cls(target, reverted, Discriminant.of(learned), learned["typical"])


def known_crops(cases: Sequence[Case]) -> list[tuple[str, list[list[Image]]]]:
    """What is learned from: by kind, and in it by photo, up to 6 crops of each image.

    The kinds are the LR versions of the cases and, beside ``clean``, the photos at their own scale: as they are, and
    enlarged by a fifth (see `class_of`). These are as clean as photos that were made small, but softer, some more than
    others. Where a network enlarges nothing, its clean images are the photos themselves, and there are no others.
    """
    found: dict[str, dict[str, list[Image]]] = {}
    for case in cases:
        versions: dict[str, Image] = dict(case.lr)
        if CLEAN in case.lr and case.gt.shape != case.lr[CLEAN].shape:
            versions |= {NATURAL: case.gt, SOFT: _enlarged(case.gt)}
        for kind, image in versions.items():
            parts = list(crops(image))
            chosen = np.unique(np.linspace(0, len(parts) - 1, EXAMPLES).round().astype(int))
            found.setdefault(kind, {}).setdefault(case.photo, []).extend(parts[place].clone() for place in chosen)
    return [(kind, list(photos.values())) for kind, photos in found.items()]


def class_of(kind: str) -> str:
    """The class of what `known_crops` calls a kind."""
    return CLEAN if kind in (NATURAL, SOFT) else kind


def _enlarged(photo: Image) -> Resized:
    larger = torch.nn.functional.interpolate(photo[None], scale_factor=ENLARGED, mode="bicubic")[0]
    return round8(larger)


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


def _effects(changes: Numbers, function: int) -> Numbers:
    """Of the crops in ``[crop, number]``, the effect of switching off the function of that number."""
    effects: Numbers = changes[:, 2 * function] + changes[:, 2 * function + 1]
    return effects


def _features(changes: Numbers) -> Numbers:
    features: Numbers = np.log(changes + FLOOR)
    return features
