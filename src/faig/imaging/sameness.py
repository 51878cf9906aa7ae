"""Images that stand where others are meant: inputs that are one and the same, and photos on both sides of a test."""

import hashlib
import itertools
import warnings
from collections.abc import Sequence

import torch

from faig.common.errors import FaigWarning, InputError
from faig.imaging.cases import Case


def check_inputs_differ(cases: Sequence[Case], setting: str | None = None) -> None:
    """Raise InputError where two inputs are the same in every case: then nothing tells their functions apart.

    Args:
        cases: with the same inputs each.
        setting: the parameter that says what the inputs are.
    """
    for first, second in itertools.combinations(cases[0].lr if cases else (), 2):
        if all(torch.equal(case.lr[first], case.lr[second]) for case in cases):
            raise InputError(
                f"{first} and {second} are the same in all images ({cases[0].name} is the first), so nothing tells the "
                "two functions apart; give one of them another folder or level, or leave it out",
                setting=setting,
            )


def share_images(found_on: Sequence[Case], measured: Sequence[Case], way_out: str) -> bool:
    """Whether two sets have an image or a photo in common, by pixels or by the photo's name; a warning names the first.

    Args:
        found_on: what something is found or learned on.
        measured: what it is measured on.
        way_out: what follows of that, and what to do; the end of the warning.
    """
    known = {key: case for case in measured for key in (_pixels(case), case.photo)}
    for case in found_on:
        for key, what in ((_pixels(case), "the same image as"), (case.photo, "by its name of the same photo as")):
            if key in known:
                line = f"{case.name}: is {what} {known[key].name}, which is measured on: {way_out}"
                warnings.warn(line, FaigWarning, stacklevel=3)
                return True
    return False


def _pixels(case: Case) -> bytes:
    image = case.gt.cpu().contiguous().numpy()
    return hashlib.sha256(repr(image.shape).encode() + image.tobytes()).digest()
