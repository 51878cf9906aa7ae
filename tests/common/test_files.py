import subprocess
import sys

import pytest

from faig.common.errors import InputError
from faig.common.files import alone_in, clear_parts, new_file, new_folder, replacing


class Mishap(Exception):
    pass


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("old")
    with pytest.raises(Mishap), replacing(file) as part:
        part.write_text("half")
        raise Mishap
    assert file.read_text() == "old"
    with replacing(file) as part:
        part.write_text("new")
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_is_made_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "deep" / "out"
    with pytest.raises(Mishap), new_folder(folder, force=False) as part:
        (part / "a").write_text("half")
        raise Mishap
    assert not folder.exists()
    with new_folder(folder, force=False) as part:
        (part / "sub").mkdir()
        (part / "sub" / "a").write_text("1")
    assert (folder / "sub" / "a").read_text() == "1"
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_force_replaces_what_has_the_same_name_and_keeps_the_rest(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    with new_folder(folder, force=False) as part:  # an empty folder is free
        (part / "a").write_text("1")
    (folder / "mine").write_text("precious")
    with (
        pytest.raises(InputError, match="out: exists and is not empty; pass force=True"),
        new_folder(folder, force=False),
    ):
        pass
    with new_folder(folder, force=True) as part:
        (part / "a").write_text("2")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "2", "mine": "precious"}


def test_places_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: is a file; name a folder"), new_folder(tmp_path / "file", force=True):
        pass
    with pytest.raises(InputError, match="is a folder; name a file"):
        new_file(tmp_path, force=True)
    with pytest.raises(InputError, match="does not exist; make it first"):
        new_file(tmp_path / "none" / "a", force=False)
    with pytest.raises(InputError, match="cannot be written"), replacing(tmp_path / "none" / "a") as part:
        part.write_text("x")


def test_what_a_killed_process_left_is_cleared(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".a.txt.0000-1-abcdef.part").touch()
    (tmp_path / "sub" / ".b.0000-1-abcdef.part").mkdir()
    (tmp_path / "sub" / ".b.0000-1-abcdef.part" / "c").touch()
    (tmp_path / "sub" / ".mine.part").touch()
    (tmp_path / "sub" / "a.part").touch()
    clear_parts(tmp_path)
    assert sorted(path.name for path in (tmp_path / "sub").iterdir()) == [".mine.part", "a.part"]


def test_two_processes_keep_out_of_each_others_way(tmp_path):
    folder = tmp_path / "run"
    with alone_in(folder):
        code = f"import pathlib, faig.common.files as f; f.alone_in(pathlib.Path({str(folder)!r})).__enter__()"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert other.stderr.strip().endswith(
            "run: another process is at work there; wait for it, or choose another folder"
        )
        (folder / "result").write_text("1")
    with alone_in(folder):
        pass
    assert (folder / "result").exists()
    with alone_in(tmp_path / "nothing"):
        pass
    assert not (tmp_path / "nothing").exists()
    with pytest.raises(InputError, match="result: cannot be written"), alone_in(folder / "result"):
        pass
