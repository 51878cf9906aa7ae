"""Image files and folders: RGB or gray in [0, 1] in memory, 8 bits on disk, paired by name and never by position."""

import logging
import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from faig.common.errors import InputError, not_written
from faig.common.files import check_regular, replacing
from faig.imaging.decoding import Pixels, check_side, decode, read_bytes, to_image

Image = Float[Tensor, "channel height width"]
Resized = Float[Tensor, "channel _ _"]

WHOLE = 1e-3  # as near to whole numbers are 8-bit values that were floating point in [0, 1]

logger = logging.getLogger("faig")

ImageLike = Any  # a path, a PIL image, an array or a tensor; see `as_image`

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
UNREAD = frozenset({".avif", ".cr2", ".dng", ".exr", ".gif", ".hdr", ".heic", ".heif", ".jp2", ".jxl", ".nef"})


def read_image(path: Path | str) -> Image:
    """Read an image file as RGB.

    Gray is repeated to three channels, an alpha channel is dropped, 16-bit files keep their precision.

    Args:
        path: PNG, JPEG, BMP, TIFF or WebP, 8 or 16 bits per channel, or floating point in [0, 1].

    Returns:
        float32 in [0, 1].

    Raises:
        InputError: the file is missing, is no such image or too large a one, or holds values outside [0, 1].
    """
    return to_image(decode(read_bytes(path), str(path)), str(path))


def as_image(value: ImageLike) -> Image:
    """An image in any form that people hold one in, as a tensor.

    Args:
        value: a path; a PIL image; an array of height × width × 3 (or height × width, gray), uint8 or floating point in
            [0, 1]; or a tensor ``[3, height, width]``, of gray ``[1, height, width]``, in [0, 1], which is returned as
            it is.

    Returns:
        float32 in [0, 1]; RGB, but for a gray tensor.

    Raises:
        InputError: a shape or type is none of these, or a value is outside [0, 1].
    """
    image = _as_tensor(value)
    if not isinstance(value, str | Path):
        check_range(image, _described(value))
    return image


def as_restored(value: ImageLike) -> Image:
    """What a network made of an image, in any form that `as_image` takes, clipped to [0, 1] as `restore` does it.

    Raises:
        InputError: a shape or type is none of these; or the values are those of 8 bits, all white if clipped.
    """
    image = _as_tensor(value)
    if image.numel() and float(image.max()) > 1 and float((image - image.round()).abs().max()) < WHOLE:
        check_range(image, _described(value))
    return image.clamp(0, 1)


def check_range(image: Float[Tensor, "*batch channel height width"], source: str) -> None:
    """Raise InputError for an image with values outside [0, 1], or none at all."""
    if not image.numel():
        raise InputError(f"{source} holds no pixels")
    low, high = (float(end) for end in image.aminmax())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InputError(f"{source} holds values that are not finite (NaN or infinite)")
    if low < 0 or high > 1:
        raise InputError(
            f"{source} holds values from {low:g} to {high:g}: expected [0, 1]; divide by white, or clip it"
        )


def _described(value: ImageLike) -> str:
    kind = "a tensor" if isinstance(value, Tensor) else "an array"
    return f"{kind} of {getattr(value, 'dtype', 'pixels')}"


def _as_tensor(value: ImageLike) -> Image:
    """As `as_image`, in whatever range a tensor or an array of floating point is."""
    if isinstance(value, Tensor):
        if value.ndim != 3 or value.shape[0] not in (1, 3) or not value.is_floating_point():
            raise InputError(
                f"a tensor of {value.dtype} {tuple(value.shape)}: expected floating point [3, height, width], or of "
                "gray [1, height, width]"
            )
        return value
    if isinstance(value, str | Path):
        return read_image(value)
    pixels = np.asarray(value.convert("RGB") if hasattr(value, "convert") else value)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, 2)
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype.kind not in "uf" or pixels.dtype.itemsize > 8:
        raise InputError(
            f"an array of {pixels.dtype} {pixels.shape}: expected height × width × 3, uint8 or float in [0, 1]"
        )
    if pixels.dtype.kind == "u" and pixels.dtype not in (np.uint8, np.uint16):
        raise InputError(f"an array of {pixels.dtype}: expected uint8, or floating point in [0, 1]")
    return to_image(pixels, f"an array of {pixels.dtype}")


def to_uint8(image: Float[Tensor, "*batch channel height width"]) -> Tensor:
    """Clip to [0, 1] and round to 8 bits: uint8 of the same shape."""
    return image.detach().clamp(0, 1).mul_(255).round_().to(torch.uint8)  # in place: of a copy, which may be large


def round8(
    image: Float[Tensor, "*batch channel height width"],
) -> Float[Tensor, "*batch channel height width"]:
    """What ``image`` is after being written to an 8-bit file and read back."""
    return to_uint8(image).to(image.dtype) / 255


