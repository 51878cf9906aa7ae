"""Where a study's GT images come from: scikit-image's photos, or folders; whole, or their busiest crops."""

from pathlib import Path

import torch
from pydantic import PositiveInt
from skimage import data

from faig.common.errors import InputError
from faig.common.files import new_folder
from faig.common.settings import Strict
from faig.imaging.images import Image, Resized, list_images, mod_crop, read_image, write_image

Corner = tuple[int, int]


class SourceConfig(Strict):
    """A set of GT images.

    Attributes:
        photos: of scikit-image's, where no folder is given.
        folder: name of a folder in the one that ``--images`` names.
        crops: how many, about as many of each image; None: whole images.
        side: GT pixels of a crop.
    """

    photos: list[str]
    folder: str
    crops: PositiveInt | None = None
    side: PositiveInt = 96

    def take(self, images: Path | None, scale: int) -> dict[str, Resized]:
        """The images by name, each of a size that the scale divides.

        Args:
            images: the folder of folders; None for packaged photos.
            scale: GT size / LR size.

        Raises:
            InputError: the folder or a photo is missing, or a crop does not divide by the scale.
        """
        if images is None:
            whole = {name: photograph(name) for name in self.photos}
        else:
            whole = {name: read_image(path) for name, path in list_images(images / self.folder).items()}
        if self.crops is None:
            return {name: mod_crop(image, scale) for name, image in whole.items()}
        if self.side % scale:
            raise InputError(f"crops of {self.side} pixels do not divide by the scale {scale}")
        found: dict[str, Resized] = {}
        for place, (name, image) in enumerate(whole.items()):
            count = len(range(place, self.crops, len(whole)))
            found |= {f"{name}_{y}_{x}": crop for (y, x), crop in busiest(image, self.side, count).items()}
        return found


def write_images(images: dict[str, Resized], folder: Path) -> None:
    """Write images as PNGs into a folder, which then holds them alone."""
    with new_folder(folder, force=True, ours=["*.png"]) as part:
        for name, image in images.items():
            write_image(part / f"{name}.png", image)


def photograph(name: str) -> Image:
    """A photo that ships with scikit-image, RGB in [0, 1].

    Raises:
        InputError: there is none of that name, in colour.
    """
    found = getattr(data, name, None)
    pixels = found() if callable(found) and name in data.__all__ else None
    if getattr(pixels, "ndim", 0) != 3:
        raise InputError(f"{name!r} is no colour photo of scikit-image's")
    return torch.from_numpy(pixels).permute(2, 0, 1).float() / 255


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
    crops = {(y, x): image[:, y : y + side, x : x + side] for y, x in corners}
    chosen = sorted(corners, key=lambda corner: -float(crops[corner].diff(dim=2).abs().mean()))[: every * count : every]
    return {corner: crops[corner] for corner in sorted(chosen)}
