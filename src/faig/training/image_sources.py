"""Where training images come from: a folder, or an LMDB of encoded images; the path alone tells which."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from faig.common.errors import InputError
from faig.imaging.decoding import Pixels, decode, read_bytes
from faig.imaging.images import list_images
from faig.training.lmdb_pages import Damaged, check_pages

if TYPE_CHECKING:
    import lmdb

DATA = "data.mdb"


@runtime_checkable
class Source(Protocol):
    """Images by number."""

    def __len__(self) -> int:
        """How many images there are."""

    def place(self, index: int) -> str:
        """The name of an image, for messages."""

    def read(self, index: int) -> Pixels:
        """Decode an image; raises InputError where it is damaged."""

    def fingerprint(self) -> str:
        """A hash of the names and sizes of all images: a run goes on only with the same."""


class FolderSource:
    """The image files of a folder, in the order of their names."""

    def __init__(self, folder: Path) -> None:
        self.files = list(list_images(folder).values())

    def __len__(self) -> int:
        return len(self.files)

    def place(self, index: int) -> str:
        """The path of the file."""
        return str(self.files[index])

    def fingerprint(self) -> str:
        """A hash of the names and sizes of all files."""
        return _hash(f"{path.name} {path.stat().st_size}" for path in self.files)

    def read(self, index: int) -> Pixels:
        """Decode the image of a file."""
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
        """The folder and the key."""
        return f"{self.folder}: {self.keys[index].decode(errors='replace')}"

    def fingerprint(self) -> str:
        """A hash of all keys and the size of the LMDB."""
        size = (self.folder / DATA).stat().st_size
        return _hash([str(size), *(key.decode(errors="replace") for key in self.keys)])

    def read(self, index: int) -> Pixels:
        """Decode the value of a key."""
        with open_lmdb(self.folder).begin() as transaction:
            value = transaction.get(self.keys[index])
        return decode(np.frombuffer(value or b"", dtype=np.uint8), self.place(index))


@cache
def open_lmdb(folder: Path) -> "lmdb.Environment":
    """Open an LMDB to read from, once a process; without locks, so that it survives a fork.

    Raises:
        InputError: it is no LMDB, or is damaged.
    """
    import lmdb

    try:
        check_pages(folder / DATA)
        return lmdb.open(str(folder), readonly=True, lock=False, readahead=False, meminit=False)
    except Damaged as error:
        raise InputError(f"{folder}: is no LMDB, or is damaged: {DATA} {error}; copy it again") from None
    except (lmdb.Error, OSError) as error:
        raise InputError(f"{folder}: is no LMDB that can be read: {error}") from None


def open_source(path: Path) -> Source:
    """The images at a path: an LMDB where it holds ``data.mdb``, else a folder of images.

    Raises:
        InputError: there are no images.
    """
    return LmdbSource(path) if (path / DATA).is_file() else FolderSource(path)


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
