"""What a command arranges for its whole process, before it computes; library code changes none of it."""

import ctypes
import logging
import os
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager

from faig.common.errors import InputError

ENVIRONMENT = {
    "GOMP_SPINCOUNT": "1000",  # threads that wait soon sleep: two programs on the same cores do not spin on each other
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime would tell its makers how it is used
    "OPENCV_LOG_LEVEL": "SILENT",  # what OpenCV would print about a damaged file is raised as an error
}
KILLED = (  # what torch says where a process that it works with has ended
    "DataLoader worker",
    "Connection closed by peer",
    "Connection reset by peer",
    "Broken pipe",
    "remote process exited",
)

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h

_returns_memory = False
_prepared = False
_hushing = threading.Lock()  # else one thread would put back what another has put there


def prepare() -> None:
    """Set up this process for a command: how threads wait, how memory is returned, and no chatter of image readers.

    Call it before torch and OpenCV are imported: both read the environment once, when they are loaded. What the
    user has set in the environment stays.

    Raises:
        InputError: the folder that it runs in is gone; torch ends a process there.
    """
    global _prepared
    _prepared = True
    try:
        os.getcwd()
    except OSError as error:
        raise InputError(f"the folder that this runs in cannot be read: {error.strerror}; go to another one") from None
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns where it can keep nothing in the user's folders
    warnings.filterwarnings("ignore", module=r"PIL\.")  # of what an image is damaged in beside its pixels
    for name, value in ENVIRONMENT.items():
        if name != "GOMP_SPINCOUNT" or "OMP_WAIT_POLICY" not in os.environ:  # the user's policy is the user's
            os.environ.setdefault(name, value)
    return_memory()


def is_prepared() -> bool:
    """Whether `prepare` was called: this process is a command's."""
    return _prepared


def leave_others() -> None:
    """End what joins this process to those that ``torchrun`` started with it; nothing where it is alone.

    Its threads would else go on while Python ends around them, and at times abort the process after all was done. Only
    for the end of a command that succeeded: where one failed, the others may wait for it.
    """
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


@contextmanager
def hushed() -> Iterator[None]:
    """While the block runs in a command's process, nothing that C libraries print on standard error comes there."""
    if not _prepared:
        yield
        return
    with _hushing:
        try:
            kept = os.dup(2)
        except OSError:  # it is closed
            yield
            return
        try:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def all_alive() -> Iterator[None]:
    """While the block runs, no process that shares its work may end before it.

    Raises:
        InputError: one was killed; Python and torch say that in kinds of errors and at lengths of their own.
    """
    try:
        try:
            yield
        except ConnectionResetError:
            time.sleep(0.5)  # a signal says the same a moment later, and torch raises an error for it, wherever we are
            raise
    except (RuntimeError, ConnectionResetError) as error:
        if not isinstance(error, BrokenExecutor) and not any(sign in str(error) for sign in KILLED):
            raise
        raise InputError(
            "a process that shared the work was killed, as systems do where memory runs out; run the same command "
            "again to go on, with fewer processes if it was for memory"
        ) from error


def return_memory() -> bool:
    """Have this process give large blocks of memory back to the system as soon as they are free.

    glibc keeps ever larger blocks as a program goes on; a pass then takes up to 1.7 times what it needs. This holds
    for the whole process, so it is for its owner to ask for: the commands do.

    Returns:
        Whether it could be arranged; other C libraries have no such switch.
    """
    global _returns_memory
    _returns_memory = _mallopt(M_MMAP_THRESHOLD, 1 << 20)
    return _returns_memory


def keep_memory() -> bool:
    """Have this process keep what it frees for what it computes next: `return_memory` undone, and more.

    The system hands memory out page by page, each cleaned first: a small image takes about twice as long where that
    happens anew for every layer. For a process that computes the like again and again while somebody waits.

    Returns:
        Whether it could be arranged.
    """
    global _returns_memory
    _returns_memory = False
    return _mallopt(M_MMAP_THRESHOLD, 32 << 20) and _mallopt(M_TRIM_THRESHOLD, 1 << 29)


def _mallopt(option: int, value: int) -> bool:
    """Set an option of glibc's memory; False where the C library has none."""
    try:
        return bool(ctypes.CDLL(None).mallopt(option, value))
    except (OSError, AttributeError, TypeError):
        return False


def returns_memory() -> bool:
    """Whether `return_memory` was called and worked."""
    return _returns_memory
