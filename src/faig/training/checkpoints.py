"""Checkpoints of a training run, from which it goes on: the last two are kept."""

import warnings
from pathlib import Path
from typing import Any

import torch

from faig.common.errors import FaigWarning, InputError, lacks_memory
from faig.common.files import clear_parts, replacing
from faig.common.settings import flat
from faig.networks.checkpoint import save_pickle

KEPT = 2


def save(folder: Path, done: int, state: dict[str, Any]) -> None:
    """Write a checkpoint, then drop all but the last two.

    Args:
        folder: of the run.
        done: iterations.
        state: what `latest` gives back.
    """
    with replacing(folder / f"state-{done:08d}.pth") as part:
        save_pickle(state | {"done": done}, part)
    _drop_old(folder)


def clear_leftovers(folder: Path) -> None:
    """Remove what a killed process left: half-written files, and a checkpoint that it was about to drop."""
    clear_parts(folder, deep=False)
    _drop_old(folder)


def _drop_old(folder: Path) -> None:
    for old in every(folder)[:-KEPT]:
        old.unlink()


def latest(folder: Path, settings: dict[str, Any]) -> dict[str, Any] | None:
    """The newest checkpoint that can be read, or None where there is none.

    Args:
        folder: of the run.
        settings: of the run; those in the checkpoint must be equal.

    Raises:
        InputError: there are checkpoints but none can be read, or they are of other settings.
    """
    paths = every(folder)
    for path in reversed(paths):
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
            theirs = flat(state["settings"])
        except Exception as error:  # torch raises many kinds here; each means the same
            if lacks_memory(error):
                raise
            warnings.warn(f"{path}: cannot be read ({type(error).__name__}); left out", FaigWarning, stacklevel=2)
            continue
        ours = flat(settings)
        for key in sorted(ours.keys() | theirs.keys()):
            if ours.get(key) != theirs.get(key):
                raise InputError(
                    f"{path}: was written with {key} = {_short(theirs.get(key))}, not {_short(ours.get(key))}; "
                    "choose another out folder, or start again with fresh=True",
                    setting="force",
                )
        return state
    if paths:
        message = f"{folder}: none of its {len(paths)} checkpoints can be read; start again with fresh=True"
        raise InputError(message, setting="force")
    return None


def exist(folder: Path) -> bool:
    """Whether a run has a checkpoint."""
    return bool(every(folder))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:12]}...'"


def every(folder: Path) -> list[Path]:
    """All checkpoints of a run, the oldest first."""
    return sorted(folder.glob("state-[0-9]*.pth"))
