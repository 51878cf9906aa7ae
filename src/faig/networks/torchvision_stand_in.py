"""The three names that spandrel imports from torchvision, for where torchvision is absent or of another torch.

spandrel 0.4 asks for all of torchvision, whose binaries fit one torch alone, but imports only ``InterpolationMode``,
``normalize`` and ``rotate`` of ``torchvision.transforms.functional``.
"""

import enum
import importlib
import math
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

ROOT = "torchvision"
WANTED = f"{ROOT}.transforms.functional"

Images = Float[Tensor, "*batch channel height width"]


class InterpolationMode(enum.Enum):
    """How `rotate` looks between pixels; values as in torchvision."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"


def normalize(tensor: Images, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> Images:
    """``(x - mean) / std``, by channel."""
    out = tensor if inplace else tensor.clone()
    offset, size = (torch.as_tensor(values).to(tensor).view(-1, 1, 1) for values in (mean, std))
    return out.sub_(offset).div_(size)


def rotate(
    img: Images,
    angle: float | Tensor,
    interpolation: InterpolationMode = InterpolationMode.NEAREST,
) -> Images:
    """Images turned around their middle, counter-clockwise by ``angle`` degrees; their size stays, outside is 0."""
    height, width = img.shape[-2:]
    turn = math.radians(float(angle))
    cos, sin = math.cos(turn), math.sin(turn)
    # affine_grid has both axes in [-1, 1]: the ratio of the sides keeps the turn one in pixels.
    back = torch.tensor([[cos, -sin * height / width, 0.0], [sin * width / height, cos, 0.0]])
    flat = img.reshape(-1, *img.shape[-3:])
    grid = functional.affine_grid(back.expand(len(flat), 2, 3).to(flat), list(flat.shape), align_corners=False)
    turned = functional.grid_sample(flat, grid, mode=interpolation.value, padding_mode="zeros", align_corners=False)
    return turned.reshape(img.shape)


@contextmanager
def torchvision_or_stand_in() -> Iterator[None]:
    """Have something to import in this block where torchvision is absent or fails; afterwards all is as it was.

    Who imports torchvision later finds the real one, or its absence.
    """
    before = _loaded()
    try:
        importlib.import_module(WANTED)
    except Exception:  # absent; or of another torch, which shows in many ways
        pass
    else:
        yield
        return
    _replace(_loaded(), _stand_in())
    try:
        yield
    finally:
        _replace(_loaded(), before)


def _stand_in() -> dict[str, ModuleType | None]:
    made = ModuleType(WANTED)
    made.__dict__.update(InterpolationMode=InterpolationMode, normalize=normalize, rotate=rotate)
    parents = {name: ModuleType(name) for name in (ROOT, f"{ROOT}.transforms")}
    parents[ROOT].__dict__["transforms"] = parents[f"{ROOT}.transforms"]
    parents[f"{ROOT}.transforms"].__dict__["functional"] = made
    return {**parents, WANTED: made}


def _loaded() -> dict[str, ModuleType | None]:
    """What of torchvision is in ``sys.modules``; None where imports are blocked."""
    modules: dict[str, ModuleType | None] = dict(sys.modules)
    return {name: module for name, module in modules.items() if name.partition(".")[0] == ROOT}


def _replace(old: dict[str, ModuleType | None], new: dict[str, ModuleType | None]) -> None:
    for name in old:
        del sys.modules[name]
    sys.modules.update(new)  # type: ignore[arg-type]
