"""Networks in files: safetensors with metadata, ``.pth`` of BasicSR and others, user networks by a builder."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.common.files import replacing
from faig.common.plugins import load_function
from faig.common.tensors import METADATA_KEY
from faig.networks.architectures import build, recognise
from faig.networks.compatibility import check_same_keys
from faig.networks.recognition import first_line, in_our_names, recognised

Builder = Callable[[], nn.Module]


def load_network(path: Path | str, builder: Builder | None = None) -> nn.Module:
    """Load a network in float32, in evaluation mode, without gradients.

    Args:
        path: a ``.safetensors`` file, or a ``.pth``/``.pt`` file as BasicSR writes it (``params_ema``, else
            ``params``, ``state_dict``, else a bare state dict; ``module.`` prefixes are taken off).
        builder: makes the network whose weights these are. Without it the architecture comes from the file's
            metadata, or is recognised from keys and shapes: by the package, else by spandrel, where it is installed.

    Raises:
        InputError: the file cannot be read, needs more than weights-only unpickling, holds values that are not
            finite, or does not fit the network; the message names the file and the first key that differs.
    """
    path = Path(path)
    weights, metadata = read_weights(path)
    for key, tensor in weights.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise InputError(f"{path}: {key} holds values that are not finite (NaN or infinite)")
    try:
        if builder is not None:
            network = builder()
        elif "architecture" in metadata:
            network = build(metadata["architecture"], **metadata.get("arguments", {}))
        else:
            network, weights = recognised(weights)
        check_same_keys(network.state_dict(), weights, "the network", "the file")
    except InputError as error:
        raise error.at(path) from None
    network.load_state_dict(weights)
    return network.float().eval().requires_grad_(False)


def read_weights(path: Path) -> tuple[Mapping[str, Tensor], dict[str, Any]]:
    """The state dict in a file and what its metadata says (empty where there is none)."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix == ".safetensors":
        try:
            with safe_open(path, framework="pt") as file:
                metadata = json.loads((file.metadata() or {}).get(METADATA_KEY, "{}"))
                return {key: file.get_tensor(key) for key in file.keys()}, metadata  # noqa: SIM118
        except (SafetensorError, json.JSONDecodeError) as error:
            raise InputError(f"{path}: is not a whole safetensors file: {error}") from None
    if path.suffix not in (".pth", ".pt"):
        raise InputError(f"{path}: a network is a .safetensors or a .pth file")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds here; each means the same to the user
        raise InputError(
            f"{path}: cannot be loaded as weights only ({first_line(error).rstrip('.')}); "
            "save its state dict alone: torch.save(network.state_dict(), file)"
        ) from None
    for key in ("params_ema", "params", "state_dict"):
        if isinstance(loaded, dict) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
            break
    if not isinstance(loaded, Mapping) or not loaded or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise InputError(f"{path}: holds no state dict (expected params_ema, params, or names with tensors)")
    return {key.removeprefix("module."): tensor for key, tensor in loaded.items()}, {}


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
    data = save(tensors, {METADATA_KEY: json.dumps(metadata, sort_keys=True)})
    with replacing(Path(path)) as part:
        part.write_bytes(data)


def save_pickle(state: Mapping[str, Any], part: Path) -> None:
    """`torch.save` into a file that Python opened, so that a full disk raises OSError."""
    with part.open("wb") as file:
        torch.save(state, file)


def network_metadata(path: Path | str) -> dict[str, Any]:
    """What a network's file says of it; for a file without metadata, the recognised architecture, if any."""
    weights, metadata = read_weights(Path(path))
    if "architecture" not in metadata:
        try:
            architecture, arguments = recognise(in_our_names(weights))
        except InputError:
            return metadata
        metadata |= {"architecture": architecture, "arguments": arguments}
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
