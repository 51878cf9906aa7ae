"""Starting a run again: nothing old goes before the new network is written; and the same run ends in the same bytes."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from conftest import training_config
from dying import Killed, dies_at
from faig.common.files import REPLACED, SETTING_ASIDE
from faig.training import run_files
from faig.training.loop import train

pytestmark = pytest.mark.slow


def seeds_in(folder: Path) -> set[int]:
    """The seeds of the whole networks and of the checkpoints that lie anywhere in a folder."""
    seeds = {torch.load(path, weights_only=True)["settings"]["seed"] for path in folder.rglob("state-*.pth")}
    for path in folder.rglob("network.safetensors"):
        load_file(path)
        seeds.add(run_files.network_metadata(path)["training"]["config"]["seed"])
    return seeds


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("time.json", ".lock")
    }


@pytest.fixture
def short(settings):
    return settings | {"optimizer": settings["optimizer"] | {"iterations": 4}, "checkpoint_every": 2}


def test_two_runs_end_in_the_same_bytes(short, tmp_path):
    """Wherever they lie; the seconds are in one file. Networks, where one was stopped, too."""
    plain = short | {"basicsr": True}
    first, second, stopped = (training_config(plain, out=str(tmp_path / name)) for name in ("a", "second", "stopped"))
    train(first)
    train(second)
    expected = content(first.out)
    networks = {"models/net_g_4.pth", "models/net_g_latest.pth", "network.safetensors"}
    assert content(second.out) == expected
    assert expected.keys() == networks | {"state-00000002.pth", "state-00000004.pth"}
    while train(stopped, max_seconds=0) is None:
        pass
    assert {name: data for name, data in content(stopped.out).items() if name in networks} == {
        name: expected[name] for name in networks
    }
    for run in (first, second):
        told = json.loads((run.out / "time.json").read_text())
        assert told["iterations"] == 4
        assert told["seconds"] > 0
    train(training_config(plain, seed=4, out=str(tmp_path / "third")))
    assert all(data != content(tmp_path / "third")[name] for name, data in content(first.out).items())


def test_the_seconds_of_all_sessions_are_counted(short):
    config = training_config(short)
    assert train(config, max_seconds=0) is None
    (config.out / "time.json").write_text('{"iterations": 1, "seconds": 5000.0}')
    train(config)
    assert 5000 < json.loads((config.out / "time.json").read_text())["seconds"] < 5100


def test_a_kill_while_starting_again_loses_nothing_old(short, tmp_path, monkeypatch):
    old, new = training_config(short), training_config(short, seed=4)
    train(old)
    before = content(old.out)
    kept = tmp_path / "kept"
    shutil.copytree(old.out, kept)
    for count in range(100):
        shutil.rmtree(old.out)
        shutil.copytree(kept, old.out)
        dies_at(monkeypatch, count)
        try:
            train(new, fresh=True)
            ended = True
        except Killed:
            ended = False
        monkeypatch.undo()
        if ended:
            break
        seeds = seeds_in(old.out)
        assert 3 in seeds or (new.out / "network.safetensors").exists(), count
        if not list(old.out.glob("state-*.pth")):  # nothing of the new one yet: the old can be had again
            found = {name.rpartition("/")[2]: data for name, data in content(old.out).items()}
            assert found.items() >= {name: data for name, data in before.items() if "part" not in name}.items(), count
        train(new, fresh=True)
        assert seeds_in(old.out) == {4}
        assert not (old.out / REPLACED).exists()
        assert not (old.out / SETTING_ASIDE).exists()
    assert 10 < count < 99


def test_a_kill_as_the_old_run_is_set_aside_is_undone_without_force(short, monkeypatch):
    config = training_config(short)
    train(config)
    before = content(config.out)
    for count in range(1, 6):
        dies_at(monkeypatch, count)
        with pytest.raises(Killed):
            train(config.model_copy(update={"seed": 4}), fresh=True)
        monkeypatch.undo()
        assert train(config) is not None
        assert content(config.out) == before


def test_a_run_that_fails_keeps_what_it_was_to_replace(short, faig, tmp_path):
    config = training_config(short)
    train(config)
    before = content(config.out)
    file = tmp_path / "fails.yaml"
    wild = short["optimizer"] | {"learning_rate": 1e30}
    file.write_text(yaml.safe_dump(short | {"optimizer": wild}))
    code, _, err = faig("train", file, "--force")
    assert code == 2
    assert "is not finite by iteration" in err
    assert content(config.out / REPLACED) == before
    file.write_text(yaml.safe_dump(short | {"seed": 4}))
    assert faig("train", file, "--force")[0] == 0
    assert not (config.out / REPLACED).exists()
    assert seeds_in(config.out) == {4}


def test_a_whole_run_is_kept_where_the_last_step_of_replacing_was_cut_short(short):
    """Killed after its network was written, before what it replaced went: it is the one to keep."""
    config = training_config(short)
    train(config)
    (config.out / REPLACED).mkdir()
    (config.out / REPLACED / "network.safetensors").write_bytes(b"older")
    before = content(config.out)

    def die(_):
        raise Killed

    with pytest.raises(Killed):
        train(config.model_copy(update={"seed": 4}), die, fresh=True)
    assert (config.out / REPLACED / "network.safetensors").read_bytes() == before["network.safetensors"]
