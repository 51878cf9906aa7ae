"""Commands that run in forks of one warm process."""

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

Before = Callable[[Path], Sequence[object]]  # what is arranged in a process that is to run in that folder


def hear() -> None:
    """What a command does that a user starts: a shell has it ignore Ctrl-C where the tests run in its background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup has it ignore


def run(place: Path, arguments: Sequence[str], before: Before = lambda place: []) -> tuple[int, str]:
    """Run ``faig`` in a fork; returns its exit code, negative for a signal, and what it said on standard error.

    Args:
        place: the folder to be in.
        arguments: after ``faig``.
        before: called in the fork; what it returns, which may grow, is written to ``done`` beside the folder.
    """
    reader, writer = os.pipe()  # a file would have the limits of a full disk
    child = os.fork()
    if not child:
        hear()
        done = before(place)
        code = call(place, arguments, writer)
        if done:
            (place.parent / "done").write_text(json.dumps(done))
        os._exit(code)
    os.close(writer)
    with open(reader, encoding="utf-8") as file:
        said = file.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def call(place: Path, arguments: Sequence[str], said: Path | int) -> int:
    """``faig`` in this process; returns its exit code."""
    from faig.cli import main

    before, sys.argv = Path.cwd(), ["faig", *arguments, "--quiet"]
    os.chdir(place)
    try:
        with open(said, "w", encoding="utf-8") as sys.stderr, open(os.devnull, "w") as sys.stdout:
            try:
                main()
            except SystemExit as stop:
                return int(stop.code or 0)
            except BaseException:
                import traceback

                traceback.print_exc()
                return 1
    finally:
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        os.chdir(before)
    return 0
