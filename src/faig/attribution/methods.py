"""Methods: from the raw scores of many images to one score per filter and degradation.

Source: Xie et al., NeurIPS 2021, where an equation is named; the rest is ours.
"""

import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from faig.attribution.quadrature import riemann_left
from faig.attribution.raw_scores import PerImage, RawScores
from faig.common.errors import FaigWarning, InputError
from faig.filters import FilterSet, FilterSpace, Scores
from faig.imaging.cases import CLEAN

AGAINST = ("mean", "strongest")


def contrast(found: RawScores, kind: str, against: str = "mean") -> PerImage:
    """Discriminative score (Eq. 7), per image: ``s_f(x_d) - s_f(x_other)``.

    With one degradation alone, clean is subtracted where it is given; otherwise nothing is, and a warning says so.

    Args:
        found: the raw scores.
        kind: the degradation.
        against: what ``other`` is where there are more than two degradations (ours): ``mean``, the mean over the
            others, or ``strongest``, for each filter the one on which its mean score over images is largest.
    """
    return found.score[kind] - _others(found, kind, against)


def own(found: RawScores, kind: str, against: str = "mean") -> PerImage:  # noqa: ARG001 - called as the others are
    """``s_f(x_d)`` per image: nothing is subtracted."""
    return found.score[kind]


def signed(found: RawScores, kind: str, against: str = "mean") -> PerImage:
    """``Σ c_i(x_d) - s_f(x_other) - s_f(x_clean)`` per image (ours).

    Asks for filters whose reverting raises the loss on d and does nothing elsewhere, clean images included; ``against``
    as in `contrast`.

    Raises:
        InputError: there are no clean images.
    """
    if CLEAN not in found.score:
        raise InputError("the method signed needs clean LR images; pass --lr clean=DIR")
    others = [found.score[other] for other in found.degradations if other != kind]
    elsewhere = _one_of(others, against) if others else 0
    return found.signed[kind] - elsewhere - found.score[CLEAN]


def _others(found: RawScores, kind: str, against: str) -> Tensor:
    others = [found.score[other] for other in found.degradations if other != kind]
    if others:
        return _one_of(others, against)
    if CLEAN in found.score:
        return found.score[CLEAN]
    warnings.warn(
        f"{kind} is the only degradation and there are no clean images: nothing is subtracted from its scores",
        FaigWarning,
        stacklevel=3,
    )
    return torch.zeros_like(found.score[kind])


def _one_of(others: list[PerImage], against: str) -> PerImage:
    scores = torch.stack(others)
    if against == "mean":
        return scores.mean(0)
    strongest = scores.mean(1, keepdim=True).argmax(0, keepdim=True)  # by the mean over images: one for each filter
    return scores.gather(0, strongest.expand(1, *scores.shape[1:]))[0]


Rows = Callable[..., PerImage]  # of an attribution, a degradation and, by name, ``against``


@dataclass(frozen=True)
class Method:
    """A way to score filters.

    Attributes:
        raw: where its numbers come from: ``path`` (the integral), ``gradient`` (the integral's one node at the
            target), ``ig`` (the line of inputs), ``weights`` (no images) or ``seed`` (nothing).
        rows: from raw scores to one score per image and filter for a degradation, against the mean of the others;
            None where there are no images.
    """

    raw: str
    rows: Rows | None = None

    def against(self, what: str) -> "Method":
        """The method with ``mean`` or ``strongest`` of the other degradations subtracted; see `contrast`.

        Raises:
            InputError: there is no such name.
        """
        if what not in AGAINST:
            raise InputError(f"against {what!r}: is not one of {', '.join(AGAINST)}")
        return Method(self.raw, self.rows and functools.partial(self.rows, against=what))

    def combine(self, found: RawScores, kind: str) -> Scores:
        """One score per filter for a degradation: the mean over images.

        Raises:
            InputError: the method has no images, or needs clean ones that are not there.
        """
        if self.rows is None:
            raise InputError(f"a method made of {self.raw} has no scores by image")
        return self.rows(found, kind).mean(0)


METHODS: dict[str, Method] = {
    "faig": Method("path", contrast),
    "signed": Method("path", signed),
    "gradient": Method("gradient", own),
    "gradient-contrastive": Method("gradient", contrast),
    "ig": Method("ig", own),
    "ig-contrastive": Method("ig", contrast),
    "change": Method("weights"),
    "random": Method("seed"),
}


def only(rows: PerImage, among: FilterSet | None) -> PerImage:
    """The rows with every filter that is not among these below all that are."""
    if among is None:
        return rows
    return rows.masked_fill(~among.mask, float(rows.min() - rows.abs().max()) - 1)


def random_scores(space: FilterSpace, seed: int) -> Scores:
    """Uniform scores in [0, 1) that depend on the seed alone."""
    return torch.rand(len(space), generator=torch.Generator().manual_seed(seed))


AT_TARGET = riemann_left(1)  # the rule of ``gradient``
