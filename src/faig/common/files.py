"""Files that are written whole or not at all, and folders that are not overwritten by accident."""

import os
import shutil
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from glob import escape
from pathlib import Path

from faig.common.errors import InputError

LOCK = ".lock"


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write to the yielded path; on success it becomes ``path``, after an error nothing is left.

    Args:
        path: the file to make or replace. Its folder must exist.

    Raises:
        InputError: the folder does not exist, or nothing can be written there.
    """
    part = _part(path)
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)  # the last step: whoever is killed before it may run again, whoever is after it is done
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written: {error.strerror}") from error
        raise


def _part(path: Path) -> Path:
    """A new name beside a path that no reader takes for its own."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")


def _clear_beside(path: Path) -> None:
    """Remove what killed processes left half-written under names of `_part`."""
    for left in path.parent.glob(f".{escape(path.name)}.{'[0-9a-f]' * 8}.part"):
        # Renamed first: a process that were at work there after all would find it gone, not half of it.
        _remove(left.rename(_part(path)))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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
    """Make sure that a result may be written to ``path``, and remove what killed processes left half-written for it.

    Raises:
        InputError: it exists and ``force`` is not set, or its folder does not exist.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file")
    if path.exists() and not force:
        raise InputError(f"{path}: exists; pass force=True to replace it", setting="force")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; make it first")
    _clear_beside(path)


@contextmanager
def new_folder(path: Path, force: bool, ours: Sequence[str] = ()) -> Iterator[Path]:
    """Fill the yielded folder; on success it becomes ``path``, after an error or a kill nothing has changed.

    An existing folder is replaced by one that has its other files too. While that happens, in two renames, the old
    one is ``.<name>.replaced`` beside it; where a kill left it there, the next call puts it back first.

    Args:
        path: the folder to make.
        force: allow an existing folder: new files replace those of the same name, others stay.
        ours: patterns of file names that an earlier call wrote there: these go.

    Raises:
        InputError: ``path`` exists, holds anything, and ``force`` is not set; nothing can be written there; or another
            process is at work there.
    """
    place = path.resolve()  # what a link leads to is replaced, not the link
    if os.path.ismount(place):
        raise InputError(f"{path}: is the root of a file system; name a folder in it")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; name a folder")
    if Path.cwd().is_relative_to(place):
        raise InputError(f"{path}: the command runs in this folder, and cannot replace it; name another")
    lock, replaced = (place.with_name(f".{place.name}.{what}") for what in ("lock", "replaced"))
    if replaced.exists() and not place.exists():
        replaced.rename(place)
    if place.is_dir() and any(place.iterdir()) and not force:
        raise InputError(f"{path}: exists and is not empty; pass force=True to write into it", setting="force")
    with _locked(lock, path):
        part = _part(place)
        try:
            if replaced.exists():
                replaced.rename(_part(place))
            _clear_beside(place)
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
            raise


@contextmanager
def replacing_files(folder: Path, what: str) -> Iterator[Path]:
    """Fill the yielded folder with files; on success all of them come into ``folder``, after an error none.

    While they come in, one by one, what they replace is in ``.<what>.replaced`` there; after a kill it stays there
    until the next call has ended.

    Args:
        folder: an existing one.
        what: the files are.

    Raises:
        InputError: nothing can be written there.
    """
    replaced = folder / f".{what}.replaced"
    part = _part(folder / what)
    try:
        _clear_beside(folder / what)
        _clear_beside(replaced)
        part.mkdir()
        yield part
        ours = [folder / file.name for file in sorted(part.iterdir())]
        old = [file for file in ours if file.exists()]
        if not replaced.exists():  # else a killed call kept it, and what stands in its place is not whole
            staging = _part(replaced)
            staging.mkdir()
            for file in old:
                _link(file, staging / file.name)
            staging.rename(replaced)
        for file in old:
            file.unlink()
        for file in ours:
            (part / file.name).rename(file)
        part.rmdir()
        _remove(replaced.rename(part))
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror or error}") from error
    finally:
        if part.exists():
            _remove(part)


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
