import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("exists", [False, True])
def test_a_message_names_the_place_that_a_folder_is_to_have(tmp_path, exists):
    folder = tmp_path / "out"
    if exists:
        folder.mkdir()
    with pytest.raises(InputError) as error, new_folder(folder, force=exists) as part:
        raise InputError(f"{part / 'a.png'}: is damaged; so is {part}", setting="gt")
    assert str(error.value) == f"{folder / 'a.png'}: is damaged; so is {folder}"
    assert error.value.setting == "gt"


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


def test_files_that_stand_for_themselves_join_others_in_a_folder(tmp_path):
    folder = tmp_path / "out"
    for name in ("a", "b"):
        with new_folder(folder, force=False, files=[name]) as part:
            (part / name).write_text(name)
    again = pytest.raises(InputError, match="b: exists; pass force=True to replace it")
    with again, new_folder(folder, force=False, files=["c", "b"]):
        pass
    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "a", "b": "b"}


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


def test_force_keeps_others_replaces_ours_and_follows_links(tmp_path):
    folder, link = tmp_path / "disk" / "out", tmp_path / "link"
    (folder / "sub").mkdir(parents=True)
    link.symlink_to(folder)
    for name in ("a_s001.png", "a_s002.png", "mine.txt", "sub/mine.txt", "sub/new.txt"):
        (folder / name).write_text("old")
    (folder / "away").symlink_to("nowhere")
    with new_folder(link, force=True, ours=("*_s[0-9][0-9][0-9].png",)) as part:
        (part / "sub").mkdir()
        for name in ("a_s001.png", "sub/new.txt"):
            (part / name).write_text("new")
        assert (folder / "a_s001.png").read_text() == "old"
    content = {str(path.relative_to(link)): path.read_text() for path in link.rglob("*") if path.is_file()}
    assert content == {"a_s001.png": "new", "mine.txt": "old", "sub/mine.txt": "old", "sub/new.txt": "new"}
    assert (folder / "away").readlink() == Path("nowhere")
    assert link.is_symlink()
    assert [path.name for path in folder.parent.iterdir()] == ["out"]


def test_places_that_cannot_be_swapped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place, wrong in (("/", "root of a file system"), ("/proc", "root of a file system"), (".", "runs in this")):
        with pytest.raises(InputError, match=wrong), new_folder(Path(place), force=True):
            pass


def test_two_processes_do_not_fill_one_folder(tmp_path):
    with new_folder(tmp_path / "out", force=False):
        code = (
            "import pathlib, faig.common.files as f\n"
            f"with f.new_folder(pathlib.Path({str(tmp_path / 'out')!r}), force=True): pass"
        )
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "out: another process is at work there; wait for it" in other.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_swap_that_a_kill_cut_in_two_is_undone(tmp_path):
    folder = tmp_path / "out"
    with new_folder(folder, force=False) as part:
        (part / "a").write_text("old")
    folder.rename(tmp_path / ".out.replaced")
    with pytest.raises(InputError, match="out: exists and is not empty"), new_folder(folder, force=False):
        pass
    assert (folder / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
