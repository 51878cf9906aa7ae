"""The filters of any network: their numbering, and sets of them.

A filter is one 2-D kernel ``W[out, in]`` of a Conv2d or ConvTranspose2d. Filters are numbered layer by layer in the
order of the network's ``state_dict()``, within a layer by ``out``, then by ``in``; the paper's index files use the
same numbers. In a convolution with groups, ``in`` counts within the group. A weight that several layers share is
numbered once, where it comes first.
"""

import bisect
import fnmatch
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int64, Shaped
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.common.settings import count_of

Scores = Float[Tensor, " filter"]
Order = Int64[Tensor, " ranked"]


@dataclass(frozen=True)
class Layer:
    """The filters of one convolution.

    Attributes:
        name: of the module, as in ``named_modules()``.
        out: output channels.
        inputs: input channels of a group.
        groups: 1 for an ordinary convolution.
        transposed: whether the weight is stored as ConvTranspose2d stores it.
        start: flat index of the layer's first filter.
    """

    name: str
    out: int
    inputs: int
    groups: int
    transposed: bool
    start: int

    @property
    def key(self) -> str:
        """The name of the weight in the state dict."""
        return f"{self.name}.weight" if self.name else "weight"

    @property
    def count(self) -> int:
        """How many filters the layer has."""
        return self.out * self.inputs

    def kernels(self, weight: Tensor) -> Float[Tensor, "filter rows columns"]:
        """The layer's weight (or its gradient) as kernels in the order of the numbering."""
        if self.transposed:  # stored as [in, out / groups, rows, columns]
            weight = weight.unflatten(0, (self.groups, -1)).transpose(1, 2)
            return weight.flatten(0, 2)
        return weight.flatten(0, 1)

    def weight(self, kernels: Shaped[Tensor, "filter rows columns"]) -> Tensor:
        """Kernels in the order of the numbering as the layer's weight: `kernels` undone."""
        weight = kernels.unflatten(0, (self.out, self.inputs))
        if self.transposed:
            weight = weight.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1)
        return weight

    def spread(self, values: Tensor) -> Tensor:
        """One value per filter, shaped so that it broadcasts with the layer's weight."""
        return self.weight(values.view(-1, 1, 1))


@dataclass(frozen=True)
class FilterSpace:
    """The numbering of a network's filters; ``len(space)`` is N."""

    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, network: nn.Module) -> "FilterSpace":
        """The filter space of a network.

        Raises:
            InputError: it has no convolution, or one whose weight is not a plain parameter.
        """
        layers: list[Layer] = []
        numbered: set[int] = set()  # ids of weights, which layers may share
        start = 0
        for name, module in network.named_modules():
            if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                continue
            weight = dict(module.named_parameters(recurse=False)).get("weight")
            if weight is None:
                raise InputError(f"{name}.weight is not a plain parameter; remove its parametrization first")
            if id(weight) in numbered:
                continue
            numbered.add(id(weight))
            inputs, transposed = module.in_channels // module.groups, isinstance(module, nn.ConvTranspose2d)
            layers.append(Layer(name, module.out_channels, inputs, module.groups, transposed, start))
            start += layers[-1].count
        if not layers:
            raise InputError("the network has no Conv2d or ConvTranspose2d, so no filters")
        return cls(tuple(layers))

    def __len__(self) -> int:
        last = self.layers[-1]
        return last.start + last.count

    def __repr__(self) -> str:
        return f"FilterSpace({len(self):,} filters in {len(self.layers)} layers)"

    def locate(self, index: int) -> tuple[str, int, int]:
        """Layer, ``out`` and ``in`` of a flat index.

        Raises:
            InputError: there is no such filter.
        """
        layer = self.layer_of(index)
        return layer.name, *divmod(index - layer.start, layer.inputs)

    def layer_of(self, index: int) -> Layer:
        """The layer of a flat index.

        Raises:
            InputError: there is no such filter.
        """
        if not 0 <= index < len(self):
            raise InputError(f"filter {index} is outside 0 to {len(self) - 1}")
        return self.layers[bisect.bisect_right(self.layers, index, key=lambda layer: layer.start) - 1]

    def index(self, layer: str, out: int, inp: int) -> int:
        """The flat index of ``W[out, inp]`` in a layer.

        Raises:
            InputError: there is no such filter.
        """
        match = next((candidate for candidate in self.layers if candidate.name == layer), None)
        if match is None:
            raise InputError(f"the network has no convolution {layer!r}")
        if not (0 <= out < match.out and 0 <= inp < match.inputs):
            raise InputError(f"{layer} has {match.out}x{match.inputs} filters, so none at [{out}, {inp}]")
        return match.start + out * match.inputs + inp

    def sum_per_filter(self, values: Mapping[str, Tensor]) -> Scores:
        """Sum over the weights of each filter.

        Args:
            values: one number per weight, by state-dict key; keys that are no convolution's weight are ignored.
        """
        sums = {layer: values[layer.key].sum((2, 3), keepdim=True) for layer in self.layers}
        return torch.cat([layer.kernels(sums[layer]).flatten() for layer in self.layers])

    def spread(self, values: Tensor) -> dict[str, Tensor]:
        """One value per filter, by state-dict key, shaped to broadcast with each layer's weight."""
        return {layer.key: layer.spread(values[layer.start : layer.start + layer.count]) for layer in self.layers}

    @classmethod
    def described(cls, layers: Sequence[Sequence[Any]]) -> "FilterSpace":
        """The numbering that `describe` wrote: enough to count and to find filters, not to alter a network."""
        starts = itertools.accumulate((out * inputs for _, out, inputs in layers), initial=0)
        placed = zip(layers, starts, strict=False)
        return cls(tuple(Layer(name, out, inputs, 1, False, start) for (name, out, inputs), start in placed))

    def describe(self) -> list[list[str | int]]:
        """``[name, out, in]`` of every layer: JSON-able, and enough to tell two spaces apart."""
        return [[layer.name, layer.out, layer.inputs] for layer in self.layers]


