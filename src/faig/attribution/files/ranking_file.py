"""Rankings of several methods in one compact file: ``rankings.safetensors``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from faig.attribution.uncertainty import RESAMPLES
from faig.common.errors import InputError, shown
from faig.common.tensors import load_tensors, save_tensors
from faig.filters import FilterSet, FilterSpace, Order, Scores, rank

if TYPE_CHECKING:
    import pandas as pd

    from faig.attribution.result import Attribution

RANKINGS = "rankings.safetensors"  # in a run directory
ENDS = ("target", "baseline")

Networks = Mapping[str, str]  # hashes of both ends


@dataclass(frozen=True)
class Ranking:
    """One method's scores for one degradation.

    Attributes:
        method: the name of the method that scored.
        degradation: whose function is meant.
        scores: one per filter; the higher, the better its rank.
        standard_error: of each score, over photos; None where that is not known.
        confidence: of each filter, the share of resamples in which it is in the top 1%; None where not known.
        ranked: the filters that are ranked, where those of some layers are not.
    """

    method: str
    degradation: str
    scores: Scores
    standard_error: Scores | None = None
    confidence: Scores | None = None
    ranked: FilterSet | None = None

    @property
    def order(self) -> Order:
        """Flat indices, best first; ties by index."""
        return rank(self.scores, self.ranked)


@dataclass(frozen=True)
class RankingFile:
    """All rankings of a run.

    Attributes:
        space: the numbering of the filters.
        default: the run's own method.
        rankings: one for every method and degradation.
        networks: hashes of target and baseline; None where they are not known.
    """

    space: FilterSpace
    default: str
    rankings: tuple[Ranking, ...]
    networks: Networks | None = None

    @classmethod
    def of(cls, attributions: Sequence["Attribution"]) -> "RankingFile":
        """The rankings of attributions of one network; the first one's method is the run's own."""
        return cls(
            attributions[0].space,
            attributions[0].method.name,
            tuple(_ranking(attribution, kind) for attribution in attributions for kind in attribution.scores),
            networks_said(Path(RANKINGS), attributions[0].metadata),
        )

    @property
    def degradations(self) -> list[str]:
        """What the run's own method has rankings for."""
        return [ranking.degradation for ranking in self.rankings if ranking.method == self.default]

    def get(self, method: str, degradation: str) -> Ranking:
        """One ranking.

        Raises:
            InputError: there is none of that method for that degradation.
        """
        for ranking in self.rankings:
            if (ranking.method, ranking.degradation) == (method, degradation):
                return ranking
        known = ", ".join(f"{ranking.method} for {ranking.degradation}" for ranking in self.rankings)
        raise InputError(f"there is no ranking by {method} for {degradation!r}, only by {known}")

    def frame(self, method: str, degradation: str, top: int | None = None) -> "pd.DataFrame":
        """A ranking as a table, best first: ``rank, index, layer, out, in, score, standard_error, confidence``.

        The last two columns are there only where they are known.

        Args:
            method: the name of the method that ranked.
            degradation: whose function is meant.
            top: how many of the first filters; None for all.

        Raises:
            InputError: there is none of that method for that degradation.
        """
        from faig.attribution.files.rankings import ranking_frame  # slow to import

        ranking = self.get(method, degradation)
        table = ranking_frame(self.space, ranking.scores, ranked=ranking.ranked).head(top or len(self.space))
        for name in ("standard_error", "confidence"):
            if (values := getattr(ranking, name)) is not None:
                table[name] = values.double().numpy()[table["index"]]
        return table

    def save(self, path: Path) -> None:
        """Write ``score/<i>``, where known ``standard_error/<i>`` and ``confidence/<i>``; equal input, equal bytes.

        Scores and errors are float32, a confidence is a count of resamples in uint8. Methods that score alike for
        several degradations stand there once.

        Args:
            path: the file, or the directory of a run, in which it is called ``rankings.safetensors``.
        """
        tensors: dict[str, Tensor] = {}
        listed: list[dict[str, Any]] = []
        indices: dict[tuple[int, int, int], int] = {}
        for ranking in self.rankings:
            parts = {"score": ranking.scores, "standard_error": ranking.standard_error}
            counts = None if ranking.confidence is None else (ranking.confidence * RESAMPLES).round().byte()
            key = id(ranking.scores), id(ranking.standard_error), id(ranking.confidence)
            index = indices.setdefault(key, len(indices))
            tensors |= {f"{part}/{index}": rows.float() for part, rows in parts.items() if rows is not None}
            tensors |= {} if counts is None else {f"confidence/{index}": counts}
            listed.append({"method": ranking.method, "degradation": ranking.degradation, "index": index})
            if ranking.ranked is not None:
                listed[-1]["ranked"] = [layer.name for layer in self.space.layers if layer.start in ranking.ranked]
        metadata = {"layers": self.space.describe(), "default": self.default, "rankings": listed}
        save_tensors(_file(path), tensors, metadata | ({"fingerprint": self.networks} if self.networks else {}))

    @classmethod
    def load(cls, path: Path) -> "RankingFile":
        """What `save` wrote.

        Args:
            path: the file, or the directory of a run.

        Raises:
            InputError: there is no such file, or it cannot be read.
        """
        file = _file(path)
        if not file.is_file():
            raise InputError(f"{path}: holds no {RANKINGS}; attribute first")
        tensors, metadata = load_tensors(file, "rankings")
        networks = networks_said(file, metadata)
        try:
            space = FilterSpace.described(metadata["layers"])
            rankings = tuple(_stored(space, entry, tensors) for entry in metadata["rankings"])
            if not isinstance(metadata["default"], str):
                raise ValueError("it does not name the run's own method")
            if metadata["default"] not in [ranking.method for ranking in rankings]:
                raise ValueError(f"it has no ranking by {shown(metadata['default'])}, the run's own method")
            if len({(ranking.method, ranking.degradation) for ranking in rankings}) < len(rankings):
                raise ValueError("it has two rankings by one method for one degradation")
            return cls(space, metadata["default"], rankings, networks)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"{file}: is not a file of rankings: {error}") from None


