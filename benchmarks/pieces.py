"""The small pairs, and finished pieces of a long benchmark, kept in files, so that it goes on where it was stopped."""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from faig.common.files import replacing

PAIRS = ("srresnet-x2-small", "srcnn-style-x2-small")
SEEDS = (1, 2, 3)


def shipped(pair: str, seed: int, role: str) -> Path:
    """The file of one network; ``scripts/small_pairs.py`` trains it."""
    return Path(__file__).parent / "pairs" / f"{pair}-{seed}-{role}.safetensors"


def keep(file: Path, tensors: dict[str, Tensor]) -> None:
    """Write a finished piece, whole or not at all."""
    with replacing(file) as part:
        save_file({key: value.contiguous() for key, value in tensors.items()}, part)


def kept(file: Path) -> dict[str, Tensor]:
    """Read it again."""
    return load_file(file)


def keep_json(file: Path, rows: list[dict[str, Any]]) -> None:
    """Write finished rows, whole or not at all."""
    with replacing(file) as part:
        part.write_text(json.dumps(rows, indent=0), encoding="utf-8")
