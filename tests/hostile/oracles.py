"""What other readers make of the same file, to hold against what faig reads."""

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps
import tifffile
import torch
import yaml
from safetensors import safe_open

from faig.common.tensors import METADATA_KEY
from hostile.pictures import ORIENTED

TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def picture(path: Path, read: np.ndarray[Any, Any]) -> str:
    """Where Pillow, or tifffile, reads another picture of a file; empty where it reads the same, or none."""
    data = path.read_bytes()
    if data[:4] in TIFF:
        other = _by_tifffile(data)
        allowed = 1e-6
    else:
        other = _by_pillow(data)
        allowed = 3 / 255 if data[:3] == b"\xff\xd8\xff" or b"VP8 " in data[:64] else 1.01 / 255
    if other is None:
        return ""
    if other.shape != read.shape:
        return f"another size: {read.shape}, and {other.shape}"
    difference = np.abs(read - other).max(initial=0)
    return f"other values: {difference:.3f}" if difference > allowed else ""


def _by_pillow(data: bytes) -> np.ndarray[Any, Any] | None:
    """RGB in [0, 1]; of 16 bits the upper 8."""
    try:
        with PIL.Image.open(io.BytesIO(data)) as image:
            image.load()
            turned = PIL.ImageOps.exif_transpose(image)
            if turned.mode.startswith("I"):  # 16 bits of gray
                return np.repeat(np.asarray(turned, np.float64)[..., None], 3, 2) / 65535
            return np.asarray(turned.convert("RGB")) / 255
    except Exception:  # as it fails on damaged files
        return None


def _by_tifffile(data: bytes) -> np.ndarray[Any, Any] | None:
    """RGB in [0, 1], of what tifffile alone makes of the whole file."""
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page = file.pages[0]
            values, kind = page.asarray(), page.photometric.name
            if kind not in ("RGB", "MINISBLACK", "MINISWHITE"):
                return None
            orientation = page.tags.valueof(274, default=1)
            channels_first = page.planarconfig.name == "SEPARATE" and page.samplesperpixel > 1
        most = 1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max
        values = values.astype(np.float32 if values.dtype.kind == "f" else np.float64)
        values = values.transpose(1, 2, 0) if channels_first else values
        values = values[..., None] if values.ndim == 2 else values
        values = values[..., :3] if kind == "RGB" else np.repeat(values[..., :1], 3, 2)
        values = most - values if kind == "MINISWHITE" else values
        return ORIENTED[orientation](values) / most
    except Exception:
        return None


def weights(path: Path, read: dict[str, torch.Tensor]) -> str:
    """Where a file's own tensors are none of those that were read."""
    held = tensors(path)
    for name, value in read.items():
        same = [other for key, other in held.items() if key.endswith(name.rpartition(".")[2])]
        if not any(other.shape == value.shape and torch.equal(other.float(), value) for other in same):
            return f"{name} is not in the file"
    return ""


def tensors(path: Path) -> dict[str, torch.Tensor]:
    """All tensors in a file, at any depth."""
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return flat(torch.load(path, weights_only=True))


def flat(value: Any, name: str = "") -> dict[str, torch.Tensor]:
    """Tensors in mappings in mappings, by dotted name."""
    if isinstance(value, torch.Tensor):
        return {name: value}
    parts = value.items() if isinstance(value, dict) else ()
    return {key: tensor for inner, part in parts for key, tensor in flat(part, f"{name}.{inner}").items()}


def settings(path: Path, read: dict[str, Any]) -> str:
    """Where PyYAML itself reads other settings."""
    other = yaml.safe_load(path.read_text(encoding="utf-8"))
    return "" if repr(other) == repr(read) else f"others: {str(other)[:200]}"


def order(path: Path, read: torch.Tensor) -> str:
    """Where the file's own indices, scores or strengths are not what was read."""
    import pandas as pd

    if path.suffix == ".csv":
        own = pd.read_csv(path)["index"].tolist()
    elif path.suffix == ".txt":
        own = [int(text) for text in path.read_text(encoding="utf-8").split()]
    else:
        held = tensors(path)
        if "strength" in held:
            own = held["strength"].tolist()
        else:
            scores = next(value for name, value in held.items() if name.startswith("score/")).double().numpy()
            if len(read) != len(scores):  # some layers alone are ranked
                return ""
            own = np.argsort(-scores, kind="stable").tolist()
    return "" if own == read.tolist() else "others"


def sets(path: Path, read: dict[str, torch.Tensor]) -> str:
    """Where the file's own tensors are others."""
    held = tensors(path)
    same = held.keys() == read.keys() and all(held[name].tolist() == value.tolist() for name, value in read.items())
    return "" if same else "others"


def scores(path: Path, read: dict[str, torch.Tensor]) -> str:
    """Where scores that no exponent scales are not those of the file."""
    held = tensors(path)
    with safe_open(path, framework="pt") as file:
        scaled = "exponents" in file.metadata()[METADATA_KEY]
    same = scaled or all(torch.equal(held[name].nan_to_num(), value.nan_to_num()) for name, value in read.items())
    return "" if same else "others"


def learned(path: Path, read: dict[str, Any]) -> str:
    """Where JSON itself says something else, or a number is none."""
    own = json.loads(path.read_text(encoding="utf-8"))
    numbers = [number for group in read["groups"] for number in [*group["mean"], *group["usual"]]]
    return "" if own == read and all(map(math.isfinite, numbers)) else "others"
