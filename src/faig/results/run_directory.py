"""A run directory: what determines it is written first, finished units are kept, a rerun does what is missing."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from faig.common.errors import InputError
from faig.common.files import (
    LOCK,
    PART,
    REPLACED,
    SETTING_ASIDE,
    alone_in,
    clear_parts,
    finish_setting_aside,
    new_folder,
    replacing,
    set_aside,
)
from faig.common.yaml import read_yaml

CONFIG = "config.yaml"
FINGERPRINT = ".fingerprint.json"
UNITS = ".units"


@contextmanager
def run_directory(
    path: Path, config: dict[str, Any] | None, fingerprint: dict[str, Any], *, force: bool
) -> Iterator[Path]:
    """Open a run directory: a new one, or one of the same fingerprint, which goes on where it stopped.

    While the run is under way, warnings and log records also go to ``log.txt``. When it ends well, the units
    that were kept for resuming are removed. What ``force`` replaces lies in ``.replaced`` until then: a run that
    is killed or fails loses nothing old.

    Args:
        path: the directory.
        config: JSON-able, complete: written to ``config.yaml``; None for a stage of a study, which has its own.
        fingerprint: JSON-able: everything that determines the results.
        force: start anew where the directory is of another run.

    Raises:
        InputError: the directory is of another run and ``force`` is not set, it is no run directory at all, or another
            process is at work there.
    """
    if path.exists() and _read_fingerprint(path) is None and not _empty(path):
        raise InputError(f"{path}: exists and is no run directory; choose another name")
    with alone_in(path), _opened(path, config, fingerprint, force):
        yield path


@contextmanager
def _opened(path: Path, config: dict[str, Any] | None, fingerprint: dict[str, Any], force: bool) -> Iterator[None]:
    known = _read_fingerprint(path)
    wanted = json.loads(json.dumps(fingerprint))
    if known is not None and known != wanted:
        if not force:
            differing = first_difference(known, wanted)
            raise InputError(
                f"{path}: holds another run ({differing} differs); pass force=True to replace it, or choose another "
                "name",
                setting="force",
            )
        kept = {LOCK, REPLACED, SETTING_ASIDE}
        set_aside(path, sorted((inside for inside in path.iterdir() if inside.name not in kept), key=_is_fingerprint))
    finish_setting_aside(path)
    # First of all, for a folder that has it is a run directory to whoever comes after a kill.
    _write_text(path / FINGERPRINT, json.dumps(wanted, sort_keys=True, indent=1))
    (path / UNITS).mkdir(exist_ok=True)
    clear_parts(path)
    if config is not None:
        _write_text(path / CONFIG, yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    handler = logging.FileHandler(path / "log.txt", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("faig")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
        shutil.rmtree(path / UNITS)
        shutil.rmtree(path / REPLACED, ignore_errors=True)
        logger.info("done")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()


def read_config(path: Path) -> dict[str, Any]:
    """What a run wrote as its ``config.yaml``.

    Raises:
        InputError: it cannot be read, is no mapping, or is cut short in a line: what is left of that may be YAML too.
    """
    values = read_yaml(path)
    if not path.read_bytes().endswith(b"\n"):
        raise InputError(f"{path}: is cut short: its last line has no end")
    return values


def command_of(run: Path) -> str:
    """The command whose run, or the kind of study whose folder, a directory is; empty where no settings say so.

    Raises:
        InputError: the settings are there and cannot be read.
    """
    return str(read_config(run / CONFIG).get("command", "")) if (run / CONFIG).is_file() else ""


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
    new, replaced = folder / f".{what}.new", folder / f".{what}.replaced"
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        yield new
        ours = [folder / file.name for file in sorted(new.iterdir())]
        old = [file for file in ours if file.exists()]
        if not replaced.exists():  # else a killed call kept it, and what stands in its place is not whole
            with new_folder(replaced, force=False) as part:
                for file in old:
                    shutil.copy2(file, part)
        for file in old:
            file.unlink()
        for file in ours:
            (new / file.name).rename(file)
        new.rmdir()
        replaced.rename(new)  # in one step: half of it would be taken for the old files
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _is_fingerprint(path: Path) -> bool:
    return path.name == FINGERPRINT


def _empty(path: Path) -> bool:
    """Whether a folder holds nothing but what a run that was killed as it began may have left."""
    ours = {LOCK, REPLACED, SETTING_ASIDE}
    return path.is_dir() and all(inside.name in ours or PART.fullmatch(inside.name) for inside in path.iterdir())


def _read_fingerprint(path: Path) -> dict[str, Any] | None:
    try:
        fingerprint: dict[str, Any] = json.loads((path / FINGERPRINT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return fingerprint


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def first_difference(known: Any, wanted: Any, name: str = "") -> str:
    """The dotted name of the first entry in which two nested dictionaries differ."""
    if isinstance(known, dict) and isinstance(wanted, dict):
        for key in [*wanted, *known]:
            if known.get(key) != wanted.get(key):
                return first_difference(known.get(key), wanted.get(key), f"{name}.{key}" if name else key)
    return name
