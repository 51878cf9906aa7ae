"""Commands that are killed at any of their changes to files: nothing old is lost, and the same command goes on.

``--kills`` tries more points, or all, and writes how many there were to ``docs/results/kills.json``.
"""

import json
from pathlib import Path

import pytest

from kills.commands import COMMANDS, make_inputs
from kills.in_place import try_in_place
from kills.trial import Command, Count, try_everywhere
from processes import started

RESULT = Path(__file__).parents[2] / "docs" / "results" / "kills.json"
SEVEN = ("attribute", "compare", "sweep", "train", "export", "data crop", "data lmdb")
POINTS = 2  # at most: a new file or folder that there is no room for, and a file that outgrows the room
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kills") / "inputs"
    process = started(make_inputs, folder)
    process.join()
    assert process.exitcode == 0
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_a_kill_loses_nothing_and_the_same_command_goes_on(name, inputs, tmp_path, request):
    command, wanted = COMMANDS[name], request.config.getoption("kills")
    counts = counted(command, inputs, tmp_path, "kill", int(wanted) if wanted else command.quick)
    if wanted:
        known = json.loads(RESULT.read_text()) if RESULT.exists() else {}
        known[name] = {kind: count.numbers() for kind, count in counts.items()}
        RESULT.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    assert not [fault for count in counts.values() for fault in count.faults]


@pytest.mark.parametrize("name", SEVEN)
def test_a_full_disk_is_one_line_and_loses_nothing(name, inputs, tmp_path):
    command = COMMANDS[name]
    counts = counted(command, inputs, tmp_path, "full disk", min(POINTS, command.quick or POINTS))
    assert not [fault for count in counts.values() for fault in count.faults]


def counted(command: Command, inputs: Path, folder: Path, accident: str, wanted: int | None) -> dict[str, Count]:
    process = started(try_everywhere, command, inputs, folder / "counts.json", accident, wanted)
    process.join()
    assert process.exitcode == 0
    counts = {kind: Count(**count) for kind, count in json.loads((folder / "counts.json").read_text()).items()}
    assert min(count.points for count in counts.values()) > 0
    return counts


def test_the_trial_can_fail(inputs, tmp_path):
    """Files that are written in place, and folders that are filled in place, do not pass."""
    answer = tmp_path / "counts.json"
    process = started(try_in_place, inputs, answer)
    process.join()
    assert process.exitcode == 0
    counts = json.loads(answer.read_text())
    assert counts["first"]["refused"] > 0
    assert counts["force"]["lost"] > 0
    assert counts["force"]["mixed"] > 0
