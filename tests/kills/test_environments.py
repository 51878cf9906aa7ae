"""Commands where something of the environment is missing work, or end in one line and leave nothing half-written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kills.commands import make_inputs
from kills.environments import ASCII, COMMANDS, ENVIRONMENTS, SLOW, try_environments, try_names
from processes import started

pytestmark = pytest.mark.slow
NAMES = (b"\xff", b"a'b \"c, #%s{0}", "\u0444\u043e\u0442\u043e \u00fc".encode())


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("environments") / "inputs"
    process = started(make_inputs, folder)
    process.join()
    assert process.exitcode == 0
    return folder


def wrong(answer: Path, tried: int) -> dict[str, str]:
    found = json.loads(answer.read_text())
    assert len(found) == tried
    return {name: said for name, said in found.items() if said}


def test_folders_that_are_missing_or_cannot_be_written(inputs, tmp_path):
    process = started(try_environments, inputs, tmp_path / "answer.json")
    process.join()
    assert process.exitcode == 0
    assert wrong(tmp_path / "answer.json", len(ENVIRONMENTS) * (len(COMMANDS) - len(SLOW))) == {}


def test_names_of_any_bytes(inputs, tmp_path):
    process = started(try_names, inputs, tmp_path / "answer.json", *NAMES)
    process.join()
    assert process.exitcode == 0
    assert wrong(tmp_path / "answer.json", len(NAMES) * len(COMMANDS)) == {}


def test_names_that_an_encoding_lacks(inputs, tmp_path):
    """The encoding of names is found out when Python begins."""
    command = [sys.executable, "-m", "kills.environments", str(inputs), str(tmp_path / "answer.json")]
    environment = os.environ | ASCII | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run(command, env=environment, check=True)
    assert wrong(tmp_path / "answer.json", len(COMMANDS)) == {}


@pytest.mark.parametrize("command", [["zoo", "list"], ["degrade", "gt", "out"]])
def test_a_working_folder_that_is_gone(command, tmp_path):
    gone = "import os, sys; os.rmdir(os.getcwd()); from faig.cli import main; main()"
    (tmp_path / "here").mkdir()
    where = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    result = subprocess.run(
        [sys.executable, "-c", gone, *command],
        cwd=tmp_path / "here",
        env=os.environ | where,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("error: the folder that this runs in cannot be read: ")


def test_what_libraries_cannot_keep_for_themselves_is_not_said(tmp_path):
    """Matplotlib and onnxruntime keep something in the user's folders, and warn where they cannot."""
    (tmp_path / "file").touch()
    code = (
        "import sys; from faig.common.process import prepare; prepare(); "
        "import matplotlib.font_manager, onnxruntime, onnx; "
        "from onnx import helper; "
        "values = [helper.make_tensor_value_info(name, 1, [1]) for name in 'xy']; "
        "graph = helper.make_graph([helper.make_node('Relu', ['x'], ['y'])], 'g', values[:1], values[1:]); "
        "model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9); "
        "onnxruntime.InferenceSession(model.SerializeToString(), providers=['CPUExecutionProvider'])"
    )
    folders = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(tmp_path / "file"))
    kept = {name: value for name, value in os.environ.items() if name != "MPLCONFIGDIR"}
    result = subprocess.run(
        [sys.executable, "-c", code], env=kept | folders, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
