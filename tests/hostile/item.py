"""What a hostile input is: a file, and what is right to do with it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Make = bytes | str | Callable[[Path], object]


@dataclass(frozen=True)
class Item:
    """One input.

    Attributes:
        name: of the file, with its suffix.
        make: the content; or what writes it to a path.
        refused: a part of the line that it is refused with; empty where it is right to accept it.
        right: what reading it gives, where it is accepted.
    """

    name: str
    make: Make
    refused: str = ""
    right: Any = None

    def at(self, folder: Path) -> Path:
        """Write it into a folder; returns its path."""
        path = folder / self.name
        if isinstance(self.make, bytes | str):
            path.write_bytes(self.make if isinstance(self.make, bytes) else self.make.encode())
        else:
            self.make(path)
        return path


def cuts(name: str, data: bytes, refused: str, places: Iterable[int]) -> list[Item]:
    """A file that ends early, at each of these places; negative ones count from its end."""
    stem, _, suffix = name.rpartition(".")
    return [Item(f"{stem} cut at {place}.{suffix}", data[:place], refused) for place in places]


def patched(data: bytes, *changes: tuple[int, bytes]) -> bytes:
    """Bytes with others in their place."""
    altered = bytearray(data)
    for place, new in changes:
        altered[place : place + len(new)] = new
    return bytes(altered)


def named(items: Iterable[Item], prefix: str) -> list[Item]:
    """The same under names that begin so."""
    return [replace(item, name=f"{prefix} {item.name}") for item in items]
