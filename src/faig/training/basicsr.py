"""BasicSR's option files, as the paper's authors published them, read as our configuration."""

import re
from typing import Any

import torch

from faig.common.errors import InputError, printable, shown
from faig.common.settings import LONGEST, flat, nested, suggested
from faig.training.basicsr_keys import HONOURED, REFUSED, WITHOUT_EFFECT, Honoured, as_in, found, integer

NETWORKS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {  # ours, its arguments by their keys, defaults
    "MSRResNet": (
        "srresnet",
        {"upscale": "scale", "num_feat": "features", "num_block": "blocks", "num_in_ch": "channels"},
        {"scale": 4, "features": 64, "blocks": 16, "channels": 3},
    ),
    "srcnn_style_net": ("srcnn-style", {"scale": "scale"}, {}),
}
OF_EVERY_NETWORK = {"type", "num_out_ch"}

# What our settings are called in such a file, for messages.
NAMES = {key.ours: name for name, key in HONOURED.items() if key.ours} | {
    "network": "network_g",
    "data.degradation": "datasets.train",
}


def is_basicsr(values: dict[str, Any]) -> bool:
    """Whether these settings are in BasicSR's layout."""
    return not {"network_g", "datasets", "model_type"}.isdisjoint(values)


def translate(values: dict[str, Any], file: str) -> tuple[dict[str, Any], list[str]]:
    """Settings for `TrainingConfig`, and a line for each setting of the file that has no effect on the result.

    Args:
        values: the option file.
        file: its name, for the messages.

    Raises:
        InputError: a setting asks for what `train` does not do, there is no such setting, or one that is needed is
            missing.
    """
    try:
        given, notes = _read(values)
        return nested(_settings(given, notes)), notes
    except InputError as error:
        raise error.at(file) from None


