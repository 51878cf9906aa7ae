"""What an attribution found: scores of every filter, and what says how far to trust them."""

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from torch import nn

from faig.attribution.combine import keep_only
from faig.attribution.integration.path import WeightPath
from faig.attribution.options import TOP, Options
from faig.attribution.raw_scores import PerImage, RawScores
from faig.attribution.trust import CLOSES, CONNECTED, disconnected, not_closing, not_learned, not_reached, tied
from faig.attribution.uncertainty import SamplingError, ranking_error, sampling_error
from faig.common.errors import InputError
from faig.filters import FilterSet, FilterSpace, Order, Scores, Strengths, rank
from faig.imaging.cases import describe_photos
from faig.imaging.colours import colours_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from faig.attribution.learning.method import LearningMethod
    from faig.attribution.methods import Method


@runtime_checkable
class NetworkPair(Protocol):
    """What an attribution asks of a pair; `faig.Pair` is one."""

    @property
    def target(self) -> nn.Module:
        """θ."""

    @property
    def baseline(self) -> nn.Module:
        """θ̄."""

    @property
    def path(self) -> WeightPath:
        """The straight path from target to baseline."""

    @property
    def space(self) -> FilterSpace:
        """The numbering of the filters."""

    @property
    def scale(self) -> int:
        """GT size / LR size."""


