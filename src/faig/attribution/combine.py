"""From the raw scores of all degradations to one score per image and filter for one of them.

Source: Xie et al., NeurIPS 2021, where an equation is named; the rest is ours.
"""

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from faig.attribution.raw_scores import PerImage, RawScores
from faig.common.errors import FaigWarning
from faig.filters import FilterSet
from faig.imaging.cases import CLEAN

Combine = Callable[[RawScores, str, str], PerImage]  # of raw scores, a degradation, and ``mean`` or ``strongest``


def contrast(raw: RawScores, kind: str, against: str = "mean") -> PerImage:
    """Discriminative score (Eq. 7), per image: ``s_f(x_d) - s_f(x_other)``.

    With one degradation alone, clean is subtracted where it is given; otherwise nothing is, and a warning says so.

    Args:
        raw: the raw scores.
        kind: the degradation.
        against: what ``other`` is where there are more than two degradations (ours): ``mean``, the mean over the
            others, or ``strongest``, for each filter the one on which its mean score over images is largest.
    """
    other_rows = [raw.score[name] for name in raw.degradations if name != kind]
    if other_rows:
        return raw.score[kind] - _subtracted(other_rows, against)
    if CLEAN in raw.score:
        return raw.score[kind] - raw.score[CLEAN]
    warnings.warn(
        f"{kind} is the only degradation and there are no clean images: nothing is subtracted from its scores",
        FaigWarning,
        stacklevel=3,
    )
    return raw.score[kind]


def raw_scores(raw: RawScores, kind: str, against: str = "mean") -> PerImage:  # noqa: ARG001 - as the others are called
    """``s_f(x_d)`` per image: nothing is subtracted."""
    return raw.score[kind]


def signed(raw: RawScores, kind: str, against: str = "mean") -> PerImage:
    """``Σ c_i(x_d) - s_f(x_other) - s_f(x_clean)`` per image (ours).

    Asks for filters whose reverting raises the loss on d and does nothing elsewhere, clean images included; ``against``
    as in `contrast`.
    """
    other_rows = [raw.score[name] for name in raw.degradations if name != kind]
    elsewhere = _subtracted(other_rows, against) if other_rows else 0
    return raw.signed[kind] - elsewhere - raw.score[CLEAN]


def signed_net(raw: RawScores, kind: str, against: str = "mean") -> PerImage:
    """As `signed`, with the absolute value after the sums: ``Σ c_i(x_d) - |Σ c_i(x_other)| - |Σ c_i(x_clean)|`` (ours).

    What cancels within a filter, or between images, counts as nothing. Each absolute value is that of the mean over
    images, so a row has its sign; the mean of the rows is the score.
    """
    nets = {name: rows * rows.mean(0).sign() for name, rows in raw.signed.items() if name != kind}
    other_rows = [net for name, net in nets.items() if name != CLEAN]
    elsewhere = _subtracted(other_rows, against) if other_rows else 0
    return raw.signed[kind] - elsewhere - nets[CLEAN]


def _subtracted(other_rows: list[PerImage], against: str) -> PerImage:
    scores = torch.stack(other_rows)
    if against == "mean":
        return scores.mean(0)
    strongest = scores.mean(1, keepdim=True).argmax(0, keepdim=True)  # for each filter, by the mean over images
    return scores.gather(0, strongest.expand(1, *scores.shape[1:]))[0]


def keep_only(rows: PerImage, ranked: FilterSet | None) -> Tensor:
    """The rows with every filter that is not ranked below all that are."""
    if ranked is None:
        return rows
    return rows.masked_fill(~ranked.mask, float(rows.min() - rows.abs().max()) - 1)
