"""Networks in files: loaded by metadata, by their weights alone or by a builder; and saved."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.common.plugins import load_function
from faig.common.tensors import save_tensors
from faig.networks.architectures import Weights, build, check_arguments, recognise
from faig.networks.compatibility import check_same_keys
from faig.networks.recognition import recognised
from faig.networks.weight_files import fitted, read_weights, unwrapped

Builder = Callable[[], nn.Module]


def load_network(path: Path | str, builder: Builder | None = None, key: str | None = None) -> nn.Module:
    """Load a network in float32, in evaluation mode, without gradients.

    Args:
        path: a ``.safetensors``, ``.pth`` or ``.pt`` file, see `read_weights`. Prefixes that wrappers leave
            (``module.``, ``_orig_mod.``) are taken off where the network's own names have none; of weights that the
            network ties, one name is enough.
        builder: makes the network whose weights these are. Without it the architecture comes from the file's
            metadata, or is recognised from keys and shapes: by the package, else by spandrel, where it is installed.
        key: which weights of a ``.pth`` file, see `read_weights`.

    Raises:
        InputError: the file cannot be read, needs more than weights-only unpickling, holds values that are not
            finite, or does not fit the network; the message names the file and the first key that differs.
    """
    path = Path(path)
    weights, metadata = read_weights(path, key)
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise InputError(f"{path}: {name} holds values that are not finite (NaN or infinite)")
    try:
        if builder is not None:
            network = builder()
        elif "architecture" in metadata:
            network = _built(metadata["architecture"], metadata.get("arguments", {}), weights)
        else:
            network, weights = recognised(unwrapped(weights))
        weights = fitted(weights, network)
        check_same_keys(network.state_dict(), weights, "the network", "the file")
        network.load_state_dict(weights)
    except InputError as error:
        raise error.at(path) from None
    return network.float().eval().requires_grad_(False)


def _built(architecture: str, arguments: dict[str, Any], weights: Weights) -> nn.Module:
    """The network that a file's metadata says its weights are of; memory is taken only where its shapes are the file's.

    Raises:
        InputError: it is unknown, or not what the file holds.
    """
    check_arguments(architecture, arguments, weights)
    with torch.device("meta"):
        shapes = build(architecture, **arguments)
    check_same_keys(shapes.state_dict(), fitted(weights, shapes), "the network", "the file")
    return build(architecture, **arguments)


def save_network(path: Path | str, weights: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write weights as safetensors, whole or not at all; equal input gives equal bytes.

    Args:
        path: the file to write; its folder must exist.
        weights: a state dict.
        metadata: JSON-able; ``architecture`` and ``arguments`` are what `load_network` builds from.
    """
    # Each its own memory: layers may share a weight, which the format refuses.
    tensors = {
        key: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for key, tensor in weights.items()
    }
    save_tensors(Path(path), tensors, metadata)


def save_pickle(state: Mapping[str, Any], part: Path) -> None:
    """`torch.save` by way of memory.

    Python writes the file, so that a full disk raises OSError. Torch does not, as its writer aborts the process where a
    signal stops it and the file is closed before it.
    """
    written = io.BytesIO()
    torch.save(state, written)
    part.write_bytes(written.getbuffer())


def network_metadata(path: Path | str) -> dict[str, Any]:
    """What a network's file says of it; for a file without metadata, the recognised architecture, if any."""
    weights, metadata = read_weights(Path(path))
    if "architecture" not in metadata:
        try:
            known = recognise(unwrapped(weights))
        except InputError:
            return metadata
        metadata |= {"architecture": known.architecture, "arguments": known.arguments}
    return metadata


def load_builder(spec: str) -> Builder:
    """The builder that ``file.py:function`` names; called without arguments it makes a network.

    Raises:
        InputError: see `load_function`; the builder raises it where the function fails or makes no network.
    """
    function = load_function(spec, "arch")
    name = spec.rpartition(":")[2]

    def builder() -> nn.Module:
        try:
            network = function()
        except Exception as error:
            message = f"arch {spec}: {name}() fails: {type(error).__name__}: {error}"
            raise InputError(message, setting="arch") from error
        if not isinstance(network, nn.Module):
            message = f"arch {spec}: {name}() returned {type(network).__name__}, not a torch network"
            raise InputError(message, setting="arch")
        return network

    return builder
