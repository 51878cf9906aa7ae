"""Networks out again: files that BasicSR, chaiNNer and others read."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from faig.common.errors import InputError
from faig.common.files import replacing
from faig.networks.architectures import Weights, is_known_as
from faig.networks.checkpoint import load_network, save_network, save_pickle
from faig.networks.inference import channels_of, restore
from faig.networks.onnx import write_onnx

logger = logging.getLogger("faig")

ROUNDING = 1.5 / 255  # of 8-bit outputs, on two devices
SUFFIXES = (".safetensors", ".pth", ".onnx")


def export(
    network: nn.Module, path: Path | str, metadata: Mapping[str, Any] | None = None, *, half: bool = False
) -> None:
    """Write a network to a file, whole or not at all; the suffix says how.

    - ``.safetensors``: weights and metadata;
    - ``.pth``: weights under ``params``, as BasicSR writes and reads them; where these alone would be taken for another
      network than the metadata says, as with ReLU for LeakyReLU, a line in the log says so;
    - ``.onnx``: the network itself, from ``input`` to ``output``, ``[1, channel, height, width]`` of any height and
      width, in float32. It is run beside PyTorch on images of three sizes first. Needs ``faig[onnx]``.

    Args:
        network: its weights have the names that its state dict gives them.
        path: its folder must exist; a file there is replaced.
        metadata: JSON-able, for safetensors; ``architecture`` and ``arguments`` are what `load_network` builds from.
        half: weights in float16; not for ONNX.

    Raises:
        InputError: the suffix is none of these, or the network cannot be written as ONNX with equal outputs.
    """
    path = Path(path)
    check_suffix(path)
    if path.suffix == ".onnx":
        if half:
            raise InputError(f"{path}: ONNX is written in float32")
        write_onnx(network, path, channels_of(network))
        return
    dtype = torch.float16 if half else torch.float32
    state = network.state_dict().items()
    weights = {key: value.to(dtype) if value.is_floating_point() else value for key, value in state}
    if path.suffix == ".pth":
        _say_what_is_lost(path, weights, metadata or {})
        with replacing(path) as part:
            save_pickle({"params": weights}, part)
    else:
        save_network(path, weights, metadata or {})


def save_reloadable(path: Path, network: nn.Module, metadata: Mapping[str, Any]) -> None:
    """Write weights and metadata as safetensors, and load them again: what is read must do what was written.

    Where nothing recognises the architecture, a line in the log says that whoever loads the file needs a builder.

    Args:
        path: the ``.safetensors`` file.
        network: in memory.
        metadata: ``architecture`` and ``arguments``, where they are known.

    Raises:
        InputError: the weights would be taken for another network, as with ReLU for LeakyReLU.
    """
    save_network(path, network.state_dict(), metadata)
    name = type(network).__name__
    try:
        again = load_network(path)
    except InputError as error:
        logger.warning("%s: no architecture is recognised by these weights; name arch= to load them (%s)", name, error)
        return
    probe = torch.linspace(-0.2, 1.2, channels_of(network) * 16 * 16).reshape(-1, 16, 16).clamp(0, 1)
    written, read = restore(network, probe), restore(again, probe)
    if written.shape != read.shape or not torch.allclose(written, read, rtol=0, atol=ROUNDING):
        raise InputError(f"{name}: its weights alone are taken for {type(again).__name__} with other outputs")


def check_suffix(path: Path) -> None:
    """Raise InputError unless a network can be written to such a file."""
    if path.suffix not in SUFFIXES:
        raise InputError(f"{path}: a network is written as {', '.join(SUFFIXES)}")


def _say_what_is_lost(path: Path, weights: Weights, metadata: Mapping[str, Any]) -> None:
    architecture, arguments = metadata.get("architecture"), metadata.get("arguments", {})
    if architecture is not None and not is_known_as(weights, architecture, arguments):
        logger.warning(
            "%s holds weights alone, which do not say that they are of %s with %s; .safetensors does",
            path,
            architecture,
            arguments,
        )
