"""A pair's card, ``card.md``: Markdown for people, with front matter that a Hugging Face hub and this package read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, FiniteFloat

from faig.common.errors import InputError, shown
from faig.common.files import check_regular
from faig.common.settings import validated
from faig.common.yaml import parsed

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
        check_regular(path)
        whole = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text in UTF-8") from None
    match = FRONT_MATTER.match(whole)
    if match is None:
        return [], whole
    place = f"{path}, front matter"
    record = validated(_FrontMatter, parsed(match[1], place), place)
    rows = [row for model in record.models for result in model.results for row in _measured(result, place)]
    return rows, whole[match.end() :]


class _Args(BaseModel):
    network: str


class _Metric(BaseModel):
    type: str
    value: FiniteFloat
    args: _Args


class _Dataset(BaseModel):
    name: str
    config: str


class _Result(BaseModel):
    dataset: _Dataset
    metrics: list[_Metric]


class _Model(BaseModel):
    results: list[_Result]


class _FrontMatter(BaseModel):
    """What is read of it; a hub's has more."""

    models: list[_Model] = Field([], alias="model-index")


def _measured(result: _Result, place: str) -> list[Measured]:
    values: dict[str, dict[str, float]] = {}
    for metric in result.metrics:
        of = values.setdefault(metric.args.network, {})
        if metric.type in of:
            raise InputError(f"{place}: {shown(metric.type)} of {shown(metric.args.network)} is given twice")
        of[metric.type] = metric.value
    for network, of in values.items():
        if missing := [measure for measure in MEASURES if measure not in of]:
            raise InputError(f"{place}: {shown(network)} has no {missing[0]}")
    images, kind = result.dataset.name, result.dataset.config
    return [Measured(images, kind, network, of["psnr"], of["ssim"]) for network, of in values.items()]
