"""Scores in files: ``scores.safetensors`` and its like."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from faig.attribution.raw_scores import RawScores
from faig.common.errors import InputError
from faig.common.tensors import load_tensors, save_tensors

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
    tensors = {f"{part}/{kind}": rows for part in PARTS + COARSE for kind, rows in getattr(raw, part).items()}
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
    save_tensors(Path(path), tensors, stored)


def load_scores(path: Path | str) -> tuple[RawScores, dict[str, Any]]:
    """Raw scores and the metadata of a file that `save_scores` wrote.

    Raises:
        InputError: the file cannot be read.
    """

    def unscaled(key: str, rows: Tensor) -> Tensor:
        exponent = metadata.get("exponents", {}).get(key)
        if not isinstance(exponent, int | None):
            raise TypeError(f"the exponent of {key} is {exponent!r}")
        return rows if exponent is None else torch.ldexp(rows.float(), torch.tensor(-exponent))

    tensors, metadata = load_tensors(Path(path), "scores")
    try:
        parts = {
            part: {
                kind: unscaled(f"{part}/{kind}", tensors[f"{part}/{kind}"])
                for kind in metadata["degradations"]
                if f"{part}/{kind}" in tensors
            }
            for part in PARTS + COARSE
        }
        images, decibels = metadata["images"], metadata.get("decibels", False)
        photos = metadata.get("photos") or images
        _check(images, photos, parts, metadata["degradations"])
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise InputError(f"{path}: is not a file of scores: {error}") from None
    return RawScores(images, **parts, decibels=bool(decibels), photos=photos), metadata


def _check(images: object, photos: object, parts: dict[str, dict[str, Tensor]], kinds: list[str]) -> None:
    """Raise ValueError where rows are missing, or are not all of the same images and filters."""
    for part, by_kind in parts.items():
        needed = bool(by_kind) or part == "score" or (part == "losses" and bool(parts["total"]))
        if needed and (missing := [kind for kind in kinds if kind not in by_kind]):
            raise ValueError(f"{part}/{missing[0]} is missing")
    for names in (images, photos):
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise ValueError("its images are not listed by name")
    assert isinstance(images, list)
    assert isinstance(photos, list)
    if len(photos) != len(images) or not parts["score"]:
        raise ValueError("it has not one photo for each of its images, or no scores")
    filters, count = next(iter(parts["score"].values())).shape[1], len(images)
    shapes = {part: (1 if part in COARSE else count, filters) for part in ("score", "signed", *COARSE)}
    for part, by_kind in parts.items():
        for kind, rows in by_kind.items():
            expected = shapes.get(part, (count, *rows.shape[1:]))
            if rows.shape != expected or rows.ndim != (1 if part == "total" else 2) or not rows.is_floating_point():
                raise ValueError(f"{part}/{kind} is of {rows.dtype} {tuple(rows.shape)}")
