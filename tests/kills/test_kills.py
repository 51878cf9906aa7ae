"""Commands that are killed or interrupted at any of their changes to files, or find no room for them.

``--kills`` tries more kills and interrupts, or all, and writes how many there were to ``docs/results/kills.json``.
"""

import json
from pathlib import Path

import pytest

from kills.commands import COMMANDS, make_inputs
from kills.in_place import try_in_place
from kills.trial import Count, try_everywhere
from processes import started

RESULT = Path(__file__).parents[2] / "docs" / "results" / "kills.json"
SEVEN = ("attribute", "compare", "sweep", "train", "export", "data crop", "data lmdb")
POINTS = 2  # at most: of a full disk, a new file or folder that there is no room for, and a file that outgrows the room
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kills") / "inputs"
    process = started(make_inputs, folder)
    process.join()
    assert process.exitcode == 0
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_an_accident_loses_nothing_and_the_same_command_goes_on(name, inputs, tmp_path, request):
    """A kill; Ctrl-C or SIGTERM, which end in a line and leave nothing half-written; a full disk, which ends in one."""
    command, most = COMMANDS[name], request.config.getoption("kills")
    wanted = {"kill": command.quick, "interrupt": min(POINTS, command.quick or POINTS)}
    if name in SEVEN:
        wanted["full disk"] = min(POINTS, command.quick or POINTS)
    if most:
        wanted = {"kill": int(most), "interrupt": int(most)}
    process = started(try_everywhere, command, inputs, tmp_path / "counts.json", wanted)
    process.join()
    assert process.exitcode == 0
    counts = {
        accident: {run: Count(**count) for run, count in runs.items()}
        for accident, runs in json.loads((tmp_path / "counts.json").read_text()).items()
    }
    if most:
        known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
        for accident, runs in counts.items():
            known.setdefault(accident, {})[name] = {run: count.numbers() for run, count in runs.items()}
        RESULT.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    every = [count for runs in counts.values() for count in runs.values()]
    assert not [fault for count in every for fault in count.faults]
    assert all(count.points for count in every)


def test_the_trial_can_fail(inputs, tmp_path):
    """Files that are written in place, and folders that are filled in place, do not pass."""
    answer = tmp_path / "counts.json"
    process = started(try_in_place, inputs, answer)
    process.join()
    assert process.exitcode == 0
    counts = json.loads(answer.read_text())
    assert counts["kill"]["first"]["refused"] > 0
    assert counts["kill"]["force"]["lost"] > 0
    assert counts["kill"]["force"]["mixed"] > 0
