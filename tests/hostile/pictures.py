"""Whole pictures, encoded in every way that their formats have, with the values that they hold."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import PIL.Image
import tifffile

Array = np.ndarray[Any, Any]

HEIGHT, WIDTH = 9, 13  # odd, and of no whole number of blocks, tiles or bytes
GRAY, RGB, INDEXED, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6  # PNG's colour types
CHANNELS = {GRAY: 1, RGB: 3, INDEXED: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
DEPTHS = {GRAY: (1, 2, 4, 8, 16), RGB: (8, 16), INDEXED: (1, 2, 4, 8), GRAY_ALPHA: (8, 16), RGB_ALPHA: (8, 16)}
ONCE = ((0, 0, 1, 1),)
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
SIGNATURE, END = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"
ORIENTED = {  # what is shown of an array that is stored so, by EXIF's and TIFF's number
    1: lambda array: array,
    2: lambda array: array[:, ::-1],
    3: lambda array: array[::-1, ::-1],
    4: lambda array: array[::-1],
    5: lambda array: array.swapaxes(0, 1),
    6: lambda array: array[::-1].swapaxes(0, 1),
    7: lambda array: array[::-1, ::-1].swapaxes(0, 1),
    8: lambda array: array[:, ::-1].swapaxes(0, 1),
}


def noise(*shape: int, most: int = 255, dtype: str = "uint8") -> Array:
    """Values from 0 to ``most``, the same each time."""
    return np.random.default_rng(sum(shape)).integers(0, most, shape, endpoint=True).astype(dtype)


def smooth() -> Array:
    """What JPEG keeps: ``[16, 24, RGB]``, uint8."""
    y, x = np.mgrid[:16, :24]
    return np.stack([8 * x, 10 * y, 5 * (x + y)], axis=2).astype(np.uint8)


def meant(values: Array, most: float) -> Array:
    """RGB in [0, 1] of ``[height, width(, channel)]``: gray repeated, alpha dropped."""
    values = values if values.ndim == 3 else values[..., None]
    colours = values[..., :3] if values.shape[2] > 2 else np.repeat(values[..., :1], 3, 2)
    return colours.astype(np.float64) / most


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def header(width: int, height: int, depth: int = 8, colour: int = RGB, *rest: int) -> bytes:
    """The first chunk; ``rest``: compression, filter, interlace."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, *(*rest, 0, 0, 0)[:3]))


def rows_of(values: Array, depth: int, passes: Any = ONCE) -> bytes:
    """What is compressed: lines of bits, each after a byte that says it is not filtered."""
    lines = []
    for y, x, dy, dx in passes:
        for row in values[y::dy, x::dx]:
            bits = np.unpackbits(row.astype(">u2").view(np.uint8).reshape(-1, 2), axis=1)[:, 16 - depth :]
            lines.append(b"\0" + np.packbits(bits).tobytes() if row.size else b"")
    return b"".join(lines)


def png(values: Array, depth: int = 8, colour: int = RGB, *, interlaced: bool = False, before: bytes = b"") -> bytes:
    """A PNG file of ``[height, width, channel]``; ``before``: chunks between the first one and the pixels."""
    data = zlib.compress(rows_of(values, depth, ADAM7 if interlaced else ONCE))
    height, width = values.shape[:2]
    return SIGNATURE + header(width, height, depth, colour, 0, 0, interlaced) + before + chunk(b"IDAT", data) + END


def pngs() -> dict[str, tuple[bytes, Array]]:
    """Every depth and colour type, plain and interlaced."""
    made = {}
    for colour, depths in DEPTHS.items():
        for depth in depths:
            most = 2**depth - 1
            values = noise(HEIGHT, WIDTH, CHANNELS[colour], most=most, dtype="uint16")
            palette = noise(most + 1, 3) if colour == INDEXED else None
            before = b"" if palette is None else chunk(b"PLTE", palette.tobytes())
            right = meant(values, most) if palette is None else meant(palette[values[..., 0]], 255)
            for interlaced in (False, True):
                name = f"colour {colour} depth {depth} {'interlaced' if interlaced else 'plain'}.png"
                made[name] = png(values, depth, colour, interlaced=interlaced, before=before), right
    return made


