"""Signals that end a command: Ctrl-C, a closed terminal, and what systems send before they kill."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
AGAIN = 0.01  # seconds
_came: list[int] = []  # signals since the block of `stoppable` began


class Stopped(BaseException):
    """A signal ended the command.

    Attributes:
        code: what the command exits with: 128 and the number of the signal, as a shell says.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """While the block runs, a signal raises KeyboardInterrupt in it; after one that ended it, no other does anything.

    Processes that are forked in the block leave Ctrl-C to this one. Where ``torchrun`` started several, only Ctrl-C is
    heard: one that waits for the others hears nothing, and must be killed.

    Raises:
        Stopped: a signal came, and the block ended by any exception: libraries that are interrupted, as in the middle
            of an import, fail in ways of their own.
    """
    came = _came
    came.clear()
    process, over = os.getpid(), False

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        if os.getpid() != process:
            _leave_to_parent(number)
        elif not over:
            came.append(number)
            raise KeyboardInterrupt

    def swallowed(unraisable: "sys.UnraisableHookArgs") -> None:
        """Raise it again where it came in the middle of what cannot raise, as a destructor."""
        if came and isinstance(unraisable.exc_value, KeyboardInterrupt):
            threading.Timer(AGAIN, _wake, came[:1]).start()
        else:
            hook(unraisable)

    alone = int(os.environ.get("WORLD_SIZE", "1")) == 1
    numbers = [getattr(signal, name) for name in (NAMES if alone else NAMES[:1]) if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    heard = [number for number in numbers if before[number] is not signal.SIG_IGN]  # which nohup asks for
    hook, sys.unraisablehook = sys.unraisablehook, swallowed
    for number in heard:
        signal.signal(number, stop)
    try:
        yield
    except BaseException as error:
        if not came and not isinstance(error, KeyboardInterrupt):
            raise
        over = True  # the process is about to end, and another signal would only spoil that
        raise Stopped(came[0] if came else signal.SIGINT) from None
    finally:
        sys.unraisablehook = hook
        if not over:
            came.clear()
            for number in heard:
                signal.signal(number, before[number])


def _wake(number: int) -> None:
    """Signal the main thread, whatever it waits for; where threads cannot be signalled, when it waits no longer."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        signal.raise_signal(number)


def stop_if_signalled() -> None:
    """Between two units of work: raise it again where a library swallowed it, as C code does that looks for attributes.

    Raises:
        KeyboardInterrupt: a signal came in the block of `stoppable`, which still runs.
    """
    if _came:
        raise KeyboardInterrupt


def _leave_to_parent(number: int) -> None:
    """What a forked process does: it may be ended by others than the user."""
    if number != signal.SIGINT:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
