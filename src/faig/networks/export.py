"""Networks out again: files that BasicSR, chaiNNer and others read."""

import contextlib
import copy
import logging
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from faig.common.errors import InputError, first_line
from faig.common.files import replacing
from faig.networks.architectures import Weights, is_known_as
from faig.networks.checkpoint import save_network, save_pickle
from faig.networks.inference import channels_of

logger = logging.getLogger("faig")

SUFFIXES = (".safetensors", ".pth", ".onnx")
CLOSE = 1e-4  # of [0, 1]: how far ONNX's output may be from PyTorch's
SIZES = ((33, 46), (50, 35))  # LR pixels of the images that this is tried on


def export(
    network: nn.Module, path: Path | str, metadata: Mapping[str, Any] | None = None, *, half: bool = False
) -> None:
    """Write a network to a file, whole or not at all; the suffix says how.

    - ``.safetensors``: weights and metadata;
    - ``.pth``: weights under ``params``, as BasicSR writes and reads them; where these alone would be taken for another
      network than the metadata says, as with ReLU for LeakyReLU, a line in the log says so;
    - ``.onnx``: the network itself, from ``input`` to ``output``, ``[1, channel, height, width]`` of any height and
      width, in float32. It is run beside PyTorch on images of two sizes first. Needs ``faig[onnx]``.

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
        _write_onnx(network, path)
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


def _write_onnx(network: nn.Module, path: Path) -> None:
    import onnxruntime
    import onnxscript  # noqa: F401 - said by name where it is missing

    network = copy.deepcopy(network).cpu().float().eval().requires_grad_(False)
    channels = channels_of(network)
    with replacing(path) as part:
        try:
            with _quietly():
                torch.onnx.export(
                    network,
                    (torch.rand(1, channels, *SIZES[0]),),
                    str(part),
                    dynamo=True,
                    verbose=False,
                    input_names=["input"],
                    output_names=["output"],
                    dynamic_shapes=({2: "height", 3: "width"},),
                    external_data=False,
                )
        except torch.onnx.OnnxExporterError as error:
            raise InputError(f"{path}: the network cannot be written as ONNX: {_reason(error)}") from error
        session = onnxruntime.InferenceSession(part.read_bytes(), providers=["CPUExecutionProvider"])
        for height, width in SIZES:
            image = torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(0))
            try:
                output = torch.from_numpy(session.run(None, {"input": image.numpy()})[0])
            except Exception as error:  # onnxruntime has its own kinds
                raise InputError(f"{path}: ONNX fails on an image of {width}x{height}: {_reason(error)}") from error
            expected = network(image)
            if output.shape != expected.shape or not (difference := float((output - expected).abs().max())) <= CLOSE:
                extent = f"by {difference:.2g}" if output.shape == expected.shape else "in size"
                raise InputError(f"{path}: on an image of {width}x{height} ONNX differs from PyTorch {extent}")


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Silence the exporter's log and warnings."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _reason(error: BaseException) -> str:
    """The first line of the error that caused all others."""
    while error.__cause__ is not None:
        error = error.__cause__
    return first_line(error)
