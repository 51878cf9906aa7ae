"""The driver of ``make fuzz``: a part of each kind, and that it sees what is wrong."""

import json
import os
import time

import numpy as np
import pytest
import torch

from faig.common.errors import InputError
from hostile import fuzz, oracles
from hostile.fuzz import BATCH, FAULTS, KINDS, Kind, judged, tried
from hostile.item import Item
from hostile.pictures import noise, png


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", KINDS)
def test_some_of_every_kind(tmp_path, monkeypatch, name):
    monkeypatch.setattr(fuzz, "KEPT", tmp_path)
    counts = tried(name, seed=0, seconds=300, batches=1, folder=tmp_path)
    assert counts["trials"] == BATCH
    assert counts["refused"] + counts["accepted"] == BATCH, counts
    assert counts["refused"] > 0
    assert json.loads((tmp_path / "counts.json").read_text()) == counts


@pytest.mark.slow
@pytest.mark.parametrize("became", FAULTS[:3])
def test_what_is_wrong_is_seen_and_kept(tmp_path, monkeypatch, capsys, became):
    def read(path):
        if became == "tracebacks":
            raise KeyError("x")
        return path.read_bytes()

    monkeypatch.setattr(fuzz, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(fuzz, "LONG", -1.0 if became == "over 10 s" else 10.0)
    monkeypatch.setitem(fuzz.READERS, "made", fuzz.READERS["photos"].__class__(read, lambda trap: []))
    kind = Kind("made", ".png", fuzz.picture(".png").files, lambda path, read: "others")
    monkeypatch.setitem(KINDS, "made", lambda: kind)
    counts = tried("made", seed=0, seconds=300, batches=1, folder=tmp_path)
    assert counts[became] == counts["trials"] == BATCH
    (kept,) = (tmp_path / "kept").iterdir()
    assert f"--kind made --file {kept}" in capsys.readouterr().out
    assert judged(kind, kept)[0] == became


@pytest.mark.slow
@pytest.mark.parametrize("said", ["no name", "{path}: two\nlines", "{path}: " + "x" * 3000])
def test_a_line_that_is_none_is_seen(tmp_path, monkeypatch, said):
    def read(path):
        error = InputError("")
        error.args = (said.format(path=path),)
        raise error

    monkeypatch.setitem(fuzz.READERS, "made", fuzz.READERS["photos"].__class__(read, lambda trap: []))
    kind = Kind("made", ".png", fuzz.picture(".png").files, lambda path, read: "")
    (tmp_path / "a.png").touch()
    assert judged(kind, tmp_path / "a.png")[0] == "tracebacks"


@pytest.mark.slow
def test_a_process_that_dies_is_counted(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fuzz, "KEPT", tmp_path)

    def dies(*_):
        os._exit(3)

    monkeypatch.setattr(fuzz, "tried", dies)
    assert fuzz.in_process("png", 0, 0.5)["killed"] >= 1
    monkeypatch.setattr(fuzz, "tried", lambda *arguments: (arguments[-1] / "current.png").touch() or time.sleep(60))
    monkeypatch.setattr(fuzz, "HANGS", 0.5)
    assert fuzz.in_process("png", 0, 0.5) == {"killed": 1}
    assert "png: killed: the process ended with -9" in capsys.readouterr().out


def test_the_other_readers_see_what_differs(tmp_path):
    values = noise(9, 13, 3)
    path = Item("a.png", png(values)).at(tmp_path)
    assert oracles.picture(path, values / 255) == ""
    assert "other values" in oracles.picture(path, np.clip(values / 255 + 0.1, 0, 1))
    assert "another size" in oracles.picture(path, values[1:] / 255)
    text = Item("a.txt", "2 0 1").at(tmp_path)
    assert oracles.order(text, torch.tensor([2, 0, 1])) == ""
    assert oracles.order(text, torch.tensor([0, 2, 1])) == "others"
    settings = Item("a.yaml", "a: 1").at(tmp_path)
    assert oracles.settings(settings, {"a": 1}) == ""
    assert oracles.settings(settings, {"a": True}) != ""
