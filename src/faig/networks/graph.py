"""A network as a graph of steps: what follows a layer, and which layers read the channels that another writes."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import config
from torch import Tensor, fx, nn
from torch.nn import functional

from faig.common.errors import InputError
from faig.networks.calls import evaluating, run
from faig.networks.trial import equal_but_for_rounding

# f(c x) = c f(x) for every c > 0, and channel by channel.
HOMOGENEOUS = (nn.ReLU, nn.LeakyReLU, functional.relu, functional.leaky_relu, torch.relu)
SHUFFLES = (nn.PixelShuffle, functional.pixel_shuffle)


@dataclass(frozen=True)
class Link:
    """Two convolutions, of which the second alone reads what the first writes, through activations that scale.

    Attributes:
        writer: name of the first.
        reader: name of the second.
        group: channels of the writer that become one channel of the reader: more than 1 where pixels are shuffled.
    """

    writer: str
    reader: str
    group: int


def trace(network: nn.Module) -> fx.GraphModule:
    """The steps of a network; it shares its layers with the one given.

    Raises:
        InputError: its steps depend on the image.
    """
    checking = config.jaxtyping_disable
    config.update("jaxtyping_disable", True)  # what stands for an image while steps are recorded is no tensor
    try:
        return fx.symbolic_trace(network)
    except Exception as error:  # whatever the network's own code raises when it is given no real image
        raise InputError(f"the network cannot be traced: {' '.join(str(error).split())}") from None
    finally:
        config.update("jaxtyping_disable", checking)


class Suffix:
    """Runs what follows a layer, again and again, on activations that were computed once.

    Args:
        network: takes images ``[image, channel, height, width]``; run in evaluation mode, and left as it was.
        images: what it runs on.

    Raises:
        InputError: the network cannot be traced, or does not do what its class says.
    """

    def __init__(self, network: nn.Module, images: Tensor) -> None:
        self.network = network
        with evaluating(network):
            self.traced = trace(network)
            self.runner = fx.Interpreter(self.traced, garbage_collect_values=False)
            self.output: Tensor = self.runner.run(images)
            if not equal_but_for_rounding(self.output, run(network, images)):
                raise InputError(
                    "the network cannot be traced: its forward is not its class's, as after faig.networks.adapters"
                )
        self.values: dict[fx.Node, Any] = dict(self.runner.env)
        self.positions = {node: position for position, node in enumerate(self.traced.graph.nodes)}

    def given(self, layer: str) -> Tensor:
        """The input of a layer."""
        source = self._node(layer).args[0]
        assert isinstance(source, fx.Node)
        return self.values[source]

    def after(self, layer: str, outputs: Tensor) -> Tensor:
        """The network's output where a layer's is replaced.

        Args:
            layer: its name.
            outputs: ``[copy * image, ...]``: several versions of what the layer gives, each for all images.

        Returns:
            ``[copy * image, ...]``.
        """
        node = self._node(layer)
        position, copies = self.positions[node], len(outputs) // len(self.values[node])
        known = {node: outputs}
        for earlier in self.traced.graph.nodes:
            if self.positions[earlier] >= position:
                break
            known[earlier] = self.values[earlier]
            if any(self.positions[user] > position for user in earlier.users) and isinstance(known[earlier], Tensor):
                known[earlier] = torch.cat([known[earlier]] * copies)
        with evaluating(self.network):
            return fx.Interpreter(self.traced).run(None, initial_env=known)

    def _node(self, layer: str) -> fx.Node:
        nodes = [node for node in self.traced.graph.nodes if node.op == "call_module" and node.target == layer]
        if len(nodes) != 1:
            raise InputError(f"the layer {layer} runs {len(nodes)} times for an image; one is needed")
        return nodes[0]


def links(network: nn.Module) -> list[Link]:
    """All pairs of convolutions whose channels between them can be scaled and swapped without changing the function.

    Raises:
        InputError: the network cannot be traced.
    """
    traced = trace(network)
    modules = dict(traced.named_modules())
    calls = [node.target for node in traced.graph.nodes if node.op == "call_module"]

    def called(node: fx.Node) -> Any:
        return modules[str(node.target)] if node.op == "call_module" else node.target

    def is_any(node: fx.Node, kinds: tuple[Any, ...]) -> bool:
        step = called(node)
        return step in kinds or type(step) in kinds

    def is_plain(node: fx.Node) -> bool:
        step = called(node)
        return type(step) is nn.Conv2d and step.groups == 1 and calls.count(node.target) == 1

    pairs = []
    for writer in traced.graph.nodes:
        if not is_plain(writer):
            continue
        node, group = writer, 1
        while len(node.users) == 1:
            node = next(iter(node.users))
            if is_any(node, SHUFFLES):
                factor = (
                    called(node).upscale_factor if node.op == "call_module" else _argument(node, 1, "upscale_factor")
                )
                group *= factor**2
            elif not is_any(node, HOMOGENEOUS):
                break
        if node is not writer and is_plain(node):
            pairs.append(Link(str(writer.target), str(node.target), group))
    return pairs


def _argument(node: fx.Node, position: int, name: str) -> Any:
    return node.args[position] if len(node.args) > position else node.kwargs[name]
