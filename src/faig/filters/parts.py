"""How a parameter is divided among units: by kernels, by rows along the output, or not at all."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from jaxtyping import Float, Shaped
from torch import Tensor, nn


@runtime_checkable
class Part(Protocol):
    """A parameter of some units.

    Attributes:
        key: its name in the state dict.
    """

    @property
    def key(self) -> str:
        """Its name in the state dict."""

    def sum(self, values: Tensor) -> Tensor:
        """One number per weight (a tensor of the parameter's shape), summed up by unit, ``[unit]``."""

    def spread(self, values: Tensor) -> Tensor:
        """One value per unit, shaped so that it broadcasts with the parameter."""


@dataclass(frozen=True)
class Kernels:
    """The weight of a Conv2d or ConvTranspose2d, kernel by kernel: first by ``out``, then by ``in``.

    Attributes:
        key: its name in the state dict.
        out: output channels.
        inputs: input channels of a group.
        groups: 1 for an ordinary convolution.
        transposed: whether it is stored as ConvTranspose2d stores it, ``[in, out / groups, rows, columns]``.
    """

    key: str
    out: int
    inputs: int
    groups: int = 1
    transposed: bool = False

    def split(self, weight: Tensor) -> Float[Tensor, "filter rows columns"]:
        """The weight (or its gradient) as kernels in the order of the numbering."""
        if self.transposed:
            weight = weight.unflatten(0, (self.groups, -1)).transpose(1, 2)
            return weight.flatten(0, 2)
        return weight.flatten(0, 1)

    def join(self, kernels: Shaped[Tensor, "filter rows columns"]) -> Tensor:
        """Kernels in the order of the numbering as the weight: `split` undone."""
        weight = kernels.unflatten(0, (self.out, self.inputs))
        if self.transposed:
            weight = weight.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1)
        return weight

    def sum(self, values: Tensor) -> Tensor:
        """One number per weight, summed up by kernel."""
        return self.split(values.sum((2, 3), keepdim=True)).flatten()

    def spread(self, values: Tensor) -> Tensor:
        """One value per kernel, shaped so that it broadcasts with the weight."""
        return self.join(values.view(-1, 1, 1))


@dataclass(frozen=True)
class Rows:
    """A parameter row by row.

    Attributes:
        key: its name in the state dict.
        shape: its shape.
        axis: along which its rows lie.
    """

    key: str
    shape: tuple[int, ...]
    axis: int = 0

    @property
    def count(self) -> int:
        """How many rows it has; a single number is one."""
        return self.shape[self.axis] if self.shape else 1

    def sum(self, values: Tensor) -> Tensor:
        """One number per weight, summed up by row."""
        return values.reshape(1) if not self.shape else values.movedim(self.axis, 0).reshape(self.count, -1).sum(1)

    def spread(self, values: Tensor) -> Tensor:
        """One value per row, shaped so that it broadcasts with the parameter."""
        return values.view([-1 if axis == self.axis else 1 for axis in range(len(self.shape))])


@dataclass(frozen=True)
class TransposedRows:
    """The weight of a transposed convolution, ``[in, out / groups, ...]``, by output channel.

    Attributes:
        key: its name in the state dict.
        shape: its shape.
        groups: 1 for an ordinary one.
    """

    key: str
    shape: tuple[int, ...]
    groups: int

    @property
    def count(self) -> int:
        """How many output channels there are."""
        return self.groups * self.shape[1]

    def sum(self, values: Tensor) -> Tensor:
        """One number per weight, summed up by output channel."""
        return values.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1).flatten(1).sum(1)

    def spread(self, values: Tensor) -> Tensor:
        """One value per output channel, shaped so that it broadcasts with the weight."""
        of_inputs = values.view(self.groups, 1, -1).expand(-1, self.shape[0] // self.groups, -1)
        return of_inputs.reshape(self.shape[:2] + (1,) * (len(self.shape) - 2))


@dataclass(frozen=True)
class Whole:
    """A parameter as a whole.

    Attributes:
        key: its name in the state dict.
    """

    key: str

    def sum(self, values: Tensor) -> Tensor:
        """The sum of one number per weight, ``[1]``."""
        return values.sum().view(1)

    def spread(self, values: Tensor) -> Tensor:
        """The one value, shaped so that it broadcasts with the parameter."""
        return values.view(())


def rows_of(module: nn.Module, key: str, name: str, parameter: Tensor) -> Rows | TransposedRows:
    """A module's parameter by rows along the module's output.

    Convolutions, linear and normalisation layers have their output first (transposed convolutions second); of a
    parameter of another kind of module, rows lie along the first axis that is longer than 1.

    Args:
        module: whose parameter it is.
        key: its name in the state dict.
        name: its name in the module.
        parameter: itself.
    """
    shape = tuple(parameter.shape)
    if name == "weight" and isinstance(module, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d):
        return TransposedRows(key, shape, module.groups)
    if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.Linear | nn.Bilinear):
        return Rows(key, shape)
    return Rows(key, shape, next((axis for axis, length in enumerate(shape) if length > 1), 0))


def kernels_of(module: nn.Conv2d | nn.ConvTranspose2d, key: str) -> Kernels:
    """The weight of a convolution, kernel by kernel."""
    inputs = module.in_channels // module.groups
    return Kernels(key, module.out_channels, inputs, module.groups, isinstance(module, nn.ConvTranspose2d))
