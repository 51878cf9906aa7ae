"""Standard output and error as they come: closed, full, a pipe that nobody reads, an encoding that lacks letters."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from faig.common.errors import InputError

PIPE_CLOSED = 141  # what a shell says of a command that a closed pipe ends


class PipeClosed(Exception):
    """Nobody reads standard output any more, as after ``| head -1``."""


@contextmanager
def streams() -> Iterator[None]:
    """Prepare both streams for whatever is printed, and say in one line what keeps output from being written.

    Letters that a stream's encoding lacks are escaped; a stream that is closed takes everything and keeps nothing; a
    width that is no number counts as none.

    Raises:
        PipeClosed: see there.
        InputError: the system refuses a file, or standard output: it is full, read-only, or forbidden.
    """
    if not (os.environ.get("COLUMNS", "1").isascii() and os.environ.get("COLUMNS", "1").isdecimal()):
        del os.environ["COLUMNS"]
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # what stands for it in tests may not have it
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up()
        raise PipeClosed from None
    except SystemExit as error:  # rich's answer to a closed pipe
        if error.code != 1:
            raise
        raise PipeClosed from None
    except OSError as error:
        if error.errno is None:
            raise
        if error.filename is not None:
            raise InputError(f"{error.filename}: {error.strerror}") from None
        _give_up()
        what = "standard output, or a file that the system does not name,"
        raise InputError(f"{what} cannot be written: {error.strerror}") from None


def _give_up() -> None:
    """What is left in the buffer of standard output goes nowhere, or Python would try again when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