def _read(values: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values of all honoured keys that are given, and a line for each that has no effect."""
    given, notes = {}, []
    for name, value in flat(values).items():
        known = [as_in(pattern, name) for pattern in (*HONOURED, *WITHOUT_EFFECT, *REFUSED)]
        known = [other for other in known if "*" not in other]
        key, why = found(name, HONOURED), found(name, WITHOUT_EFFECT)
        refusal = found(name, REFUSED)
        if value is None and (key or why or refusal or any(other.startswith(f"{name}.") for other in known)):
            continue  # as if it were not there
        if key:
            given[name] = _value(name, key, value)
        elif why:
            notes.append(f"{name}: {shown(value)} has no effect on the result: {why}")
        elif refusal:
            raise InputError(f"{name}: {shown(value)} is not supported: {refusal}")
        elif any(other.startswith(f"{name}.") for other in known):
            raise InputError(f"{name}: {shown(value)} is no section of settings")
        else:
            above = [f"; {other} is one value, no section" for other in known if name.startswith(f"{other}.")]
            raise InputError(f"{printable(name)}: there is no such setting{''.join(above) or suggested(known, name)}")
    for needed in (name for name, key in HONOURED.items() if key.needed):
        _needed(given, needed)
    return given, notes


def _value(name: str, key: Honoured, value: Any) -> Any:
    try:
        read = key.read(value)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None
    if key.only and read not in key.only:
        allowed = " or ".join(repr(each) for each in key.only)
        raise InputError(f"{name}: {shown(value)} is not supported; only {allowed} is")
    return read


def _needed(given: dict[str, Any], name: str) -> Any:
    if name not in given:
        raise InputError(f"{name}: is missing")
    return given[name]


def _settings(given: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    """Our settings by dotted name."""
    ours = {key.ours: given.get(name, key.default) for name, key in HONOURED.items() if key.ours}
    architecture, arguments = _network(given)
    scale = arguments["scale"]
    if given["scale"] != scale:
        raise InputError(f"scale: {given['scale']} differs from that of network_g, {scale}")
    for name in ("datasets.train.gt_size", "datasets.train.batch_size_per_gpu"):
        if given[name] < 1:
            raise InputError(f"{name}: {given[name]} is not above 0")
    side = ours["data.lr_patch"]
    if scale < 1 or side % scale:
        raise InputError(f"datasets.train.gt_size: {side} is not divisible by scale {scale}")
    ours |= {
        "network.architecture": architecture,
        "network.arguments": arguments,
        "data.lr_patch": side // scale,
        "data.batch": ours["data.batch"] * _processes(given.get("num_gpu", 1)),
        "data.flip": _flip(given),
        "optimizer.restart_every": _period(given),
        "out": ours["out"] or f"experiments/{_folder(given['name'])}",
        "basicsr": True,
    }
    _retraining(given)
    _metrics(given, scale, notes)
    if lr := ours.pop("validation.lr"):
        ours["validation.lr"] = {str(given.get("datasets.val.name", "validation")): lr}
    if ours["validation.gt"] is None or not any(name.startswith("val.") for name in given):
        ours = {name: value for name, value in ours.items() if not name.startswith("validation.")}
    return {name: value for name, value in ours.items() if value is not None}


def _network(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    kind = given["network_g.type"]
    if not isinstance(kind, str) or kind not in NETWORKS:
        raise InputError(f"network_g.type: {kind!r} is not one of {', '.join(NETWORKS)}")
    architecture, names, arguments = NETWORKS[kind]
    arguments = dict(arguments)
    for name in given:
        section, _, key = name.partition(".")
        if section == "network_g" and key in names:
            arguments[names[key]] = given[name]
        elif section == "network_g" and key not in OF_EVERY_NETWORK:
            raise InputError(f"{name}: {kind} takes no such setting; it takes {', '.join(names)}")
    if "scale" not in arguments:
        raise InputError("network_g.scale: is missing")
    return architecture, arguments


def _processes(gpus: Any) -> int:
    """How many batches of a GPU make the whole batch: one on a CPU too."""
    count = torch.cuda.device_count() if gpus == "auto" else _value("num_gpu", Honoured(read=integer), gpus)
    if count < 0:
        raise InputError(f"num_gpu: {gpus!r} is no number of GPUs; give 0 for the CPU, or auto")
    return max(1, count)


def _folder(name: Any) -> str:
    if not isinstance(name, str) or not re.fullmatch(r"[\w.+-]*\w[\w.+-]*", name):
        raise InputError(f"name: {name!r} becomes the name of a folder; use letters, digits and _.+-")
    if len(name.encode()) > LONGEST:
        raise InputError(f"name: {name!r} is longer than {LONGEST} bytes, and becomes the name of a folder")
    return name


def _flip(given: dict[str, Any]) -> Any:
    names = [name for name in ("datasets.train.use_flip", "datasets.train.use_hflip") if name in given]
    values = [given[name] for name in names] or [_needed(given, "datasets.train.use_flip")]
    if values[0] != values[-1]:
        raise InputError(f"{names[0]} and use_hflip are two names of one setting, and differ")
    if not values[0] and given["datasets.train.use_rot"]:  # there it mirrors too, which flips make up for here
        raise InputError("datasets.train.use_rot: true without use_flip is not supported; give both, or neither")
    return values[0]


def _period(given: dict[str, Any]) -> int:
    periods = [_value("train.scheduler.periods", Honoured(read=integer), part) for part in given[_PERIODS]]
    weights = given.get("train.scheduler.restart_weights", [1])
    if len(set(periods)) != 1 or set(weights) != {1}:
        raise InputError(
            f"train.scheduler: periods {periods} with restart_weights {weights}: "
            "only equal periods with weights of 1 are supported"
        )
    if given["train.total_iter"] > sum(periods) + 1:
        raise InputError(f"{_PERIODS}: {periods} end before train.total_iter, {given['train.total_iter']:g}")
    if given.get("train.warmup_iter", -1) > 1:
        raise InputError(f"train.warmup_iter: {given['train.warmup_iter']:g}: no warm-up is supported; only -1 is")
    return periods[0]


_PERIODS = "train.scheduler.periods"


def _retraining(given: dict[str, Any]) -> None:
    """Raise InputError where the model and the keys of retraining do not go together."""
    keys = ("train.finetuned_neuron_index_file", "train.neuron_ratio")
    if given["model_type"] == "ReTrainModel":
        for name in keys:
            _needed(given, name)
        return
    for name in keys:
        if name in given:
            raise InputError(f"{name}: SRModel trains every weight; set model_type: ReTrainModel, or leave it out")


def _metrics(given: dict[str, Any], scale: int, notes: list[str]) -> None:
    """Raise InputError for a PSNR that is not measured as asked; note the metrics that are not measured at all."""
    for metric in dict.fromkeys(name.split(".")[2] for name in given if name.startswith("val.metrics.")):
        kind = _needed(given, f"val.metrics.{metric}.type")
        if kind != "calculate_psnr":
            notes.append(f"val.metrics.{metric}: {kind!r} has no effect on the result: PSNR alone is measured")
            continue
        for key, allowed in (("crop_border", scale), ("test_y_channel", False)):
            value = given.get(f"val.metrics.{metric}.{key}", allowed)
            if value != allowed:
                raise InputError(f"val.metrics.{metric}.{key}: {value!r} is not supported; only {allowed!r} is")
