"""What each filter contributes to what the target does and the baseline does not: the raw scores of many images.

From one filter's weights to its score: `integral.along_path` integrates the loss gradient of one image into signed
contributions ``c_i`` (one per weight) and sums them up by filter; `RawScores` gathers the images; `methods` turns
them into one score per filter and degradation.

Source: Xie et al., NeurIPS 2021 (FAIG), where an equation is named; the rest is ours.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from faig.attribution.integration.path import barrier
from faig.common.errors import InputError
from faig.filters import Scores
from faig.imaging.cases import CLEAN

LITTLE = 0.2  # of the larger end's loss: a smaller change of loss is none to be exact about

PerImage = Float[Tensor, "image filter"]


@dataclass(frozen=True)
class Contribution:
    """What one image with one degradation says.

    Attributes:
        score: ``s_f(x)`` of every filter: the sum of ``|c_i|`` over its weights (Eq. 6).
        signed: the sum of ``c_i`` over its weights; None for ``ig``.
        total: the sum of ``c_i`` over all parameters, biases too; None for ``ig``.
        losses: at α = 0, at the nodes, and at α = 1; None for ``ig``.
        coarse_score: ``score`` by a third of the nodes: how far it is off says how good the integral is. None where
            there are fewer than three.
        coarse_signed: the same of ``signed``.
    """

    score: Scores
    signed: Scores | None = None
    total: Float[Tensor, ""] | None = None
    losses: Float[Tensor, " node_and_ends"] | None = None
    coarse_score: Scores | None = None
    coarse_signed: Scores | None = None


@dataclass(repr=False)
class RawScores:
    """The raw scores of a set of images, before any subtraction.

    Attributes:
        images: their names, one for each row.
        score: ``s_f(x_d)`` by degradation (and ``clean``).
        signed: ``Σ c_i`` by degradation; empty for ``ig``.
        total: ``Σ c_i`` over all parameters, by degradation, ``[image]``; empty for ``ig``.
        losses: at α = 0, at the nodes, at α = 1, by degradation, ``[image, node + 2]``; empty for ``ig``. Where images
            have different numbers of nodes, those that an image does not have are NaN.
        coarse_score: ``score`` by a third of the nodes, ``[1, filter]``, the mean over images; empty where there are
            fewer than three nodes.
        coarse_signed: the same of ``signed``.
        decibels: whether the losses are logarithms of powers, so that the path check compares by difference.
        photos: of which photo each image is; the images themselves where none are named. Intervals resample photos.
    """

    images: list[str]
    score: dict[str, PerImage]
    signed: dict[str, PerImage] = field(default_factory=dict)
    total: dict[str, Float[Tensor, " image"]] = field(default_factory=dict)
    losses: dict[str, Float[Tensor, "image node_and_ends"]] = field(default_factory=dict)
    coarse_score: dict[str, Float[Tensor, "1 filter"]] = field(default_factory=dict)
    coarse_signed: dict[str, Float[Tensor, "1 filter"]] = field(default_factory=dict)
    decibels: bool = False
    photos: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.photos:
            self.photos = list(self.images)

    @classmethod
    def of(cls, name: str, parts: Mapping[str, Contribution], photo: str | None = None) -> "RawScores":
        """The attribution of one image, which may be a crop of a photo."""

        def row(get: Callable[[Contribution], Tensor | None]) -> dict[str, Tensor]:
            values = {kind: get(part) for kind, part in parts.items()}
            return {kind: value[None] for kind, value in values.items() if value is not None}

        return cls(
            images=[name],
            score=row(lambda part: part.score),
            signed=row(lambda part: part.signed),
            total=row(lambda part: part.total),
            losses=row(lambda part: part.losses),
            coarse_score=row(lambda part: part.coarse_score),
            coarse_signed=row(lambda part: part.coarse_signed),
            photos=[photo or name],
        )

    def __repr__(self) -> str:
        filters = next(iter(self.score.values())).shape[1]
        return f"RawScores({len(self.images)} images, {filters:,} filters, {', '.join(self.score)})"

    def coarse(self) -> "RawScores | None":
        """What a third of the nodes would have found, as one row; None where that is not known."""
        if not self.coarse_score:
            return None
        return RawScores([f"mean of {len(self.images)} images"], self.coarse_score, self.coarse_signed)

    @property
    def degradations(self) -> list[str]:
        """Names, without ``clean``."""
        return [kind for kind in self.score if kind != CLEAN]

    def ends(self) -> dict[str, tuple[float, float]]:
        """The losses at the target and at the baseline, summed over images, by degradation; empty for ``ig``."""
        sums = {kind: self.losses[kind].sum(0) for kind in self.degradations if kind in self.losses}
        return {kind: (float(losses[0]), float(losses[-1])) for kind, losses in sums.items()}

    def delta(self) -> dict[str, float]:
        """Convergence delta by degradation: ``(Σ c - (L(θ̄) - L(θ))) / (L(θ̄) - L(θ))``, each summed over images.

        0 where both are 0; infinite where only the loss difference is.
        """
        result = {}
        for kind, total in self.total.items():
            gained = float((self.losses[kind][:, -1] - self.losses[kind][:, 0]).sum())
            missing = float(total.sum()) - gained
            result[kind] = missing / gained if gained else (0.0 if missing == 0 else math.inf)
        return result

    def residuals(self) -> dict[str, float]:
        """What the integral misses of the change of loss, by degradation, as a share of it; never negative (ours).

        Of a change that is less than `LITTLE` of the larger end's loss the share would say nothing, for next to nothing
        is 0 off by many times itself: there what is missing is a share of `LITTLE` of that loss. Sums over images.
        """
        return {
            kind: _share(abs(float(total.sum()) - self._change(kind)), self._worth_a_share(kind))
            for kind, total in self.total.items()
        }

    def carried(self) -> dict[str, float]:
        """By degradation, ``Σ c`` over the units, as a share of the change of loss ``L(θ̄) - L(θ)`` (ours).

        1 where the units hold every parameter that moved; far from 1 where others moved too, against which or with
        which the units work. Not a number where no loss changes.
        """
        sums = {kind: float(signed.double().sum()) for kind, signed in self.signed.items() if kind in self.total}
        return {
            kind: carried / self._change(kind) if self._change(kind) else math.nan for kind, carried in sums.items()
        }

    def unranked(self) -> dict[str, float]:
        """What parameters that are in no unit carry, as `residuals` gives what is missing; never negative (ours)."""
        return {
            kind: _share(abs(float(self.total[kind].sum() - signed.double().sum())), self._worth_a_share(kind))
            for kind, signed in self.signed.items()
            if kind in self.total
        }

    def _change(self, kind: str) -> float:
        """``L(θ̄) - L(θ)``, summed over images."""
        return float((self.losses[kind][:, -1] - self.losses[kind][:, 0]).sum())

    def _worth_a_share(self, kind: str) -> float:
        """The size of the change, or `LITTLE` of the larger end's loss, where that is more."""
        start, end = self.losses[kind][:, 0], self.losses[kind][:, -1]
        larger = float(torch.maximum(start.abs(), end.abs()).sum())
        little = -10 * math.log10(1 - LITTLE) * len(start) if self.decibels else LITTLE * larger
        return max(abs(self._change(kind)), little)

    def barriers(self) -> dict[str, float]:
        """Path check by degradation; above 1.1 the pair is not connected."""
        summed = {kind: losses[:, losses.isfinite().all(0)].sum(0) for kind, losses in self.losses.items()}
        if self.decibels:  # of the geometric mean of the images' powers
            summed = {kind: 10 ** (losses / (10 * len(self.images))) for kind, losses in summed.items()}
        return {kind: barrier(losses[1:-1], float(losses[0]), float(losses[-1])) for kind, losses in summed.items()}


