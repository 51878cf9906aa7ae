"""Photos that stand on both sides of a test."""

import warnings
from collections.abc import Sequence

from faig.common.errors import FaigWarning
from faig.imaging.cases import Case
from faig.networks.fingerprint import fingerprint


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


def _pixels(case: Case) -> str:
    return fingerprint([("gt", case.gt)])
