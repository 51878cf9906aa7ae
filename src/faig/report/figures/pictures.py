"""Images on the page: as data URIs, all together below a limit."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from faig.imaging.images import read_image, to_uint8

LIMIT = 8_000_000  # bytes of all images of a page
SIDE = 640  # pixels: larger images are shown smaller
SMALL = 60_000  # bytes up to which a PNG stays one
QUALITY = 92  # of JPEG
SOFT = 300  # pixels from which an image is enlarged smoothly; smaller ones show their pixels


@dataclass(frozen=True)
class Picture:
    """An image on the page.

    Attributes:
        name: what it shows.
        uri: its bytes.
        width: in pixels, and
        height: of what is shown.
    """

    name: str
    uri: str
    width: int
    height: int

    @property
    def small(self) -> bool:
        """Whether it is so small that its pixels are shown."""
        return max(self.width, self.height) <= SOFT


def pictures(files: dict[str, Path], share: float = 1.0) -> list[Picture]:
    """Images by name, within a share of the page's limit; where they are too large they are made smaller."""
    for side in (SIDE, SIDE // 2, SIDE // 4):
        made = [_picture(name, path, side) for name, path in files.items()]
        if sum(len(picture.uri) for picture in made) <= share * LIMIT:
            break
    return made


def open_picture(path: Path) -> Pillow.Image:
    """A picture of a run, in RGB of 8 bits.

    Raises:
        InputError: it cannot be read as an image.
    """
    return Pillow.fromarray(to_uint8(read_image(path)).permute(1, 2, 0).contiguous().numpy())


def _picture(name: str, path: Path, side: int) -> Picture:
    image = open_picture(path)
    if max(image.size) > side:
        image.thumbnail((side, side), Pillow.Resampling.LANCZOS)
    kind, data = "png", _encoded(image, "PNG", optimize=True)
    if len(data) > SMALL:
        kind, data = "jpeg", _encoded(image, "JPEG", quality=QUALITY, subsampling=0)
    uri = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return Picture(name, uri, *image.size)


def _encoded(image: Pillow.Image, form: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
