"""TIFF files: what a picture is, before it is decoded, and its own values as RGB."""

import io
import logging
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8

Bytes = UInt8[np.ndarray, " bytes"]
Pixels = Shaped[np.ndarray, "height width channel"]
Turned = Shaped[np.ndarray, "_ _ channel"]

TYPES = {"uint8", "uint16", "float16", "float32", "float64"}
COLOURS = {"MINISBLACK": 1, "MINISWHITE": 1, "RGB": 3}
BY_OPENCV = {"PALETTE", "YCBCR"}  # of 8 bits
ALPHA = (1, 2)  # associated, unassociated
MOST_PAGES = 1000
ORIENTATION = 274  # the tag that says how the stored rows and columns are to be shown


@cache
def _tifffile() -> Any:
    """The library, slow to import; its remarks on damaged files go to the handlers of users alone."""
    import tifffile

    tifffile.logger().addHandler(logging.NullHandler())
    return tifffile


@dataclass(frozen=True)
class Picture:
    """What the head of a TIFF file says of its first picture.

    Attributes:
        pictures: how many the file holds, smaller copies apart.
        width: in pixels.
        height: in pixels.
        bits: of a value.
        dtype: of the values, as numpy names it; empty where it has no such type.
        photometric: what the values mean, as tifffile names it.
        samples: values of a pixel.
        extra: what those beyond the colours mean, by TIFF's numbers.
        separate: whether each channel is stored by itself.
        compression: as tifffile names it.
        orientation: TIFF's number from 1, as it is, to 8.
    """

    pictures: int
    width: int
    height: int
    bits: int
    dtype: str
    photometric: str
    samples: int
    extra: tuple[int, ...]
    separate: bool
    compression: str
    orientation: int

    @classmethod
    def of(cls, data: Bytes) -> "Picture | None":
        """The first picture of a file; None where it is damaged."""
        tifffile = _tifffile()
        try:
            with tifffile.TiffFile(io.BytesIO(data.tobytes())) as file:
                # By place, and no more than so many: directories can lead in a circle, without end.
                found: dict[int, Any] = {page.offset: page.aspage() for page in islice(file.pages, MOST_PAGES)}
                pages = list(found.values())
                page = pages[0]
                parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
                if not parts or any(offset + count > len(data) for offset, count in parts):
                    return None
                return cls(
                    # A tag may hold several numbers where one is meant: `int` refuses those.
                    pictures=sum(not other.is_reduced for other in pages) * int(page.imagedepth),
                    width=int(page.imagewidth),
                    height=int(page.imagelength),
                    bits=page.bitspersample,
                    dtype="" if page.dtype is None else page.dtype.name,
                    photometric=tifffile.PHOTOMETRIC(page.photometric).name,
                    samples=int(page.samplesperpixel),
                    extra=tuple(int(value) for value in page.extrasamples),
                    separate=tifffile.PLANARCONFIG(page.planarconfig).name == "SEPARATE",
                    compression=tifffile.COMPRESSION(page.compression).name,
                    orientation=int(page.tags.valueof(ORIENTATION, default=1)),
                )
        except Exception:  # a damaged file makes it fail in many ways
            return None

    @property
    def is_for_opencv(self) -> bool:
        """Whether it is of colours that OpenCV turns into RGB."""
        return self.photometric in BY_OPENCV and self.bits == 8

    @property
    def odd(self) -> str:
        """What keeps it from being read, for people; empty where nothing does."""
        if self.is_for_opencv:
            return ""
        if self.dtype not in TYPES:
            return self.dtype or f"{self.bits}-bit"
        if self.bits != 8 * np.dtype(self.dtype).itemsize:
            return f"{self.bits}-bit"
        colours = COLOURS.get(self.photometric)
        if colours is None:
            return self.photometric.lower()
        with_alpha = self.samples == colours + 1 and len(self.extra) == 1 and self.extra[0] in ALPHA
        return "" if self.samples == colours or with_alpha else f"{self.samples}-channel"

    def read(self, data: Bytes) -> Pixels | None:
        """The picture as it is to be shown, RGB of uint8, uint16 or float32; None where tifffile cannot read it.

        Gray is repeated, alpha dropped.
        """
        tifffile = _tifffile()
        try:
            with tifffile.TiffFile(io.BytesIO(data.tobytes())) as file:
                values = np.asarray(file.pages[0].asarray())
        except Exception:  # of a damaged file, and of compressions that it needs another package for
            return None
        if values.dtype.kind == "f":
            values = values.astype(np.float32)
        shape = (self.height, self.width, self.samples)
        if self.separate:
            values = values.reshape(self.samples, self.height, self.width).transpose(1, 2, 0)
        values = values.reshape(shape)
        values = values[..., :3] if self.photometric == "RGB" else np.repeat(values[..., :1], 3, axis=2)
        if self.photometric == "MINISWHITE":
            values = (1 if values.dtype.kind == "f" else np.iinfo(values.dtype).max) - values
        values = _turned(values, self.orientation)
        return np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("="))


def _turned(values: Pixels, orientation: int) -> Turned:
    """What is shown of stored values: 2 to 4 are reflections and a half turn, 5 to 8 the same with sides exchanged."""
    if orientation in (3, 4, 6, 7):
        values = values[::-1]
    if orientation in (2, 3, 7, 8):
        values = values[:, ::-1]
    return values.swapaxes(0, 1) if orientation in (5, 6, 7, 8) else values