def networks_said(path: Path, metadata: Mapping[str, object]) -> Networks | None:
    """The hashes of the networks that a file's metadata are of; None where they do not say.

    Raises:
        InputError: they are none.
    """
    said = metadata.get("fingerprint")
    if said is None:
        return None
    if not isinstance(said, dict) or not all(isinstance(said.get(role), str) for role in ENDS):
        raise InputError(f"{path}: its fingerprint {shown(said)} names no target and baseline; find its units again")
    return {role: said[role] for role in ENDS}


def _file(path: Path) -> Path:
    return path / RANKINGS if path.is_dir() else path


def _ranking(attribution: "Attribution", degradation: str) -> Ranking:
    errors = attribution.sampling_errors.get(degradation)
    known = errors is not None and not bool(errors.confidence.isnan().any())  # not of one photo
    return Ranking(
        attribution.method.name,
        degradation,
        attribution.scores[degradation],
        errors.standard_error if errors is not None and known else None,
        errors.confidence if errors is not None and known else None,
        attribution.ranked,
    )


def _stored(space: FilterSpace, entry: dict[str, Any], tensors: dict[str, Tensor]) -> Ranking:
    index, method, degradation, ranked = (entry.get(name) for name in ("index", "method", "degradation", "ranked"))
    if not (isinstance(method, str) and isinstance(degradation, str) and (ranked or "ranked" not in entry)):
        raise ValueError(f"{entry} is not a method, a degradation, and where not all are ranked, layers")
    scores, counts = tensors[f"score/{index}"], tensors.get(f"confidence/{index}")
    errors = tensors.get(f"standard_error/{index}")
    if any(values is not None and values.shape != (len(space),) for values in (scores, errors, counts)):
        raise ValueError(f"{method} for {degradation} has not one number for each of {len(space)} filters")
    if not scores.is_floating_point() or scores.isnan().any():
        raise ValueError(f"{method} for {degradation} has scores that are no numbers")
    return Ranking(
        method,
        degradation,
        scores,
        errors,
        None if counts is None else counts.to(torch.float32) / RESAMPLES,
        None if ranked is None else FilterSet.of_layers(space, ranked),
    )
