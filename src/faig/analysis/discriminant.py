"""A discriminant that can abstain: what class features are of, how sure that is, and whether they are like any class.

A class is one group of photos or several, and a group a cloud of points. A photo is known by several crops, which are
alike. So a cloud has two covariances: *between* photos, and *within* a photo from crop to crop; the mean over k crops
of one photo spreads by the first plus a k-th of the second. How far covariances are drawn toward what all groups have
in common, and how heavy the tails are, is chosen by leaving photos out; what distance is usual is found so too.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faig.common.errors import InputError
from faig.imaging.cases import CLEAN

UNKNOWN = "unknown"  # the answer for what is like no class
RARE = 0.01  # an answer is withheld where a smaller share of what is known is as far off
SHARED = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02)  # tried: how far covariances are drawn to their mean over groups
TAILS = (np.inf, 32.0, 16.0, 8.0, 4.0)  # tried: degrees of freedom of Student's t; infinite is a Gaussian
FOLDS = 10
FEW = 3  # of fewer photos each crop stands for itself
RESOLUTION = 1e-3  # features that spread less are taken to spread so much
GRID = np.linspace(0, 1, 101)  # shares at which known distances are kept

Numbers = NDArray[np.float64]
Photos = Sequence[Numbers]  # ``[crop, feature]`` of each photo


@dataclass(frozen=True)
class Classification:
    """What a discriminant makes of features.

    Attributes:
        label: the likeliest class, or ``unknown`` where that cannot be said.
        probabilities: of every class, if it is one of them; their sum is 1.
        typicality: share of what is known of the likeliest class that is at least as far from its middle: near 0 for
            what is like nothing known.
    """

    label: str
    probabilities: dict[str, float]
    typicality: float


@dataclass(frozen=True)
class Cloud:
    """A group of photos.

    Attributes:
        mean: its middle, ``[feature]``.
        between: covariance of photos, ``[feature, feature]``.
        within: covariance of the crops of a photo.
        crops: of how many crops known photos are (harmonic mean); more of them make no photo better known.
    """

    mean: Numbers
    between: Numbers
    within: Numbers
    crops: float

    def distances(self, features: Numbers, crops: int) -> tuple[Numbers, float]:
        """Squared Mahalanobis distances ``[example]`` of means over so many crops; the log determinant that goes by."""
        covariance = self.between + self.within / min(crops, self.crops) + RESOLUTION**2 * np.eye(len(self.mean))
        offsets = features - self.mean
        squares = np.einsum("ei,ei->e", offsets, np.linalg.solve(covariance, offsets.T).T)
        return squares, float(np.linalg.slogdet(covariance)[1])


@dataclass(frozen=True)
class Discriminant:
    """Clouds with one shape of tail; all classes are equally likely beforehand, and so are the groups of a class.

    Attributes:
        labels: the class of each group.
        clouds: of each group.
        usual: ``[group, share]``: the squared distances that such shares (`GRID`) of the group's known examples do not
            exceed, each judged by photos other than its own.
        tail: degrees of freedom.
    """

    labels: tuple[str, ...]
    clouds: tuple[Cloud, ...]
    usual: Numbers
    tail: float

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in order."""
        return tuple(dict.fromkeys(self.labels))

    @classmethod
    def fit(cls, known: Sequence[tuple[str, Photos]]) -> "Discriminant":
        """Learn from groups of photos.

        Args:
            known: of each group its class, and its photos. A photo has the same place in every group that it is in;
                of fewer than three photos each crop stands for itself, as if it were a photo.

        Raises:
            InputError: there are too few crops for so many features.
        """
        labels, groups = tuple(label for label, _ in known), [list(photos) for _, photos in known]
        count, features = sum(len(photo) for photos in groups for photo in photos), groups[0][0].shape[1]
        if (missing := len(groups) + features + 1 - count) > 0:
            raise InputError(f"{count} crops for {len(groups)} classes are too few; {missing} more are needed")
        if single := [label for label, photos in known if sum(map(len, photos)) < 2]:
            raise InputError(f"one crop of {single[0]} is too little; give another image")
        if min(len(photos) for photos in groups) < FEW:
            groups = [[crop[None] for photo in photos for crop in photo] for photos in groups]
        tried = {shared: _left_out(groups, shared) for shared in SHARED}
        shared, tail = min(
            itertools.product(SHARED, TAILS), key=lambda pair: _surprise(labels, tried[pair[0]], pair[1], features)
        )
        return cls(labels, _clouds(groups, shared), _usual(tried[shared], len(groups)), tail)

    def classify(self, features: Numbers, crops: int, *, clean: bool = True) -> Classification:
        """Judge the mean features ``[feature]`` over so many crops of one image.

        The answer is the likeliest class. It is withheld where the image is like nothing known of that class; and where
        it is more typical of ``clean``: that something is wrong needs both the better odds and the better likeness.

        Args:
            features: of the image.
            crops: how many.
            clean: whether ``clean`` can be the answer. If not, it is withheld, and no reason to withhold another.
        """
        squares, volumes = _distances(self.clouds, features[None], crops)
        shares = np.exp(_log_shares(self.labels, squares, volumes, self.tail, len(features)))[:, 0]
        probabilities = {name: float(shares[self._places(name)].sum()) for name in self.classes}
        label = max(probabilities, key=lambda name: probabilities[name])
        typical = {
            name: max(_share_beyond(self.usual[place], squares[place, 0]) for place in self._places(name))
            for name in self.classes
        }
        known = typical[label] >= max(RARE, typical.get(CLEAN, 0.0) if clean else 0.0) and (clean or label != CLEAN)
        return Classification(label if known else UNKNOWN, probabilities, typical[label])

    def _places(self, label: str) -> list[int]:
        return [place for place, name in enumerate(self.labels) if name == label]

    def learned(self) -> dict[str, Any]:
        """All of it, JSON-able; `of` makes it again."""
        return {
            "tail": None if np.isinf(self.tail) else self.tail,
            "groups": [
                {"class": label, "usual": usual.tolist(), "crops": cloud.crops}
                | {name: getattr(cloud, name).tolist() for name in ("mean", "between", "within")}
                for label, cloud, usual in zip(self.labels, self.clouds, self.usual, strict=True)
            ],
        }

    @classmethod
    def of(cls, learned: Mapping[str, Any]) -> "Discriminant":
        """The discriminant that `learned` came from."""
        groups = learned["groups"]
        clouds = []
        for group in groups:
            mean, between, within = (np.array(group[name]) for name in ("mean", "between", "within"))
            clouds.append(Cloud(mean, between, within, group["crops"]))
        labels, usual = [group["class"] for group in groups], np.array([group["usual"] for group in groups])
        return cls(tuple(labels), tuple(clouds), usual, np.inf if learned["tail"] is None else learned["tail"])