def _share(part: float, whole: float) -> float:
    return part / whole if whole else (0.0 if part == 0 else math.inf)


def beside(parts: Iterable[RawScores]) -> RawScores:
    """Put the attributions of the same images with different degradations together."""
    by_degradation = list(parts)
    names = [field.name for field in fields(RawScores) if field.name not in ("images", "decibels", "photos")]
    merged: dict[str, Any] = {
        name: {kind: rows for raw in by_degradation for kind, rows in getattr(raw, name).items()} for name in names
    }
    return replace(by_degradation[0], **merged)


def join(parts: Iterable[RawScores]) -> RawScores:
    """Put the attributions of several sets of images together, rows in the order given.

    Raises:
        InputError: there are none.
    """
    raw_scores = list(parts)
    if not raw_scores:
        raise InputError("no cases to attribute")

    def gathered(part: str, merge: Callable[[list[Tensor]], Tensor]) -> dict[str, Tensor]:
        return {kind: merge([getattr(raw, part)[kind] for raw in raw_scores]) for kind in getattr(raw_scores[0], part)}

    counts = torch.tensor([len(raw.images) for raw in raw_scores])

    def mean(rows: list[Tensor]) -> Tensor:
        means = torch.cat(rows)
        return (means * (counts / counts.sum()).to(means)[:, None]).sum(0, keepdim=True)

    return RawScores(
        images=[name for raw in raw_scores for name in raw.images],
        score=gathered("score", torch.cat),
        signed=gathered("signed", torch.cat),
        total=gathered("total", torch.cat),
        losses=gathered("losses", _aligned),
        coarse_score=gathered("coarse_score", mean),
        coarse_signed=gathered("coarse_signed", mean),
        decibels=raw_scores[0].decibels,
        photos=[photo for raw in raw_scores for photo in raw.photos],
    )


def _aligned(losses: list[Tensor]) -> Tensor:
    """The losses of all images; where one has a third of another's nodes, each is in the middle of three columns."""
    most = max(rows.shape[1] for rows in losses) - 2
    aligned = []
    for rows in losses:
        step = most // (rows.shape[1] - 2)
        spread = rows.new_full((len(rows), most), torch.nan)
        spread[:, (step - 1) // 2 :: step] = rows[:, 1:-1]
        aligned.append(torch.cat([rows[:, :1], spread, rows[:, -1:]], 1))
    return torch.cat(aligned)