def write_image(path: Path | str, image: Image) -> None:
    """Write an 8-bit image, whole or not at all.

    Args:
        path: where; the suffix names the format.
        image: RGB or gray, in [0, 1]; clipped and rounded.
    """
    write_pixels(path, to_uint8(image).cpu().permute(1, 2, 0).numpy())


def write_pixels(path: Path | str, pixels: Pixels) -> None:
    """Write pixels in their own depth, 8 or 16 bits, whole or not at all; the suffix of ``path`` names the format.

    Pixels of one channel make a gray file.

    Raises:
        InputError: a side is longer than image files may have, or nothing can be written there.
    """
    height, width = pixels.shape[:2]
    check_side(width, height, str(path))
    ok, data = cv2.imencode(Path(path).suffix, bgr(pixels))
    assert ok, path
    with replacing(Path(path)) as part:
        part.write_bytes(data.data)


def bgr(pixels: Pixels) -> Pixels:
    """RGB as OpenCV orders it; gray as it is."""
    return np.ascontiguousarray(pixels[..., ::-1])


def list_images(folder: Path | str) -> dict[str, Path]:
    """The image files of a folder by stem, sorted by file name.

    What has another extension is no image; what has none at all, or that of a kind of picture that is not read, is
    left out with a warning.

    Raises:
        InputError: the folder is missing, holds no image, or holds two images of one stem; or what is named as an image
            is no regular file, or has a name that is no text.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: is not a folder")
    images: dict[str, Path] = {}
    nameless, unread = [], []
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            if path.is_file() and not path.name.startswith("."):
                nameless += [path.name] * (not path.suffix)
                unread += [path.name] * (path.suffix.lower() in UNREAD)
            continue
        check_regular(path)
        try:
            path.name.encode()  # tables have it
        except UnicodeEncodeError as error:
            raise InputError(not_written(error)) from None
        if path.stem in images:
            raise InputError(f"{path}: has the same name as {images[path.stem].name}; rename one of them")
        images[path.stem] = path
    for left_out, why in ((nameless, "files without an extension"), (unread, "pictures to be converted to PNG first")):
        if left_out:
            names = ", ".join(left_out[:3]) + (", ..." if len(left_out) > 3 else "")
            logger.warning("%s: %s are left out: %s", folder, why, names)
    if not images:
        raise InputError(f"{folder}: holds no images ({', '.join(sorted(SUFFIXES))})")
    return images


def pair(gt: Mapping[str, Path], lr: Mapping[str, Mapping[str, Path]]) -> Iterable[str]:
    """Names that every folder has, in the order of ``gt``.

    Args:
        gt: GT files by name.
        lr: for each degradation, LR files by name.

    Raises:
        InputError: a folder has an image that another has not; the message names it.
    """
    for kind, files in lr.items():
        for name in gt.keys() - files.keys():
            folder = next(iter(files.values())).parent
            hint = _ending(gt, files)
            message = f"{gt[name]}: has no partner named {name!r} among the {kind} images in {folder}{hint}"
            raise InputError(message, setting="lr_suffix" if hint else None)
        for name in files.keys() - gt.keys():
            folder = next(iter(gt.values())).parent
            raise InputError(f"{files[name]}: has no partner named {name!r} among the GT images in {folder}")
    return list(gt)


def without_suffix(files: Mapping[str, Path], suffix: str) -> dict[str, Path]:
    """Images by their names without an ending: DIV2K's ``0801x2.png`` is the LR image of ``0801.png``.

    Raises:
        InputError: a name does not end so, or is nothing else.
    """
    for name, path in files.items():
        if not name.endswith(suffix) or name == suffix:
            raise InputError(f"{path}: its name does not end with {suffix!r}", setting="lr_suffix")
    return {name.removesuffix(suffix): path for name, path in files.items()}


def _ending(gt: Collection[str], lr: Collection[str]) -> str:
    """What to do where every LR name is a GT name and one ending more; empty where that is not so."""
    first = min(lr)
    endings = {first.removeprefix(name) for name in gt if first.startswith(name)} - {""}
    ending = next((end for end in endings if {name + end for name in gt} == set(lr)), "")
    return f"; pass lr_suffix={ending!r}" if ending else ""


def mod_crop(image: Image, scale: int) -> Resized:
    """Cut off the bottom rows and right columns that make a size indivisible by ``scale``."""
    _, height, width = image.shape
    return image[:, : height - height % scale, : width - width % scale]


def check_divisible(image: Image, scale: int, name: str) -> None:
    """Raise InputError unless both sides of a GT image divide by ``scale``."""
    _, height, width = image.shape
    if height % scale or width % scale:
        message = f"{name}: {width}x{height} is not divisible by scale {scale}; crop it"
        raise InputError(message)
