"""How much of the target's change each unit keeps: what an intervention is (ours).

A filter set says which units to turn, all alike. Strengths say it of every unit by itself; a set at one strength is the
special case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from faig.common.errors import InputError
from faig.common.tensors import load_tensors, save_tensors
from faig.filters.sets import FilterSet
from faig.filters.space import FilterSpace


@dataclass(frozen=True)
class Strengths:
    """One strength per unit: 0 gives it its baseline weights, 1 its target weights, above 1 overshoots.

    Those of a *function* are the ones at which it is off: `at` turns it between there and the target.

    Attributes:
        space: whose units.
        values: one per unit.
    """

    space: FilterSpace
    values: Float[Tensor, " unit"]

    def __post_init__(self) -> None:
        """Refuse values of another space, and such as are no numbers."""
        if self.values.shape != (len(self.space),):
            raise InputError(f"{self.values.numel()} strengths for a space of {len(self.space)} {self.space.unit}s")
        if not self.values.is_floating_point():
            raise InputError(f"strengths of {self.values.dtype}: expected floating point")
        if not self.values.isfinite().all():
            index = int((~self.values.isfinite()).nonzero()[0])
            raise InputError(f"the strength of {self.space.place(index)} is {float(self.values[index])}")

    @classmethod
    def of(cls, units: "FilterSet | Strengths") -> "Strengths":
        """A set's units at 0, all others at 1; strengths as they are."""
        return units if isinstance(units, Strengths) else cls(units.space, 1 - units.mask.float())

    def at(self, strength: float) -> "Strengths":
        """The function turned: 0 is off (these strengths), 1 the target, linear in between and beyond; both exact."""
        return Strengths(self.space, torch.lerp(self.values, torch.ones_like(self.values), strength))

    def complement(self) -> "Strengths":
        """One minus each: what the baseline is given where the target loses it."""
        return Strengths(self.space, 1 - self.values)

    def __repr__(self) -> str:
        turned = int((self.values != 1).sum())
        return f"Strengths({turned:,} of {len(self.space):,} {self.space.unit}s are not at 1)"

    def save(self, path: Path | str, networks: Mapping[str, str] | None = None) -> None:
        """Write ``strength`` (float32, one per unit) and the numbering as safetensors; equal input, equal bytes.

        Args:
            path: the file.
            networks: hashes of the ``target`` and the ``baseline`` that these are of, where they are known.
        """
        metadata = {"layers": self.space.describe()} | ({"fingerprint": dict(networks)} if networks else {})
        save_tensors(Path(path), {"strength": self.values.float()}, metadata)

    @classmethod
    def load(cls, path: Path | str) -> "Strengths":
        """What `save` wrote.

        Raises:
            InputError: it cannot be read.
        """
        tensors, metadata = load_tensors(Path(path), "strengths")
        try:
            return cls(FilterSpace.described(metadata["layers"]), tensors["strength"])
        except InputError as error:
            raise error.at(path) from None
        except (LookupError, TypeError, ValueError) as error:
            raise InputError(f"{path}: is not a file of strengths: {error!r}") from None


def turned(functions: Mapping[str, "FilterSet | Strengths"], strengths: Mapping[str, float]) -> Strengths:
    """Several functions, each at a strength of its own.

    A unit of several functions is turned by the one that turns it farthest from the target.

    Args:
        functions: what each is: a set of units, or strengths at which it is off.
        strengths: by the same names; a function without one stays at 1.

    Raises:
        InputError: there are none, or they are of different numberings.
    """
    parts = [Strengths.of(units).at(strengths.get(name, 1.0)) for name, units in functions.items()]
    if not parts:
        raise InputError("no functions to turn")
    space = parts[0].space
    if odd := [part.space for part in parts if part.space != space]:
        raise InputError(f"{space} and {odd[0]} do not go together: rank the same units for all functions")
    return Strengths(space, farthest_from_target(torch.stack([part.values for part in parts])))


def farthest_from_target(values: Float[Tensor, "function unit"]) -> Float[Tensor, " unit"]:
    """Of each unit's strengths the one that is farthest from 1; of two that are equally far, the lower."""
    low, high = values.amin(0), values.amax(0)
    return torch.where(1 - low >= high - 1, low, high)
