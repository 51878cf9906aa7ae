"""What a command sets for its process, and that nothing else does."""

import os
import subprocess
import sys
import threading

import pytest

from faig.common.errors import InputError
from faig.common.process import all_alive, hushed


def run(code: str, **environment: str) -> str:
    settings = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    variables = {name: value for name, value in os.environ.items() if name not in settings}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=variables | environment
    )
    return result.stdout.strip()


PREPARED = "import os; from faig.common.process import prepare; prepare(); print(os.environ.get('GOMP_SPINCOUNT'))"


def test_the_waiting_policy_is_set_unless_the_user_has_set_it():
    assert run(PREPARED) == "1000"
    assert run(PREPARED, GOMP_SPINCOUNT="7") == "7"
    assert run(PREPARED, OMP_WAIT_POLICY="active") == "None"


@pytest.mark.slow
def test_only_a_command_changes_how_memory_is_returned():
    code = """
from torch import nn
from faig.attribution.integration.tiling import GradientTiler
from faig.common.process import prepare, returns_memory
tiler = GradientTiler(nn.Conv2d(3, 3, 3, padding=1), 1, 3e9)
before, scattered = tiler.bytes_per_pixel, returns_memory()
prepare()
print(scattered, returns_memory(), GradientTiler(tiler.network, 1, 3e9).bytes_per_pixel < before)
"""
    assert run(code) == "False True True"


def test_what_reads_the_environment_is_not_loaded_before_it_is_set():
    code = "import sys, faig.common.process; print([name for name in ('torch', 'cv2') if name in sys.modules])"
    assert run(code) == "[]"


def test_an_error_that_is_no_killed_process_stays_what_it_is():
    for said in ("Unable to find address for: host", "the server socket has failed to listen: EADDRINUSE"):
        with pytest.raises(RuntimeError, match=said), all_alive():  # an InputError is none
            raise RuntimeError(said)
    with pytest.raises(InputError, match="was killed, as systems do where memory runs out; run the same"), all_alive():
        raise RuntimeError("[/gloo/transport/tcp/pair.cc:553] Connection closed by peer [127.0.0.1]:2222")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_memory_that_is_kept_is_not_handed_out_anew():
    """By the pages that are faulted in while as much is taken and freed again and again."""
    code = """
import resource, torch
from concurrent.futures import ThreadPoolExecutor
from faig.common.process import keep_memory, prepare, returns_memory
prepare()
{}
def faults():
    counts = []
    for _ in range(40):
        torch.empty(2_000_000).fill_(1)
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    return counts[-1] - counts[-20]
print(returns_memory(), faults(), ThreadPoolExecutor(1).submit(faults).result())
"""
    returned, kept = (run(code.format(line)).split() for line in ("", "keep_memory()"))
    assert (returned[0], kept[0]) == ("True", "False")
    for many, few in zip(map(int, returned[1:]), map(int, kept[1:]), strict=True):  # of the main thread, of another
        assert many > 1000
        assert few < many / 20


def test_threads_that_hush_at_once_put_standard_error_back(capfd, monkeypatch):
    monkeypatch.setattr("faig.common.process._prepared", True)
    leave = threading.Event()

    def hush():
        with hushed():
            os.write(2, b"chatter\n")
            leave.wait(20)

    other = threading.Thread(target=hush)
    with hushed():
        other.start()
        other.join(0.2)
    leave.set()
    other.join()
    os.write(2, b"said\n")
    assert capfd.readouterr().err == "said\n"
