"""A pair's card, ``card.md``: Markdown for people, with front matter that a Hugging Face hub and this package read."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from faig.common.errors import InputError

CARD = "card.md"
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
TASK = "image-to-image"
MEASURES = ("psnr", "ssim")


@dataclass(frozen=True)
class Measured:
    """What a network of a pair was measured at.

    Attributes:
        images: name of the set.
        input: what was done to its images: a degradation, or ``clean``.
        network: ``baseline`` or ``target``.
        psnr: mean over the images, in dB.
        ssim: mean over the images.
    """

    images: str
    input: str
    network: str
    psnr: float
    ssim: float


def with_front_matter(pair: str, text: str, measured: Iterable[Measured] = ()) -> str:
    """A card with the front matter that the hub understands: library, task, data sets, metrics and results."""
    rows = list(measured)
    record: dict[str, Any] = {
        "library_name": "faig",
        "pipeline_tag": TASK,
        "tags": ["super-resolution", "image-restoration"],
        "metrics": list(MEASURES),
        "model_name": pair,
    }
    if rows:
        record["datasets"] = list(dict.fromkeys(row.images for row in rows))
        record["model-index"] = [{"name": pair, "results": _results(rows)}]
    return f"---\n{yaml.safe_dump(record, sort_keys=False)}---\n{text}"


def _results(rows: list[Measured]) -> list[dict[str, Any]]:
    """The results as the hub's model index has them: one for each input of each set, with both networks' metrics."""
    inputs = dict.fromkeys((row.images, row.input) for row in rows)
    return [
        {
            "task": {"type": TASK},
            "dataset": {"name": images, "type": images, "config": kind},
            "metrics": [
                {"type": measure, "value": getattr(row, measure), "name": f"{measure.upper()}, {row.network}"}
                | {"args": {"network": row.network}}
                for row in rows
                if (row.images, row.input) == (images, kind)
                for measure in MEASURES
            ],
        }
        for images, kind in inputs
    ]


def read_card(path: Path) -> tuple[list[Measured], str]:
    """What a card says was measured, and its text without front matter.

    Raises:
        InputError: it is no text, or its front matter is of another shape.
    """
    try:
        whole = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    match = FRONT_MATTER.match(whole)
    if match is None:
        return [], whole
    try:
        record = yaml.safe_load(match[1])
        results = [result for model in record.get("model-index", []) for result in model["results"]]
        return [row for result in results for row in _measured(result)], whole[match.end() :]
    except (yaml.YAMLError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputError(f"{path}: its front matter cannot be read: {type(error).__name__}") from None


def _measured(result: Mapping[str, Any]) -> list[Measured]:
    images, kind = str(result["dataset"]["name"]), str(result["dataset"]["config"])
    values: dict[str, dict[str, float]] = {}
    for metric in result["metrics"]:
        values.setdefault(str(metric["args"]["network"]), {})[metric["type"]] = float(metric["value"])
    return [Measured(images, kind, network, of["psnr"], of["ssim"]) for network, of in values.items()]
