"""Inputs that are one and the same, where two are meant."""

import itertools
from collections.abc import Sequence

import torch

from faig.common.errors import InputError
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
