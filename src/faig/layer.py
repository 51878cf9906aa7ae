"""One convolution: how its weight, as torch keeps it, is a row of kernels."""

from dataclasses import dataclass

from jaxtyping import Float, Shaped
from torch import Tensor


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
