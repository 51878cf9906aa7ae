"""Files that are written whole or not at all, and folders that are not overwritten by accident."""

import functools
import hashlib
import os
import platform
import re
import shutil
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

from faig.common.errors import InputError

LOCK = ".lock"
PART = re.compile(r"\..+\.([0-9a-f]{4})-(\d+)-[0-9a-f]{6}\.part")  # hidden: no reader of a folder takes it
HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:4]
OLD = 24 * 3600  # seconds after which a process on another machine is taken for dead
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
    part = _part_of(path)
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)  # the last step: what a kill before it leaves is no obstacle to the next process
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written: {error.strerror}") from error
        raise


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
            part.with_name(f"{part.name.rsplit('.', 2)[0]}.lock").unlink(missing_ok=True)  # of a folder


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
    made = not folder.exists()
    try:
        with _locked(folder / LOCK, folder):
            yield
    finally:
        if made and folder.is_dir() and all(inside.name == LOCK for inside in folder.iterdir()):
            (folder / LOCK).unlink(missing_ok=True)
            folder.rmdir()


@contextmanager
def _locked(lock_file: Path, place: Path) -> Iterator[None]:
    """Hold a lock, whose folder is made; messages name the place."""
    from filelock import FileLock, Timeout

    lock = FileLock(lock_file)
    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{place}: another process is at work there; wait for it, or choose another folder") from None
    except OSError as error:
        raise InputError(f"{place}: cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        lock.release()


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
def new_folder(
    path: Path, force: bool, ours: Sequence[str] = (), *, files: Collection[str] | None = None
) -> Iterator[Path]:
    """Fill the yielded folder; on success it becomes ``path``, after an error or a kill nothing has changed.

    An existing folder is replaced by one that has its other files too. While that happens, in two renames, the old
    one is ``.<name>.replaced`` beside it; where a kill left it there, the next call puts it back first.

    Args:
        path: the folder to make.
        force: allow an existing folder: new files replace those of the same name, others stay.
        ours: patterns of file names that an earlier call wrote there: these go.
        files: names of all that is written, where each stands for itself: a folder that has none of them may exist.

    Raises:
        InputError: ``path`` exists, holds anything, or one of ``files``, and ``force`` is not set; nothing can be
            written there; or another process is at work there.
    """
    place = Path(os.path.realpath(path))  # what a link leads to is replaced, not the link
    if os.path.ismount(place):
        raise InputError(f"{path}: is the root of a file system; name a folder in it")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; name a folder")
    if Path.cwd().is_relative_to(place):
        raise InputError(f"{path}: the command runs in this folder, and cannot replace it; name another")
    lock, replaced = (place.with_name(f".{place.name}.{what}") for what in ("lock", "replaced"))
    if replaced.exists() and not place.exists():
        replaced.rename(place)
    if place.is_dir() and not force:
        if files is None and any(place.iterdir()):
            raise InputError(f"{path}: exists and is not empty; pass force=True to write into it", setting="force")
        for name in files or ():
            new_file(path / name, force)
    with _locked(lock, path):
        part = _part_of(place)
        try:
            if replaced.exists():
                _remove(replaced.rename(part))
            part.mkdir()
            yield part
            if place.is_dir():
                _keep_others(place, part, ours)
            lock.unlink()  # before the last step, after which nothing may be left
            if place.exists():
                place.rename(replaced)
            part.rename(place)
            if replaced.exists():
                _remove(replaced.rename(part))
        except BaseException as error:
            _remove(part)
            lock.unlink(missing_ok=True)
            if replaced.exists() and not place.exists():
                replaced.rename(place)
            if isinstance(error, OSError):
                raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
            if isinstance(error, InputError) and str(part) in str(error):  # where the file would have been in the end
                raise InputError(str(error).replace(str(part), str(path)), setting=error.setting) from None
            raise


def _link(source: str | Path, to: str | Path) -> None:
    """Give a file a second place; some file systems have no links."""
    try:
        os.link(source, to)
    except OSError:
        shutil.copy2(source, to)


def _keep_others(old: Path, new: Path, ours: Sequence[str]) -> None:
    """Let the files of a folder be in another one too, but those that the new one has and those of our patterns."""

    def passed_over(folder: str, names: Collection[str]) -> list[str]:
        counterpart, top = new / Path(folder).relative_to(old), Path(folder) == old
        return [
            name
            for name in names
            if (top and any(fnmatch(name, pattern) for pattern in ours))
            or (os.path.lexists(counterpart / name) and not (counterpart / name).is_dir())
        ]

    shutil.copytree(old, new, symlinks=True, ignore=passed_over, copy_function=_link, dirs_exist_ok=True)


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
