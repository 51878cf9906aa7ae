"""Whether two networks are of one architecture."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from faig.common.errors import InputError


def check_same_keys(
    first: Mapping[str, Tensor], second: Mapping[str, Tensor], first_name: str, second_name: str
) -> None:
    """Raise InputError, naming the first key in which two state dicts differ in name or shape."""
    for key, tensor in first.items():
        if key not in second:
            raise InputError(f"{key} is in {first_name} but not in {second_name}")
        if tensor.shape != second[key].shape:
            ours, theirs = tuple(tensor.shape), tuple(second[key].shape)
            raise InputError(f"{key} is {ours} in {first_name} but {theirs} in {second_name}")
    for key in second:
        if key not in first:
            raise InputError(f"{key} is in {second_name} but not in {first_name}")


def check_pair(target: nn.Module, baseline: nn.Module) -> None:
    """Raise InputError, naming the first difference, unless the two networks are of one architecture."""
    ours, theirs = target.state_dict(), baseline.state_dict()
    check_same_keys(ours, theirs, "the target", "the baseline")
    names = {"the target": _first_names(target), "the baseline": _first_names(baseline)}
    for (here, first), (there, other) in zip(names.items(), reversed(names.items()), strict=True):
        for key, name in first.items():
            if key not in other:
                raise InputError(f"{key} is a parameter in {here}, but not in {there}")
            if name != key and other[key] != name:
                raise InputError(
                    f"{key} is the same weight as {name} in {here}, but not in {there}; share it in "
                    "both (network.b.weight = network.a.weight), or in none"
                )
    for key, value in ours.items():
        if key not in names["the target"] and not torch.equal(value, theirs[key].to(value)):
            raise InputError(
                f"buffer {key} differs between target and baseline, but the path moves parameters only; "
                "fold normalisation into the convolutions first"
            )


def _first_names(network: nn.Module) -> dict[str, str]:
    """Of every parameter's name, the first name of the same weight."""
    first: dict[int, str] = {}
    return {key: first.setdefault(id(weight), key) for key, weight in network.named_parameters(remove_duplicate=False)}
