"""The files of a folder, as they are compared."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

HIDDEN = (".lock",)  # stays in a run directory
UNEQUAL = ("log.txt", "time.json")  # say when, and how long
REPLACED = (".replaced", ".setting-aside")  # in a run directory
CHECKPOINTS = "state-*.pth"
Tree = dict[str, bytes]


def tree(place: Path) -> Tree:
    """The files of a folder by path, without the inputs; of logs, that they are there."""
    files = (path for path in sorted(place.rglob("*")) if path.name not in ("inputs", *HIDDEN))
    return {
        path.relative_to(place).as_posix(): b"" if path.is_dir() or path.name in UNEQUAL else _content(path)
        for path in files
    }


def _content(path: Path) -> bytes:
    """The bytes of a file; of a checkpoint what it holds, for pickle writes equal things in more than one way."""
    import torch

    if not path.match(CHECKPOINTS):
        return path.read_bytes()
    state = torch.load(path, weights_only=True)
    return json.dumps(state, default=lambda tensor: tensor.tolist(), sort_keys=True).encode()


def of_outputs(files: Tree, group: Sequence[str]) -> Tree:
    """Those of some outputs, without logs."""
    return {
        name: data
        for name, data in files.items()
        if Path(name).name not in UNEQUAL and any(name == out or name.startswith(f"{out}/") for out in group)
    }


def places_of(name: str, group: Sequence[str], replaced: str) -> Iterator[str]:
    """Where a file of an earlier result may be."""
    yield name
    yield f"{replaced}/{Path(name).name}"
    out = next(out for out in group if name == out or name.startswith(f"{out}/"))
    parent, _, own = out.rpartition("/")
    yield f"{parent}/.{own}.replaced{name.removeprefix(out)}".lstrip("/")
    for kept in REPLACED:
        yield f"{out}/{kept}{name.removeprefix(out)}"


def is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in Path(name).parts)
