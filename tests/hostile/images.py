"""Pictures to read: whole ones of every kind, which have a known value, bombs, foreign ones, and what is no file."""

import os
import socket
import struct
import zlib
from pathlib import Path

import numpy as np

from hostile.damaged_images import damaged
from hostile.item import Item, patched
from hostile.pictures import (
    END,
    GRAY,
    HEIGHT,
    KINDS,
    ORIENTED,
    SIGNATURE,
    WIDTH,
    Array,
    bmp,
    bmps,
    by_pillow,
    chunk,
    compressed,
    header,
    meant,
    noise,
    oriented,
    png,
    pngs,
    rows_of,
    smooth,
    tiff,
    tiffs,
)

DAMAGED, FOREIGN, LARGE = "is not an image that can be read, or", "is not an image that can be read (", "more than"
VALUES = noise(HEIGHT, WIDTH, 3)
RIGHT = meant(VALUES, 255)
PNG, PIXELS = png(VALUES), chunk(b"IDAT", zlib.compress(rows_of(VALUES, 8)))


def whole() -> list[Item]:
    """What is to be read as it is."""
    made = pngs() | tiffs() | bmps() | compressed()
    return [Item(name, data, right=right) for name, (data, right) in made.items()]


def turned() -> list[Item]:
    """Pictures that say how they are to be turned: TIFF uncompressed, and by a compression that OpenCV alone reads."""
    made = []
    for number, turn in ORIENTED.items():
        exif, right = oriented(number), turn(RIGHT)
        lossy = turn(meant(smooth(), 255))
        jpeg = by_pillow(smooth(), "JPEG", quality=100, subsampling=0, exif=exif)
        made += [
            Item(f"turned {number}.jpg", jpeg, right=lossy),
            Item(f"turned {number}.png", by_pillow(VALUES, "PNG", exif=exif), right=right),
            Item(f"turned {number}.webp", by_pillow(VALUES, "WEBP", lossless=True, exif=exif), right=right),
            Item(f"turned {number}.tif", by_pillow(VALUES, "TIFF", exif=exif), right=right),
            Item(f"turned {number} lzw.tif", by_pillow(VALUES, "TIFF", exif=exif, compression="tiff_lzw"), right=right),
        ]
        for kind in KINDS:
            most = 1 if np.dtype(kind).kind == "f" else np.iinfo(kind).max
            values = (noise(5, 8, 3, most=256, dtype="uint16") / 256 * most).astype(kind)
            for apart in (False, True):
                stored = np.ascontiguousarray(values.transpose(2, 0, 1)) if apart else values
                tags = [(274, "H", 1, number, True)]
                how = "separate" if apart else "contig"
                data = tiff(stored, photometric="rgb", planarconfig=how, extratags=tags)
                made.append(Item(f"turned {number} {kind} {how}.tif", data, right=turn(meant(values, most))))
    return made


def bomb(width: int, height: int) -> bytes:
    """A small file of many pixels."""
    press = zlib.compressobj(9)
    line = bytes(1 + (width + 7) // 8)
    data = b"".join([*(press.compress(line) for _ in range(height)), press.flush()])
    return SIGNATURE + header(width, height, 1, GRAY) + chunk(b"IDAT", data) + END


def sized(values: Array, place: int, form: str, *sides: int) -> bytes:
    """A BMP file with other sides in its head."""
    return patched(bmp(values), (place, struct.pack(form, *sides)))


def large() -> list[Item]:
    """What would not fit into memory, in files of any size."""
    frame = by_pillow(smooth(), "JPEG").index(b"\xff\xc0")
    jpeg = patched(by_pillow(smooth(), "JPEG"), (frame + 5, struct.pack(">HH", 65_000, 65_000)))
    return [
        Item("bomb.png", bomb(20_000, 20_000), LARGE),
        Item("line.png", SIGNATURE + header(2**31 - 1, 1) + PIXELS + END, LARGE),
        Item("column.png", SIGNATURE + header(1, 2**31 - 1) + PIXELS + END, LARGE),
        Item("square.png", SIGNATURE + header(2**31 - 1, 2**31 - 1) + PIXELS + END, LARGE),
        Item("beyond the format.png", SIGNATURE + header(2**32 - 1, 2**32 - 1) + PIXELS + END, LARGE),
        Item("square.bmp", sized(VALUES, 18, "<ii", 60_000, 60_000), LARGE),
        Item("square.jpg", jpeg, LARGE),
        Item("square.tif", tiff_of_size(60_000, 60_000), LARGE),
    ]


def tiff_of_size(width: int, height: int) -> bytes:
    """A TIFF file that says it is of this size, and has a few bytes of it."""
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1)]
    tags += [(278, 4, height), (279, 4, 16)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 24) + bytes(16) + struct.pack("<H", len(tags)) + entries + bytes(4)