@dataclass(frozen=True)
class _LeftOut:
    """Examples of one group as the clouds of other photos see them.

    Attributes:
        own: the group.
        squares: distances, ``[group, example]``.
        volumes: log determinants, ``[group, 1]``.
        weights: ``[example]``; the crops of a photo have together as much as the whole photo.
    """

    own: int
    squares: Numbers
    volumes: Numbers
    weights: Numbers


def _left_out(groups: Sequence[Photos], shared: float) -> list[_LeftOut]:
    """Of every photo its crops, and all of it, seen by what up to ten parts of the photos without it teach."""
    seen = []
    folds = min(FOLDS, max(len(photos) for photos in groups))
    for fold in range(folds):
        kept = [[photo for place, photo in enumerate(photos) if place % folds != fold] for photos in groups]
        clouds = _clouds(kept, shared)
        for own, photos in enumerate(groups):
            for crops, (examples, weights) in _examples(photos[fold::folds]).items():
                seen.append(_LeftOut(own, *_distances(clouds, np.concatenate(examples), crops), np.array(weights)))
    return seen


def _examples(photos: Photos) -> dict[int, tuple[list[Numbers], list[float]]]:
    """Crops and whole photos, ``[example, feature]``, and weights; by how many crops an example is the mean of."""
    found: dict[int, tuple[list[Numbers], list[float]]] = {}
    for photo in photos:
        for examples, crops in ((photo, 1), (photo.mean(0, keepdims=True), len(photo))):
            rows, weights = found.setdefault(crops, ([], []))
            rows.append(examples)
            weights += [1 / len(examples)] * len(examples)
    return found


