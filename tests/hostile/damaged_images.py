"""Pictures that are damaged, lie about themselves, or carry more than a picture needs."""

import struct
import zlib

import numpy as np

from hostile.item import Item, cuts, patched
from hostile.pictures import (
    END,
    GRAY,
    HEIGHT,
    INDEXED,
    RGB,
    SIGNATURE,
    WIDTH,
    bmp,
    by_pillow,
    chunk,
    header,
    meant,
    noise,
    oriented,
    png,
    rows_of,
    smooth,
    tiff,
)

VALUES = noise(HEIGHT, WIDTH, 3)
RIGHT, LOSSY = meant(VALUES, 255), meant(smooth(), 255)
PNG, PIXELS = png(VALUES), chunk(b"IDAT", zlib.compress(rows_of(VALUES, 8)))
HEAD = header(WIDTH, HEIGHT)
JPEG = by_pillow(smooth(), "JPEG", quality=100, subsampling=0)
NO_IMAGE = "is not an image"


def notes() -> list[Item]:
    """PNG files whose other chunks say how to show them, or what they are of: the file's own values count."""
    ancillary = {
        "gamma": chunk(b"gAMA", struct.pack(">I", 100_000)),
        "chromaticities": chunk(b"cHRM", struct.pack(">8I", *range(1, 9))),
        "standard colours": chunk(b"sRGB", b"\0"),
        "coding of colours": chunk(b"cICP", b"\x09\x10\0\x01"),
        "significant bits": chunk(b"sBIT", b"\5\5\5"),
        "background": chunk(b"bKGD", b"\0\1\0\2\0\3"),
        "transparent colour": chunk(b"tRNS", b"\0\1\0\2\0\3"),
        "pixel size": chunk(b"pHYs", struct.pack(">IIB", 1, 9, 0)),
        "no profile": chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile")),
        "a bomb as profile": chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(30_000_000))),
        "a bomb as text": chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(30_000_000))),
        "no EXIF": chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff"),
        "an endless EXIF": chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\3\0\0\0\1\0\1\0\0" * 9),
        "unknown": chunk(b"ohMy", b"?"),
        "damaged note": chunk(b"tEXt", b"a\0b")[:-1] + b"!",
        "suggested palette": chunk(b"PLTE", bytes(12)),
    }
    refused = {"a bomb as profile", "a bomb as text", "damaged note"}
    return [
        Item(f"{name}.png", png(VALUES, before=data), *((NO_IMAGE,) if name in refused else ("", RIGHT)))
        for name, data in ancillary.items()
    ]


