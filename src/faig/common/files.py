"""Files that are written whole or not at all, and folders that are not overwritten by accident."""

import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from faig.common.errors import InputError

LOCK = ".lock"
REPLACED = ".replaced"  # what another run left, until the new one is whole
SETTING_ASIDE = ".setting-aside"  # the same while it is moved there


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write to the yielded path; on success it becomes ``path``, after an error nothing is left.

    Args:
        path: the file to make or replace. Its folder must exist.

    Raises:
        InputError: the folder does not exist, or nothing can be written there.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def check_regular(path: Path) -> None:
    """Raise InputError for a pipe, a device, a socket or a folder: what is not there is for others to say.

    A pipe or a device would be read for ever.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is not a regular file")


def clear_parts(folder: Path, *, deep: bool = True) -> None:
    """Remove what a killed process left half-written in a folder of its own, and in the folders in it."""
    for part in folder.rglob(".*.part") if deep else folder.glob(".*.part"):
        if part.is_file():
            part.unlink()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder, which is made where it is missing, until the block ends.

    A folder that was made here and got nothing is removed again.

    Raises:
        InputError: another process is at work there already, or it cannot be made.
    """
    from filelock import FileLock, Timeout

    made = not folder.exists()
    lock = FileLock(folder / LOCK)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{folder}: another process is at work there; wait for it, or choose another folder") from None
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        lock.release()
        if made and all(inside.name == LOCK for inside in folder.iterdir()):
            (folder / LOCK).unlink(missing_ok=True)
            folder.rmdir()


def new_file(path: Path, force: bool) -> None:
    """Make sure that a result may be written to ``path``.

    Raises:
        InputError: it exists and ``force`` is not set, or its folder does not exist.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    if path.exists() and not force:
        raise InputError(f"{path}: exists; pass force=True to replace it", setting="force")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; make it first")


@contextmanager
def new_folder(path: Path, force: bool, ours: Sequence[str] = ()) -> Iterator[Path]:
    """Fill the yielded folder; on success it becomes ``path``, after an error nothing is left.

    Args:
        path: the folder to make.
        force: allow an existing folder: new files replace those of the same name, others stay.
        ours: patterns of file names that an earlier call wrote there: these go.

    Raises:
        InputError: ``path`` exists, holds anything, and ``force`` is not set; or nothing can be written there.
    """
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; name a folder")
    if path.is_dir() and any(path.iterdir()) and not force:
        raise InputError(f"{path}: exists and is not empty; pass force=True to write into it", setting="force")
    if not path.absolute().name:
        raise InputError(f"{path}: is the root of the file system; name a folder in it")
    part = path.absolute().with_name(f".{path.absolute().name}.{uuid.uuid4().hex[:8]}.part")
    try:
        part.mkdir(parents=True)
        yield part
        if path.is_dir():
            for old in (file for pattern in ours for file in path.glob(pattern)):
                old.unlink()
            shutil.copytree(part, path, copy_function=os.replace, dirs_exist_ok=True)
        else:
            part.rename(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def set_aside(folder: Path, contents: Sequence[Path]) -> None:
    """Move what another run left to `REPLACED`; where an earlier one is kept there, that run never was whole: it goes.

    Args:
        folder: of the run.
        contents: what lies in it, in the order to move it: as long as the last is there, the folder is that run's, and
            moving goes on after a kill.
    """
    staging = folder / SETTING_ASIDE
    if (folder / REPLACED).exists():
        for inside in contents:
            if inside.is_dir():
                shutil.rmtree(inside)
            else:
                inside.unlink()
        return
    staging.mkdir(exist_ok=True)
    for inside in contents:
        inside.rename(staging / inside.name)
    finish_setting_aside(folder)


def finish_setting_aside(folder: Path) -> None:
    """Do the last step of `set_aside` where a kill came before it."""
    if (folder / SETTING_ASIDE).exists():
        (folder / SETTING_ASIDE).rename(folder / REPLACED)


def put_back(folder: Path) -> None:
    """Undo a `set_aside` that a kill cut short."""
    if (staging := folder / SETTING_ASIDE).exists():
        for inside in sorted(staging.iterdir()):
            inside.rename(folder / inside.name)
        staging.rmdir()
