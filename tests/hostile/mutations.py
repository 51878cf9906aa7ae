"""Strategies that make hostile files out of valid ones: bytes flipped, cut, repeated and spliced; other values."""

import json
import re
import struct
import zlib
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from faig.common.tensors import METADATA_KEY

NUMBERS = (0, 1, 2, 3, 7, 8, 255, 256, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1)
WORDS = ("", "-1", "nan", "inf", "1e400", "0.5", "1" * 5000, "x", "'", '"', "[", "{", "\x1b[31m", "\u202e", "\ufeff")
Draw = Callable[[st.SearchStrategy[Any]], Any]


def place(draw: Draw, data: bytearray) -> int:
    """A place in a file, every other one in its first bytes, where its head is."""
    return draw(st.integers(0, max(0, min(len(data), draw(st.sampled_from((64, 512, len(data)))))))) if data else 0


def flip(draw: Draw, data: bytearray, _: bytes) -> None:
    """Flip some bits of a byte."""
    if data:
        data[min(place(draw, data), len(data) - 1)] ^= draw(st.integers(1, 255))


def number(draw: Draw, data: bytearray, _: bytes) -> None:
    """Write a number that lies at the edge of something."""
    size, start = draw(st.sampled_from((1, 2, 4, 8))), place(draw, data)
    value = draw(st.sampled_from(NUMBERS)) % 256**size
    data[start : start + size] = value.to_bytes(size, draw(st.sampled_from(("little", "big"))))


def cut(draw: Draw, data: bytearray, _: bytes) -> None:
    """Leave out a part, or the end."""
    start = place(draw, data)
    del data[start : draw(st.sampled_from((start + 1, start + 4, start + 40, len(data))))]


def repeat(draw: Draw, data: bytearray, _: bytes) -> None:
    """Have a part twice, or many times."""
    start = place(draw, data)
    data[start:start] = data[start : start + draw(st.integers(1, 60))] * draw(st.sampled_from((1, 1, 2, 300)))


def splice(draw: Draw, data: bytearray, other: bytes) -> None:
    """Put a part of another file in."""
    start, end = place(draw, data), place(draw, bytearray(other))
    size = draw(st.integers(1, 200))
    data[start : start + draw(st.sampled_from((0, size)))] = other[end : end + size]


def fill(draw: Draw, data: bytearray, _: bytes) -> None:
    """Overwrite a part with one byte, or with any."""
    start, size = place(draw, data), draw(st.integers(1, 40))
    contents = st.just(bytes(size)), st.just(b"\xff" * size), st.binary(max_size=size)
    data[start : start + size] = draw(st.one_of(contents))


def word(draw: Draw, data: bytearray, _: bytes) -> None:
    """Put a word in the place of a number or a name."""
    found = list(re.finditer(rb"[\w.+-]+", bytes(data[:20_000])))
    if found:
        match = draw(st.sampled_from(found))
        data[match.start() : match.end()] = draw(st.sampled_from(WORDS)).encode()


BYTES = (flip, flip, number, number, cut, repeat, splice, fill)
TEXT = (word, word, word, flip, cut, repeat, splice)


@st.composite
def mutated(draw: Draw, valid: list[bytes], ways: tuple[Callable[..., None], ...] = BYTES) -> bytes:
    """A valid file with up to 5 changes, mostly one, often with checksums and lengths that fit it again."""
    data, other = bytearray(draw(st.sampled_from(valid))), draw(st.sampled_from(valid))
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 5)))):
        draw(st.sampled_from(ways))(draw, data, other)
    altered = bytes(data)
    return mended(altered) if draw(st.booleans()) else altered


def mended(data: bytes) -> bytes:
    """PNG files with the checksums of what is in them; safetensors files with the length of their header."""
    if data.startswith(b"\x89PNG"):
        parts, start = [data[:8]], 8
        while start + 12 <= len(data):
            end = start + 8 + int.from_bytes(data[start : start + 4])
            body = data[start + 4 : end]
            parts += [data[start : start + 4], body, struct.pack(">I", zlib.crc32(body))]
            start = end + 4
        return b"".join(parts)
    if data[8:9] == b"{" and (end := data.rfind(b"}", 0, 100_000)) > 0:
        return struct.pack("<Q", end - 7) + data[8:]
    return data


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.floats(),
        st.integers(-3, 9),
        st.sampled_from((10**30, -(10**30), 2**63, 2**31)),
        st.sampled_from(WORDS),
        st.text(max_size=9),
    ),
    lambda inside: st.one_of(st.lists(inside, max_size=3), st.dictionaries(st.text(max_size=5), inside, max_size=3)),
    max_leaves=5,
)


@st.composite
def revalued(draw: Draw, base: Any) -> Any:
    """The same with other values in one to three places, at any depth."""
    value = base
    for _ in range(draw(st.sampled_from((1, 1, 2, 3)))):
        value = _revalued(draw, value)
    return value


def _revalued(draw: Draw, value: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.integers(0, 7)):
        key = draw(st.sampled_from(sorted(value, key=str)))
        if not draw(st.integers(0, 15)):
            return {name: part for name, part in value.items() if name != key}
        return value | {key: _revalued(draw, value[key])}
    if isinstance(value, list) and value and draw(st.integers(0, 7)):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], _revalued(draw, value[index]), *value[index + 1 :]]
    return draw(VALUES)


@st.composite
def retold(draw: Draw, valid: list[bytes]) -> bytes:
    """A safetensors file with other values in its header, or in what its metadata says."""
    data = draw(st.sampled_from(valid))
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    told = header.get("__metadata__", {}).get(METADATA_KEY)
    if told is not None and draw(st.integers(0, 3)):
        header["__metadata__"][METADATA_KEY] = json.dumps(draw(revalued(json.loads(told))))
    else:
        header = draw(revalued(header))
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + size :]
