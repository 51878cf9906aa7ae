"""Scores in files: ``scores.safetensors`` and its like."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from faig.attribution.raw_scores import RawScores
from faig.common.errors import InputError
from faig.common.files import replacing
from faig.networks.weight_files import METADATA_KEY

PARTS = ("score", "signed", "total", "losses")
COARSE = ("coarse_score", "coarse_signed")


def mean_over_images(raw: RawScores) -> RawScores:
    """The mean of all images as if it were one: the scores that `methods` combine stay what they are."""

    def mean(rows: dict[str, Tensor]) -> dict[str, Tensor]:
        return {kind: values.mean(0, keepdim=True) for kind, values in rows.items()}

    parts: dict[str, Any] = {part: mean(getattr(raw, part)) for part in PARTS}
    name = f"mean of {len(raw.images)} images"
    return replace(raw, images=[name], photos=[name], coarse_score={}, coarse_signed={}, **parts)


def save_scores(path: Path | str, raw: RawScores, metadata: dict[str, Any], *, half: bool = False) -> None:
    """Write raw scores, whole or not at all; equal input gives equal bytes.

    ``score/<degradation>`` and ``signed/<degradation>`` are float32 ``[image, filter]``. Beside them stand the
    numbers that the convergence delta and the path check come from, per image: ``total/<degradation>`` (``[image]``)
    and ``losses/<degradation>`` (``[image, node + 2]``: at the target, at the nodes, at the baseline).

    Args:
        path: the file to write.
        raw: what to write; its images, convergence delta and barrier go into the metadata, and where some images
            are crops the photos that they are of.
        metadata: JSON-able, of how it was made.
        half: keep scores in float16, each tensor scaled by a power of two that the metadata holds.
    """
    tensors = {
        f"{part}/{kind}": rows.contiguous() for part in PARTS + COARSE for kind, rows in getattr(raw, part).items()
    }
    exponents = {}
    for key, rows in tensors.items():
        if half and rows.dtype == torch.float32:
            exponents[key] = 15 - int(torch.frexp(rows.abs().max()).exponent)  # the largest comes just under 2**15
            tensors[key] = torch.ldexp(rows, torch.tensor(exponents[key])).half()
    stored = (
        metadata
        | ({"exponents": exponents} if half else {})
        | {
            "images": raw.images,
            "degradations": list(raw.score),
            "convergence_delta": raw.delta(),
            "barrier": raw.barriers(),
        }
        | ({"decibels": True} if raw.decibels else {})
        | ({"photos": raw.photos} if raw.photos != raw.images else {})
    )
    data = save(tensors, {METADATA_KEY: json.dumps(stored, sort_keys=True)})
    with replacing(Path(path)) as part:
        part.write_bytes(data)


def load_scores(path: Path | str) -> tuple[RawScores, dict[str, Any]]:
    """Raw scores and the metadata of a file that `save_scores` wrote.

    Raises:
        InputError: the file cannot be read.
    """

    def unscaled(key: str, rows: Tensor) -> Tensor:
        exponent = metadata.get("exponents", {}).get(key)
        return rows if exponent is None else torch.ldexp(rows.float(), torch.tensor(-exponent))

    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})[METADATA_KEY])
            keys = set(file.keys())
            parts = {
                part: {
                    kind: unscaled(f"{part}/{kind}", file.get_tensor(f"{part}/{kind}"))
                    for kind in metadata["degradations"]
                    if f"{part}/{kind}" in keys
                }
                for part in PARTS + COARSE
            }
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: is not a file of scores: {error}") from None
    decibels, photos = metadata.get("decibels", False), metadata.get("photos", [])
    return RawScores(metadata["images"], **parts, decibels=decibels, photos=photos), metadata
