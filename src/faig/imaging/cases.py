"""Cases: one GT image with its LR versions, clean and one per degradation."""

import csv
import io
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from faig.common.errors import InputError
from faig.common.files import check_regular, replacing
from faig.imaging.degradation import Degradation, named
from faig.imaging.images import (
    Image,
    ImageLike,
    Resized,
    as_image,
    check_divisible,
    check_range,
    list_images,
    mod_crop,
    pair,
    read_image,
    without_suffix,
)
from faig.imaging.metrics import check_comparable, in_channels

logger = logging.getLogger("faig")

CLEAN = "clean"
PHOTOS = "photos.csv"  # beside images of which some are crops: which photo each is of
PHOTO_COLUMNS = ["image", "photo"]


@dataclass(frozen=True)
class Case:
    """One GT image and its LR versions.

    Attributes:
        name: of the image, without folder and suffix.
        gt: RGB or gray, in [0, 1].
        lr: by degradation; ``clean`` is the one that has none.
        photo: of which photo it is; its own name where it is no crop. Crops of one photo are not independent, so
            intervals resample photos.
    """

    name: str
    gt: Image
    lr: dict[str, Resized]
    photo: str = ""

    def __post_init__(self) -> None:
        if not self.photo:
            object.__setattr__(self, "photo", self.name)

    def __repr__(self) -> str:
        _, height, width = self.gt.shape
        return f"Case({self.name}: GT {width}x{height}, LR {', '.join(self.lr)})"

    def to(self, device: torch.device | str) -> "Case":
        """The case with its images on a device."""
        return replace(self, gt=self.gt.to(device), lr={kind: image.to(device) for kind, image in self.lr.items()})

    def check_comparable(self, scale: int) -> None:
        """Raise InputError where the images are too small for PSNR and SSIM, with a frame of the scale left out."""
        check_comparable(self.gt, scale, self.name)

    def check(self, scale: int) -> None:
        """Raise InputError unless every LR image times ``scale`` is as large as the GT, and all are in [0, 1]."""
        for kind, image in self.lr.items():
            if self.gt.shape[1:] != tuple(side * scale for side in image.shape[1:]):
                (_, gh, gw), (_, h, w) = self.gt.shape, image.shape
                raise InputError(
                    f"{self.name}: GT is {gw}x{gh}, but the {kind} LR is {w}x{h} and the scale {scale}: "
                    f"expected a GT of {w * scale}x{h * scale}"
                )
        for kind, image in {"GT": self.gt, **self.lr}.items():
            check_range(image, f"{self.name}: the {kind} image")


def load_cases(
    gt: Path | str,
    lr: Mapping[str, Path | str],
    scale: int,
    *,
    channels: int = 3,
    strict_size: bool = False,
    lr_suffix: str = "",
) -> list[Case]:
    """Cases from folders, paired by name, sorted by file name; crops as a ``photos.csv`` beside the GT images says.

    Args:
        gt: folder of GT images.
        lr: folder by degradation (and ``clean``).
        scale: GT size / LR size.
        channels: of the network: 1 makes all images gray, see `metrics.in_channels`.
        strict_size: refuse GT images whose sides the scale does not divide; else they are cropped, and the log says so.
        lr_suffix: what the names of LR images have at their ends and those of GT images have not, as ``x2`` in DIV2K.

    Raises:
        InputError: an image has no partner, a size does not fit, or a file cannot be read.
    """
    truth = list_images(gt)
    photos = read_photos(Path(gt), truth)
    versions = {kind: without_suffix(list_images(folder), lr_suffix) for kind, folder in lr.items()}
    images = read_truth({name: truth[name] for name in pair(truth, versions)}, scale, channels, strict_size)
    cases = []
    for name, image in images.items():
        versions_read = {kind: in_channels(read_image(files[name]), channels) for kind, files in versions.items()}
        case = Case(name, image, versions_read, photos[name])
        case.check(scale)
        cases.append(case)
    return cases


def make_cases(
    gt: Path | str | Mapping[str, ImageLike],
    degradations: Mapping[str, Degradation | str | float],
    scale: int,
    *,
    channels: int = 3,
    clean: bool = True,
    seed: int = 0,
    strict_size: bool = False,
) -> list[Case]:
    """Cases from GT images alone; the LR images are made.

    Args:
        gt: a folder, or images by name in any form that `images.as_image` takes.
        degradations: by name: a `Degradation`, a spec (``"blur:2+noise:0.05"``), or the level of the step that the name
            is (``{"blur": 2, "noise": 0.1}``).
        scale: GT size / LR size; 1 for denoisers and others that enlarge nothing.
        channels: of the network: 1 makes GT images gray, before anything is done to them; see `metrics.in_channels`.
        clean: make clean LR images too.
        seed: of noise, together with the image's name.
        strict_size: as in `load_cases`.

    Raises:
        InputError: a degradation makes no sense, a size does not fit, or a file cannot be read.
    """
    kinds = {name: made if isinstance(made, Degradation) else named(name, made) for name, made in degradations.items()}
    kinds = {CLEAN: Degradation()} | kinds if clean and CLEAN not in kinds else kinds
    files: Mapping[str, ImageLike] = gt if isinstance(gt, Mapping) else list_images(gt)
    photos = {name: name for name in files} if isinstance(gt, Mapping) else read_photos(Path(gt), files)
    images = read_truth(files, scale, channels, strict_size)
    return [degrade_case(name, image, kinds, scale, seed=seed, photo=photos[name]) for name, image in images.items()]