@dataclass(frozen=True, repr=False)
class Attribution:
    """Scores of all filters by one method, for each degradation.

    Attributes:
        method: the one that scored.
        space: the numbering of the filters.
        scores: one per filter, by degradation; the higher, the more the filter does for that function.
        options: how it was computed.
        ranked: the filters that are ranked, where those of some layers are not.
        raw: the raw scores by image; None for a method that looks at none.
        metadata: JSON-able, of how it was made: fingerprints, nodes, versions.
        strengths: by degradation, those at which the function is off, where the method learns them.
        relearned: by degradation, what became of what was learned on resamples of the photos, where that was asked for.
    """

    method: "Method | LearningMethod"
    space: FilterSpace
    scores: Mapping[str, Scores]
    options: Options
    ranked: FilterSet | None = None
    raw: RawScores | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    strengths: Mapping[str, Strengths] = field(default_factory=dict)
    relearned: Mapping[str, SamplingError] = field(default_factory=dict)

    @property
    def degradations(self) -> list[str]:
        """What there are scores for."""
        return list(self.scores)

    @property
    def passes(self) -> int:
        """How many passes were taken, all functions together: forward and backward, one image with one degradation."""
        return int(self.metadata.get("passes", 0))

    @property
    def images(self) -> list[str]:
        """Names of the images that filters were found on."""
        return [] if self.raw is None else self.raw.images

    def order(self, degradation: str) -> Order:
        """Flat indices, best first; ties by index.

        Raises:
            InputError: there are no scores for this degradation.
        """
        return rank(self._of(degradation), self.ranked)

    def top(self, degradation: str, share: float | str = TOP) -> FilterSet:
        """The first filters of the ranking.

        Args:
            degradation: whose function is meant.
            share: of all filters: ``0.01`` or ``"1%"``; a number is in (0, 1].

        Raises:
            InputError: there are no scores for this degradation, or the share is outside (0%, 100%].
        """
        return FilterSet.top(self.space, self.order(degradation), share)

    def function(self, degradation: str, share: float | str = TOP) -> FilterSet | Strengths:
        """What turns a function: the strengths that were learned for it, or else the first units of the ranking.

        Args:
            degradation: whose function is meant.
            share: of all units, where there is a ranking.

        Raises:
            InputError: see `top`.
        """
        self._of(degradation)
        return self.strengths.get(degradation) or self.top(degradation, share)

    def to_frame(self, degradation: str, count: int | None = None) -> "pd.DataFrame":
        """The ranking as a table: ``rank, index, layer, out, in, score``, with ``standard_error`` and ``confidence``.

        Args:
            degradation: whose function is meant.
            count: how many of the first filters; None for all.
        """
        from faig.attribution.files.rankings import ranking_frame  # slow to import

        errors = self.sampling_errors.get(degradation)
        return ranking_frame(self.space, self._of(degradation), errors, self.ranked).head(count or len(self.space))

    def plot(self, degradation: str, share: float | str = TOP) -> "Figure":
        """A map of all filters, those in `top` coloured; in a notebook it is shown, elsewhere ``savefig`` keeps it.

        Args:
            degradation: whose function is meant.
            share: of all filters: ``0.01`` or ``"1%"``.
        """
        from faig.attribution.filter_map import draw_filter_map  # slow to import

        chosen = self.top(degradation, share)
        percent = f"{100 * len(chosen) / len(self.space):.3g}%"
        name = f"{percent} by {self.method.name} for {degradation}"
        return draw_filter_map(chosen, name, colours_of(self.scores)[degradation])

    def rows(self, degradation: str) -> PerImage | None:
        """The score of each image and filter, filters that are not ranked below all others; None without images."""
        return None if self.raw is None else self._rows(self.raw, degradation)

    @cached_property
    def sampling_errors(self) -> dict[str, SamplingError]:
        """What other photos would have changed of the top 1%, or of the set that was learned, by degradation.

        Empty without images, and where what was learned was not learned anew; not of a degradation that is `tied`.
        """
        return dict(self.relearned) or {
            kind: sampling_error(rows, TOP, photos=self.raw.photos, seed=self.options.seed)
            for kind in self.scores
            if self.raw is not None and kind not in self.tied and (rows := self.rows(kind)) is not None
        }

    @cached_property
    def ranking_error(self) -> dict[str, float]:
        """Estimated share of the top 1% that an exact integral would fill with others; empty without an integral.

        Not of a degradation that is `tied`.
        """
        if self.raw is None or self.raw.coarse() is None:
            return {}
        return {kind: ranking_error(self._rows, self.raw, kind, TOP) for kind in self.scores if kind not in self.tied}

    @property
    def convergence_delta(self) -> dict[str, float]:
        """By how much the integral misses the change of loss, as a share of it, by degradation; empty without one."""
        return {} if self.raw is None else self.raw.delta()

    @property
    def residual(self) -> dict[str, float]:
        """The size of that share, by degradation; above 0.05 the integral does not close.

        A change of next to nothing counts as a fifth of the larger end's loss (see `RawScores.residuals`). Empty where
        the method does not integrate along the path.
        """
        return self.raw.residuals() if self.raw is not None and self.method.source.on_path else {}

    @property
    def carried(self) -> dict[str, float]:
        """The share of the change of loss that the units carry, by degradation; see `RawScores.carried`."""
        return self.raw.carried() if self.raw is not None and self.method.source.on_path else {}

    @property
    def left_out(self) -> str | None:
        """What the units leave out, in a line; None where they carry the change of loss to within 5%."""
        if self.raw is None or not self.method.source.on_path:
            return None
        much = [kind for kind, share in self.raw.unranked().items() if share > CLOSES]
        if not much:
            return None
        carried = self.carried
        shares = ", ".join(f"{carried[kind]:.0%} of the change of loss on {kind}" for kind in much)
        return (
            f"{self.space.unit}s carry {shares}; the rest is of parameters that are in none, which stay as they are "
            "when these are reverted. Rank channels, or everything, to have them all"
        )

    @property
    def reached(self) -> dict[str, float]:
        """How far what was learned switches each function off on the images it was learned on, 1 being all the way.

        In the gradient map, by degradation; of a graft, how far on. Empty where nothing is learned.
        """
        return dict(self.metadata.get("reached", {}))

    @property
    def barrier(self) -> dict[str, float]:
        """The largest loss on the path, as a multiple of the larger end's, by degradation; empty without a path."""
        return {} if self.raw is None else self.raw.barriers()

    @property
    def ends(self) -> dict[str, tuple[float, float]]:
        """The losses of target and baseline by degradation, the lower the better; empty where they are not known."""
        return dict(self.metadata.get("ends", {})) if self.raw is None else self.raw.ends()

    @cached_property
    def tied(self) -> dict[str, float]:
        """The one score that all ranked units have, by degradation of which that is so."""
        mask = slice(None) if self.ranked is None else self.ranked.mask
        ranked = {kind: scores[mask] for kind, scores in self.scores.items()}
        return {kind: float(of[0]) for kind, of in ranked.items() if len(of) > 1 and bool((of == of[0]).all())}

    @property
    def distrust(self) -> str | None:
        """Why the ranking is not to be trusted, in a line; None where nothing speaks against it."""
        reasons = [
            not_learned(self.ends),
            disconnected(self.barrier),
            not_closing(self.residual),
            tied(self.tied),
            not_reached(self.reached),
        ]
        return "; ".join(reason for reason in reasons if reason) or None

    def _rows(self, raw: RawScores, degradation: str) -> PerImage:
        return keep_only(self.method.rows(raw, degradation, self.options.against), self.ranked)

    def _of(self, degradation: str) -> Scores:
        if degradation not in self.scores:
            raise InputError(f"there are no scores for {degradation!r}, only for {', '.join(self.scores)}")
        return self.scores[degradation]

    def _facts(self) -> dict[str, str]:
        """What a reader wants to know first."""
        facts = {
            "method": self.method.name,
            "functions": ", ".join(self.scores),
            f"{self.space.unit}s": f"{len(self.space):,}",
        }
        if self.raw is not None:
            images = describe_photos(dict(zip(self.images, self.raw.photos, strict=True)))
            facts["images"] = f"{images}, {self.passes:,} passes"
        elif self.passes:
            facts["passes"] = f"{self.passes:,}"
        if delta := self.convergence_delta:
            facts["convergence delta"] = ", ".join(f"{kind} {value:+.2%}" for kind, value in delta.items())
        if barrier := self.barrier:
            facts["barrier"] = f"{max(barrier.values()):.2f} (connected up to {CONNECTED})"
        if errors := [error for error in self.ranking_error.values() if not math.isnan(error)]:
            facts["of the top 1%, wrong by the integral"] = f"about {max(errors):.1%}"
        if reached := self.reached:
            facts["does, of the whole job"] = ", ".join(f"{kind} {share:.0%}" for kind, share in reached.items())
        if left_out := self.left_out:
            facts["left out"] = left_out
        facts["trust"] = self.distrust or "nothing speaks against it"
        return facts

    def __repr__(self) -> str:
        return "Attribution\n" + "\n".join(f"  {name}: {value}" for name, value in self._facts().items())

    def _repr_html_(self) -> str:
        rows = (
            f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>"
            for name, value in self._facts().items()
        )
        return f"<table>{''.join(rows)}</table>"