@dataclass(frozen=True)
class FilterSet:
    """A selection of filters of a space, with set operations (``|``, ``&``, ``-``, ``~``).

    Attributes:
        space: whose filters.
        mask: true for those that are in the set.
    """

    space: FilterSpace
    mask: Bool[Tensor, " filter"]

    def __post_init__(self) -> None:
        """Refuse a mask of another space."""
        if self.mask.shape != (len(self.space),):
            raise InputError(f"a mask of {self.mask.numel()} filters for a space of {len(self.space)}")

    @classmethod
    def of(cls, space: FilterSpace, indices: Iterable[int] | Tensor) -> "FilterSet":
        """The set of these flat indices.

        Raises:
            InputError: an index is outside the space.
        """
        indices = torch.as_tensor(indices if isinstance(indices, Tensor) else list(indices), dtype=torch.int64)
        outside = indices[(indices < 0) | (indices >= len(space))]
        if outside.numel():
            raise InputError(f"filter {int(outside[0])} is outside 0 to {len(space) - 1}")
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
                raise InputError(f"no convolution is named {pattern!r}; there are {', '.join(names)}")
        wanted = set().union(*(matching[pattern] for pattern in chosen)) if chosen else set(names)
        wanted -= set().union(*(matching[pattern] for pattern in left_out))
        if not wanted:
            raise InputError(f"no layer is left without {', '.join(left_out)}")
        return cls(space, torch.cat([torch.full((layer.count,), layer.name in wanted) for layer in space.layers]))

    @classmethod
    def top(cls, space: FilterSpace, order: Order, proportion: float) -> "FilterSet":
        """The first filters of a ranking.

        Args:
            space: whose filters.
            order: flat indices, best first.
            proportion: of the whole space, in (0, 1].

        Raises:
            InputError: the ranking has fewer filters than that.
        """
        wanted = count_of(proportion, len(space))
        if wanted > len(order):
            raise InputError(f"the top {proportion:.3%} is {wanted} filters, but the ranking has only {len(order)}")
        return cls.of(space, order[:wanted])

    def __len__(self) -> int:
        return int(self.mask.sum())

    def __repr__(self) -> str:
        shares = {
            layer.name: int(self.mask[layer.start : layer.start + layer.count].sum()) for layer in self.space.layers
        }
        most = ", ".join(f"{name} {count}" for name, count in sorted(shares.items(), key=lambda item: -item[1])[:3])
        return f"FilterSet({len(self):,} of {len(self.space):,} filters; most in {most})"

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
