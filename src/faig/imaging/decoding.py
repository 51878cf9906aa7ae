"""Image files as pixels: the file's own values, or one line that says why not. Every reader of images reads by this.

A picture is looked at before it is decoded: what kind of file, how many pixels, which type of values. What OpenCV reads
wrongly (TIFF beyond 8 bits) tifffile reads.
"""

import io
import math
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from faig.common.errors import InputError
from faig.common.files import check_regular
from faig.common.process import hushed
from faig.imaging.tiff import Bytes as Bytes
from faig.imaging.tiff import Picture
from faig.imaging.tiff import Pixels as Pixels

LIMIT = "FAIG_MEGAPIXELS"  # environment variable: the most of an image
MEGAPIXELS = 100.0  # where it is not set; 1.2 GB as RGB in float32
SIDE = 1_000_000  # pixels: what libpng and OpenCV read and write at most
PNG, JPEG, BMP, TIFF, WEBP = "PNG", "JPEG", "BMP", "TIFF", "WebP"
BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": PNG,
    b"\xff\xd8\xff": JPEG,
    b"BM": BMP,
    b"II*\x00": TIFF,
    b"MM\x00*": TIFF,
    b"II+\x00": TIFF,
    b"MM\x00+": TIFF,
}


def read_bytes(path: Path | str) -> Bytes:
    """The bytes of a file.

    Raises:
        InputError: it cannot be read, or is no regular file: a pipe or a device would be read for ever.
    """
    try:
        check_regular(Path(path))
        return np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:  # a name that no file system takes
        raise InputError(f"{str(path)!r}: cannot be read: {error}") from None


def is_jpeg(path: Path | str) -> bool:
    """Whether an image file is JPEG, whatever its name says.

    Raises:
        InputError: it cannot be read, or is no regular file.
    """
    return _kind(read_bytes(path)) == JPEG


def decode(data: Bytes, source: str) -> Pixels:
    """The pixels of an encoded image, turned as it says: RGB; gray is repeated to three channels, alpha is dropped.

    Args:
        data: the bytes of a PNG, JPEG, BMP, TIFF or WebP file.
        source: where they come from, for the message.

    Returns:
        ``[height, width, RGB]``, uint8 or uint16 as in the file, or float32 in [0, 1].

    Raises:
        InputError: they are no such image, a damaged one, one of more than `MEGAPIXELS`, several, or its values are of
            another type or range.
    """
    kind = _kind(data)
    if kind is None:
        raise InputError(f"{source}: is not an image that can be read (PNG, JPEG, BMP, TIFF, WebP), or is damaged")
    if kind == TIFF:
        return _decode_tiff(data, source)
    width, height, pictures = _head(data, kind, source)
    _check_pictures(pictures, source)
    _check_size(width, height, source)
    return _decode_by_opencv(data, kind, source)


def to_image(pixels: Pixels, source: str) -> Float[Tensor, "channel height width"]:
    """Pixels of any depth as an image in [0, 1].

    Raises:
        InputError: they hold values that are not finite.
    """
    full = {np.dtype(np.uint8): 255, np.dtype(np.uint16): 65535}.get(pixels.dtype, 1)  # floating point is in [0, 1]
    array = np.array(pixels.transpose(2, 0, 1), np.float32, order="C")
    if full == 1 and not np.isfinite(array).all():
        raise InputError(f"{source}: holds values that are not finite (NaN or infinite)")
    array /= full  # in place: large images are held once
    return torch.from_numpy(array)


def _kind(data: Bytes) -> str | None:
    begins = data[:16].tobytes()
    if begins[:4] == b"RIFF" and begins[8:12] == b"WEBP":
        return WEBP
    return next((kind for magic, kind in BEGINNINGS.items() if begins.startswith(magic)), None)


