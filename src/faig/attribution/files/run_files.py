"""What attributions leave in a folder: raw scores, rankings, the paper's index files."""

import logging
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel

from faig.attribution.files.ranking_file import RankingFile, networks_said
from faig.attribution.files.rankings import write_index, write_ranking, write_sums
from faig.attribution.files.score_files import load_scores, save_scores
from faig.attribution.files.unit_files import STRENGTHS
from faig.attribution.methods import METHODS, Method
from faig.attribution.options import SUBTRACT
from faig.attribution.raw_scores import RawScores
from faig.attribution.result import Attribution
from faig.common.errors import FaigWarning, InputError
from faig.common.settings import one_of, validated
from faig.filters import FilterSet, FilterSpace

logger = logging.getLogger("faig")

SCORES = "scores.safetensors"


def score_file(attribution: Attribution, main: Attribution) -> str:
    """The name of the file of raw scores: methods of one source share it; that of the main method is plain."""
    name = attribution.method.source.name
    return SCORES if name == main.method.source.name else f"scores-{name}.safetensors"


def save_attributions(folder: Path, attributions: Sequence[Attribution], *, all_scores: bool = True) -> None:
    """Write the attributions of one or several methods on the same images.

    ``scores.safetensors`` (raw scores of the first method's source, ``scores-<source>.safetensors`` of others),
    ``rankings.safetensors`` (all rankings), and of the first method ``filters-<degradation>.csv`` with sums by channel
    and layer (of smaller units), and where every filter is ranked the paper's ``<degradation>_index.txt``.

    Args:
        folder: an existing one.
        attributions: the first is the run's own method.
        all_scores: whether raw scores are kept of every source, not of the own method's alone.
    """
    main = attributions[0]
    named_as_source = sorted(
        attributions, key=lambda attribution: attribution.method.name == attribution.method.source.name
    )
    for name, attribution in {score_file(attribution, main): attribution for attribution in named_as_source}.items():
        if attribution.raw is not None and (all_scores or name == SCORES):
            save_scores(folder / name, attribution.raw, dict(attribution.metadata))
    for kind, scores in main.scores.items():
        ranked = main.ranked
        write_ranking(folder / f"filters-{kind}.csv", main.space, scores, main.sampling_errors.get(kind), ranked)
        if main.space.unit == "filter":
            write_sums(folder / f"channels-{kind}.csv", main.space, scores, ("layer", "out"), ranked)
        if main.space.unit != "layer":
            write_sums(folder / f"layers-{kind}.csv", main.space, scores, ("layer",), ranked)
        if ranked is None:
            write_index(folder / f"{kind}_index.txt", scores)
    for kind, strengths in main.strengths.items():
        file = folder / STRENGTHS.format(kind)
        strengths.save(file, networks_said(file, main.metadata))
    RankingFile.of(attributions).save(folder)  # last: where it stands, all of them do


def report_errors(attribution: Attribution) -> None:
    """Say in the log how far the ranking is to be trusted; what speaks against it is a warning too."""
    name, tolerance = attribution.method.name, attribution.options.tolerance
    for kind, error in attribution.ranking_error.items():
        logger.info("%s, %s: the integral leaves about %.1f%% of the top 1%% wrong", name, kind, 100 * error)
        if tolerance is not None and error > 1 - tolerance:
            logger.warning("%s, %s: that is more than the tolerance allows", name, kind)
    for kind, delta in attribution.convergence_delta.items():
        barrier = attribution.barrier[kind]
        logger.info("%s, %s: convergence delta %+.3e, barrier %.3f", name, kind, delta, barrier)
    for kind, errors in attribution.sampling_errors.items():
        if math.isnan(errors.overlap):
            logger.info("%s, %s: of one photo, so nothing says what others would find", name, kind)
            continue
        again = sorted(share * errors.size for share in (errors.halves, errors.overlap) if not math.isnan(share))
        logger.info(
            "%s, %s: of the top %d %ss (%.3g%%), %s would be found again with other photos; %d with 95%% confidence",
            *(name, kind, errors.size, attribution.space.unit, 100 * errors.size / len(attribution.space)),
            *(" to ".join(f"{number:.0f}" for number in again), errors.confident),
        )
    if left_out := attribution.left_out:
        logger.warning("%s", left_out)
    if reason := attribution.distrust:
        logger.warning("%s", reason)
        warnings.warn(reason, FaigWarning, stacklevel=2)


@dataclass(frozen=True)
class RunScores:
    """The raw scores of a run, and what its method made rankings of them by.

    Attributes:
        raw: the scores.
        space: the numbering of the filters.
        ranked: the filters that are ranked, where those of some layers are not.
        against: what others are where there are several degradations; see `combine.contrast`.
    """

    raw: RawScores
    space: FilterSpace
    ranked: FilterSet | None
    against: str


class _Stored(BaseModel):
    """The metadata of a run's scores, beside what is needed to read them."""

    method: str
    layers: list[Any]
    ranked: list[str] | None = None
    against: Annotated[str, one_of(SUBTRACT)] = SUBTRACT[0]


def load_run_scores(folder: Path, method: Method) -> RunScores:
    """The raw scores in a folder that a method's rows can be made of.

    Raises:
        InputError: there are none, or the file does not fit together.
    """
    files = [folder / f"scores-{method.source.name}.safetensors", folder / SCORES]
    present = [file for file in files if file.is_file()]
    if not present:
        raise InputError(f"{folder}: holds no {SCORES}; attribute first")
    raw, metadata = load_scores(present[0])
    stored = validated(_Stored, metadata, str(present[0]))
    stored_method = METHODS.get(stored.method)
    if stored_method is None or stored_method.source is not method.source:
        raise InputError(
            f"{present[0]}: holds scores of the method {stored.method}, which say nothing about {method.name}"
        )
    rows = [*raw.score.values(), *raw.signed.values()]
    if not raw.degradations or any(bool(values.isnan().any()) for values in rows):
        raise InputError(f"{present[0]}: holds no scores of a degradation, or what is no number among them")
    try:
        space = FilterSpace.described(stored.layers)
        ranked = None if stored.ranked is None else FilterSet.of_layers(space, stored.ranked)
    except (LookupError, TypeError, ValueError) as error:
        raise InputError(f"{present[0]}: {error}") from None
    if rows[0].shape[1] != len(space):
        raise InputError(f"{present[0]}: holds {rows[0].shape[1]} scores an image, of {len(space)} filters")
    return RunScores(raw, space, ranked, stored.against)
