"""Folders with an LMDB of training images, to read."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import lmdb

from hostile.item import Item
from hostile.pictures import HEIGHT, WIDTH, noise, png

VALUES = noise(HEIGHT, WIDTH, 3)
DATA = "data.mdb"


@cache
def packed(*values: bytes) -> bytes:
    """The file of an LMDB with these values."""
    with TemporaryDirectory() as folder:
        with lmdb.open(folder, map_size=1 << 20) as env, env.begin(write=True) as transaction:
            for number, value in enumerate(values):
                transaction.put(f"{number}".encode(), value)
        return (Path(folder) / DATA).read_bytes()


def of(content: bytes) -> Callable[[Path], None]:
    """What writes such a folder."""

    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / DATA).write_bytes(content)

    return make


def holding(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """What makes a folder in which something else stands in the place of the file."""

    def made(folder: Path) -> None:
        folder.mkdir()
        make(folder / DATA)

    return made


def databases() -> list[Item]:
    """Whole ones, cut ones, and what is none."""
    whole, page = packed(png(VALUES), png(VALUES)), 4096
    wrong = {
        "empty": b"",
        "text": b"no database",
        "zeros": bytes(4 * page),
        "a picture": png(VALUES),
        "without images": packed(),
        "of texts": packed(b"no image"),
        "of nothing": packed(b""),
        "of a cut image": packed(png(VALUES)[:-20]),
        **{f"cut at {end}": whole[:end] for end in (9, 100, page, 2 * page, -1)},
    }
    return [
        Item("whole", of(whole), right=VALUES),
        Item("with more behind", of(whole + bytes(page)), right=VALUES),
        *(Item(name, of(content), ": ") for name, content in wrong.items()),
        Item("a folder in its place", holding(os.mkdir), "holds no images"),
        Item("a pipe in its place", holding(os.mkfifo), "holds no images"),
    ]
