"""A command that writes in place, on purpose: the trial of kills has to find fault with it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from faig.common.errors import InputError
from kills.commands import COMMANDS
from kills.trial import try_everywhere


def try_in_place(inputs: Path, answer: Path) -> None:
    """The trial of ``restore`` where folders and files are filled as they stand."""
    import faig.cli.restore

    faig.cli.restore.new_folder = _in_place
    try_everywhere(COMMANDS["restore"], inputs, answer, {"kill": None})


@contextlib.contextmanager
def _in_place(path: Path, force: bool, files: list[str]) -> Iterator[Path]:
    del files
    if path.exists() and not force:
        raise InputError(f"{path}: exists")
    path.mkdir(exist_ok=True)
    yield path
