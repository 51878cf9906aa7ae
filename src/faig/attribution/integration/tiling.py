"""How large the tiles are by which gradients are computed: exactly, within a memory budget (ours).

The loss of a part of the GT needs only that part of the LR image and its frame, and the gradient of the whole is the
sum over the parts; see `networks.tiling`.
"""

import functools

import torch
from torch import Tensor, nn

from faig.networks.calls import copied, run
from faig.networks.inference import channels_of
from faig.networks.tiling import Tiler

BYTES_PROBE = 32  # LR pixels of the side of the image on which bytes are counted
BESIDE_SAVED = 1.2  # peak of a pass / bytes that autograd keeps for the backward pass
SCATTERED = 1.75  # the same where freed memory stays with the process; see `common.process.return_memory`
COPIES = 8  # of the weights: both ends of the path, difference, network, gradient, integrals of one image


class GradientTiler(Tiler):
    """For a forward and a backward pass."""

    @functools.cached_property
    def channels(self) -> int:
        """Of the images that the network takes."""
        return channels_of(self.network)

    @functools.cached_property
    def bytes_per_pixel(self) -> float:
        """What forward and backward pass take per LR pixel."""
        return self.peak(saved_bytes(self.network), BESIDE_SAVED, SCATTERED) / BYTES_PROBE**2

    @functools.cached_property
    def held(self) -> float:
        """The weights, as often as they are copied."""
        return COPIES * sum(weight.numel() * weight.element_size() for weight in self.network.parameters())


def saved_bytes(network: nn.Module, side: int = BYTES_PROBE) -> int:
    """Bytes that autograd keeps for the backward pass of one square LR image.

    Raises:
        InputError: the network does not take it.
    """
    network = copied(network).eval().requires_grad_(True)
    weights = {weight.untyped_storage().data_ptr() for weight in network.parameters()}
    sizes: dict[int, int] = {}  # bytes by address: several tensors may share a storage

    def count(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    image = torch.rand(1, channels_of(network), side, side).to(next(network.parameters()))
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        output = run(network, image)
    del output  # until here the graph holds them, so no address comes twice
    return sum(sizes.values())
