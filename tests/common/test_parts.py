"""What a killed process left half-written: no reader takes it, and the next one that writes there removes it."""

import os
import re
from pathlib import Path

import pytest
import torch

import faig
from faig import zoo
from faig.common import files
from faig.common.errors import InputError
from faig.common.files import PART, clear_parts, new_folder, replacing
from faig.imaging.images import list_images, write_image
from faig.results.reader import Results
from faig.results.tables import TABLES

SOURCES = sorted(Path(faig.__file__).parent.rglob("*.py"))
WRITERS = {"a file": replacing, "a folder": lambda path: new_folder(path, force=True)}


def killed(kind: str, path: Path) -> Path:
    """What a process leaves that is killed while it writes."""
    process = os.fork()
    if not process:
        with WRITERS[kind](path) as part:
            (part / "half.png" if kind == "a folder" else part).write_bytes(b"half")
            os._exit(9)
    os.waitpid(process, 0)
    left = [inside for inside in path.parent.iterdir() if PART.fullmatch(inside.name)]
    assert len(left) == 1
    return left[0]


@pytest.fixture(autouse=True)
def _as_a_new_process():
    files._clear_dead.cache_clear()


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("left", WRITERS)
def test_what_a_dead_process_left_goes_with_the_next_write(tmp_path, left, kind):
    half = killed(left, tmp_path / "blur.png")
    (tmp_path / ".mine.part").touch()  # not of this package
    with WRITERS[kind](tmp_path / "other.png") as part:
        assert not half.exists()
        (part / "whole" if kind == "a folder" else part).write_bytes(b"whole")
    locks = (
        {".blur.png.lock"} if left == "a folder" else set()
    )  # another may hold it; the next write of that folder ends it
    assert {path.name for path in tmp_path.iterdir()} - locks == {"other.png", ".mine.part"}


@pytest.mark.parametrize("kind", WRITERS)
def test_what_a_living_process_writes_stays(tmp_path, kind):
    with replacing(tmp_path / "one.txt") as mine:
        mine.write_text("1")
        files._clear_dead.cache_clear()
        with WRITERS[kind](tmp_path / "two") as part:
            (part / "a" if kind == "a folder" else part).write_bytes(b"2")
        assert mine.read_text() == "1"


def test_of_another_machine_it_goes_when_it_is_old(tmp_path):
    host = "0000" if files.HOST != "0000" else "0001"
    new, old = (tmp_path / f".{name}.{host}-1-abcdef.part" for name in ("new", "old"))
    for part, age in ((new, 0), (old, 2 * files.OLD)):
        part.touch()
        os.utime(part, (part.stat().st_mtime - age,) * 2)
    with replacing(tmp_path / "a") as part:
        part.touch()
    assert new.exists()
    assert not old.exists()


def test_a_run_directory_is_cleared_in_depth(tmp_path):
    (tmp_path / "figures").mkdir()
    killed("a folder", tmp_path / "figures" / "blur")
    clear_parts(tmp_path)
    assert not list((tmp_path / "figures").iterdir())


@pytest.mark.parametrize("kind", WRITERS)
def test_no_reader_of_a_folder_takes_it(tmp_path, kind, monkeypatch):
    name = "a.png" if kind == "a file" else "stage"
    half = killed(kind, tmp_path / name)
    with pytest.raises(InputError, match="holds no images"):
        list_images(tmp_path)
    with pytest.raises(InputError, match="holds no tables"):
        Results.of(tmp_path)
    if kind == "a folder":
        for file in (*TABLES, "scores.safetensors", "target.safetensors", "baseline.safetensors", "0.png"):
            (half / file).parent.mkdir(parents=True, exist_ok=True)
            (half / file).write_bytes(b"half")
        with pytest.raises(InputError, match="holds no tables"):
            Results.of(tmp_path)
    monkeypatch.setattr(zoo, "own_folder", lambda: tmp_path)
    assert half.name not in " ".join(zoo.pairs())
    write_image(tmp_path / "b.png", torch.zeros(3, 4, 4))
    assert list(list_images(tmp_path)) == ["b"]


def test_all_that_is_written_goes_through_one_place():
    """Whoever makes a file of its own beside its place has to make it there."""
    own = re.compile(r"os\.(?:replace|rename)\(|NamedTemporaryFile|mkstemp|mkdtemp|\.part\"")
    named = {path.name for path in SOURCES if own.search(path.read_text(encoding="utf-8"))}
    assert named == {"files.py"}
