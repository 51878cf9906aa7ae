"""Every change that this process makes to the files of a folder, as Python sees them, and what happens at one."""

import errno
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FOLDER_OF = {  # events of `sys.audit`, and where among their arguments the descriptor of the path's folder is
    "open": None,
    "os.rename": 2,
    "os.link": 2,
    "os.symlink": 2,
    "os.mkdir": 2,
    "os.remove": 1,
    "os.rmdir": 1,
    "os.truncate": None,
}
Act = Callable[[str, str, int], None]  # given the event, the path, and the flags of an opening


def watch(folder: Path, at: int | None, act: Act) -> list[str]:
    """Count the changes below a folder from now on; just before that of number ``at``, and those after it, act.

    Opening a file to write it counts twice: before it, and when the file is there and still empty.

    Returns:
        What was counted: grows as the process goes on.
    """
    counted: list[str] = []
    root, inside = f"{os.path.realpath(folder)}/", False

    def count(event: str, path: str, flags: int) -> None:
        if at is not None and len(counted) >= at:
            act(event, path, flags)
        counted.append(f"{event} {path.removeprefix(root)}")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal inside
        if inside or event not in FOLDER_OF or isinstance(arguments[0], int):
            return
        flags = arguments[2] if event == "open" else 0
        if event == "open" and not flags & WRITING:
            return
        inside = True
        try:
            path = _absolute(os.fsdecode(arguments[0]), arguments, FOLDER_OF[event])
            if path.startswith(root):
                count(event, path, flags)
                if event == "open":
                    count("opened", path, flags)
        finally:
            inside = False

    sys.addaudithook(hook)
    return counted


def _absolute(path: str, arguments: tuple[Any, ...], place: int | None) -> str:
    """Tools that walk trees name files within an open folder."""
    descriptor = -1 if place is None else arguments[place]
    if os.path.isabs(path) or descriptor == -1:
        return os.path.abspath(path)
    return os.path.join(os.readlink(f"/proc/self/fd/{descriptor}"), path)


def die(event: str, path: str, flags: int) -> None:
    """Nothing can catch this."""
    if event == "opened":
        os.close(os.open(path, flags & ~os.O_EXCL, 0o666))
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt(number: int) -> Act:
    """A signal that can be caught, once."""
    sent: list[int] = []

    def send(event: str, path: str, flags: int) -> None:
        if sent:
            return
        sent.append(number)
        if event == "opened":
            os.close(os.open(path, flags & ~os.O_EXCL, 0o666))
        os.kill(os.getpid(), number)

    return send


def count_calls(at: int | None = None, number: int = signal.SIGINT) -> list[int]:
    """Count the functions of Python that this thread calls from now on; at number ``at``, send a signal.

    Returns:
        How many there were: grows as the process goes on.
    """
    counted = [0]

    def called(frame: object, event: str, argument: object) -> None:
        del frame, argument
        if event == "call":
            counted[0] += 1
            if counted[0] == at:
                sys.setprofile(None)
                os.kill(os.getpid(), number)

    sys.setprofile(called)
    return counted


def fill(event: str, path: str, flags: int) -> None:
    """There is no room for anything new."""
    del flags
    if event in ("open", "os.mkdir", "os.link", "os.symlink"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def keep_files_below(size: int) -> list[str]:
    """No file of this process grows to so many bytes: a write fails in its middle."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, resource.RLIM_INFINITY))
    return []