def _distances(clouds: Sequence[Cloud], features: Numbers, crops: int) -> tuple[Numbers, Numbers]:
    """Squared distances ``[group, example]``, and log determinants ``[group, 1]``."""
    found = [cloud.distances(features, crops) for cloud in clouds]
    return np.stack([squares for squares, _ in found]), np.array([[volume] for _, volume in found])


def _log_shares(labels: Sequence[str], squares: Numbers, volumes: Numbers, tail: float, features: int) -> Numbers:
    """Logarithms of the probability of each group, ``[group, example]``: Student's t, or a Gaussian."""
    heights = -squares / 2 if np.isinf(tail) else -(tail + features) / 2 * np.log1p(squares / tail)
    logs = heights - volumes / 2 - np.log([[labels.count(label)] for label in labels])
    return logs - np.logaddexp.reduce(logs, axis=0)


def _surprise(labels: tuple[str, ...], seen: Sequence[_LeftOut], tail: float, features: int) -> float:
    """Minus the mean logarithm of the probability of the true class."""
    total, weight = 0.0, 0.0
    for each in seen:
        shares = _log_shares(labels, each.squares, each.volumes, tail, features)
        own = [place for place, label in enumerate(labels) if label == labels[each.own]]
        total -= float(np.logaddexp.reduce(shares[own], axis=0) @ each.weights)
        weight += float(each.weights.sum())
    return total / weight


def _usual(seen: Sequence[_LeftOut], groups: int) -> Numbers:
    own = [np.concatenate([each.squares[group] for each in seen if each.own == group]) for group in range(groups)]
    return np.stack([np.quantile(squares, GRID) for squares in own])


def _clouds(groups: Sequence[Photos], shared: float) -> tuple[Cloud, ...]:
    """Clouds by moments: the means of photos spread by what is between photos, and by what is within, over crops."""
    moments = [_Moments.of(photos) for photos in groups]
    of_means = _drawn([each.of_means for each in moments], [each.free_means for each in moments], shared)
    within = _drawn([each.within for each in moments], [each.free_within for each in moments], shared)
    return tuple(
        Cloud(each.mean, _positive(around - inside / each.crops), inside, each.crops)
        for each, around, inside in zip(moments, of_means, within, strict=True)
    )


@dataclass(frozen=True)
class _Moments:
    """Of a group: the mean of photos' means; sums of squares around it and within photos; their degrees of freedom."""

    mean: Numbers
    of_means: Numbers
    within: Numbers
    free_means: int
    free_within: int
    crops: float  # harmonic mean over photos

    @classmethod
    def of(cls, photos: Photos) -> "_Moments":
        means, counts = np.stack([photo.mean(0) for photo in photos]), [len(photo) for photo in photos]
        around, inside = means - means.mean(0), np.concatenate([photo - photo.mean(0) for photo in photos])
        free = len(photos) - 1, sum(counts) - len(photos)
        return cls(means.mean(0), around.T @ around, inside.T @ inside, *free, 1 / float(np.mean(1 / np.array(counts))))


def _drawn(sums: Sequence[Numbers], free: Sequence[int], shared: float) -> list[Numbers]:
    """Covariances from sums of squares, drawn so far toward the one of all groups together."""
    common = np.sum(sums, axis=0) / max(1, sum(free))
    return [(1 - shared) * own / max(1, count) + shared * common for own, count in zip(sums, free, strict=True)]


def _positive(covariance: Numbers) -> Numbers:
    """The nearest covariance: negative variances, which moments can give, become none."""
    variances, axes = np.linalg.eigh(covariance)
    positive: Numbers = (axes * variances.clip(min=0)) @ axes.T
    return positive


def _share_beyond(usual: Numbers, square: float) -> float:
    """The share of known distances that are at least so large, from their quantiles at `GRID`."""
    return 0.0 if square > usual[-1] else 1 - float(np.interp(square, usual, GRID))
