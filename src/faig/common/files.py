"""Files that are written whole or not at all, and folders that are not overwritten by accident."""

import functools
import hashlib
import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from faig.common.errors import InputError

LOCK = ".lock"
PART = re.compile(r"\..+\.([0-9a-f]{4})-(\d+)-[0-9a-f]{6}\.part")  # hidden: no reader of a folder takes it
HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:4]
OLD = 24 * 3600  # seconds after which a process on another machine is taken for dead


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write to the yielded path; on success it becomes ``path``, after an error nothing is left.

    Args:
        path: the file to make or replace. Its folder must exist.

    Raises:
        InputError: the folder does not exist, or nothing can be written there.
    """
    part = _part_of(path)
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
    """Remove what killed processes left half-written in a folder that is one's own, and in the folders in it."""
    for part in [*(folder.rglob(".*.part") if deep else folder.glob(".*.part"))]:
        if PART.fullmatch(part.name):
            _remove(part)


def _part_of(path: Path) -> Path:
    """Where a file or folder is made: beside its place, under a name that says by which process.

    What processes left there that are dead by now goes.
    """
    _clear_dead(path.absolute().parent, os.getpid())
    return path.with_name(f".{path.name}.{HOST}-{os.getpid()}-{uuid.uuid4().hex[:6]}.part")


@functools.lru_cache(maxsize=1024)
def _clear_dead(folder: Path, process: int) -> None:  # noqa: ARG001 - once in each process, as a folder may be large
    try:
        names = [name for name in os.listdir(folder) if PART.fullmatch(name)]
        for name in names:
            if _is_dead(folder / name):
                _remove(folder / name)
    except OSError:  # the folder is missing, or not ours to clear; who writes there will be told
        return


def _is_dead(part: Path) -> bool:
    """Whether the process that a part is named after has ended."""
    found = PART.fullmatch(part.name)
    assert found
    if found[1] != HOST or os.name != "posix":
        return time.time() - part.stat().st_mtime > OLD
    try:
        os.kill(int(found[2]), 0)  # sends nothing
    except PermissionError:  # it is another user's
        return False
    except (ProcessLookupError, OverflowError):
        return True
    return False


def _remove(part: Path) -> None:
    if part.is_dir() and not part.is_symlink():
        shutil.rmtree(part, ignore_errors=True)
    else:
        part.unlink(missing_ok=True)


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
    part = _part_of(path.absolute())
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
