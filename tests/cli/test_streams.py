"""Commands whose output goes nowhere, or to where letters are missing: no traceback, and an exit code that says so."""

import os
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "faig"]
HELP, LISTED = [*COMMAND, "predict", "--help"], [*COMMAND, "zoo", "list"]


def run(command, **how):
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, **how)


@pytest.mark.parametrize("command", [HELP, LISTED, [*LISTED, "--json"]], ids=["help", "list", "json"])
def test_a_full_disk_is_one_line(command):
    with open("/dev/full", "w") as full:
        result = run(command, stdout=full)
    assert result.returncode == 2
    assert re.fullmatch(rb"error: standard output, or .*, cannot be written: No space left on device\n", result.stderr)


@pytest.mark.parametrize("command", [HELP, LISTED], ids=["help", "list"])
def test_a_pipe_that_nobody_reads_ends_the_command_in_silence(command):
    reading, writing = os.pipe()
    os.close(reading)
    result = run(command, stdout=writing)
    os.close(writing)
    assert (result.returncode, result.stderr) == (141, b"")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_that_a_terminal_lacks_are_escaped(encoding):
    result = run(HELP, stdout=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": encoding})
    assert (result.returncode, result.stderr) == (0, b"")
    result.stdout.decode(encoding)
    assert b"--filters" in result.stdout


@pytest.mark.parametrize("columns", ["\u00b2", "", "-5", "0", "20", "wide"])
def test_a_width_that_is_no_number_counts_as_none(columns):
    result = run(HELP, stdout=subprocess.PIPE, env=os.environ | {"COLUMNS": columns})
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_take_everything(closed):
    command = f"{sys.executable} -m faig zoo list {closed}"
    assert subprocess.run(["sh", "-c", command], capture_output=True, check=False).returncode == 0


def test_what_the_system_forbids_is_named(tmp_path):
    place = tmp_path / "file"
    place.touch()
    result = run([*COMMAND, "zoo", "export", "srresnet-x2/target", str(place / "inside" / "net.pth")])
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1
    assert str(place).encode() in result.stderr
