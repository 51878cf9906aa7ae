"""Images on the page: the busiest part of each, pixel by pixel, as data URIs; all together below a limit."""

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from faig.common.errors import InputError
from faig.imaging.images import read_image, to_uint8
from faig.imaging.photos import busiest

LIMIT = 4_000_000  # bytes of all images of a page
SIDES = (256, 192, 128, 96, 64)  # pixels of what is shown of an image, the first that fits into the limit
SOFT = 300  # pixels from which an image is enlarged smoothly; smaller ones show their pixels

Box = tuple[int, int, int, int]


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


def pictures(files: Mapping[str, Path], guide: Path, share: float = 1.0) -> list[Picture]:
    """The same part of each image, lossless, within a share of the page's limit.

    Args:
        files: images of one size, by name.
        guide: the image whose busiest part is shown of each.
        share: of the limit; where images are too large, less is shown of them.

    Raises:
        InputError: an image cannot be read, or is of another size.
    """
    for side in SIDES:
        box = busiest_part(guide, side)
        made = [_picture(name, path, box) for name, path in files.items()]
        if sum(len(picture.uri) for picture in made) <= share * LIMIT:
            break
    return made


def busiest_part(path: Path, side: int = SIDES[0]) -> Box:
    """Where most happens in an image: all of it, or a square where its longer side is over ``side`` pixels.

    Returns:
        Left, top, right and bottom in pixels, as Pillow's ``crop`` takes them.

    Raises:
        InputError: it cannot be read.
    """
    image = read_image(path)
    height, width = image.shape[1:]
    if max(height, width) <= side:
        return 0, 0, width, height
    side = min(side, height, width)
    [(top, left)] = busiest(image, side, 1)
    return left, top, left + side, top + side


def open_picture(path: Path) -> Pillow.Image:
    """A picture of a run, in RGB of 8 bits.

    Raises:
        InputError: it cannot be read as an image.
    """
    return Pillow.fromarray(to_uint8(read_image(path)).permute(1, 2, 0).contiguous().numpy())


def part_of(path: Path, box: Box) -> Pillow.Image:
    """A part of an image, in RGB.

    Raises:
        InputError: it cannot be read, or does not reach so far.
    """
    image = open_picture(path)
    if box[2] > image.width or box[3] > image.height:
        raise InputError(f"{path}: is {image.width}x{image.height}, another size than the images that it stands beside")
    return image.crop(box)


def _picture(name: str, path: Path, box: Box) -> Picture:
    image, buffer = part_of(path, box), io.BytesIO()
    image.save(buffer, "WEBP", lossless=True)  # a fifth less than PNG
    uri = f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
    return Picture(name, uri, *image.size)
