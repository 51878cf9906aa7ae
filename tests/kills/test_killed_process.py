"""One of two processes that work together is killed: the other ends, in one line, and the same command goes on."""

import concurrent.futures
import multiprocessing
import os
import signal
import socket
import time

import pytest
import yaml

from faig.training import checkpoints
from processes import command, started

pytestmark = pytest.mark.slow
SAID = "error: a process that shared the work was killed"


class OneDies(concurrent.futures.ProcessPoolExecutor):
    """Kills one of its workers once there is work, and before any of it is done: all are stopped until that is seen."""

    def map(self, *arguments, **options):
        workers = list(self._processes.values())
        for worker in workers:
            os.kill(worker.pid, signal.SIGSTOP)
        results = super().map(*arguments, **options)
        workers[0].kill()
        while not self._broken:
            time.sleep(0.01)
        for worker in workers[1:]:
            os.kill(worker.pid, signal.SIGCONT)
        return results


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("how", ["crop", "lmdb"])
def test_a_worker_that_makes_images_ready(how, files, tmp_path, faig, monkeypatch):
    arguments = ("data", how, files / "gt", tmp_path / "out", "--workers", "2", "-q")
    with monkeypatch.context() as patch:
        patch.setattr("faig.common.workers.ProcessPoolExecutor", OneDies)
        code, _, err = faig(*arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(SAID)
    assert not list(tmp_path.iterdir())
    assert faig(*arguments)[0] == 0


def test_a_worker_that_reads_training_images(settings, tmp_path, faig, monkeypatch):
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(settings | {"data": settings["data"] | {"workers": 2}}))
    save = checkpoints.save

    def one_dies(*arguments):
        save(*arguments)
        multiprocessing.active_children()[0].kill()

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "save", one_dies)
        code, _, err = faig("train", file, "-q")
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith(SAID)
    assert faig("train", file, "--resume")[0] == 0


@pytest.mark.parametrize("victim", [0, 1])
def test_a_process_that_trains(victim, settings, tmp_path, faig):
    file, steps = tmp_path / "config.yaml", settings["optimizer"] | {"iterations": 400}
    file.write_text(yaml.safe_dump(settings | {"optimizer": steps}))
    _kill_one_of_two(victim, tmp_path, tmp_path / "run" / "state-00000005.pth", "train", file, "-q")
    code, _, err = faig("train", file, "--resume")
    assert code == 0, err


@pytest.mark.parametrize("victim", [0, 1])
def test_a_process_that_attributes(victim, study, tmp_path, faig):
    arguments = ("attribute", *study, "--nodes", "100", "--no-check", "--out", tmp_path / "run")
    _kill_one_of_two(victim, tmp_path, tmp_path / "run" / ".units", *arguments, "-q")
    code, _, err = faig(*arguments)
    assert code == 0, err


def _kill_one_of_two(victim, folder, begun, *arguments) -> None:
    """Two processes run a command; one is killed once a file is there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = {"WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    pair = [started(command, folder, *arguments, RANK=rank, LOCAL_RANK=rank, **place) for rank in range(2)]
    while not begun.exists() and all(process.is_alive() for process in pair):
        time.sleep(0.01)
    pair[victim].kill()
    left = pair[1 - victim]
    left.join(100)
    hangs = left.is_alive()
    left.kill()
    assert not hangs
    assert left.exitcode == 2
    said = (folder / f"stderr-{1 - victim}").read_text()
    assert said.count("\n") == 1, said
    assert said.startswith(SAID)
