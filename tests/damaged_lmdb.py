"""An LMDB of images, damaged in many ways, each read as training reads it."""

import json
import random
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from faig.common.errors import InputError
from faig.training.image_sources import DATA, LmdbSource
from hostile.databases import packed
from hostile.pictures import noise, png

PICTURES = [noise(20 + number, 24, 3) for number in range(6)]  # some in a leaf, some in pages of their own
PAGE, HEAD = 4096, 152
LEAF = 2


def database() -> bytes:
    """Of two heads, leaves, a branch above them, and values in and beside the leaves."""
    return packed(*map(png, PICTURES))


def damages(whole: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """By region: a bit that is another, pages of zeros, in another's place, and a file that ends early."""
    draw = random.Random(seed)
    kinds = {page: struct.unpack_from("<H", whole, page + 10)[0] for page in range(0, len(whole), PAGE)}
    for page, kind in kinds.items():
        begin = HEAD if page < 2 * PAGE else struct.unpack_from("<H", whole, page + 12)[0]
        for _ in range(24):
            yield f"head of page {page // PAGE}, {kind}", _flipped(whole, page + draw.randrange(begin), draw)
            yield f"inside of page {page // PAGE}, {kind}", _flipped(whole, page + draw.randrange(PAGE), draw)
        if kind == LEAF:
            for (place,) in struct.iter_unpack("<H", whole[page + 16 : page + begin]):
                for byte in range(8):
                    yield f"entry of page {page // PAGE}", _flipped(whole, page + place + byte, draw)
        yield f"zeros for page {page // PAGE}", whole[:page] + bytes(PAGE) + whole[page + PAGE :]
        for other in kinds:
            if other != page:
                swapped = whole[:page] + whole[other : other + PAGE] + whole[page + PAGE :]
                yield f"page {other // PAGE} for page {page // PAGE}", swapped
    for end in (0, 1, HEAD - 1, HEAD, *(page + more for page in kinds for more in (-1, 0, 1) if page)):
        yield f"cut at {end}", whole[:end]


def _flipped(whole: bytes, byte: int, draw: random.Random) -> bytes:
    changed = bytearray(whole)
    changed[byte] ^= 1 << draw.randrange(8)
    return bytes(changed)


def read_damaged(answer: Path, seed: int) -> None:
    """Read each, and write what came of it, one a line: what it was, and ``refused``, ``same``, or what is wrong."""
    with answer.open("w", encoding="utf-8") as file:
        for name, content in damages(database(), seed):
            file.write(json.dumps([name, _read(content)]) + "\n")
            file.flush()  # the next one may kill this process


def _read(content: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, DATA).write_bytes(content)
        try:
            source = LmdbSource(Path(folder))
            pictures = [source.read(index) for index in range(len(source))]
        except InputError as error:
            return "refused" if "\n" not in str(error) and folder in str(error) else str(error)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    same = len(pictures) == len(PICTURES) and all(map(np.array_equal, pictures, PICTURES))
    return "same" if same else f"others: {source.keys}"
