"""Where a study's GT images come from: scikit-image's photos, or folders; whole, or their busiest crops."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field, NonNegativeInt
from skimage import data

from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.common.setting_types import FileName, Repeats, Side
from faig.common.settings import Strict
from faig.imaging.cases import PHOTOS, write_photos
from faig.imaging.images import Image, Resized, list_images, mod_crop, read_image, write_image

Corner = tuple[int, int]


@dataclass(frozen=True)
class GroundTruth:
    """A GT image, whole or a crop.

    Attributes:
        name: of the image; of a crop, with its place in the photo.
        image: RGB in [0, 1].
        photo: of which photo it is.
    """

    name: str
    image: Resized
    photo: str


class SourceConfig(Strict):
    """A set of GT images.

    Attributes:
        photos: of scikit-image's, where no folder is given.
        folder: name of a folder in the one that ``--images`` names.
        crops: how many of the busiest ones, about as many of each image, or by image; None: whole images.
        at: top and left corner of the crops of each image, in place of the busiest ones.
        side: GT pixels of a crop.
    """

    photos: Annotated[list[str], Field(min_length=1)]
    folder: FileName
    crops: Repeats | dict[str, Repeats] | None = None
    at: list[tuple[NonNegativeInt, NonNegativeInt]] = Field(default_factory=list)
    side: Side = 96

    def take(self, images: Path | None, scale: int) -> list[GroundTruth]:
        """The images, each of a size that the scale divides.

        Args:
            images: the folder of folders; None for packaged photos.
            scale: GT size / LR size.

        Raises:
            InputError: the folder or a photo is missing, or a crop does not divide by the scale.
        """
        photos = self.whole(images)
        if self.crops is None and not self.at:
            return [GroundTruth(name, mod_crop(image, scale), name) for name, image in photos.items()]
        if self.side % scale:
            raise InputError(f"crops of {self.side} pixels do not divide by the scale {scale}")
        return [crop for name, image in photos.items() for crop in self._crops(name, image, list(photos))]

    def whole(self, images: Path | None) -> dict[str, Image]:
        """The photos that all is cut from, by name.

        Raises:
            InputError: the folder or a photo is missing.
        """
        if images is None:
            return {name: photograph(name) for name in self.photos}
        return {name: read_image(path) for name, path in list_images(images / self.folder).items()}

    def _crops(self, name: str, image: Image, names: list[str]) -> list[GroundTruth]:
        if self.at:
            return [GroundTruth(f"{name}_{y}_{x}", cut(image, (y, x), self.side), name) for y, x in self.at]
        if isinstance(self.crops, dict):
            count = self.crops.get(name, 0)
        else:
            count = len(range(names.index(name), self.crops or 0, len(names)))
        return busiest_crops(name, image, self.side, count)


def write_images(images: Iterable[GroundTruth], folder: Path) -> None:
    """Write images as PNGs into a folder, which then holds them alone; beside crops, which photos they are of."""
    with new_folder(folder, force=True, ours=["*.png", PHOTOS]) as part:
        photos = {}
        for truth in images:
            write_image(part / f"{truth.name}.png", truth.image)
            photos[truth.name] = truth.photo
        write_photos(part, photos)


def photograph(name: str) -> Image:
    """A photo that ships with scikit-image, RGB in [0, 1].

    Raises:
        InputError: there is none of that name, in colour.
    """
    loader = getattr(data, name, None)
    pixels = loader() if callable(loader) and name in data.__all__ else None
    if getattr(pixels, "shape", ())[2:] != (3,):  # the logo has an alpha channel
        raise InputError(f"{name!r} is no colour photo of scikit-image's")
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


def cut(image: Image, corner: Corner, side: int) -> Resized:
    """A square of an image.

    Raises:
        InputError: it reaches beyond the image.
    """
    (y, x), (_, height, width) = corner, image.shape
    if not (0 <= y <= height - side and 0 <= x <= width - side):
        raise InputError(f"a crop of {side} pixels at {y}, {x} reaches beyond an image of {width}x{height}")
    return image[:, y : y + side, x : x + side]


def busiest_crops(photo: str, image: Image, side: int, count: int) -> list[GroundTruth]:
    """The crops of a photo in which most happens, named after the photo and their top left corner; see `busiest`."""
    return [GroundTruth(f"{photo}_{y}_{x}", crop, photo) for (y, x), crop in busiest(image, side, count).items()]


def busiest(image: Image, side: int, count: int, *, every: int = 1) -> dict[Corner, Resized]:
    """The crops of a grid in which most happens, by top left corner, in the order of the corners.

    Args:
        image: to cut from.
        side: of a crop.
        count: how many.
        every: take each so-many-th of them by busyness, for a wider choice.
    """
    _, height, width = image.shape
    corners = [(y, x) for y in range(0, height - side + 1, side) for x in range(0, width - side + 1, side)]
    crops = {corner: cut(image, corner, side) for corner in corners}
    chosen = sorted(corners, key=lambda corner: -float(crops[corner].diff(dim=2).abs().mean()))[: every * count : every]
    return {corner: crops[corner] for corner in sorted(chosen)}
