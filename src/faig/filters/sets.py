"""Sets of a network's units, and rankings of them."""

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int64
from torch import Tensor

from faig.common.errors import InputError
from faig.common.settings import count_of
from faig.filters.space import FilterSpace, Scores

Order = Int64[Tensor, " ranked"]


@dataclass(frozen=True)
class FilterSet:
    """A selection of units of a space, with set operations (``|``, ``&``, ``-``, ``~``).

    Attributes:
        space: whose filters.
        mask: true for those that are in the set.
    """

    space: FilterSpace
    mask: Bool[Tensor, " filter"]

    def __post_init__(self) -> None:
        """Refuse a mask of another space."""
        if self.mask.shape != (len(self.space),):
            raise InputError(f"a mask of {self.mask.numel()} {self.space.unit}s for a space of {len(self.space)}")

    @classmethod
    def of(cls, space: FilterSpace, indices: Iterable[int] | Tensor) -> "FilterSet":
        """The set of these flat indices.

        Raises:
            InputError: an index is outside the space.
        """
        indices = torch.as_tensor(indices if isinstance(indices, Tensor) else list(indices), dtype=torch.int64)
        outside = indices[(indices < 0) | (indices >= len(space))]
        if outside.numel():
            raise InputError(f"{space.unit} {int(outside[0])} is outside 0 to {len(space) - 1}")
        mask = torch.zeros(len(space), dtype=torch.bool)
        mask[indices] = True
        return cls(space, mask)

    @classmethod
    def of_layers(cls, space: FilterSpace, chosen: Sequence[str] = (), left_out: Sequence[str] = ()) -> "FilterSet":
        """All filters of the layers that a pattern of ``chosen`` names (``body.*``; none: all), none of ``left_out``.

        Raises:
            InputError: a pattern is of no layer, or no layer is left.
        """
        names = [layer.name for layer in space.layers]
        matching = {pattern: set(fnmatch.filter(names, pattern)) for pattern in (*chosen, *left_out)}
        for pattern, matches in matching.items():
            if not matches:
                raise InputError(f"no layer is named {pattern!r}; there are {', '.join(names)}")
        wanted = set().union(*(matching[pattern] for pattern in chosen)) if chosen else set(names)
        wanted -= set().union(*(matching[pattern] for pattern in left_out))
        if not wanted:
            raise InputError(f"no layer is left without {', '.join(left_out)}")
        return cls(space, torch.cat([torch.full((layer.count,), layer.name in wanted) for layer in space.layers]))

    @classmethod
    def top(cls, space: FilterSpace, order: Order, proportion: float | str) -> "FilterSet":
        """The first filters of a ranking.

        Args:
            space: whose filters.
            order: flat indices, best first.
            proportion: of the whole space, in (0, 1], or a text such as ``"1%"``.

        Raises:
            InputError: the proportion is outside (0%, 100%], or the ranking has fewer filters than that.
        """
        wanted = count_of(proportion, len(space))
        if wanted > len(order):
            has = f"the ranking has only {len(order)}"
            raise InputError(f"the top {wanted / len(space):.3%} is {wanted} {space.unit}s, but {has}")
        return cls.of(space, order[:wanted])

    def __len__(self) -> int:
        return int(self.mask.sum())

    def __repr__(self) -> str:
        shares = {
            layer.name: int(self.mask[layer.start : layer.start + layer.count].sum()) for layer in self.space.layers
        }
        most = ", ".join(f"{name} {count}" for name, count in sorted(shares.items(), key=lambda item: -item[1])[:3])
        return f"FilterSet({len(self):,} of {len(self.space):,} {self.space.unit}s; most in {most})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FilterSet):
            return NotImplemented
        return self.space == other.space and torch.equal(self.mask, other.mask)

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, index: int) -> bool:
        return bool(self.mask[index])

    def __or__(self, other: "FilterSet") -> "FilterSet":
        return FilterSet(self.space, self.mask | self._same_space(other).mask)

    def __and__(self, other: "FilterSet") -> "FilterSet":
        return FilterSet(self.space, self.mask & self._same_space(other).mask)

    def __sub__(self, other: "FilterSet") -> "FilterSet":
        return FilterSet(self.space, self.mask & ~self._same_space(other).mask)

    def __invert__(self) -> "FilterSet":
        return FilterSet(self.space, ~self.mask)

    @property
    def indices(self) -> Int64[Tensor, " chosen"]:
        """The flat indices, ascending."""
        return self.mask.nonzero().flatten()

    def _same_space(self, other: "FilterSet") -> "FilterSet":
        if self.space != other.space:
            raise InputError("these filter sets are of different networks")
        return other


def rank(scores: Scores, among: FilterSet | None = None) -> Order:
    """Flat indices, best first; ties by index.

    Args:
        scores: one per filter.
        among: the filters to rank; None for all.

    Raises:
        InputError: a score is NaN.
    """
    if scores.isnan().any():
        raise InputError(f"the score of filter {int(scores.isnan().nonzero()[0])} is not a number")
    order = torch.argsort(scores, descending=True, stable=True)
    return order if among is None else order[among.mask[order]]
