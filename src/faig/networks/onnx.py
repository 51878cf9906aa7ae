"""Networks as ONNX: written, run beside PyTorch, and kept only where both agree."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from faig.common.errors import InputError, first_line
from faig.common.files import replacing
from faig.networks.calls import copied

CLOSE = 1e-4  # of [0, 1]: how far ONNX's output may be from PyTorch's
SIZES = ((33, 46), (50, 35), (24, 24))  # LR pixels of the images that this is tried on


def write_onnx(
    network: nn.Module,
    path: Path,
    channels: int,
    *,
    image: str = "input",
    further: Mapping[str, Tensor] | None = None,
    trials: Sequence[Sequence[Tensor]] = ((),),
    close: float = CLOSE,
    metadata: Mapping[str, str] | None = None,
) -> float:
    """Write a network as ONNX in float32, whole or not at all, after running it beside PyTorch.

    Args:
        network: takes images ``[1, channels, height, width]`` of any size, then what ``further`` names.
        path: its folder must exist; a file there is replaced.
        channels: of the images.
        image: name of the input for images; the output is ``output``.
        further: other inputs, with an example each; their sizes are fixed.
        trials: values of the other inputs that it is tried with, each on images of three sizes.
        close: how far outputs may differ.
        metadata: texts that the file carries.

    Returns:
        The largest difference of an output value.

    Raises:
        InputError: the network cannot be written, or ONNX fails on it or differs from PyTorch.
    """
    import onnx
    import onnxruntime
    import onnxscript  # noqa: F401 - said by name where it is missing

    further = further or {}
    network = copied(network).cpu().float().eval().requires_grad_(False)
    with replacing(path) as part:
        try:
            with _quietly():
                torch.onnx.export(
                    network,
                    (torch.rand(1, channels, *SIZES[0]), *further.values()),
                    str(part),
                    dynamo=True,
                    verbose=False,
                    input_names=[image, *further],
                    output_names=["output"],
                    dynamic_shapes=({2: "height", 3: "width"}, *({} for _ in further)),
                    external_data=False,
                )
        except torch.onnx.OnnxExporterError as error:
            raise InputError(f"{path}: the network cannot be written as ONNX: {_reason(error)}") from error
        if metadata:
            model = onnx.load(part)
            onnx.helper.set_model_props(model, dict(metadata))
            onnx.save(model, part)
        session = onnxruntime.InferenceSession(part.read_bytes(), providers=["CPUExecutionProvider"])
        farthest = 0.0
        for height, width in SIZES:
            shown = torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(0))
            for values in trials:
                given = dict(zip((image, *further), (shown, *values), strict=True))
                try:
                    output = torch.from_numpy(session.run(None, {name: v.numpy() for name, v in given.items()})[0])
                except Exception as error:  # onnxruntime has its own kinds
                    raise InputError(f"{path}: ONNX fails on an image of {width}x{height}: {_reason(error)}") from error
                expected = network(shown, *values)
                same_size = output.shape == expected.shape
                difference = float((output - expected).abs().max()) if same_size else float("inf")
                if not difference <= close:
                    extent = f"by {difference:.2g}" if same_size else "in size"
                    raise InputError(f"{path}: on an image of {width}x{height} ONNX differs from PyTorch {extent}")
                farthest = max(farthest, difference)
    return farthest


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
