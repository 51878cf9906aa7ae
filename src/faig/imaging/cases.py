"""Cases: one GT image with its LR versions, clean and one per degradation."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from faig.common.errors import InputError
from faig.imaging.degradation import Degradation
from faig.imaging.images import Image, Resized, check_divisible, list_images, mod_crop, pair, read_image

CLEAN = "clean"


@dataclass(frozen=True)
class Case:
    """One GT image and its LR versions.

    Attributes:
        name: of the image, without folder and suffix.
        gt: RGB in [0, 1].
        lr: by degradation; ``clean`` is the one that has none.
    """

    name: str
    gt: Image
    lr: dict[str, Resized]

    def to(self, device: torch.device | str) -> "Case":
        """The case with its images on a device."""
        return Case(self.name, self.gt.to(device), {kind: image.to(device) for kind, image in self.lr.items()})

    def check(self, scale: int) -> None:
        """Raise InputError unless every LR image times ``scale`` is as large as the GT, and all is finite."""
        for kind, image in self.lr.items():
            if self.gt.shape[1:] != tuple(side * scale for side in image.shape[1:]):
                (_, gh, gw), (_, h, w) = self.gt.shape, image.shape
                raise InputError(
                    f"{self.name}: GT is {gw}x{gh}, but the {kind} LR is {w}x{h} and the scale {scale}: "
                    f"expected a GT of {w * scale}x{h * scale}"
                )
        for kind, image in {"GT": self.gt, **self.lr}.items():
            if not torch.isfinite(image).all():
                raise InputError(f"{self.name}: the {kind} image holds values that are not finite")


def load_cases(gt: Path | str, lr: Mapping[str, Path | str], scale: int, *, crop: bool = False) -> list[Case]:
    """Cases from folders, paired by name, sorted by file name.

    Args:
        gt: folder of GT images.
        lr: folder by degradation (and ``clean``).
        scale: GT size / LR size.
        crop: cut GT images to a multiple of the scale (`mod_crop`) instead of refusing them.

    Raises:
        InputError: an image has no partner, a size does not fit, or a file cannot be read.
    """
    truth = list_images(gt)
    versions = {kind: list_images(folder) for kind, folder in lr.items()}
    cases = []
    for name in pair(truth, versions):
        image = _gt(truth[name], scale, crop)
        case = Case(name, image, {kind: read_image(files[name]) for kind, files in versions.items()})
        case.check(scale)
        cases.append(case)
    return cases


def make_cases(
    gt: Path | str, degradations: Mapping[str, Degradation], scale: int, *, seed: int = 0, crop: bool = False
) -> list[Case]:
    """Cases from a GT folder alone; the LR images are made as ``degradations`` says."""
    images = {name: _gt(path, scale, crop) for name, path in list_images(gt).items()}
    return [degrade_case(name, image, degradations, scale, seed=seed) for name, image in images.items()]


def degrade_case(name: str, gt: Image, degradations: Mapping[str, Degradation], scale: int, *, seed: int = 0) -> Case:
    """One case from a GT image in memory; ``scale`` divides its sides."""
    check_divisible(gt, scale, name)
    return Case(name, gt, {kind: make(gt, scale, seed=seed, name=name) for kind, make in degradations.items()})


def crop_case(case: Case, top: int, left: int, side: int, scale: int) -> Case:
    """A square part of a case: ``top``, ``left`` and ``side`` in LR pixels."""
    lr = {kind: image[:, top : top + side, left : left + side] for kind, image in case.lr.items()}
    a, b, c = top * scale, left * scale, side * scale
    return Case(f"{case.name}_{top}_{left}", case.gt[:, a : a + c, b : b + c], lr)


def degradations_of(cases: list[Case]) -> list[str]:
    """The degradations of the cases, without ``clean``, in the order given."""
    return [kind for kind in cases[0].lr if kind != CLEAN]


def _gt(path: Path, scale: int, crop: bool) -> Image:
    image = read_image(path)
    if crop:
        return mod_crop(image, scale)
    check_divisible(image, scale, str(path))
    return image
