"""Scores in files: ``scores.safetensors`` and its like."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from faig.attribution import Attribution
from faig.checkpoint import METADATA_KEY
from faig.errors import InputError
from faig.files import replacing

PARTS = ("score", "signed", "total", "losses")


def save_scores(path: Path | str, found: Attribution, metadata: dict[str, Any]) -> None:
    """Write raw scores, whole or not at all; equal input gives equal bytes.

    ``score/<degradation>`` and ``signed/<degradation>`` are float32 ``[image, filter]``. Beside them stand the
    numbers that the convergence delta and the path check come from, per image: ``total/<degradation>`` (``[image]``)
    and ``losses/<degradation>`` (``[image, node + 2]``: at the target, at the nodes, at the baseline).

    Args:
        path: where.
        found: what to write; its images, convergence delta and barrier go into the metadata.
        metadata: JSON-able, of how it was made.
    """
    tensors = {f"{part}/{kind}": rows.contiguous() for part in PARTS for kind, rows in getattr(found, part).items()}
    told = metadata | {
        "images": found.images,
        "degradations": list(found.score),
        "convergence_delta": found.delta(),
        "barrier": found.barriers(),
    }
    data = save(tensors, {METADATA_KEY: json.dumps(told, sort_keys=True)})
    with replacing(Path(path)) as part:
        part.write_bytes(data)


def load_scores(path: Path | str) -> tuple[Attribution, dict[str, Any]]:
    """Raw scores and the metadata of a file that `save_scores` wrote.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})[METADATA_KEY])
            keys = set(file.keys())
            parts = {
                part: {
                    kind: file.get_tensor(f"{part}/{kind}")
                    for kind in metadata["degradations"]
                    if f"{part}/{kind}" in keys
                }
                for part in PARTS
            }
    except (OSError, SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: is not a file of scores: {error}") from None
    return Attribution(metadata["images"], **parts), metadata
