"""Whether the file of an LMDB is whole: its pages hold no checksum, and LMDB itself follows whatever they say.

The format is that of LMDB 0.9 on machines of 64 bits, little-endian: mdb.c in https://github.com/LMDB/lmdb.
"""

import os
import struct
from pathlib import Path
from typing import NamedTuple

MAGIC, VERSION = 0xBEEFC0DE, 1
BRANCH, LEAF, OVERFLOW, META = 1, 2, 4, 8  # kinds of pages
ELSEWHERE = 1  # flag of a value that lies in pages of its own
NO_PAGE = 2**64 - 1
DEEPEST = 32
HEAD = struct.Struct("<Q2xH4x II16xI44x 4xHH24xQQ QQ")  # of a page of settings
PAGE = struct.Struct("<Q2xHHH")  # its number and kind, where the places of its entries end, and where they begin
PAGES = struct.Struct("<Q2xHI")  # the same of a value's pages: the number of the first, the kind, how many
ENTRY = struct.Struct("<HHHH")  # size of the value in two parts, flags, size of the key; in a branch: a page, likewise


class Damaged(ValueError):
    """The message says what is."""


class _Head(NamedTuple):
    number: int
    kind: int
    magic: int
    version: int
    page_size: int
    flags: int
    depth: int
    entries: int
    root: int
    last_page: int
    transaction: int


def check_pages(path: Path) -> None:
    """Read every page but the insides of values.

    Args:
        path: the file.

    Raises:
        Damaged: a page is missing, in two places, or not what others say of it; or keys are not in order.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        _Tree(file.fileno()).check()


class _Tree:
    """The keys and values of the newest transaction."""

    def __init__(self, file: int) -> None:
        self.file = file
        heads = [self._head(0, 0)]
        self.page_size = heads[0].page_size
        heads.append(self._head(1, self.page_size))
        self.head = max(heads, key=lambda head: head.transaction)
        newest = self.head.transaction  # each is written over the last but one
        if heads[newest % 2] is not self.head or heads[1 - newest % 2].transaction != max(0, newest - 1):
            raise Damaged("its two heads do not belong together")
        size, needed = os.fstat(file).st_size, (self.head.last_page + 1) * self.page_size
        if size < needed:  # reading beyond the end would kill the process
            raise Damaged(f"has {size} bytes of {needed}")
        self.taken = [range(2)]
        self.found = 0
        self.last: bytes | None = None  # key so far
        self.least = b""  # that the next key may be

    def check(self) -> None:
        """See `check_pages`."""
        head = self.head
        if head.flags or head.depth > DEEPEST:
            raise Damaged("has a damaged head")
        if head.root != NO_PAGE:
            self._check_page(head.root, head.depth)
        if self.found != head.entries:
            raise Damaged(f"has {self.found} values of {head.entries}")
        self.taken.sort(key=lambda pages: pages.start)
        if any(after.start < before.stop for before, after in zip(self.taken, self.taken[1:], strict=False)):
            raise Damaged("has a page in two places")

    def _head(self, number: int, start: int) -> _Head:
        content = os.pread(self.file, HEAD.size, start)
        if len(content) < HEAD.size:
            raise Damaged("is cut short")
        head = _Head(*HEAD.unpack(content))
        if head[:4] != (number, META, MAGIC, VERSION) or head.page_size not in [1 << power for power in range(8, 17)]:
            raise Damaged("does not begin as an LMDB does")
        return head

    def _take(self, number: int, count: int) -> None:
        """Count so many pages as taken."""
        if number + count > self.head.last_page + 1:
            raise Damaged(f"page {number} does not exist")
        self.taken.append(range(number, number + count))

    def _check_page(self, number: int, depth: int) -> None:
        """Check a page, and all below it; ``depth`` counts down to the leaves at 1."""
        self._take(number, 1)
        page = os.pread(self.file, self.page_size, number * self.page_size)
        own, kind, end, begin = PAGE.unpack_from(page)
        right = (number, LEAF if depth == 1 else BRANCH)
        if (own, kind) != right or end % 2 or not PAGE.size < end <= begin <= self.page_size:
            raise Damaged(f"page {number} has a damaged head")
        places = struct.unpack(f"<{(end - PAGE.size) // 2}H", page[PAGE.size : end])
        spans = []
        for index, place in enumerate(places):
            if not begin <= place <= self.page_size - ENTRY.size:
                raise Damaged(f"page {number} names a place outside")
            low, high, flags, key_size = ENTRY.unpack_from(page, place)
            stop = place + ENTRY.size + key_size
            key = page[stop - key_size : stop]
            if depth > 1:
                if index:
                    self._pass(key, number)
                    self.least = key
                self._check_page(low | high << 16 | flags << 32, depth - 1)
            else:
                self._pass(key, number)
                self.last, self.found = key, self.found + 1
                stop += self._check_value(page, stop, low | high << 16, flags)
            spans.append((place, stop + stop % 2))
        spans.sort()
        if [begin, *(stop for _, stop in spans)] != [*(start for start, _ in spans), self.page_size]:
            raise Damaged(f"page {number} has entries that overlap, or holes")

    def _pass(self, key: bytes, number: int) -> None:
        if key < self.least or (self.last is not None and key <= self.last):
            raise Damaged(f"page {number} has keys in another order")

    def _check_value(self, page: bytes, start: int, size: int, flags: int) -> int:
        """Check a value's own pages, where it has some; returns how many bytes it takes beside its key."""
        if not flags:
            return size
        if flags != ELSEWHERE or start + 8 > self.page_size:
            raise Damaged("has an entry that is no value")
        (number,) = struct.unpack_from("<Q", page, start)
        needed = (PAGES.size + size - 1) // self.page_size + 1
        self._take(number, needed)  # which are there to be read
        own, kind, count = PAGES.unpack(os.pread(self.file, PAGES.size, number * self.page_size))
        if (own, kind) != (number, OVERFLOW) or count < needed:
            raise Damaged(f"page {number} has a damaged head")
        if count > needed:  # a smaller value may be put where a larger one was
            self._take(number + needed, count - needed)
        return 8