def foreign() -> list[Item]:
    """Pictures of other kinds, and what is no picture, under a picture's name; kinds under each other's names."""
    kinds = ("GIF", "PPM", "TGA", "ICO", "PCX", "SGI", "DDS", "JPEG2000", "ICNS")
    made = []
    for kind in kinds:
        values = noise(32, 32, 3)
        made.append(Item(f"{kind.lower()}.png", by_pillow(values, kind), FOREIGN))
    texts = {
        "empty": b"",
        "one byte": b"\x89",
        "text": b"no picture",
        "a page": b"<!DOCTYPE html><title>404</title>",
        "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "a document": b"%PDF-1.7\n",
        "an archive": b"PK\x03\x04" + bytes(40),
        "zeros": bytes(4096),
        "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        "of AVIF": b"\0\0\0\x1cftypavif" + bytes(40),
        "of HEIC": b"\0\0\0\x1cftypheic" + bytes(40),
        "of JPEG XL": b"\xff\x0a" + bytes(40),
        "of radiance": b"#?RADIANCE\n\n-Y 1 +X 1\n\1\1\1\1",
        "of floats": b"PF\n1 1\n-1.0\n" + bytes(12),
    }
    made += [Item(f"{name}.png", data, FOREIGN) for name, data in texts.items()]
    beginnings = {
        "BMP": b"BM",
        "JPEG": b"\xff\xd8\xff",
        "TIFF": b"II*\0",
        "BigTIFF": b"MM\0+",
        "WebP": b"RIFF\0\0\0\0WEBP",
    }
    made += [Item(f"{name} begun.png", data, DAMAGED) for name, data in beginnings.items()]
    for name, data in (("a BMP as", bmp(VALUES)), ("a TIFF as", tiff(VALUES, photometric="rgb")), ("a PNG as", PNG)):
        made += [Item(f"{name}.{suffix}", data, right=RIGHT) for suffix in ("png", "jpg", "webp", "bmp", "tiff", "txt")]
    return made


def places() -> list[Item]:
    """What is no regular file, or not there."""

    def listening(path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))

    regular = "is not a regular file"
    return [
        Item("pipe.png", os.mkfifo, regular),
        Item("folder.png", os.mkdir, regular),
        Item("socket.png", listening, regular),
        Item("zeros without end.png", lambda path: path.symlink_to("/dev/zero"), regular),
        Item("nothing.png", lambda path: path.symlink_to("/dev/null"), regular),
        Item("link to itself.png", lambda path: path.symlink_to(path), "cannot be read"),
        Item("link to nothing.png", lambda path: path.symlink_to("none"), "cannot be read: No such file"),
        Item("not there.png", lambda path: None, "cannot be read: No such file"),
        Item(f"{'n' * 300}.png", lambda path: None, "cannot be read: File name too long"),
        Item("nul\0.png", lambda path: None, "cannot be read: embedded null byte"),
        Item("in.png/file.png", lambda path: path.parent.touch(), "cannot be read: Not a directory"),
    ]


def images() -> list[Item]:
    """All of them."""
    return [*whole(), *turned(), *large(), *foreign(), *places(), *damaged()]
