"""A sample of what comes in, through the commands: one line on standard error, exit code 2, and nothing written."""

import pytest

from hostile import configurations, images, rankings, weights
from hostile.item import Item

COMMANDS = {
    "degrade": ("degrade {folder} {out}", lambda trap: images.images()),
    "restore": ("restore {file} {photos} {out}", weights.weights),
    "run": ("run {file} --out {out}", lambda trap: configurations.unreadable()),
    "train": ("train {file}", lambda trap: configurations.misplaced(configurations.TRAINING)),
    "revert": ("revert {pair} --filters {file} --out {out}.pth", lambda trap: rankings.tables()),
}


def sample(items: list[Item]) -> list[Item]:
    """Some that are refused and can be named on a command line, spread evenly."""
    refused = [item for item in items if item.refused and "\0" not in item.name and "/" not in item.name]
    refused = [item for item in refused if len(item.name) < 200 and not item.refused.startswith("cannot be read")]
    return refused[:: max(1, len(refused) // 6)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_one_line_and_writes_nothing(faig, files, tmp_path, monkeypatch, command):
    form, make = COMMANDS[command]
    pair = f"--baseline {files / 'baseline.safetensors'} --target {files / 'target.safetensors'}"
    monkeypatch.chdir(tmp_path)
    trap = tmp_path / "trap"
    for number, item in enumerate(sample(make(trap))):
        folder = tmp_path / f"in{number}"
        folder.mkdir()
        given = {"file": item.at(folder), "folder": folder, "out": tmp_path / "out", "photos": files / "gt"}
        pieces = [pair.split() if piece == "{pair}" else [piece.format(**given)] for piece in form.split()]
        code, _, err = faig(*(part for piece in pieces for part in piece))
        assert code == 2, (item.name, err)
        assert err.startswith("error: "), item.name
        assert err.count("\n") == 1, item.name
        assert item.name in err or item.name.encode("unicode_escape").decode() in err, item.name
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"in{made}" for made in range(number + 1)]
    assert not trap.exists()
