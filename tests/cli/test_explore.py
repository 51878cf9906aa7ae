"""``faig explore`` as a process: announced, one line where it cannot be, and ended by Ctrl-C."""

import contextlib
import importlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from faig.explore.guard import is_loopback
from faig.explore.serving import bound


def test_a_port_in_use_is_one_line(faig):
    with bound("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        code, out, err = faig("explore", "--no-open", "--port", port)
    assert code == 2
    assert out == ""
    assert err == f"error: 127.0.0.1:{port}: is in use; choose another port, or 0 for any that is free (--port)\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "no such host"], "error: no such host: is no host"),
        (["--host", "203.0.113.7"], "cannot be listened on"),
        (["--port", "70000"], "less than or equal to 65535"),
        (["--pair", "nobody"], "error: nobody: is not one of the zoo's pairs"),
        (["nowhere"], "error: nowhere: no such run directory"),
        (["nowhere", "--pair", "srresnet-x2"], "explore one of them"),
        (["--memory", "much"], "error: 'much' is no size; write 4GB (--memory)"),
        (["--memory", "-3GB"], "error: '-3GB' is no size"),
        (["--memory", "0"], "error: '0' is no size"),
        (["--device", "abacus"], "is not one of cpu"),
    ],
    ids=str,
)
def test_what_cannot_be_served_is_one_line(faig, arguments, message):
    code, out, err = faig("explore", "--no-open", *(["--port", 0] if "--port" not in arguments else []), *arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


class Missing:
    """Finds that a package is not installed."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == self.package:
            raise ModuleNotFoundError(f"No module named {self.package!r}", name=self.package)


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_missing_extra_is_one_line(faig, monkeypatch, package):
    for package_of_ours in ("faig", "faig.cli"):  # importing anew sets an attribute there
        place = sys.modules[package_of_ours]
        monkeypatch.setattr(place, "explore", importlib.import_module(f"{package_of_ours}.explore"))
    ours = [name for name in sys.modules if name.startswith(("faig.explore", "faig.cli.explore", package))]
    for name in ours:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Missing(package), *sys.meta_path])
    code, _, err = faig("explore", "--no-open")
    assert code == 2
    how = "install it with: pip install 'faig[explore]' (in a clone: '.[explore]')"
    assert err == f"error: this needs {package}; {how}\n"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        *((host, True) for host in ("127.0.0.1", "127.0.0.9", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "192.168.1.2", "example.org")),
    ],
)
def test_hosts_of_this_machine_alone(host, expected):
    assert is_loopback(host) is expected


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """The command as a process, and the address that it says."""
    process = subprocess.Popen(
        [sys.executable, "-m", "faig", "explore", "--pair", "srcnn-style-x2", "--no-open", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        line = process.stdout.readline()
        found = re.match(r"(http://\S+/) — Ctrl-C ends it\n", line)
        assert found, line
        yield process, found[1]
    finally:
        process.kill()
        process.communicate()


def status_of(address: str, path: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{address}{path}", headers=headers), timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.slow
@pytest.mark.parametrize("at_work", [False, True])
def test_ctrl_c_ends_it(at_work):
    with started() as (process, address), contextlib.ExitStack() as opened:
        assert status_of(address, "api/examples/chelsea.png") == 200
        if at_work:
            shown = {"photo": "astronaut", "crop": [0, 0, 256, 256]}
            content = json.dumps({"page": "a", "serial": 1, "input": shown, "full": True}).encode()
            head = f"POST /api/prepare HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
            port = int(address.rsplit(":", 1)[1].rstrip("/"))
            connection = opened.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(head.encode() + content)
            time.sleep(1)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - begun < 30
        assert process.returncode == 0
        assert (out, err) == ("", "")


@pytest.mark.slow
def test_what_others_can_reach_is_warned_of():
    with started("--host", "0.0.0.0") as (process, address):
        port = address.rsplit(":", 1)[1]
        hosts = {"127.0.0.1": 200, "10.1.2.3": 200, socket.gethostname(): 200, "elsewhere.org": 403}
        for host, status in hosts.items():
            assert status_of(f"http://127.0.0.1:{port}", "api/examples/chelsea.png", Host=host) == status, host
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert err == "warning: everybody who reaches 0.0.0.0 can use this server: it has no password\n"
