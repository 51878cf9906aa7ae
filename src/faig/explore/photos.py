"""Photos to try things on: five that ship with scikit-image, and those that visitors sent; in memory alone."""

import secrets
from dataclasses import dataclass

import numpy as np
from skimage import data

from faig.common.errors import InputError
from faig.explore.kept import Kept
from faig.explore.messages import Input, Place
from faig.imaging.cases import whole_multiple
from faig.imaging.decoding import Bytes, Pixels, decode, to_image
from faig.imaging.images import Image, Resized
from faig.imaging.metrics import in_channels

BYTES = 64_000_000  # of a file that is sent
ROOM = 512_000_000  # bytes of all photos that were sent, decoded
NAME = "photo"  # of the image, which the noise depends on: that of a file photo.png


@dataclass(frozen=True)
class Example:
    """A photo that is there from the start.

    Attributes:
        title: what it shows.
        credit: whose it is.
    """

    title: str
    credit: str


EXAMPLES = {
    "chelsea": Example("Chelsea, a cat", "Stéfan van der Walt, CC0"),
    "astronaut": Example("Eileen Collins, an astronaut", "NASA, public domain"),
    "coffee": Example("A cup of coffee", "Rachel Michetti, CC0"),
    "rocket": Example("A rocket on its pad", "SpaceX, CC0"),
    "hubble_deep_field": Example("The Hubble eXtreme Deep Field", "NASA and ESA, public domain"),
}


@dataclass(frozen=True)
class Made:
    """What the networks are shown, whole or the middle of it, and what they should make of it.

    Attributes:
        lr: the LR image.
        gt: None where the photo itself is the LR image.
        whole: LR width and height of the image that it is the middle of; its own where there is none.
    """

    lr: Resized
    gt: Resized | None
    whole: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.whole == (0, 0):
            object.__setattr__(self, "whole", tuple(self.lr.shape[:0:-1]))

    @property
    def bytes(self) -> int:
        """Of both."""
        images = [image for image in (self.lr, self.gt) if image is not None]
        return sum(image.numel() * image.element_size() for image in images)

    def middle(self, side: int, scale: int) -> "Made":
        """The middle, a square of so many LR pixels on a side; all of it, where it is no larger."""
        _, height, width = self.lr.shape
        if max(height, width) <= side:
            return self
        x, y, wide, high = middle_of(width, height, side)
        gt = None if self.gt is None else cut(self.gt, (scale * x, scale * y, scale * wide, scale * high))
        # Its own memory: a view would keep the whole.
        own = None if gt is None else gt.clone()
        return Made(cut(self.lr, (x, y, wide, high)).clone(), own, (width, height))


class Photos:
    """Photos by id: the examples by name, what was sent by an id that nobody can guess."""

    def __init__(self) -> None:
        self._sent: Kept[Pixels] = Kept(ROOM, lambda pixels: pixels.nbytes)

    def add(self, content: bytes) -> tuple[str, int, int]:
        """Take a photo in.

        Args:
            content: of a PNG, JPEG, BMP, TIFF or WebP file.

        Returns:
            Its id, width and height.

        Raises:
            InputError: it is no such file, damaged, or too large.
        """
        if len(content) > BYTES:
            raise InputError(f"the photo has {len(content):,} bytes, and {BYTES:,} are allowed; cut it")
        file: Bytes = np.frombuffer(content, np.uint8)
        pixels = decode(file, "the photo")
        if pixels.nbytes > ROOM:
            raise InputError(f"the photo needs {pixels.nbytes:,} bytes of memory, and there are {ROOM:,}; cut it")
        name = secrets.token_urlsafe(12)
        self._sent.put(name, pixels)
        return name, pixels.shape[1], pixels.shape[0]

    def pixels(self, photo: str) -> Pixels:
        """The pixels of a photo ``[height, width, RGB]``, of the file's own type.

        Raises:
            InputError: there is none of that id, or not any more.
        """
        if photo in EXAMPLES:
            pixels: Pixels = getattr(data, photo)()
            return pixels
        sent = self._sent.get(photo)
        if sent is None:
            raise InputError(f"there is no photo {photo!r} here, or not any more; send it again")
        return sent

    def place(self, photo: str, crop: Place | None = None) -> Place:
        """Where a part of a photo is; all of it where there is no crop.

        Raises:
            InputError: there is no such photo, or the crop is not inside it.
        """
        high, wide = self.pixels(photo).shape[:2]
        if crop is None:
            return 0, 0, wide, high
        x, y, width, height = crop
        if not (x >= 0 and y >= 0 and 0 < width <= wide - x and 0 < height <= high - y):
            raise InputError(f"the crop {width}x{height} at {x}, {y} is not inside the photo of {wide}x{high}")
        return crop

    def image(self, photo: str, crop: Place | None = None) -> Image:
        """A photo, or a part of it, RGB in [0, 1].

        Raises:
            InputError: as of `place`.
        """
        x, y, width, height = self.place(photo, crop)
        return to_image(self.pixels(photo)[y : y + height, x : x + width], "the photo")

    def made(self, shown: Input, scale: int, channels: int, downsampling: str) -> Made:
        """What the networks are shown, all of it.

        Args:
            shown: what the visitor set up.
            scale: GT size / LR size.
            channels: of the networks' images.
            downsampling: of a photo that is made worse.

        Raises:
            InputError: see `image`; or the photo is too small.
        """
        image = in_channels(self.image(shown.photo, shown.crop), channels)
        if shown.worse is None:
            return Made(image, None)
        gt = whole_multiple(image, scale, "the photo")
        degradation = shown.worse.degradation(downsampling)
        return Made(degradation(gt, scale, seed=shown.worse.seed, name=NAME), gt)


def middle_of(width: int, height: int, side: int, multiple: int = 1) -> Place:
    """Where the middle of an image is, a square of so many pixels on a side, or what the image has of that.

    Args:
        width: of the image.
        height: of the image.
        side: of the square.
        multiple: of which its corner and its sides are.
    """
    side = min(side, width, height) // multiple * multiple
    left, top = ((length - side) // 2 // multiple * multiple for length in (width, height))
    return left, top, side, side


def cut(image: Image, place: Place) -> Resized:
    """A part of an image."""
    x, y, width, height = place
    return image[:, y : y + height, x : x + width]