def degrade_case(
    name: str,
    gt: Image,
    degradations: Mapping[str, Degradation],
    scale: int,
    *,
    seed: int = 0,
    photo: str | None = None,
) -> Case:
    """One case from a GT image in memory; ``scale`` divides its sides. ``photo``: the one that it is a crop of."""
    check_divisible(gt, scale, name)
    lr = {kind: make(gt, scale, seed=seed, name=name) for kind, make in degradations.items()}
    return Case(name, gt, lr, photo or name)


def crop_case(case: Case, top: int, left: int, side: int, scale: int) -> Case:
    """A square part of a case: ``top``, ``left`` and ``side`` in LR pixels."""
    lr = {kind: image[:, top : top + side, left : left + side] for kind, image in case.lr.items()}
    a, b, c = top * scale, left * scale, side * scale
    return Case(f"{case.name}_{top}_{left}", case.gt[:, a : a + c, b : b + c], lr, case.photo)


def middle_of(case: Case, side: int, scale: int) -> Case:
    """The middle of a case, so many LR pixels on a side, or as many as there are."""
    _, height, width = next(iter(case.lr.values())).shape
    if max(height, width) <= side:
        return case
    return crop_case(case, max(0, height - side) // 2, max(0, width - side) // 2, side, scale)


def degradations_of(cases: list[Case]) -> list[str]:
    """The degradations of the cases, without ``clean``, in the order given."""
    return [kind for kind in cases[0].lr if kind != CLEAN]


def photos_of(cases: Iterable[Case]) -> dict[str, str]:
    """The photo of each case, by the case's name."""
    return {case.name: case.photo for case in cases}


def describe_images(cases: Iterable[Case]) -> str:
    """What the images are, in words: ``100 photos``, or ``10 crops of 2 photos``."""
    return describe_photos(photos_of(cases))


def describe_photos(photos: Mapping[str, str]) -> str:
    """As `describe_images`, from the photo of each image by its name."""
    uncropped = all(name == photo for name, photo in photos.items())
    of_photos = _counted(len(set(photos.values())), "photo")
    return of_photos if uncropped else f"{_counted(len(photos), 'crop')} of {of_photos}"


def write_photos(folder: Path, photos: Mapping[str, str]) -> None:
    """Write ``photos.csv`` beside images: a line with ``image`` and ``photo`` for each, names without suffix.

    Nothing is written where every image is a photo of its own.
    """
    if all(name == photo for name, photo in photos.items()):
        return
    with replacing(folder / PHOTOS) as part, part.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([PHOTO_COLUMNS, *photos.items()])


def read_photos(folder: Path, images: Collection[str]) -> dict[str, str]:
    """Of which photo each image of a folder is, as ``photos.csv`` there says; itself where there is no such file.

    The file may list images that are not there.

    Raises:
        InputError: the file cannot be read, or does not say this of every image once.
    """
    path = folder / PHOTOS
    if not path.exists():
        return {name: name for name in images}
    check_regular(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        header, *rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row] or [[]]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: is no table: {error}") from None
    if header != PHOTO_COLUMNS:
        raise InputError(f"{path}: its first line is not {','.join(PHOTO_COLUMNS)}")
    if not text.endswith(("\n", "\r")):
        raise InputError(f"{path}: its last line has no end, so a name may be cut off; end it with a line break")
    photos: dict[str, str] = {}
    for row in rows:
        if len(row) != len(PHOTO_COLUMNS) or not all(row):
            raise InputError(f"{path}: the line {','.join(row)!r} does not name an image and its photo")
        if row[0] in photos:
            raise InputError(f"{path}: lists the image {row[0]!r} twice")
        photos[row[0]] = row[1]
    if missing := [name for name in images if name not in photos]:
        raise InputError(f"{path}: does not list the image {missing[0]!r}; add a line that says which photo it is of")
    return {name: photos[name] for name in images}


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" + "s" * (count != 1)


def read_truth(
    files: Mapping[str, ImageLike], scale: int, channels: int = 3, strict_size: bool = False
) -> dict[str, Resized]:
    """GT images, cropped so that the scale divides their sides; a line in the log says of how many that is.

    Args:
        files: by name, in any form that `images.as_image` takes.
        scale: GT size / LR size.
        channels: of the network.
        strict_size: refuse them instead.

    Raises:
        InputError: an image cannot be read, is to be refused, or is smaller than the scale.
    """
    truth, count = {}, 0
    for name, file in files.items():
        try:
            image = in_channels(as_image(file), channels)
        except InputError as error:
            raise error if isinstance(file, str | Path) else error.at(name) from None
        truth[name] = whole_multiple(image, scale, str(file) if isinstance(file, Path) else name, strict_size)
        count += truth[name].shape != image.shape
    log_cropped(count, len(files), scale)
    return truth


def whole_multiple(image: Image, scale: int, name: str, strict_size: bool = False) -> Resized:
    """Crop one GT image as `read_truth` does, without a line in the log."""
    if strict_size:
        try:
            check_divisible(image, scale, name)
        except InputError as error:
            raise InputError(f"{error}, or leave strict_size out", setting="strict_size") from None
    if min(image.shape[1:]) < scale:
        raise InputError(f"{name}: is smaller than {scale} pixels a side")
    return mod_crop(image, scale)


def log_cropped(cropped: int, total: int, scale: int) -> None:
    """Say in the log how many of the GT images were cropped, if any."""
    if cropped:
        logger.warning("%d of %d GT images are cropped to multiples of %d", cropped, total, scale)
