"""The numbering of a network's units: the paper's filters, or channels, or layers.

A filter is one 2-D kernel ``W[out, in]`` of a Conv2d or ConvTranspose2d. Filters are numbered layer by layer in the
order of the network's ``state_dict()``, within a layer by ``out``, then by ``in``; the paper's index files use the
same numbers. In a convolution with groups, ``in`` counts within the group. A weight that several layers share is
numbered once, where it comes first.

Filters leave out biases, slopes of PReLU, linear and normalisation layers. What is to reach every parameter takes other
units (ours): a *channel* is a row of a module along its output, a *layer* a module; or filters and, after them,
``everything`` that is in no kernel, as channels.
"""

import bisect
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.filters.parts import Kernels, Part, Whole, kernels_of, rows_of

Scores = Float[Tensor, " filter"]

UNITS = ("filter", "channel", "layer")


@dataclass(frozen=True)
class Layer:
    """The units of one module, or of those of its parameters that have equally many rows.

    Attributes:
        name: of the module, as in ``named_modules()``; of the first parameter, where a module has two such groups.
        unit: ``filter``, ``channel`` or ``layer``.
        out: output channels; 1 for a layer.
        inputs: input channels of a group; 1 but for filters.
        start: flat index of the layer's first unit.
        parts: its parameters; empty where the numbering was read from a file.
    """

    name: str
    unit: str
    out: int
    inputs: int
    start: int
    parts: tuple[Part, ...] = field(default=(), compare=False, repr=False)

    @property
    def count(self) -> int:
        """How many units the layer has."""
        return self.out * self.inputs

    @property
    def kernels(self) -> Kernels:
        """The weight of a layer of filters."""
        (part,) = self.parts
        assert isinstance(part, Kernels)
        return part

    @property
    def description(self) -> list[str | int]:
        """``[name, out, in]`` of filters, ``[name, out]`` of channels, ``[name]`` of a layer."""
        all_numbers: list[str | int] = [self.name, self.out, self.inputs]
        return all_numbers[: {"filter": 3, "channel": 2, "layer": 1}[self.unit]]

    def place(self, index: int) -> str:
        """Where the unit of a flat index is, for people: ``body.0[3, 5]``, ``body.0[3]`` or ``body.0``."""
        out, inp = divmod(index - self.start, self.inputs)
        numbers = {"filter": f"[{out}, {inp}]", "channel": f"[{out}]", "layer": ""}
        return self.name + numbers[self.unit]


