"""Ctrl-C and SIGTERM, whatever they come in the middle of: one line, an exit code that says so, and no worker is left.

At changes to files they are tried in `test_kills`.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
import torch
import yaml

from conftest import nudged, tiny_network
from faig import Pair, make_cases
from faig.attribution.integration.gradients import LossGradients
from faig.common.progress import progress_bar
from faig.common.signals import Stopped, stoppable
from faig.training import loop
from faig.training.config import TrainingConfig
from kills.running import hear
from kills.sessions import in_session
from processes import started

SAID = "interrupted; run the same command again to go on\n"
NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def handlers():
    """After a stop the process ends; here it goes on."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    hear()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: int = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_stops_what_runs_with_its_own_code(number):
    with pytest.raises(Stopped) as stop, stoppable():
        send(number)
    assert stop.value.code == 128 + number
    send(number)  # the process is about to end: another one spoils nothing


@pytest.mark.parametrize("error", [RecursionError(), RuntimeError("DataLoader worker is killed"), SystemExit(1)])
def test_whatever_comes_of_a_signal_is_a_stop(error):
    with pytest.raises(Stopped), stoppable():
        try:
            send()
        except KeyboardInterrupt:
            raise error from None


def test_without_a_signal_nothing_changes():
    before = [signal.getsignal(number) for number in NUMBERS], sys.unraisablehook
    with pytest.raises(RecursionError), stoppable():
        raise RecursionError
    with stoppable():
        pass
    assert before == ([signal.getsignal(number) for number in NUMBERS], sys.unraisablehook)


def test_a_signal_in_a_destructor_comes_again(capsys):
    class Slow:
        def __del__(self):
            send()

    with pytest.raises(Stopped), stoppable():
        del (slow := [Slow()])[0]
        assert not slow
        begun = time.monotonic()
        threading.Event().wait(60)
    assert time.monotonic() - begun < 50, "it came when the waiting was over"
    assert capsys.readouterr().err == ""


def swallow(*_: object) -> None:
    """Let a signal come where a library takes its exception for one of its own."""
    with suppress(KeyboardInterrupt):
        send()


def test_a_swallowed_signal_comes_again_between_two_units_of_work():
    seen = []
    with pytest.raises(Stopped) as stop, stoppable():
        for item in progress_bar(range(3), "work", 3):
            seen.append(item)
            swallow()
    assert (seen, stop.value.code) == ([0], 130)
    hear()
    with stoppable():  # what came before is over
        assert list(progress_bar(range(3), "work", 3)) == [0, 1, 2]


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_end_after_the_pass_that_they_are_in(threads, monkeypatch):
    passes, once = [], LossGradients.gradients
    monkeypatch.setattr(LossGradients, "gradients", lambda *given: (passes.append(given), once(*given))[1])
    baseline = tiny_network()
    pair = Pair(target=nudged(baseline, size=0.02), baseline=baseline)
    cases = make_cases({name: torch.rand(3, 16, 16) for name in "abcd"}, {"blur": 2}, scale=2)
    with pytest.raises(Stopped), stoppable():
        swallow()
        pair.attribute(cases, nodes=50, threads=threads)
    assert not passes


def test_a_swallowed_signal_ends_training(settings, monkeypatch):
    monkeypatch.setattr(loop, "error_weight", lambda *_: swallow() or 1)
    with pytest.raises(Stopped), stoppable():
        loop.train(TrainingConfig.model_validate(settings | {"checkpoint_every": 1}))
    assert [file.name for file in Path(settings["out"]).glob("state-*")] == ["state-00000001.pth"]


def test_what_nohup_ignores_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stoppable():
        send(signal.SIGHUP)


def test_a_process_that_waits_for_others_hears_ctrl_c_alone(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    before = signal.getsignal(signal.SIGTERM)
    with stoppable():
        assert signal.getsignal(signal.SIGTERM) is before
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler


@pytest.mark.slow
@pytest.mark.parametrize("module", ["typer.core", "torch._C", "cv2"])
def test_an_interrupted_import_is_one_line(module, tmp_path):
    """Some libraries take it for a package that is not there, or fall into a loop."""
    hook = f"lambda event, given: event == 'import' and given[0] == {module!r} and os.kill(os.getpid(), 2)"
    code = f"import os, sys; from faig.cli import main; sys.addaudithook({hook}); main()"
    command = [sys.executable, "-c", code, "degrade", str(tmp_path), str(tmp_path / "out")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", SAID)


@pytest.mark.slow
@pytest.mark.parametrize("number", NUMBERS[:2])
def test_training_and_its_workers(number, settings, tmp_path, faig):
    file, steps = tmp_path / "config.yaml", settings["optimizer"] | {"iterations": 400}
    file.write_text(yaml.safe_dump(settings | {"optimizer": steps, "data": settings["data"] | {"workers": 2}}))
    process = started(in_session, tmp_path, "train", file)
    while not list((tmp_path / "run").glob("state-*.pth")):  # the first of them is soon replaced
        assert process.is_alive()
        time.sleep(0.01)
    os.killpg(process.pid, number)
    process.join(100)
    assert process.exitcode == 128 + number
    assert (tmp_path / "said").read_text() == SAID
    code, _, err = faig("train", file, "--resume")
    assert code == 0, err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "send_to", "code", "said"),
    [(signal.SIGINT, os.killpg, 130, SAID), (signal.SIGKILL, os.kill, -9, None)],
    ids=["ctrl-c", "killed"],
)
def test_workers_end_with_the_command(number, send_to, code, said, files, tmp_path):
    """Their standard error is the command's: as long as one is left, its end does not come."""
    (tmp_path / "gt").mkdir()
    for copy in range(2000):
        (tmp_path / "gt" / f"{copy}.png").hardlink_to(files / "gt" / "one.png")
    command = [
        sys.executable,
        "-m",
        "faig",
        "data",
        "crop",
        "gt",
        "out",
        "--crop",
        "8",
        "--step",
        "2",
        "--workers",
        "2",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not next(tmp_path.glob(".out.*.part/*.png"), None) and process.poll() is None:
        time.sleep(0.01)
    send_to(process.pid, number)
    try:
        _, err = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == code
    if said is not None:  # of a killed process Python's own helper says that semaphores are left
        assert err == said
        assert sorted(path.name for path in tmp_path.iterdir()) == ["gt"]