def _head(data: Bytes, kind: str, source: str) -> tuple[int, int, int]:
    """Width, height and how many pictures, as the head says; by Pillow's readers, which decode nothing at that."""
    from PIL import BmpImagePlugin, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # slow to import

    readers: dict[str, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
        PNG: PngImagePlugin.PngImageFile,
        JPEG: JpegImagePlugin.JpegImageFile,
        BMP: BmpImagePlugin.BmpImageFile,
        WEBP: WebPImagePlugin.WebPImageFile,
    }
    try:
        with readers[kind](io.BytesIO(data.tobytes())) as image:
            width, height = image.size
            pictures = getattr(image, "n_frames", 1)
        start, head = struct.unpack_from("<II", data.data, 10)
        if kind == BMP and start < 14 + head:  # OpenCV would take the head for pixels
            raise ValueError
    except Exception:  # a damaged head makes it fail in many ways
        raise _damaged(source) from None
    return width, height, pictures


def _check_pictures(pictures: int, source: str) -> None:
    if pictures > 1:
        raise InputError(f"{source}: holds {pictures} pictures; save the one that is meant")


def check_side(width: int, height: int, source: str) -> None:
    """Raise InputError for an image with a side that is longer than image files may have."""
    if max(width, height) > SIDE:
        raise InputError(f"{source}: has {width}x{height} pixels; no side of a file has more than {SIDE:,}; cut it")


def most_megapixels() -> float:
    """The most that an image may have, in millions of pixels: `MEGAPIXELS`, or what the environment says.

    Raises:
        InputError: what it says is no such number.
    """
    text = os.environ.get(LIMIT, "")
    try:
        most = float(text) if text else MEGAPIXELS
    except ValueError:
        most = math.nan
    if not most > 0:
        raise InputError(f"{LIMIT}={text}: is not a number of megapixels")
    return most


def _check_size(width: int, height: int, source: str) -> None:
    """Refuse what would not fit into memory, what no reader takes, and what has no pixels; the file may be tiny."""
    if not (width > 0 and height > 0):
        raise _damaged(source)
    check_side(width, height, source)
    most = most_megapixels()
    if width * height > most * 1e6:
        raise InputError(
            f"{source}: has {width}x{height} pixels, which is more than {most:g} megapixels; cut it, or set the "
            f"environment variable {LIMIT} higher"
        )


def _decode_by_opencv(data: Bytes, kind: str, source: str) -> Pixels:
    flags = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR_RGB
    try:
        with hushed():  # libpng and libjpeg speak of damage, and of profiles that are in many good files
            pixels = None if kind == PNG and _is_damaged_png(data) else cv2.imdecode(data, flags)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise _damaged(source)
    return pixels


def _is_damaged_png(data: Bytes) -> bool:
    """Whether a PNG file is cut short, or a part of it that the image needs is altered, by its checksums."""
    view = data.data
    start = 8
    while start + 12 <= len(view):
        length, kind = struct.unpack_from(">I4s", view, start)
        end = start + 8 + length
        if end + 4 > len(view):
            return True
        needed = kind[:1].isupper()
        if needed and zlib.crc32(view[start + 4 : end]) != int.from_bytes(view[end : end + 4]):
            return True
        if kind == b"IEND":
            return False
        start = end + 4
    return True


def _decode_tiff(data: Bytes, source: str) -> Pixels:
    """A TIFF file of one picture: uint8, uint16, or floating point in [0, 1]; gray, RGB, either with alpha."""
    picture = Picture.of(data)
    if picture is None:
        raise _damaged(source)
    _check_pictures(picture.pictures, source)
    _check_size(picture.width, picture.height, source)
    if odd := picture.odd:
        raise InputError(f"{source}: holds {odd} values; save it as RGB or gray of 8 or 16 bits, or float in [0, 1]")
    pixels = None if picture.is_for_opencv else picture.read(data)
    if pixels is None:
        if picture.bits != 8:
            how = f"{picture.bits} bits compressed by {picture.compression}"
            raise InputError(f"{source}: cannot be read ({how}), or is damaged; save it uncompressed")
        return _decode_by_opencv(data, TIFF, source)
    if pixels.dtype.kind == "f":
        low, high = float(pixels.min()), float(pixels.max())
        if not (math.isfinite(low) and math.isfinite(high)):
            raise InputError(f"{source}: holds values that are not finite (NaN or infinite)")
        if low < 0 or high > 1:
            raise InputError(f"{source}: holds values from {low:g} to {high:g}; floating point is in [0, 1]")
    return pixels


def _damaged(source: str) -> InputError:
    return InputError(f"{source}: is not an image that can be read, or is damaged")