@dataclass(frozen=True)
class FilterSpace:
    """The numbering of a network's units; ``len(space)`` is N.

    Attributes:
        layers: in the order of the numbering.
    """

    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, network: nn.Module, unit: str = "filter", everything: bool = False) -> "FilterSpace":
        """The units of a network.

        Args:
            network: any.
            unit: ``filter``, ``channel`` or ``layer``.
            everything: after the filters, the parameters that are in no kernel, by channel. Channels and layers hold
                every parameter anyway.

        Raises:
            InputError: there is no such unit; or the network has no such units, or a convolution's weight is not a
                plain parameter where filters are asked for.
        """
        if unit not in UNITS:
            raise InputError(f"unit {unit!r} is not one of {', '.join(UNITS)}", setting="unit")
        groups = [group for group in _groups(network, unit)] if unit != "filter" else list(_filters(network))
        if not groups:
            raise InputError(
                f"the network has no {'Conv2d or ConvTranspose2d, so no filters' if unit == 'filter' else 'parameters'}"
            )
        if unit == "filter" and everything:
            kernels = {part.key for *_, parts in groups for part in parts}
            taken = {name for name, *_ in groups}
            groups += list(_groups(network, "channel", left_out=kernels, taken=taken))
        return cls._numbered(groups)

    @classmethod
    def _numbered(cls, groups: Sequence[tuple[str, str, int, int, tuple[Part, ...]]]) -> "FilterSpace":
        starts = itertools.accumulate((out * inputs for _, _, out, inputs, _ in groups), initial=0)
        pairs = zip(groups, starts, strict=False)
        return cls(tuple(Layer(name, unit, out, inp, start, parts) for (name, unit, out, inp, parts), start in pairs))

    def __len__(self) -> int:
        last = self.layers[-1]
        return last.start + last.count

    def __repr__(self) -> str:
        return f"FilterSpace({len(self):,} {self.unit}s in {len(self.layers)} layers)"

    @property
    def unit(self) -> str:
        """``filter``, ``channel`` or ``layer``: what most of the numbering is of."""
        return self.layers[0].unit

    @property
    def everything(self) -> bool:
        """Whether every parameter of the network is in a unit."""
        return self.unit != "filter" or self.layers[-1].unit != "filter"

    @property
    def keys(self) -> list[str]:
        """The names, in the state dict, of the parameters that are in units."""
        return [part.key for layer in self.layers for part in layer.parts]

    def locate(self, index: int) -> tuple[str, int, int]:
        """Layer, ``out`` and ``in`` of a flat index; of units that have no such number it is 0.

        Raises:
            InputError: there is no such unit.
        """
        layer = self.layer_of(index)
        return layer.name, *divmod(index - layer.start, layer.inputs)

    def place(self, index: int) -> str:
        """Where a flat index is, for people: ``body.0[3, 5]``.

        Raises:
            InputError: there is no such unit.
        """
        return self.layer_of(index).place(index)

    def layer_of(self, index: int) -> Layer:
        """The layer of a flat index.

        Raises:
            InputError: there is no such unit.
        """
        if not 0 <= index < len(self):
            raise InputError(f"{self.unit} {index} is outside 0 to {len(self) - 1}")
        return self.layers[bisect.bisect_right(self.layers, index, key=lambda layer: layer.start) - 1]

    def index(self, layer: str, out: int = 0, inp: int = 0) -> int:
        """The flat index of ``W[out, inp]`` in a layer, or of channel ``out``, or of the layer.

        Raises:
            InputError: there is no such unit.
        """
        match = next((candidate for candidate in self.layers if candidate.name == layer), None)
        if match is None:
            raise InputError(f"the network has no {self._noun} {layer!r}")
        if not (0 <= out < match.out and 0 <= inp < match.inputs):
            raise InputError(f"{layer} has {match.out}x{match.inputs} {match.unit}s, so none at [{out}, {inp}]")
        return match.start + out * match.inputs + inp

    @property
    def _noun(self) -> str:
        return "layer" if self.everything else "convolution"

    def sum_per_unit(self, values: Mapping[str, Tensor]) -> Scores:
        """Sum over the weights of each unit.

        Args:
            values: one number per weight, by state-dict key; keys that are in no unit are ignored.
        """
        sums = []
        for layer in self.layers:
            first, *others = (part.sum(values[part.key]) for part in layer.parts)
            sums.append(sum(others, first))
        return torch.cat(sums)

    def spread(self, values: Tensor) -> dict[str, Tensor]:
        """One value per unit, by state-dict key, shaped to broadcast with each parameter.

        Raises:
            InputError: the numbering was read from a file, which does not say what parameters look like.
        """
        if not self.keys:
            raise InputError("this numbering is from a file; take that of the network: FilterSpace.of(network)")
        return {
            part.key: part.spread(values[layer.start : layer.start + layer.count])
            for layer in self.layers
            for part in layer.parts
        }

    @classmethod
    def described(cls, layers: Sequence[Sequence[Any]]) -> "FilterSpace":
        """The numbering that `describe` wrote: enough to count and to find units, not to alter a network.

        Raises:
            LookupError: it has not the form of one.
            TypeError: it has not the form of one.
            ValueError: a layer has no text as name, or a size that is no whole number from 1.
        """
        for name, *sizes in layers:
            if not isinstance(name, str) or any(type(size) is not int or not 0 < size < 2**31 for size in sizes):
                raise ValueError(f"{[name, *sizes]} is no layer: a name, and how many units it has")
        groups = [
            (name, ("layer", "channel", "filter")[len(sizes)], *(*sizes, 1, 1)[:2], ()) for name, *sizes in layers
        ]
        if not groups:
            raise ValueError("there are no layers")
        return cls._numbered(groups)

    def describe(self) -> list[list[str | int]]:
        """`Layer.description` of all: JSON-able, and enough to tell two spaces apart."""
        return [layer.description for layer in self.layers]


Group = tuple[str, str, int, int, tuple[Part, ...]]  # name, unit, out, in, parameters


def _filters(network: nn.Module) -> Iterator[Group]:
    """The convolutions."""
    numbered: set[int] = set()  # ids of weights, which layers may share
    for name, module in network.named_modules():
        if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            continue
        weight = dict(module.named_parameters(recurse=False)).get("weight")
        if weight is None:
            raise InputError(f"{name}.weight is not a plain parameter; remove its parametrization first")
        if id(weight) not in numbered:
            numbered.add(id(weight))
            part = kernels_of(module, f"{name}.weight" if name else "weight")
            yield name, "filter", part.out, part.inputs, (part,)


def _groups(
    network: nn.Module, unit: str, left_out: Collection[str] = (), taken: Collection[str] = ()
) -> Iterator[Group]:
    """The parameters of each module, those with equally many rows together; each parameter where it comes first.

    Args:
        network: whose modules.
        unit: ``channel`` or ``layer``.
        left_out: keys of parameters that are in no group.
        taken: names that groups do not have.
    """
    keys = {id(parameter): key for key, parameter in network.named_parameters()}
    names = set(taken)
    for module_name, module in network.named_modules():
        parts: dict[int, list[Part]] = {}
        for name, parameter in module.named_parameters(recurse=False):
            key = f"{module_name}.{name}" if module_name else name
            if keys[id(parameter)] != key or key in left_out:
                continue
            rows = rows_of(module, key, name, parameter)
            count = rows.count if unit == "channel" else 1
            parts.setdefault(count, []).append(rows if unit == "channel" else Whole(key))
        for count, group in parts.items():
            name = module_name if module_name and module_name not in names else group[0].key
            names.add(name)
            yield name, unit, count, 1, tuple(group)