TIFF_LAYOUTS: dict[str, dict[str, Any]] = {
    "one strip": {},
    "strips": {"rowsperstrip": 2},
    "tiles": {"tile": (16, 16)},
    "deflated": {"compression": "zlib"},
    "big": {"bigtiff": True},
}
TIFF_CHANNELS: dict[str, tuple[int, dict[str, Any]]] = {
    "gray": (1, {"photometric": "minisblack"}),
    "inverted": (1, {"photometric": "miniswhite"}),
    "rgb": (3, {"photometric": "rgb"}),
    "rgba": (4, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
}
KINDS = ("uint8", "uint16", "float16", "float32", "float64")


def tiff(values: Array, **how: Any) -> bytes:
    """A TIFF file, as tifffile writes it."""
    file = io.BytesIO()
    tifffile.imwrite(file, values, **how)
    return file.getvalue()


def tiffs() -> dict[str, tuple[bytes, Array]]:
    """Every type of values that is read, with every kind of channels and layout, in either order of bytes."""
    made = {}
    for kind in KINDS:
        for channels, (count, how) in TIFF_CHANNELS.items():
            for number, (layout, further) in enumerate(TIFF_LAYOUTS.items()):
                order = "<>"[number % 2]
                floating = np.dtype(kind).kind == "f"
                most = 1 if floating else np.iinfo(kind).max
                values = noise(HEIGHT, WIDTH, count, most=1024 if floating else most, dtype="uint16")
                values = (values / 1024 if floating else values).astype(kind)
                stored = values[..., 0] if count == 1 else values
                data = tiff(stored.astype(np.dtype(kind).newbyteorder(order)), byteorder=order, **how, **further)
                right = meant(most - values if channels == "inverted" else values, most)
                made[f"{kind} {channels} {layout}.tif"] = data, right
    return made


def bmp(values: Array, *, top_down: bool = False, bits: int = 24, compression: int = 0) -> bytes:
    """A BMP file: ``[height, width, RGB]`` at 24 bits, RGBA at 32, ``[height, width]`` of gray at 8."""
    height, width = values.shape[:2]
    ordered = values if top_down else values[::-1]
    ordered = ordered if bits == 8 else ordered[..., [2, 1, 0, *range(3, bits // 8)]]
    lines = b"".join(row.tobytes() + bytes(-row.size % 4) for row in ordered)
    palette = bytes(value for gray in range(256) for value in (gray, gray, gray, 0)) if bits == 8 else b""
    start = 54 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, width, -height if top_down else height, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(lines), 0, 0, start) + info + palette + lines


def bmps() -> dict[str, tuple[bytes, Array]]:
    """8, 24 and 32 bits, from the bottom up and from the top down."""
    made = {}
    for bits in (8, 24, 32):
        values = noise(HEIGHT, WIDTH, bits // 8)
        for top_down in (False, True):
            data = bmp(values if bits > 8 else values[..., 0], bits=bits, top_down=top_down)
            made[f"{bits} bits {'top down' if top_down else 'bottom up'}.bmp"] = data, meant(values, 255)
    return made


def by_pillow(values: Array, kind: str, mode: str | None = None, **how: Any) -> bytes:
    """A picture as Pillow writes it."""
    file, image = io.BytesIO(), PIL.Image.fromarray(values)
    (image if mode is None else image.convert(mode)).save(file, kind, **how)
    return file.getvalue()


def oriented(number: int) -> PIL.Image.Exif:
    """EXIF that says how the picture is to be turned."""
    exif = PIL.Image.Exif()
    exif[0x0112] = number
    return exif


def compressed() -> dict[str, tuple[bytes, Array]]:
    """JPEG and WebP."""
    values, small = smooth(), noise(HEIGHT, WIDTH, 4)
    right = meant(values, 255)
    jpeg = {
        "baseline.jpg": by_pillow(values, "JPEG", quality=100, subsampling=0),
        "progressive.jpg": by_pillow(values, "JPEG", quality=100, subsampling=0, progressive=True),
        "optimised.jpeg": by_pillow(values, "JPEG", quality=100, subsampling=0, optimize=True),
        "restarts.jpg": by_pillow(values, "JPEG", quality=100, subsampling=0, restart_marker_blocks=1),
        "halved colours.jpg": by_pillow(values, "JPEG", quality=100, subsampling=2),
        "inks.jpg": by_pillow(values, "JPEG", "CMYK", quality=100),
        "profile.jpg": by_pillow(values, "JPEG", quality=100, subsampling=0, icc_profile=b"\0" * 300),
        "note.jpg": by_pillow(values, "JPEG", quality=100, subsampling=0, comment=b"\xff\xd9 \xff\xd8"),
        "lossy.webp": by_pillow(values, "WEBP", quality=100),
    }
    gray = values[..., 0]
    return {name: (data, right) for name, data in jpeg.items()} | {
        "gray.jpg": (by_pillow(gray, "JPEG", quality=100), meant(gray, 255)),
        "lossless.webp": (by_pillow(small[..., :3], "WEBP", lossless=True), meant(small, 255)),
        "alpha.webp": (by_pillow(small, "WEBP", lossless=True, exact=True), meant(small, 255)),
    }
