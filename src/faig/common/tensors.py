"""Tensors in safetensors files, with what they are of as JSON in the metadata."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from faig.common.errors import InputError
from faig.common.files import replacing

METADATA_KEY = "faig"  # one key: safetensors writes several in random order


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
        InputError: it is no such file.
    """
    with _opened(path, what) as (file, metadata):
        return {name: file.get_tensor(name) for name in file.keys()}, metadata  # noqa: SIM118


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
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: is not a file of {what}: {error}") from None
