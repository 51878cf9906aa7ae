"""Where training images come from: a folder, or an LMDB of encoded images; the path alone tells which."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from faig.errors import InputError
from faig.images import Pixels, decode, list_images, read_bytes

if TYPE_CHECKING:
    import lmdb


@runtime_checkable
class Source(Protocol):
    """Images by number."""

    def __len__(self) -> int:
        """How many there are."""

    def place(self, index: int) -> str:
        """The name of one, for messages."""

    def read(self, index: int) -> Pixels:
        """Decode one; raises InputError where it is damaged."""


class FolderSource:
    """The image files of a folder, in the order of their names."""

    def __init__(self, folder: Path) -> None:
        self.files = list(list_images(folder).values())

    def __len__(self) -> int:
        return len(self.files)

    def place(self, index: int) -> str:
        """Path of the file."""
        return str(self.files[index])

    def read(self, index: int) -> Pixels:
        """Decode one."""
        return decode(read_bytes(self.files[index]), self.place(index))


class LmdbSource:
    """The values of an LMDB, each an encoded image, in the order of their keys (ours and BasicSR's)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with open_lmdb(folder).begin() as transaction:
            self.keys = [bytes(key) for key in transaction.cursor().iternext(keys=True, values=False)]
        if not self.keys:
            raise InputError(f"{folder}: holds no images")

    def __len__(self) -> int:
        return len(self.keys)

    def place(self, index: int) -> str:
        """Folder and key."""
        return f"{self.folder}: {self.keys[index].decode(errors='replace')}"

    def read(self, index: int) -> Pixels:
        """Decode one."""
        with open_lmdb(self.folder).begin() as transaction:
            value = transaction.get(self.keys[index])
        return decode(np.frombuffer(value or b"", dtype=np.uint8), self.place(index))


@cache
def open_lmdb(folder: Path) -> "lmdb.Environment":
    """Open an LMDB to read from, once a process; without locks, so that it survives a fork.

    Raises:
        InputError: it is none.
    """
    import lmdb

    try:
        return lmdb.open(str(folder), readonly=True, lock=False, readahead=False, meminit=False)
    except lmdb.Error as error:
        raise InputError(f"{folder}: is no LMDB that can be read: {error}") from None


def open_source(path: Path) -> Source:
    """The images at a path: an LMDB where it holds ``data.mdb``, else a folder of images.

    Raises:
        InputError: there are none.
    """
    return LmdbSource(path) if (path / "data.mdb").is_file() else FolderSource(path)
