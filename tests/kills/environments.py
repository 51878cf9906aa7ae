"""Commands where something of the environment is missing: folders of the user, a place for what is temporary, letters.

As a program it is for what a process knows from its start: ``python -m kills.environments INPUTS ANSWER``.
"""

import errno
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from faig.common.files import PART
from kills.files import tree
from kills.operations import watch
from kills.running import call, run

FOLDERS = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
PAIR = ["--baseline", "inputs/baseline.safetensors", "--target", "inputs/target.safetensors"]
COMMANDS = {
    "zoo list": ["zoo", "list"],
    "zoo show": ["zoo", "show", "srcnn-style-x2/target"],
    "zoo pull": ["zoo", "pull", "pair", "--name", "mine"],
    "zoo push": ["zoo", "push", "pair", "{name}.out"],
    "degrade": ["degrade", "{name}", "{name}.out"],
    "restore": ["restore", "inputs/target.safetensors", "{name}", "{name}.out"],
    "revert": ["revert", *PAIR, "--filters", "run/filters-blur.csv", "--no-check", "--out", "{name}.safetensors"],
    "data crop": ["data", "crop", "{name}", "{name}.out", "--crop", "30", "--step", "20", "--workers", "1"],
    "data lmdb": ["data", "lmdb", "{name}", "{name}.out", "--workers", "1"],
    "attribute": ["attribute", *PAIR, "--gt", "{name}", "--degrade", "blur=2", "--nodes", "1", "--out", "{name}.out"],
    "predict": ["predict", "{name}", "--pair", "srcnn-style-x2", "--csv", "{name}.csv"],
}
SLOW = ("attribute", "predict")
Arrange = Callable[[Path], None]


def folders_are(place_of: Callable[[Path], str | None]) -> Arrange:
    def arrange(place: Path) -> None:
        os.environ.pop("FAIG_ZOO", None)
        for name in FOLDERS:
            os.environ.pop(name, None)
            if (named := place_of(place)) is not None:
                os.environ[name] = named

    return arrange


def no_temporary_folder(place: Path) -> None:
    del place
    os.environ["TMPDIR"] = "/none"
    tempfile.tempdir = None
    tempfile._candidate_tempdir_list = lambda: ["/none"]  # type: ignore[attr-defined]


def read_only(place: Path) -> None:
    def refuse(event: str, path: str, flags: int) -> None:
        del flags
        if event in ("open", "os.mkdir", "os.link", "os.symlink", "os.rename"):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)

    watch(place, 0, refuse)


ENVIRONMENTS: dict[str, Arrange] = {
    "no home": folders_are(lambda place: None),
    "a home that is not there": folders_are(lambda place: str(place / "none" / "home")),
    "a home that is a file": folders_are(lambda place: str(place / "inputs" / "train.yaml")),
    "an empty home": folders_are(lambda place: ""),
    "no temporary folder": no_temporary_folder,
    "a read-only folder": read_only,
}


def try_environments(inputs: Path, answer: Path) -> None:
    """Each command in each of `ENVIRONMENTS`: what is wrong, by both names, as JSON."""
    with tempfile.TemporaryDirectory(dir=inputs.parent) as folder:
        _warm_up(inputs, Path(folder))
        found = {
            f"{name}, {environment}": _wrong(inputs, Path(folder), arguments, arrange)
            for environment, arrange in ENVIRONMENTS.items()
            for name, arguments in COMMANDS.items()
            if name not in SLOW
        }
    answer.write_text(json.dumps(found))


def try_names(inputs: Path, answer: Path, *names: bytes) -> None:
    """Each command on files and folders of such names: what is wrong, by both names, as JSON."""
    found = {}
    with tempfile.TemporaryDirectory(dir=inputs.parent) as folder:
        _warm_up(inputs, Path(folder))
        for name in map(os.fsdecode, names):
            for command, arguments in COMMANDS.items():
                found[f"{command}, {name!a}"] = _wrong(inputs, Path(folder), arguments, lambda place: None, name)
    answer.write_text(json.dumps(found))


def _warm_up(inputs: Path, folder: Path) -> None:
    """What is slow to import is imported once."""
    place = _place(inputs, folder / "warm", "gt")
    for name in ("zoo list", *SLOW):
        call(place, _named(COMMANDS[name], "gt"), folder / "said")


def _place(inputs: Path, place: Path, name: str) -> Path:
    """A folder with what commands are given; its images, in a folder of that name, have it too."""
    place.mkdir()
    (place / "inputs").symlink_to(inputs)
    (place / "run").symlink_to(inputs / "run")
    for folder in (name, "pair"):
        (place / folder).mkdir()
    for image in (inputs / "gt").iterdir():
        shutil.copy(image, place / name / f"{name}-{image.name}")
    for role in ("baseline", "target"):
        shutil.copy(inputs / f"{role}.safetensors", place / "pair")
    return place


def _wrong(inputs: Path, folder: Path, arguments: list[str], arrange: Arrange, name: str = "gt") -> str:
    """What is wrong with how a command ended; empty where nothing is."""
    place = _place(inputs, folder / "place", name)
    before = tree(place)

    def begin(place: Path) -> list[str]:
        os.environ["FAIG_ZOO"] = str(place / "zoo")
        arrange(place)
        return []

    try:
        code, said = run(place, _named(arguments, name), begin)
        left = sorted(tree(place).keys() - before.keys())
    finally:
        shutil.rmtree(place)
    lines = [line for line in said.splitlines() if not line.startswith("warning: ")]
    if code not in (0, 2) or len(lines) != (code == 2) or not all(line.startswith("error: ") for line in lines):
        return f"{code}: {said[-600:]}"
    return f"left {left}" if (code and left) or any(PART.fullmatch(Path(each).name) for each in left) else ""


def _named(arguments: list[str], name: str) -> list[str]:
    return [text.replace("{name}", name) for text in arguments]


if __name__ == "__main__":
    try_names(Path(sys.argv[1]), Path(sys.argv[2]), "фото-ü".encode())
