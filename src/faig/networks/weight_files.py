"""State dicts in files, and under the names of the network that they are for."""

import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from faig.common.errors import InputError
from faig.common.tensors import FLOATS, METADATA_KEY
from faig.networks.architectures import Weights

# Under which name a .pth file has its state dict, the better first; beside it may stand anything, as an optimiser.
CONTAINERS = ("params_ema", "params-ema", "params", "state_dict", "model_state_dict", "model", "net")
WHOLE = {torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}
PREFIXES = ("module.", "_orig_mod.")  # of DataParallel and of torch.compile


def read_weights(path: Path, key: str | None = None) -> tuple[Weights, dict[str, Any]]:
    """The state dict in a file, under the file's names, and what its metadata says (empty where there is none).

    Args:
        path: a ``.safetensors`` file; or a ``.pth`` or ``.pt`` file with a state dict, bare or under one of
            ``CONTAINERS``.
        key: which state dict of a ``.pth`` file that names its own; None takes the first of ``CONTAINERS``.

    Raises:
        InputError: it is missing or damaged, holds no state dict, or none of that name; or needs more than weights-only
            unpickling.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    weights, metadata = _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path, key)
    size = path.stat().st_size
    for key, tensor in weights.items():
        if odd := _odd(tensor, size):
            raise InputError(f"{path}: {key} is {odd}; weights are whole tensors of float16, bfloat16, 32 or 64 bits")
    return weights, metadata


def _read_pickle(path: Path, key: str | None) -> tuple[Weights, dict[str, Any]]:
    if path.suffix not in (".pth", ".pt"):
        raise InputError(f"{path}: a network is a .safetensors or a .pth file")
    try:
        _check_bounded(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # torch raises many kinds here; each means the same to the user
        raise InputError(
            f"{path}: cannot be loaded as weights only ({_reason(error)}); "
            "save its state dict alone: torch.save(network.state_dict(), file)"
        ) from None
    header: Any = None
    if isinstance(loaded, Mapping):
        header = loaded.get(METADATA_KEY)
        inside = [name for name, value in loaded.items() if isinstance(value, Mapping)]
        if key is not None and inside and key not in inside:
            raise InputError(f"{path}: holds no weights {key!r}; it holds {', '.join(map(str, inside))}")
        loaded = next((loaded[name] for name in (key, *CONTAINERS) if name in inside), loaded)
    named = isinstance(loaded, Mapping) and all(isinstance(key, str) for key in loaded)
    if not named or not loaded or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise InputError(f"{path}: holds no state dict (expected {', '.join(CONTAINERS)}, or names with tensors)")
    return dict(loaded), _metadata(header, path) if isinstance(header, str) else {}


def _check_bounded(path: Path) -> None:
    """Refuse what a small file could fill the memory by: compressed parts, or a bytearray, of which it says the length.

    Raises:
        InputError: the file has such.
        Exception: of many kinds, where it is no whole zip file.
    """
    with path.open("rb") as file:
        zipped = file.read(4) == b"PK\3\4"
    if zipped:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > path.stat().st_size:
                raise InputError(f"{path}: its parts are compressed; write it as torch.save does")
            pickles = [archive.read(part) for part in archive.infolist() if part.filename.lower().endswith(".pkl")]
    else:
        pickles = [path.read_bytes()]
    if any(b"bytearray" in each for each in pickles):
        raise InputError(f"{path}: holds a bytearray, which is no weight; save the state dict alone")


def _odd(tensor: Tensor, most: int) -> str:
    """What keeps a tensor from being weights, for people; empty where nothing does.

    Counters and flags, which layers may keep beside their weights, are of whole numbers.

    Args:
        tensor: of a file.
        most: bytes that it may take: those of the file.
    """
    if tensor.layout != torch.strided:
        return f"a tensor of {str(tensor.layout).removeprefix('torch.')} layout"
    if tensor.is_meta:
        return "a tensor without values"
    if tensor.dtype not in FLOATS | WHOLE:
        return f"of {str(tensor.dtype).removeprefix('torch.')}"
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        return "a tensor whose values share memory"
    if tensor.untyped_storage().nbytes() > most:
        return "a tensor larger than the file"
    return ""


def unwrapped(weights: Weights) -> Weights:
    """A state dict without the prefixes that all its names have."""
    return list(_unwrappings(weights))[-1]


def fitted(weights: Weights, network: nn.Module) -> Weights:
    """A state dict under the names of a network: prefixes off where that fits better, tied weights under all names.

    A part of the network may be called as a prefix is.

    Raises:
        InputError: weights that the network ties are different ones.
    """
    named = network.state_dict(keep_vars=True)
    found = dict(max(_unwrappings(weights), key=lambda candidate: len(candidate.keys() & named.keys())))
    tied: dict[int, str] = {}  # by weight, the name that the file has it under
    for name, weight in named.items():
        if name in found and not torch.equal(found[tied.setdefault(id(weight), name)], found[name]):
            raise InputError(f"{name} and {tied[id(weight)]} differ, but are one weight in the network")
    return found | {
        name: found[tied[id(weight)]] for name, weight in named.items() if name not in found and id(weight) in tied
    }


def _unwrappings(weights: Weights) -> list[Weights]:
    """A state dict as it is, and with each more prefix off that all its names have."""
    steps = [weights]
    while names := list(steps[-1]):
        prefix = next((each for each in PREFIXES if all(name.startswith(each) for name in names)), None)
        if prefix is None:
            break
        steps.append({name.removeprefix(prefix): weight for name, weight in steps[-1].items()})
    return steps


def _read_safetensors(path: Path) -> tuple[Weights, dict[str, Any]]:
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, AttributeError) as error:  # the last: of a type that torch does not have
        raise InputError(f"{path}: is not a whole safetensors file: {error}") from None
    metadata = _metadata(header.get(METADATA_KEY, "{}"), path)
    # Of tied weights, `safetensors.torch.save_model` leaves one and says here under which name.
    dropped = {name: weights[kept] for name, kept in header.items() if kept in weights and name not in weights}
    return weights | dropped, metadata


def _metadata(text: str, path: Path) -> dict[str, Any]:
    """What the metadata says; of a network that the package builds, its name and its arguments."""
    try:
        metadata = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: its metadata is no JSON that can be read: {type(error).__name__}") from None
    if not isinstance(metadata, dict):
        raise InputError(f"{path}: its metadata is a JSON {type(metadata).__name__}, no object")
    for name, kind in (("architecture", str), ("arguments", dict)):
        if not isinstance(metadata.get(name, kind()), kind):
            given = type(metadata[name]).__name__
            raise InputError(f"{path}: {name!r} in its metadata is a {given}, no {kind.__name__}")
    return metadata


def _reason(error: Exception) -> str:
    """Why torch does not unpickle a file, without its advice, which is to run what is in it."""
    text = str(error)
    if match := re.search(r"GLOBAL (\S+) was not an allowed global", text):
        return f"it holds {match[1]}, which is no weight"
    if "TorchScript" in text:
        return "it is a TorchScript program"
    return "it is damaged, or was not written by torch.save"
