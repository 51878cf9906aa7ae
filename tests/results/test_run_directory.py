"""A run directory through kills at every step: nothing old is lost before the new is whole, and a rerun goes on."""

import json
from pathlib import Path

import pytest

from dying import Killed, dies_at
from faig.common.errors import InputError
from faig.common.settings import flat
from faig.results.run_directory import CONFIG, REPLACED, command_of, read_config, replacing_files, run_directory


def work(path: Path, number: int, *, force: bool = False) -> None:
    with run_directory(path, {"number": number}, {"number": number}, force=force) as run:
        (run / "table.csv").write_text(f"{number}\n")
        (run / "figures").mkdir(exist_ok=True)
        (run / "figures" / "a.txt").write_text(f"{number}\n")


def content(path: Path) -> dict[str, str]:
    return {
        str(file.relative_to(path)): file.read_text()
        for file in sorted(path.rglob("*"))
        if file.is_file() and file.name not in ("log.txt", ".lock")
    }


def ends(monkeypatch, act) -> bool:
    """Whether an act came to its end."""
    try:
        act()
    except Killed:
        return False
    finally:
        monkeypatch.undo()
    return True


def test_a_kill_as_a_run_begins_is_no_obstacle_to_the_next(tmp_path, monkeypatch):
    work(tmp_path / "whole", 1)
    for count in range(100):
        path = tmp_path / f"run{count}"
        dies_at(monkeypatch, count)
        if ends(monkeypatch, lambda path=path: work(path, 1)):
            break
        work(path, 1)
        assert content(path) == content(tmp_path / "whole")
    assert 5 < count < 99


def test_force_loses_nothing_before_the_new_run_is_whole(tmp_path, monkeypatch):
    work(tmp_path / "whole", 2)
    for count in range(100):
        path = tmp_path / f"run{count}"
        work(path, 1)
        dies_at(monkeypatch, count)
        if ends(monkeypatch, lambda path=path: work(path, 2, force=True)):
            break
        written = (path / "table.csv").exists() and (path / "table.csv").read_text() == "2\n"
        if not written:  # else the old may go
            old = [file for file in path.rglob("table.csv") if file.read_text() == "1\n"]
            figures = [file for file in path.rglob("a.txt") if file.read_text() == "1\n"]
            assert len(old) == len(figures) == 1, count
        work(path, 2, force=True)
        assert content(path) == content(tmp_path / "whole"), count
        assert not (path / REPLACED).exists()
    assert 8 < count < 99


def test_a_forced_run_that_fails_leaves_what_it_was_to_replace(tmp_path):
    path = tmp_path / "run"
    work(path, 1)
    for number in (2, 3):
        with (
            pytest.raises(InputError, match="no"),
            run_directory(path, {}, {"number": number}, force=True) as run,
        ):
            (run / "table.csv").write_text("half\n")
            raise InputError("no")
        assert (path / REPLACED / "table.csv").read_text() == "1\n"
        assert json.loads((path / REPLACED / ".fingerprint.json").read_text()) == {"number": 1}
    work(path, 4, force=True)
    assert not (path / REPLACED).exists()


def test_other_folders_are_not_taken(tmp_path):
    (tmp_path / "config.yaml").write_text("mine\n")
    for force in (False, True):
        with pytest.raises(InputError, match="exists and is no run directory"):
            work(tmp_path, 1, force=force)
    assert (tmp_path / "config.yaml").read_text() == "mine\n"


def test_files_that_belong_together_are_replaced_together(tmp_path):
    (tmp_path / "mine").write_text("precious")
    for text in ("1", "2"):
        with replacing_files(tmp_path, "tables") as part:
            for name in ("a", "b"):
                (part / name).write_text(text)
    with pytest.raises(InputError), replacing_files(tmp_path, "tables") as part:
        (part / "a").write_text("3")
        raise InputError("no")
    content = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert content == {"a": "2", "b": "2", "mine": "precious"}


def test_a_configuration_that_is_cut_short_says_nothing_else(tmp_path):
    config = {"command": "compare", "images": {"gt": "photos", "degrade": {"blur": 25, "noise": 0.125}}, "nodes": 20}
    with run_directory(tmp_path / "run", config, {}, force=False):
        pass
    file, said = tmp_path / "run" / CONFIG, flat(config)
    whole = file.read_bytes()
    assert read_config(file) == config
    refused = 0
    for end in range(len(whole)):
        file.write_bytes(whole[:end])
        try:
            left = flat(read_config(file))
        except InputError:
            refused += 1
        else:
            assert all(value is None or value == said[name] for name, value in left.items()), whole[:end]
    assert refused > len(whole) - len(said) - 3  # a line each


@pytest.mark.parametrize(
    ("text", "command"),
    [(None, ""), ("nodes: 3\n", ""), ("command: truth\n", "truth"), ("command: [truth]\n", "['truth']")],
)
def test_a_folder_says_whose_run_it_is(tmp_path, text, command):
    if text is not None:
        (tmp_path / CONFIG).write_text(text)
    assert command_of(tmp_path) == command


def test_a_folder_whose_settings_cannot_be_read_is_nobodys(tmp_path):
    (tmp_path / CONFIG).write_text("command: [\n")
    with pytest.raises(InputError, match=CONFIG):
        command_of(tmp_path)
