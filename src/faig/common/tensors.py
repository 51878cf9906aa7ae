"""Tensors in safetensors files, with what they are of as JSON in the metadata."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from faig.common.errors import InputError
from faig.common.files import replacing

METADATA_KEY = "faig"  # one key: safetensors writes several in random order
FLOATS = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
NUMBERS = FLOATS | {torch.uint8, torch.int32, torch.int64}  # what is written here: counts and indices beside scores


def save_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write tensors and JSON-able metadata, whole or not at all; equal input gives equal bytes."""
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    data = save(contiguous, {METADATA_KEY: json.dumps(metadata, sort_keys=True)})
    with replacing(path) as part:
        part.write_bytes(data)


def load_tensors(path: Path, what: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """What `save_tensors` wrote.

    Args:
        path: the file.
        what: the tensors are of, for messages: ``scores``.

    Raises:
        InputError: it is no such file, or holds what is no number.
    """
    with _opened(path, what) as (file, metadata):
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if odd := [name for name, tensor in tensors.items() if tensor.dtype not in NUMBERS]:
            raise ValueError(f"{odd[0]} is of {str(tensors[odd[0]].dtype).removeprefix('torch.')}")
        return tensors, metadata


def load_metadata(path: Path, what: str) -> dict[str, Any]:
    """The metadata alone of what `save_tensors` wrote; arguments and errors as of `load_tensors`."""
    with _opened(path, what) as (_, metadata):
        return metadata


@contextmanager
def _opened(path: Path, what: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})[METADATA_KEY])
            if not isinstance(metadata, dict):
                raise ValueError("its metadata is no JSON object")
            yield file, metadata
    # AttributeError: of a type that torch does not have; RecursionError: metadata nested without end.
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: is not a file of {what}: {error}") from None