def damaged_pngs() -> list[Item]:
    """Cut, altered, with lying heads or unfit parts."""
    ends = [8, 20, 33, 40, 45, len(PNG) // 2, len(PNG) - 14, len(PNG) - 12, len(PNG) - 4, len(PNG) - 1]
    altered = {
        f"altered at {place}": patched(PNG, (place, b"\x5a\xa5")) for place in (0, 9, 12, 17, 21, 30, 38, 50, 99)
    }

    def lying(width: int = WIDTH, height: int = HEIGHT, *kind: int) -> bytes:
        return SIGNATURE + header(width, height, *(kind or (8, RGB))) + PIXELS + END

    def of(data: bytes) -> bytes:
        return SIGNATURE + HEAD + chunk(b"IDAT", data) + END

    rows = rows_of(VALUES, 8)
    heads = {
        "no width": lying(0),
        "no height": lying(WIDTH, 0),
        "wider than it is": lying(WIDTH + 1),
        "higher than it is": lying(WIDTH, HEIGHT + 1),
        "depth of 3": lying(WIDTH, HEIGHT, 3, GRAY),
        "depth of 4 in colour": lying(WIDTH, HEIGHT, 4, RGB),
        "depth of 16 by palette": lying(WIDTH, HEIGHT, 16, INDEXED),
        "colour type 1": lying(WIDTH, HEIGHT, 8, 1),
        "colour type 255": lying(WIDTH, HEIGHT, 8, 255),
        "unknown compression": lying(WIDTH, HEIGHT, 8, RGB, 1),
        "unknown filters": lying(WIDTH, HEIGHT, 8, RGB, 0, 9),
        "unknown interlacing": lying(WIDTH, HEIGHT, 8, RGB, 0, 0, 7),
        "palette missing": lying(WIDTH, HEIGHT, 8, INDEXED),
        "no pixels": SIGNATURE + HEAD + END,
        "no head": SIGNATURE + PIXELS + END,
        "two heads": SIGNATURE + HEAD + HEAD + PIXELS + END,
        "head after the pixels": SIGNATURE + PIXELS + HEAD + END,
        "chunk of 4 GB": SIGNATURE + HEAD + b"\xff\xff\xff\xffIDAT" + PIXELS[8:] + END,
        "chunk of 2 GB": SIGNATURE + HEAD + b"\x7f\xff\xff\xffIDAT" + PIXELS[8:] + END,
        "unknown needed chunk": SIGNATURE + HEAD + chunk(b"OHMY", b"?") + PIXELS + END,
        "no deflate": of(b"not compressed by anything at all"),
        "pixels end early": of(zlib.compress(rows[: len(rows) // 2])),
        "compression cut": of(zlib.compress(rows)[:-40]),
        "filter of no number": of(zlib.compress(b"\x09" + rows[1:])),
        "an end alone": SIGNATURE + END,
        "signature alone": SIGNATURE,
    }
    return [
        *cuts("picture.png", PNG, "damaged", ends),
        *(Item(f"{name}.png", data, NO_IMAGE) for name, data in {**altered, **heads}.items()),
        Item("remarks behind the end.png", PNG + b"anything" * 9, right=RIGHT),
        Item("of many chunks.png", SIGNATURE + HEAD + split(zlib.compress(rows), 7) + END, right=RIGHT),
    ]


def split(data: bytes, size: int) -> bytes:
    """Compressed pixels in many chunks, one of them empty."""
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(chunk(b"IDAT", part) for part in [*parts[:2], b"", *parts[2:]])


def jpegs() -> list[Item]:
    """JPEG files: cut, of kinds that are not read, with lying heads, and with parts that no picture needs."""
    frame, scan = JPEG.index(b"\xff\xc0"), JPEG.index(b"\xff\xda")
    progressive = by_pillow(smooth(), "JPEG", quality=100, progressive=True)
    inside = scan + 20
    odd = {
        "of 12 bits": patched(JPEG, (frame + 4, b"\x0c")),
        "lossless": patched(JPEG, (frame + 1, b"\xc3")),
        "hierarchical": patched(JPEG, (frame + 1, b"\xc5")),
        "of 2 colours": patched(JPEG, (frame + 9, b"\2")),
        "of no colours": patched(JPEG, (frame + 9, b"\0")),
        "without width": patched(JPEG, (frame + 7, b"\0\0")),
        "without height": patched(JPEG, (frame + 5, b"\0\0")),
        "of a table that is not there": patched(JPEG, (frame + 12, b"\3")),
        "of a factor of 0": patched(JPEG, (frame + 11, b"\0")),
        "without a frame": JPEG[:frame] + JPEG[scan:],
        "without a scan": JPEG[:scan] + JPEG[-2:],
        "without tables": JPEG[:2] + JPEG[frame:],
        "an end alone": JPEG[:2] + JPEG[-2:],
    }
    more = {
        "two files": JPEG + JPEG,
        "remarks behind the end": JPEG + b"anything" * 9,
        "damaged EXIF": JPEG[:2] + b"\xff\xe1\0\x10Exif\0\0MM\0*\xff\xff\xff\xff"[:18] + JPEG[2:],
        "EXIF of no orientation": by_pillow(smooth(), "JPEG", quality=100, subsampling=0, exif=oriented(9)),
        "several pictures": by_pillow(smooth(), "MPO", quality=100, subsampling=0, save_all=True),
    }
    return [
        *cuts("baseline.jpg", JPEG, NO_IMAGE, [3, 20, frame, frame + 8, scan, inside, len(JPEG) // 2, -3, -2, -1]),
        *cuts("progressive.jpg", progressive, NO_IMAGE, [len(progressive) // 2, len(progressive) * 3 // 4, -30, -1]),
        *(Item(f"{name}.jpg", data, NO_IMAGE) for name, data in odd.items()),
        *(Item(f"{name}.jpg", data, right=LOSSY) for name, data in more.items()),
    ]


def bmps_and_webps() -> list[Item]:
    """BMP and WebP files: cut, with lying heads."""
    whole = bmp(VALUES)
    webp = by_pillow(VALUES, "WEBP", lossless=True)
    heads = {
        "no width": (18, "<i", 0),
        "no height": (22, "<i", 0),
        "higher than it is": (22, "<i", HEIGHT + 1),
        "wider than it is": (18, "<i", 5 * WIDTH),
        "pixels beyond the end": (10, "<I", 10**6),
        "pixels at the beginning": (10, "<I", 0),
        "pixels in the head": (10, "<I", 53),
        "of 3 bits": (28, "<H", 3),
        "of 2 bits": (28, "<H", 2),
        "of 64 bits": (28, "<H", 64),
        "as JPEG": (30, "<I", 4),
        "as PNG": (30, "<I", 5),
        "of no known compression": (30, "<I", 99),
        "of no head": (14, "<I", 0),
        "of a head without end": (14, "<I", 2**32 - 1),
    }
    return [
        *cuts("whole.bmp", whole, NO_IMAGE, [2, 13, 30, 53, 54, 60, len(whole) // 2, -3, -1]),
        *(
            Item(f"{name}.bmp", patched(whole, (place, struct.pack(form, value))), NO_IMAGE)
            for name, (place, form, value) in heads.items()
        ),
        *cuts("whole.webp", webp, NO_IMAGE, [12, 16, 25, len(webp) // 2, -2]),
        Item("size of 0.webp", patched(webp, (4, bytes(4))), NO_IMAGE),
        Item("another part.webp", patched(webp, (12, b"VP8?")), NO_IMAGE),
    ]


def tiffs_of_other_kinds() -> list[Item]:
    """TIFF files whose values are of another type, meaning or range; and several pictures."""
    types = ("int8", "int16", "int32", "int64", "uint32", "uint64", "complex64", "complex128")
    made = [
        Item(f"{kind}.tif", tiff(np.ones((6, 5, 3), kind), photometric="rgb"), f"holds {kind} values") for kind in types
    ]
    numbers = (np.nan, np.inf, -np.inf, -0.001, 1.001, 255.0, 1e38)
    for kind in ("float16", "float32", "float64"):
        for number in numbers:
            values = np.full((6, 5, 3), 0.5, kind)
            with np.errstate(over="ignore"):
                values[2, 3, 1] = number
            made.append(Item(f"{kind} {number}.tif", tiff(values, photometric="rgb"), "holds values"))
    four = noise(6, 5, 4)
    gray = {"photometric": "minisblack", "planarconfig": "contig"}
    return [
        *made,
        Item("black and white.tif", by_pillow(noise(6, 8) > 99, "TIFF"), "holds bool values"),
        Item("2 channels.tif", tiff(noise(6, 5, 2), **gray), "holds 2-channel values"),
        Item("5 channels.tif", tiff(noise(6, 5, 5), photometric="rgb"), "holds 5-channel values"),
        Item("inks.tif", tiff(four, photometric="separated"), "holds separated values"),
        Item("lab.tif", tiff(VALUES, photometric="cielab"), "holds cielab values"),
        Item("3 pages.tif", tiff(noise(3, 6, 5), photometric="minisblack"), "holds 3 pictures"),
        Item("60 pages.tif", tiff(noise(60, 6, 5), photometric="minisblack"), "holds 60 pictures"),
        Item(
            "a volume.tif",
            tiff(noise(4, 16, 16), photometric="minisblack", volumetric=True, tile=(4, 16, 16)),
            "holds 4 pictures",
        ),
    ]


def damaged_tiffs() -> list[Item]:
    """TIFF files: cut, with directories that lead nowhere or in circles, with lying numbers."""
    whole = tiff(VALUES, photometric="rgb")
    (start,) = struct.unpack_from("<I", whole, 4)
    (count,) = struct.unpack_from("<H", whole, start)
    after = start + 2 + 12 * count
    entry = {struct.unpack_from("<H", whole, place)[0]: place for place in range(start + 2, after, 12)}

    def of(tag: int, form: str, *values: int) -> bytes:
        return patched(whole, (entry[tag] + 8, struct.pack(form, *values)))

    lies = {
        "directory beyond the end": patched(whole, (4, struct.pack("<I", 10**8))),
        "directory at 0": patched(whole, (4, bytes(4))),
        "no entries": patched(whole, (start, bytes(2))),
        "65535 entries": patched(whole, (start, b"\xff\xff")),
        "no width": of(256, "<I", 0),
        "no height": of(257, "<I", 0),
        "no values": of(277, "<H", 0),
        "higher than it is": of(257, "<I", 50 * HEIGHT),
        "wider than it is": of(256, "<I", 50 * WIDTH),
        "pixels beyond the end": of(273, "<I", 10**8),
        "more pixels than the file": of(279, "<I", 10**8),
        "of a type that is none": patched(whole, (entry[256] + 2, b"\x63\0")),
        "4 billion widths": patched(whole, (entry[256] + 4, b"\xff\xff\xff\xff")),
        "compressed by what is unknown": of(259, "<H", 9999),
        "compressed as fax": of(259, "<H", 4),
        "compressed as JPEG": of(259, "<H", 7),
    }
    return [
        *cuts("whole.tif", whole, NO_IMAGE, [4, 7, start, start + 9, after - 1, len(whole) // 2, -9, -1]),
        *(Item(f"{name}.tif", data, ": ") for name, data in lies.items()),
        Item("in circles.tif", patched(whole, (after, struct.pack("<I", start))), right=RIGHT),
        Item("next directory beyond the end.tif", patched(whole, (after, struct.pack("<I", 10**8))), right=RIGHT),
    ]


def animations() -> list[Item]:
    """Several pictures in a file that can hold several, of which none is meant more than the others."""
    import PIL.Image

    frames = [PIL.Image.fromarray(VALUES[::step]) for step in (1, -1)]
    more = {"save_all": True, "append_images": [frames[1]]}
    return [
        Item("animated.png", by_pillow(VALUES, "PNG", **more), "holds 2 pictures"),
        Item("animated behind a still.png", by_pillow(VALUES, "PNG", default_image=True, **more), "holds 2 pictures"),
        Item("animated.webp", by_pillow(VALUES, "WEBP", lossless=True, **more), "holds 2 pictures"),
    ]


def damaged() -> list[Item]:
    """All of them."""
    pictures = [*notes(), *damaged_pngs(), *jpegs(), *bmps_and_webps()]
    return [*pictures, *tiffs_of_other_kinds(), *damaged_tiffs(), *animations()]
