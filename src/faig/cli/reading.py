"""What the texts of options say: settings, networks, images, numbers.

A default stands in the model of the settings: an option that was not given is None.
"""

import logging
import math
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import BaseModel
from torch import nn

from faig import zoo
from faig.cli.options import default_of
from faig.common.errors import InputError
from faig.common.settings import proportion, validated
from faig.experiment.config import NetworksConfig
from faig.intervention.wreck import wrecked_on_photos
from faig.networks.checkpoint import network_metadata
from faig.networks.inference import scale_of
from faig.training.record import typical_inputs

logger = logging.getLogger("faig")

Model = TypeVar("Model", bound=BaseModel)


def not_none(**options: Any) -> dict[str, Any]:
    """The options without those that were not given."""
    return {name: value for name, value in options.items() if value is not None}


def configuration(model: type[Model], options: Mapping[str, Any], command: str) -> Model:
    """The settings of a run, of the options that were given.

    Args:
        model: what they must be.
        options: a command's parameters by name, its ``locals()``; those that are no settings of the model, or None,
            are left out.
        command: for messages.

    Raises:
        InputError: an option is wrong.
    """
    settings = {name: value for name, value in not_none(**options).items() if name in model.model_fields}
    if "methods" in settings:
        settings["methods"] = [part.strip() for part in settings["methods"].split(",") if part.strip()]
    settings |= networks(options["pair"], options["baseline"], options["target"])
    settings["images"] = images(**{name: options[name] for name in ("gt", "lr", "degrade", *IMAGE_SETTINGS)})
    settings["device"], settings["threads"] = compute_on(options["device"], options["threads"])
    names = _options(options) | _options(settings["images"], "images.")
    return validated(model, settings, f"faig {command}", names)


def _options(settings: Iterable[str], prefix: str = "") -> dict[str, str]:
    """What settings are called on the command line, by their names."""
    return {f"{prefix}{name}": f"--{name.replace('_', '-')}" for name in settings}


IMAGE_SETTINGS = ("downsampling", "strict_size", "lr_suffix")


def networks(pair: str | None, baseline: str | None, target: str | None) -> dict[str, str]:
    """What ``target`` and ``baseline`` are, named by themselves or as a pair of the zoo.

    Raises:
        InputError: both, neither, or only one of the two is named.
    """
    if pair is not None:
        if baseline is not None or target is not None:
            raise InputError(f"--pair {pair} stands for both networks; leave --baseline and --target out")
        zoo.folder(pair)  # refuses a name that is none
        return {role: f"{pair}/{role}" for role in zoo.ROLES}
    if baseline is None and target is None:
        known = ", ".join(zoo.pairs())
        raise InputError(f"name two networks: --pair NAME (of {known}), or --baseline NET and --target NET")
    if baseline is None or target is None:
        missing, other = ("baseline", "target") if baseline is None else ("target", "baseline")
        raise InputError(f"--{other} needs --{missing} NET beside it")
    return {"baseline": baseline, "target": target}


def images(
    gt: Path,
    lr: list[str] | None,
    degrade: list[str] | None,
    downsampling: str | None,
    strict_size: bool,
    lr_suffix: str | None,
) -> dict[str, Any]:
    """The settings of `ImagesConfig` that these options give.

    Raises:
        InputError: one is wrong.
    """
    specs = [part for text in degrade or [] for part in text.split(",")]
    settings = {"gt": gt, "lr": named("--lr", lr), "degrade": named("--degrade", specs, "SPEC")}
    return settings | not_none(downsampling=downsampling, strict_size=strict_size or None, lr_suffix=lr_suffix)


def compute_on(device: str | None, threads: int | None) -> tuple[str, int]:
    """Check the device, set the number of threads, and return both.

    Raises:
        InputError: there is no such device here.
    """
    device = default_of(NetworksConfig, "device") if device is None else device
    kind, _, number = device.partition(":")
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}.get(kind)
    if count is None or (number and not number.isdigit()):
        raise InputError(f"--device {device}: is not one of cpu, cuda, cuda:1, mps")
    if int(number or 0) >= count:
        raise InputError(f"--device {device}: this machine has {count} of that kind for torch to use")
    if threads is not None:
        torch.set_num_threads(threads)
    return device, torch.get_num_threads()


def named(option: str, texts: list[str] | None, what: str = "DIR") -> dict[str, str]:
    """``NAME=VALUE`` texts as a dictionary, in the order given.

    Raises:
        InputError: a text has no name or no value, or a name comes twice.
    """
    by_name: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InputError(f"{option} {text}: expected NAME={what}")
        if name in by_name:
            raise InputError(f"{option} {text}: {name} is given twice")
        by_name[name] = value
    return by_name


def numbers(option: str, texts: list[str] | None) -> dict[str, float]:
    """``NAME=NUMBER`` texts as a dictionary; one text may hold several, separated by commas.

    Raises:
        InputError: as `named`, or a value is no number.
    """
    by_name = {}
    for name, value in named(option, [part for text in texts or [] for part in text.split(",")], "NUMBER").items():
        try:
            by_name[name] = float(value)
        except ValueError:
            raise InputError(f"{option} {name}={value}: {value!r} is not a number") from None
        if not math.isfinite(by_name[name]):
            raise InputError(f"{option} {name}={value}: is not a finite number")
    return by_name


def refuse_others(told: Mapping[str, Any], taken: Collection[str], reason: str) -> None:
    """Refuse an option that was given and that nothing looks at.

    Args:
        told: a command's parameters by name, as it begins; ``options`` in it stands for itself.
        taken: those that are looked at.
        reason: why no others are.

    Raises:
        InputError: there is one; the message begins with it.
    """
    for name, value in told.items():
        if not (name in taken or name == "options" or value is None or value is False):
            values = [] if value is True else value if isinstance(value, list) else [value]
            given = " ".join([f"--{name.replace('_', '-')}", *map(str, values)])
            raise InputError(f"{given}: {reason}")


def share_of(top: str | None) -> float | None:
    """The share of the units that ``--top`` asks for."""
    return None if top is None else proportion(top)


def record_of(name: str, builder: object | None) -> dict[str, Any]:
    """What a network's file says of it; nothing of one that the package does not know."""
    return {} if builder else network_metadata(zoo.find(name))


def warn_if_wrecked(
    network: nn.Module, target: nn.Module, baseline: nn.Module, record: Mapping[str, Any], what: str = "this"
) -> None:
    """Say so where an altered network is wrecked on packaged photos, as the target's record says it was trained."""
    if reason := wrecked_on_photos(network, target, baseline, scale_of(target), typical_inputs(record)):
        logger.warning("%s wrecks the image: %s", what, reason)


def function_and_file(text: str) -> tuple[str, str]:
    """``FILE``, or ``NAME=FILE``; the name is empty where there is none."""
    name, equals, file = text.partition("=")
    return (name, file) if equals and not Path(text).exists() else ("", text)
